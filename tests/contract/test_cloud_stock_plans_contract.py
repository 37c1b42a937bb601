"""StockPlanRepo in memory and in PostgreSQL: what it is learnt from, and what became of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud_broker.ports.catalogue import Revision
from cloud_broker.ports.stock import Count
from cloud_broker.ports.stock_plans import (
    ArticleOutlook,
    Decision,
    Saved,
    Short,
    StockNight,
    StockPlan,
    StockRun,
)
from cloud_broker.ports.unit import Units
from cloud_broker.services.booking.batch import Batch
from cloud_broker.services.line.frames import Inbound, OpenFrame, open_frame
from retail_core.catalog.article import Article
from retail_core.errors import Fault
from retail_core.insight.stock.facts import People, Sold, VisitDay
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import SaleLine
from tests.fakes.cloud_box import WALL_MS, Person, SimBox, fresh_id
from tests.plugins.cloud import new_box, new_tenant

DAY = datetime.fromtimestamp(WALL_MS / 1_000, UTC).date()
SINCE = DAY - timedelta(days=100)


class Chain:
    """Two shops of one region, an article counted in both."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.tenant = new_tenant(units)
        self.box = new_box(units, self.tenant)
        self.other = new_box(units, self.tenant, "静安店")
        self.articles = {sku: fresh_id() for sku in ("A1", "A2")}
        self.counts(((self.box, "A1", 5_000), (self.other, "A1", 40_500)))
        with units.begin(self.tenant) as unit:
            unit.catalogue.add_articles(self.articles, WALL_MS)
            revisions = [
                Revision(Article(key, sku, f"{sku} 霜", "瓶", 5_900, cost_fen=2_000), SINCE)
                for sku, key in self.articles.items()
            ]
            unit.catalogue.add_revisions(revisions, WALL_MS)

    def counts(self, counts: tuple[tuple[SimBox, str, int], ...]) -> None:
        with self.units.begin(self.tenant) as unit:
            rows = [Count(box.store, sku, qty, DAY, WALL_MS) for box, sku, qty in counts]
            unit.stock.count(rows, WALL_MS)

    def sells(self, who: Person | None, ago: int, *goods: tuple[str, int]) -> None:
        lines = tuple(
            SaleLine(nth, self.articles[sku].bytes, sku, sku, units * 1_000, 5_900, 5_900)
            for nth, (sku, units) in enumerate(goods, start=1)
        )
        day = int(f"{DAY - timedelta(days=ago):%Y%m%d}")
        self.box.sells(who, fen=5_900 * len(lines), lines=lines, business_date=day)

    def sends(self) -> None:
        frame = open_frame(Inbound(self.box.topic(), self.box.frame(), WALL_MS))
        assert isinstance(frame, OpenFrame)
        with self.units.begin(self.tenant) as unit:
            Batch(unit, self.tenant, WALL_MS).book([frame], [])

    def plan(self, **changes: object) -> StockPlan:
        made = StockPlan(
            *(fresh_id(), "transfer", "A1", str(self.other.store), str(self.box.store)),
            units=7,
            value_fen=9_000,
            cost_fen=800,
            confidence_permille=950,
            why_zh="因为",
            why_en="because",
            as_of=DAY,
            made_ms=WALL_MS,
        )
        return replace(made, **changes)  # type: ignore[arg-type]  # fields by name

    def night(self, *plans: StockPlan, days: int = 0, short: int | None = 5) -> StockNight:
        run = StockRun(DAY, 1, len(plans), {"by_month": False}, WALL_MS + days * 86_400_000)
        outlook = ArticleOutlook("A1", DAY, {"weeks": [], "elsewhere": 3})
        row = [] if short is None else [Short(self.box.store, "A1", 5, short, 900, 1_200)]
        return StockNight(run, plans, [outlook], row)

    def saves(self, night: StockNight) -> Saved:
        with self.units.begin(self.tenant) as unit:
            return unit.stock_plans.save(night, 14)

    def named(self, one: StockPlan, **changes: object) -> StockPlan:
        names = {"name": "A1 霜", "source_name": "静安店", "target_name": "上海店"}
        return replace(one, **(names | changes))  # type: ignore[arg-type]  # same


