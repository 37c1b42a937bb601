"""Stock suggestions at HQ: the list in any order, what somebody says to one, an article's chart."""

import csv
import io
from datetime import date
from uuid import UUID

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from cloud_broker.console.pages import console_router
from cloud_broker.console.stock_sheets import (
    ArticleQuery,
    PlanQuery,
    arrange,
    arrange_articles,
    chart,
)
from cloud_broker.ports.stock import Count
from cloud_broker.ports.stock_plans import ArticleOutlook, StockNight, StockPlan, StockRun
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.insight.stock_desk import StockDesk
from tests.factories.stock_desk import stock_desk_of
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_units import FakeUnits
from tests.unit.cloud_broker_console.console_fakes import (
    TENANT,
    TOKEN,
    FakeHqAuth,
    FakeHqQueries,
    deps,
)
from tests.unit.cloud_broker_console.console_words import ORIGIN, SAME, csrf, notice

DAY = date(2026, 11, 23)


def plan(number: int, **changes: object) -> StockPlan:
    """Return the nth suggestion; each is worth less than the one before and is surer."""
    fields: dict[str, object] = {
        "plan": UUID(int=number),
        "kind": "transfer",
        "sku": f"A{number}",
        "source": str(UUID(int=77)),
        "target": "t",
        "units": number,
        "value_fen": 100_000 - number,
        "cost_fen": 1_000 * number,
        "confidence_permille": 500 + number,
        "why_zh": f"原因{number}",
        "why_en": f"reason {number}",
        "as_of": DAY,
        "made_ms": 5,
    }
    return StockPlan(**(fields | changes))  # type: ignore[arg-type]  # fields by name


def outlook(sku: str, stock: int, *means: int) -> ArticleOutlook:
    weeks = [
        {"first": f"2026-12-{1 + 7 * nth:02}", "mean_milli": mean * 1_000}
        | {"low": max(0, mean - 2), "high": mean + 3}
        for nth, mean in enumerate(means)
    ]
    place = {"place": "t", "units": stock - 1, "position": stock, "target": 4}
    place |= {"expected_milli": 2_500, "days_milli": None, "short_permille": 995}
    said = {"weeks": weeks, "places": [place], "segments": [], "elsewhere": 1}
    return ArticleOutlook(sku, DAY, said)


PLANS = (
    plan(1),
    plan(2, kind="buy", source=""),
    plan(3, kind="slow", source="", target="华东", partner="A9", bundle_fen=9_900),
    plan(4, kind="slow", source="", target="西南"),
)


@pytest.fixture
def desk() -> StockDesk:
    units, clock = FakeUnits(), FakeCloudClock()
    with units.begin(TENANT) as unit:
        unit.fleet.add_tenant("熟客", "stock", 1)
        run = StockRun(DAY, 2, 4, {"by_month": False, "by_weekday": True}, clock.now_ms())
        outlooks = (outlook("A1", 20, 4, 4, 4), outlook("=A2", 5, 4, 4, 4))
        unit.stock_plans.save(StockNight(run, PLANS, outlooks, ()), 14)
    return stock_desk_of(units, clock)


def at_hq(desk: StockDesk, role: HqRole = "operations") -> TestClient:
    app = FastAPI()
    app.include_router(console_router(deps(FakeHqQueries(), FakeHqAuth(role=role), stock=desk)))
    client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
    client.cookies.set("regulars_hq", TOKEN)
    return client


def test_before_the_first_night_the_page_says_what_to_do() -> None:
    page = at_hq(stock_desk_of(FakeUnits(), FakeCloudClock())).get("/stock-plans").text
    assert "还没有库存数" in page
    assert "cloud-broker insight stock" in page


def test_suggestions_come_by_what_they_bring_and_in_any_order(desk: StockDesk) -> None:
    client = at_hq(desk)
    page = client.get("/stock-plans?lang=en").text
    assert page.index("reason 1") < page.index("reason 2") < page.index("reason 3")
    assert "¥999.99" in page
    assert "Too few members came back yet" in page
    one = client.get("/stock-plans?kind=buy&lang=en").text
    assert "reason 2" in one
    assert "reason 1<" not in one
    assert [row.sku for row in arrange(PLANS, PlanQuery(sort="confidence"))] == [
        *("A4", "A3", "A2", "A1")
    ]
    assert [row.sku for row in arrange(PLANS, PlanQuery("原因3"))] == ["A3"]
    again = PlanQuery().sorted_by("worth")
    assert (again.descending, again.sorted_by("article").descending) == (False, False)
    assert again.address("/stock-plans.csv") == "/stock-plans.csv?sort=worth&dir=asc"


def test_the_file_has_what_the_page_has(desk: StockDesk) -> None:
    answer = at_hq(desk).get("/stock-plans.csv?lang=zh&sort=units&dir=asc")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][:3] == ["plan_id", "类别", "货号"]
    assert [row[2] for row in rows[1:]] == ["A1", "A2", "A3", "A4"]
    assert rows[1][7:10] == ["999.99", "10.00", "0.501"]
    articles = at_hq(desk).get("/stock-plans/articles.csv").text
    # A number that a spreadsheet would take for a formula is none.
    assert "'=A2" in articles


