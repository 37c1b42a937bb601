"""Who may be looked at a second time, and that a second failure fails the run."""

from pathlib import Path

import pytest

from tools.run_tests import main, worth_a_second_look

REAL = "tests/integration/test_line.py::test_it"
BEFORE = "from pathlib import Path\nTIMES = Path('times')\n"
FAILS_ONCE = (
    "def test_it():\n    looked = TIMES.exists()\n    TIMES.touch()\n    assert looked, 'raced'\n"
)
FAILS_ALWAYS = "def test_it():\n    assert not __debug__\n"


@pytest.mark.parametrize(
    ("failed", "may"),
    [
        ([REAL], True),
        (
            [REAL, "tests/e2e/test_page.py::test_a[zh]", "tests/contract/test_store.py::test_b"],
            True,
        ),
        ([f"{REAL}[{n}]" for n in range(4)], False),
        (["tests/unit/retail_core/test_money.py::test_it"], False),
        ([REAL, "tests/architecture/test_layers.py::test_it"], False),
        ([], False),
    ],
)
def test_a_few_with_peers_may_and_no_others(failed: list[str], *, may: bool) -> None:
    assert worth_a_second_look(failed) is may


@pytest.mark.parametrize(
    ("folder", "body", "code"),
    [
        ("integration", FAILS_ONCE, 0),
        ("integration", FAILS_ALWAYS, 1),
        ("unit", FAILS_ONCE, 1),
    ],
)
def test_a_run_ends_as_its_second_look_does(
    folder: str,
    body: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    test = tmp_path / "tests" / folder / "test_toy.py"
    test.parent.mkdir(parents=True)
    test.write_text(BEFORE + body)
    monkeypatch.chdir(tmp_path)
    assert main(["-q", "--rootdir", str(tmp_path)]) == code
    said = capfd.readouterr().out
    assert ("UNSTEADY" in said) is (code == 0)
    assert ("A second look" in said) is (folder == "integration")