@pytest.fixture
def chain(any_units: Units) -> Chain:
    return Chain(any_units)


def test_what_it_is_learnt_from(chain: Chain) -> None:
    ann, bea = Person(), Person(phone="8613800138001")
    for one in (ann, bea):
        chain.box.enrols(one)
    chain.sells(ann, 20, ("A1", 2))
    chain.sells(ann, 20, ("A1", 1))
    chain.sells(ann, 5, ("A1", 3), ("A2", 1))
    chain.sells(bea, 4, ("A1", 1))
    chain.sells(None, 5, ("A1", 4))
    chain.sells(None, 200, ("A1", 9))
    chain.sells(ann, -3, ("A1", 1))
    chain.sends()
    with chain.units.begin(chain.tenant) as unit:
        found = unit.stock_plans.facts(DAY, 100)
        assert unit.stock_plans.counts_stock()
    day = DAY.toordinal()
    store, other = str(chain.box.store), str(chain.other.store)
    assert (found.until, found.window_days) == (day, 100)
    assert sorted(found.people, key=lambda one: one.repeat) == [
        People("华东", "", 0, day - 4, day - 4, 1),
        People("华东", "", 1, day - 20, day - 5, 1),
    ]
    # Two receipts of a first day are two of others; who came again counts once a day.
    assert sorted(found.visits, key=lambda one: one.day) == [
        VisitDay(day - 200, "华东", 0, 1),
        VisitDay(day - 20, "华东", 0, 2),
        VisitDay(day - 5, "华东", 1, 1),
        VisitDay(day - 4, "华东", 0, 1),
    ]
    # What is counted nowhere, and what was sold before the window, is not looked at.
    assert found.sold == (Sold("A1", store, 3.0, 8.0, 5, 31.0, day - 4),)
    assert {one.place: one.region for one in found.places} == {store: "华东", other: "华东"}
    assert [(one.sku, one.price_fen, one.cost_fen) for one in found.articles] == [
        ("A1", 5_900, 2_000)
    ]
    assert {(one.place, one.units, one.position) for one in found.stock} == {
        (store, 5, 5),
        (other, 40, 40),
    }


def test_a_suggestion_keeps_its_name_until_it_is_over(chain: Chain) -> None:
    first, dear = chain.plan(), chain.plan(kind="buy", source="", value_fen=50_000)
    assert chain.saves(chain.night(first, dear)) == Saved(2, 0, 0, 0)
    again = chain.plan(units=9, why_zh="更多")
    assert chain.saves(chain.night(again, days=1)) == Saved(0, 1, 1, 0)
    with chain.units.begin(chain.tenant) as unit:
        assert unit.stock_plans.plans("open", 10) == (chain.named(again, plan=first.plan),)
        (over,) = unit.stock_plans.plans("expired", 10)
        assert (over.plan, over.decided_by) == (dear.plan, "")
        assert unit.stock_plans.last_run() == chain.night(again, days=1).run
        assert unit.stock_plans.plan(fresh_id()) is None


def test_open_ones_come_by_what_they_bring(chain: Chain) -> None:
    poor, rich = chain.plan(value_fen=1_000), chain.plan(kind="supply", value_fen=90_000)
    chain.saves(chain.night(poor, rich))
    with chain.units.begin(chain.tenant) as unit:
        assert [one.plan for one in unit.stock_plans.plans("open", 10)] == [rich.plan, poor.plan]
        assert [one.plan for one in unit.stock_plans.plans("open", 1)] == [rich.plan]


def test_what_was_accepted_is_on_its_way(chain: Chain) -> None:
    plan = chain.plan()
    chain.saves(chain.night(plan))
    said = Decision("accepted", "ada", WALL_MS + 5, DAY + timedelta(days=2))
    with chain.units.begin(chain.tenant) as unit:
        held = unit.stock_plans.plan(plan.plan, locked=True)
        assert held == chain.named(plan)
        unit.stock_plans.decide(plan.plan, said)
    with chain.units.begin(chain.tenant) as unit:
        (found,) = unit.stock_plans.plans("accepted", 10)
        assert (found.decided_by, found.decided_ms, found.due_on) == (
            "ada",
            WALL_MS + 5,
            said.due_on,
        )
        rows = {one.place: one for one in unit.stock_plans.facts(DAY, 100).stock}
        assert rows[str(chain.box.store)].position == 12
        assert rows[str(chain.other.store)].position == 33
        repo, other = unit.stock_plans, str(chain.other.store)
        assert [repo.free(other, "A1", DAY + timedelta(days=n)) for n in (0, 2)] == [33, 40]
        assert (repo.free(str(chain.box.store), "A1", DAY), repo.free(other, "A2", DAY)) == (5, 0)
        # There: it is counted with what lies there, or it never came.
        later = unit.stock_plans.facts(DAY + timedelta(days=2), 100).stock
        assert {one.position for one in later} == {5, 40}


