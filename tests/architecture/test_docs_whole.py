"""Documentation is whole: each page is found from the first one and speaks both languages."""

import re
from pathlib import Path

import pytest

from tests.factories.pages import PAGES, ROOT

FIRST = ROOT / "README.md"
# What is read by developers alone, who work in English.
ENGLISH = {"CONTRIBUTING.md", "SECURITY.md", "docs/status.md"}
CHINESE_OF_A_RECORD = 30
READERS = ("店员", "收银机开发者", "技术员", "总部运营", "总部营销")


def links(page: Path) -> set[Path]:
    """Return the pages that a page leads to."""
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"\]\((?!https?:|#)([^)#\s]+\.md)[)#]", text)
    return {(page.parent / one).resolve() for one in named}


def test_every_page_is_found_from_the_first() -> None:
    found, todo = set[Path](), [FIRST]
    while todo:
        page = todo.pop()
        if page not in found and page.exists():
            found.add(page)
            todo += links(page)
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in found] == []


def spoken(text: str) -> tuple[int, int]:
    """Return how many Chinese characters and how many English words a page has, code left out."""
    bare = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    return len(re.findall(r"[一-鿿]", bare)), len(re.findall(r"\b[A-Za-z]{2,}\b", bare))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_speaks_both_languages(page: Path) -> None:
    chinese, english = spoken(page.read_text(encoding="utf-8"))
    if page.relative_to(ROOT).as_posix() in ENGLISH:
        assert english > 200
        return
    if page.parent.name == "adr":  # read by developers; the decision itself stands in both
        assert chinese > CHINESE_OF_A_RECORD
        return
    # A word is about one and a half characters; neither language is a title alone.
    assert chinese > english / 3, "little Chinese"
    assert english > chinese / 5, "little English"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_headings_that_links_lead_to_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text):
        to = (page.parent / path).resolve() if path else page
        titles = re.findall(r"^#+ (.+)$", to.read_text(encoding="utf-8"), re.MULTILINE)
        marks = set(re.findall(r'<a id="([^"]+)"', to.read_text(encoding="utf-8")))
        assert anchor in marks | {anchor_of(one) for one in titles}, f"{path}#{anchor}"


def anchor_of(title: str) -> str:
    """Return the name that hosts of Markdown give a heading."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def test_each_reader_is_told_where_to_start() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for reader in READERS:
        row = re.search(rf"^\| {reader} · .*$", text, re.MULTILINE)
        assert row, reader
        assert row[0].count(".md)") > 2, reader
