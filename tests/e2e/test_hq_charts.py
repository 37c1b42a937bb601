"""Charts of HQ's pages come alive in a real browser: drawn, read by keyboard, within the policy."""

import json
from datetime import date, timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, expect

from cloud_broker.console import live_charts
from cloud_broker.console.campaign_sheets import uplift_chart
from cloud_broker.domain.vitals import SPAN_MS, Span
from cloud_broker.ports.campaigns import Look
from tests.e2e import browser as chrome
from tests.e2e.hq_stage import Cloud, now_ms
from tests.e2e.hq_visit import Visit

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.timeout(300),
]
LOOKS = 72


@pytest.fixture(scope="module")
def told(cloud: Cloud) -> Cloud:
    """Let a box have told of half a day, with a silence of three hours, and shops have sold."""
    made = cloud.boxes[0].made
    last = now_ms() // SPAN_MS - 1
    spans = [
        Span(made.device, (last - nth) * SPAN_MS, {"temperature_c": 45 + nth % 40})
        for nth in range(LOOKS)
        if not 20 <= nth < 38
    ]
    with cloud.office.units.begin(made.tenant) as unit:
        unit.health.keep_spans(spans)
    for box in cloud.boxes:
        box.sells(cloud.person, 12_345)
    return cloud


def read(figure: Locator) -> str:
    """Return what the arrow keys have read."""
    return figure.locator(".chart__read").inner_text()


def ink(figure: Locator) -> int:
    """Return how many points of the drawing have the colour of figures; axes have another."""
    count = figure.locator("canvas").first.evaluate(
        """canvas => {
            const style = getComputedStyle(document.documentElement);
            const accent = style.getPropertyValue("--accent").match(/[0-9a-f]{2}/gi)
                .map((part) => parseInt(part, 16));
            const drawn = canvas.getContext("2d");
            const { data } = drawn.getImageData(0, 0, canvas.width, canvas.height);
            let found = 0;
            for (let at = 0; at < data.length; at += 4) {
                // A thin line is blended at its edges.
                const near = accent.every((part, nth) => Math.abs(data[at + nth] - part) < 48);
                if (near && data[at + 3] > 128) found += 1;
            }
            return found;
        }"""
    )
    return int(count)


def test_figures_of_a_box_are_drawn_and_read_by_keyboard(visit: Visit, told: Cloud) -> None:
    page = visit.page
    page.goto(f"{told.origin}/stores/{told.boxes[0].made.store}")
    figure = page.locator("figure.chart", has_text="°C")
    live = figure.locator(".chart__live")
    expect(live).to_be_visible()
    expect(figure.locator(":scope > svg")).to_be_hidden()
    assert ink(figure) > 0
    live.focus()
    heard = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        heard.append(read(figure))
    assert all("°C" in one for one in heard)
    assert all(one != other for one, other in pairwise(heard))
    page.keyboard.press("ArrowLeft")
    assert read(figure) == heard[-2]
    # The numbers behind a chart are a table like any other.
    figure.locator("summary").click()
    head = figure.locator("thead th").last
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(figure.get_by_role("button", name="CSV", exact=True)).to_be_visible()
    assert chrome.axe_findings(page) == []
    chrome.screenshot(page, "hq-chart-vitals-zh")
    assert visit.watch.complaints == []


def test_bars_of_stores_say_what_they_stand_for(visit: Visit, told: Cloud) -> None:
    page = visit.page
    page.goto(told.origin + "/roi")
    figure = page.locator("figure.bars").last
    expect(figure.locator("canvas").first).to_be_visible()
    figure.locator(".chart__live").focus()
    page.keyboard.press("ArrowDown")
    assert "¥" in read(figure)
    assert ink(figure) > 0
    assert chrome.axe_findings(page) == []
    chrome.screenshot(page, "hq-chart-bars-zh")
    assert visit.watch.complaints == []


def test_a_chart_that_arrives_later_shows_its_interval(visit: Visit, told: Cloud) -> None:
    page = visit.page
    page.goto(told.origin + "/roi")
    expect(page.locator("figure.bars canvas").first).to_be_visible()
    day = date(2026, 11, 1)
    looks = tuple(
        Look(
            day + timedelta(days=nth),
            0,
            {"conversion": {"value": v, "low": v - 0.02, "high": v + 0.02}},
        )
        for nth, v in enumerate((-0.01, 0.005, 0.012, 0.02, 0.022))
    )
    drawn = uplift_chart(looks)
    assert drawn is not None
    spec = json.dumps(live_charts.uplift(drawn, "购买率增量", "没有增量"))
    page.evaluate(
        """spec => {
            const figure = document.createElement("figure");
            figure.className = "chart chart--wide";
            Object.assign(figure.dataset, {chart: spec, zone: "Asia/Shanghai", keys: "keys"});
            figure.append(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
            document.querySelector("main").prepend(figure);
            document.body.dispatchEvent(new Event("htmx:after:swap"));
        }""",
        spec,
    )
    figure = page.locator("figure.chart--wide.chart--live")
    figure.locator(".chart__live").focus()
    page.keyboard.press("ArrowRight")
    assert read(figure) == "2026-11-01 · 购买率增量 -1.0 (-3.0 – 1.0)"
    assert ink(figure) > 0
    chrome.screenshot(page, "hq-chart-interval-zh")
    assert visit.watch.complaints == []
