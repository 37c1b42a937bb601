"""The clerk's page names keys that the till screen has, and leaves none of them out."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "how-to" / "at-the-till.md"
HELP = ROOT / "edge_agent" / "screen" / "static" / "views" / "sheets" / "help.js"


def test_the_clerks_page_knows_the_keys_of_the_screen() -> None:
    told = set(re.findall(r"`(F\d+)`", PAGE.read_text(encoding="utf-8")))
    has = set(re.findall(r'\["(F\d+)"', HELP.read_text(encoding="utf-8")))
    assert told - has == set(), "a key the screen has not got"
    assert has - told == {"F5"}, "handing a card over has its own page"