def test_what_was_turned_down_is_silent_for_a_while(chain: Chain) -> None:
    plan = chain.plan()
    chain.saves(chain.night(plan))
    with chain.units.begin(chain.tenant) as unit:
        unit.stock_plans.decide(plan.plan, Decision("rejected", "ada", WALL_MS))
    assert chain.saves(chain.night(chain.plan(), days=13)) == Saved(0, 0, 0, 1)
    assert chain.saves(chain.night(chain.plan(), days=15)) == Saved(1, 0, 0, 0)


def test_an_article_is_found_by_number_and_name(chain: Chain) -> None:
    chain.saves(chain.night())
    with chain.units.begin(chain.tenant) as unit:
        repo = unit.stock_plans
        wanted = ArticleOutlook("A1", DAY, {"weeks": [], "elsewhere": 3}, "A1 霜")
        assert repo.outlook("A1") == wanted
        assert repo.outlook("A2") is None
        assert repo.outlooks("a1", 5) == repo.outlooks("霜", 5) == repo.outlooks("", 5) == (wanted,)
        assert repo.outlooks("%", 5) == ()
        called = repo.called()
    assert called.articles == {"A1": "A1 霜"}
    assert called.places == {str(chain.box.store): "上海店", str(chain.other.store): "静安店"}


def test_what_runs_out_is_over_when_more_is_there(chain: Chain) -> None:
    chain.saves(chain.night(days=1))
    chain.saves(chain.night(days=2))
    with chain.units.begin(chain.tenant) as unit:
        (store,) = unit.stock_plans.short_stores()
    assert (store.store, store.count, store.worst) == (chain.box.store, 1, "A1 霜")
    assert store.since_ms == WALL_MS + 86_400_000
    chain.counts(((chain.box, "A1", 6_000),))
    with chain.units.begin(chain.tenant) as unit:
        assert unit.stock_plans.short_stores() == ()
    chain.counts(((chain.box, "A1", 5_999),))
    with chain.units.begin(chain.tenant) as unit:
        assert len(unit.stock_plans.short_stores()) == 1
    chain.saves(chain.night(days=3, short=None))
    with chain.units.begin(chain.tenant) as unit:
        assert unit.stock_plans.short_stores() == ()


def test_a_policy_is_the_programs_until_it_is_set(chain: Chain) -> None:
    with chain.units.begin(chain.tenant) as unit:
        assert unit.stock_plans.policy().lead_days == 7
        unit.stock_plans.set_policy("lead_days", 10, "ada", WALL_MS)
        unit.stock_plans.set_policy("lead_days", 12, "ada", WALL_MS)
    with chain.units.begin(chain.tenant) as unit:
        assert unit.stock_plans.policy().lead_days == 12
        unit.stock_plans.set_policy("no_such_line", 1, "ada", WALL_MS)
        with pytest.raises(Fault) as caught:
            unit.stock_plans.policy()
    assert caught.value.code is FaultCode.STOCK_POLICY


def test_nothing_is_there_for_another_chain(chain: Chain, any_units: Units) -> None:
    chain.saves(chain.night(chain.plan()))
    with any_units.begin(new_tenant(any_units)) as unit:
        assert unit.stock_plans.plans("open", 10) == ()
        assert unit.stock_plans.outlooks("", 10) == ()
        assert unit.stock_plans.short_stores() == ()
        assert unit.stock_plans.last_run() is None
        assert not unit.stock_plans.counts_stock()
        facts = unit.stock_plans.facts(DAY, 100)
    assert (facts.people, facts.visits, facts.sold, facts.stock) == ((), (), (), ())
