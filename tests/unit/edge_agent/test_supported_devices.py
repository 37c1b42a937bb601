"""The page of supported devices is the one that profiles and drivers give."""

from tools.supported_devices import PAGE, render


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run make docs-reference"
