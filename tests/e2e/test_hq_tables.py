"""Tables of HQ's pages in a real browser: sorted, filtered and saved, by keyboard."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import browser as chrome
from tests.e2e.hq_stage import Cloud
from tests.e2e.hq_visit import Visit, broken

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
ROWS = "table.rows tbody tr"


def column(page: Page, at: int) -> list[str]:
    """Return the texts of a column's rows that are shown."""
    cells = page.locator(f"{ROWS}:not([hidden]) > :nth-child({at + 1})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_any_table_is_sorted_filtered_and_saved_by_keyboard(
    visit: Visit, cloud: Cloud, tmp_path: Path
) -> None:
    made = [broken(cloud) for _ in range(8)]
    stranger, number = made[3]
    page = visit.page
    page.goto(cloud.origin + "/repair")
    expect(page.locator(ROWS).nth(7)).to_be_visible()
    heads = page.locator("table.rows thead th")
    names = [name.strip() for name in heads.all_inner_texts()]
    at = next(at for at in range(len(names)) if str(number) in column(page, at))
    before = column(page, at)
    head = heads.nth(at)
    for way, reverse in (("ascending", False), ("descending", True)):
        head.get_by_role("button").focus()
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", way)
        assert column(page, at) == sorted(before, key=int, reverse=reverse)
    assert chrome.axe_findings(page) == []
    chrome.screenshot(page, "hq-table-sorted-zh")
    page.get_by_role("searchbox", name="在表里找").focus()
    page.keyboard.type(str(stranger.member).upper())
    count = page.locator(".table-tools [role=status]")
    expect(count).to_have_text(f"显示 1 行,共 {len(before)} 行")
    with page.expect_download() as started:
        page.get_by_role("button", name="CSV", exact=True).press("Enter")
    saved = tmp_path / "saved.csv"
    started.value.save_as(saved)
    with saved.open(encoding="utf-8-sig", newline="") as file:
        first, *rest = csv.reader(file)
    assert first == [name for name in names if name]
    assert len(rest) == 1
    assert str(stranger.member) in " ".join(rest[0])
    assert visit.watch.complaints == []
