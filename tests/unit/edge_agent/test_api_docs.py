"""The reference page names every address of the API and no other."""

import re
from pathlib import Path

from tests.factories.agent_api import Box

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "local-api.md"


def test_the_page_names_every_address(tmp_path: Path) -> None:
    with Box(tmp_path) as box:
        known = {
            f"{method.upper()} {path}"
            for path, methods in box.app.openapi()["paths"].items()
            for method in methods
        }
    named = set(
        re.findall(
            r"^\| `((?:GET|POST|PUT|DELETE) /v1/[^`]+)`", PAGE.read_text("utf-8"), re.MULTILINE
        )
    )
    assert named == known