def test_somebody_accepts_and_somebody_was_first(desk: StockDesk) -> None:
    client = at_hq(desk)
    word = csrf(client.get("/stock-plans").text)
    at = f"/stock-plans/{UUID(int=2)}"
    assert client.post(f"{at}/accept", data={"csrf": word}, headers=SAME).status_code == 303
    assert "已接受" in notice(client.get("/stock-plans").text)
    client.post(f"{at}/reject", data={"csrf": word}, headers=SAME)
    assert "E222" in client.get("/stock-plans").text
    done = client.get("/stock-plans?state=accepted").text
    assert "2026-" in done
    assert "原因2" in done
    client.post(f"/stock-plans/{UUID(int=1)}/reject", data={"csrf": word}, headers=SAME)
    assert "先不再提" in notice(client.get("/stock-plans").text)


def test_nothing_leaves_that_was_sold_meanwhile(desk: StockDesk) -> None:
    def counts(units: int) -> None:
        row = Count(UUID(int=77), "A1", units * 1_000, DAY, 1)
        with desk.units.begin(TENANT) as unit:
            unit.stock.count([row], 1)

    client, at = at_hq(desk), f"/stock-plans/{UUID(int=1)}/accept"
    form = {"csrf": csrf(client.get("/stock-plans").text)}
    counts(0)
    client.post(at, data=form, headers=SAME)
    assert "E225" in client.get("/stock-plans").text
    assert desk.plan(TENANT, UUID(int=1)).state == "open"
    counts(1)
    client.post(at, data=form, headers=SAME)
    assert desk.plan(TENANT, UUID(int=1)).state == "accepted"


def test_what_lies_leads_into_the_editor(desk: StockDesk) -> None:
    client = at_hq(desk)
    page = client.get("/stock-plans").text
    assert page.count("写成套装草稿</button>") == 1
    form = {"csrf": csrf(page)}
    answer = client.post(f"/stock-plans/{UUID(int=3)}/accept", data=form, headers=SAME)
    made = desk.plan(TENANT, UUID(int=3))
    assert answer.headers["Location"] == f"/offers/drafts/{made.draft}"
    # Without a partner there is nothing to draft, and it stays open.
    client.post(f"/stock-plans/{UUID(int=4)}/accept", data=form, headers=SAME)
    assert "E224" in client.get("/stock-plans").text
    assert desk.plan(TENANT, UUID(int=4)).state == "open"


def test_who_may_not_is_not_asked(desk: StockDesk) -> None:
    client = at_hq(desk, "marketing")
    page = client.get("/stock-plans").text
    assert "</button>\n</form>" not in page.partition("<tbody>")[2].partition("</tbody>")[0]
    form = {"csrf": csrf(page)}
    at = f"/stock-plans/{UUID(int=1)}/accept"
    assert client.post(at, data=form, headers=SAME).status_code == 403
    assert at_hq(desk, "region").get("/stock-plans").status_code == 403


def test_a_policy_is_set_whole_or_not_at_all(desk: StockDesk) -> None:
    client = at_hq(desk)
    word = csrf(client.get("/stock-plans").text)
    fields = {"csrf": word, "name": ["lead_days", "near_fen"], "value": ["9", "250"]}
    client.post("/stock-plans/policy", data=fields, headers=SAME)
    held = desk.board(TENANT).policy
    assert (held.lead_days, held.near_fen) == (9, 250)
    for wrong in ("x", "0"):
        client.post("/stock-plans/policy", data=fields | {"value": [wrong, "999"]}, headers=SAME)
        assert "E220" in client.get("/stock-plans").text
    assert desk.board(TENANT).policy == held


def test_an_articles_chart_says_when_it_runs_out(desk: StockDesk) -> None:
    client = at_hq(desk)
    listed = client.get("/stock-plans/articles?lang=zh").text
    assert listed.index("=A2") < listed.index(">A1<")
    page = client.get("/stock-plans/article?sku=%3DA2&lang=zh").text
    assert "现有 5 件,按预计第 2 周就不够了" in page
    assert 'class="chart__band"' in page
    assert "够卖 3 周" in client.get("/stock-plans/article?sku=A1&lang=zh").text
    assert client.get("/stock-plans/article?sku=none").status_code == 404
    drawn = chart(outlook("A1", 20, 4, 4, 4))
    assert (drawn.stock, drawn.short_week, len(drawn.rows)) == (20, None, 3)
    assert drawn.rows[2][4] == 8
    ys = [float(point.split(",")[1]) for point in drawn.line.split()]
    assert ys == sorted(ys, reverse=True)


def test_articles_in_any_order() -> None:
    rows = (outlook("A1", 20, 4, 4), outlook("A2", 5, 4, 4), outlook("A3", 9, 0, 0))
    assert [one.sku for one in arrange_articles(rows, ArticleQuery())] == ["A2", "A1", "A3"]
    turned = ArticleQuery().sorted_by("weeks")
    assert [one.sku for one in arrange_articles(rows, turned)] == ["A3", "A1", "A2"]
    assert turned.sorted_by("stock").descending
