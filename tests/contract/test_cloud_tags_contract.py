"""What every engine, copy and shelf of the metric catalogue promises."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from cloud_broker.adapters.analytics.copying import ParquetCopy
from cloud_broker.adapters.analytics.duck import DuckAnalytics
from cloud_broker.adapters.analytics.pg import PostgresAnalytics
from cloud_broker.adapters.postgres.tags import PostgresTagShelf
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.domain.metrics.catalogue import TAGS
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.ports.analytics import AnalyticCopy, AnalyticEngine
from cloud_broker.ports.tags import Saved, TagRun, TagShelf, TagWord
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.analytic_world import TENANT, load_tables, member, order, person, write_files
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_tags import FakeAnalyticCopy, FakeAnalyticEngine, FakeTagShelf
from tests.plugins.postgres import Database

DAY = date(2026, 11, 1)
WORLD = {
    "members": [
        member(1, tier="gold"),
        member(2, tier=""),
        member(3, personalise=False),
        member(4),
    ],
    "orders": [
        order(1, 1, date(2026, 10, 30)),
        order(2, 1, date(2026, 9, 1), channel="web", net_fen=5_000, refunded_fen=1_000),
        order(3, 1, date(2026, 11, 2)),
        order(4, 1, date(2026, 8, 1), status="cancelled"),
        order(5, 2, date(2025, 1, 1)),
        order(6, 3, date(2026, 10, 1)),
        order(7, 2, date(2026, 10, 1), quarantined=True),
        order(8, None, date(2026, 10, 1)),
    ],
    "order_lines": [],
    "events": [],
}
REAL = pytest.param("postgres", marks=[pytest.mark.integration, pytest.mark.enable_socket])


@pytest.fixture
def tenant() -> UUID:
    return fresh_id()


@pytest.fixture
def units(request: pytest.FixtureRequest, tenant: UUID) -> Iterator[PostgresUnits]:
    database: Database = request.getfixturevalue("shared_database")
    made = PostgresUnits(make_engine(database.url))
    with made.connection(tenant) as connection:
        connection.exec_driver_sql("insert into tenant values (%(t)s, 'x', now())", {"t": tenant})
    yield made
    made.close()


@pytest.fixture(params=["fake", "duckdb", REAL], scope="module")
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AnalyticEngine]:
    tmp_path = tmp_path_factory.mktemp("engine")
    made: AnalyticEngine
    pool = None
    if request.param == "fake":
        made = FakeAnalyticEngine(WORLD["members"], WORLD["orders"])
    elif request.param == "duckdb":
        made = DuckAnalytics(
            write_files(tmp_path / "files", WORLD), memory="300MB", threads=1, spill=tmp_path
        )
    else:
        database: Database = request.getfixturevalue("shared_database")
        load_tables(database.super_dsn, "by_hand", WORLD)
        pool = make_engine(database.url)
        made = PostgresAnalytics(pool, TENANT, schema="by_hand")
    yield made
    made.close()
    if pool is not None:
        pool.dispose()


class TestAnalyticEngine:
    def test_what_an_oracle_knows_by_heart(self, engine: AnalyticEngine) -> None:
        names = [tag.key for tag in TAGS]
        rows = {row[0]: dict(zip(names, row[1:], strict=True)) for row in engine.rows(Asked(DAY))}
        known = {
            who: {name: row[name] for name in FakeAnalyticEngine.KNOWN} for who, row in rows.items()
        }
        assert list(rows) == [person(number) for number in (1, 2, 3, 4)]
        assert known[person(1)] == {
            "spend_total": 14_000,
            "orders_year": 2,
            "days_since_order": 2,
            "online_share": 500,
            "tier": "gold",
        }
        assert known[person(2)]["spend_total"] == 10_000
        assert known[person(2)]["orders_year"] == 0
        assert known[person(2)]["online_share"] is None
        assert known[person(2)]["tier"] is None
        # Who refused guesses keeps what her membership is, and nothing else.
        assert known[person(3)] == dict.fromkeys(FakeAnalyticEngine.KNOWN) | {"tier": "gold"}
        assert known[person(4)]["spend_total"] == 0
        assert known[person(4)]["days_since_order"] is None

    def test_each_member_once_with_what_is_so(self, engine: AnalyticEngine) -> None:
        told = dict(engine.tagged(Asked(DAY)))
        assert list(told) == [person(number) for number in (1, 2, 3, 4)]
        assert '"tier":"gold"' in told[person(1)].replace(": ", ":")
        assert "false" not in told[person(1)]
        assert "null" not in told[person(4)]
        assert '"spend_total"' not in told[person(3)]

    def test_rfm_has_a_row_for_each_member(self, engine: AnalyticEngine) -> None:
        assert [row[0] for row in engine.rfm(Asked(DAY))] == [person(n) for n in (1, 2, 3, 4)]


def test_an_engine_that_cannot_says_why(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "files", WORLD)
    (folder / "orders" / "data.parquet").write_bytes(b"PAR1 this is none")
    with pytest.raises(Fault) as caught:
        DuckAnalytics(folder, spill=tmp_path)
    assert caught.value.code is FaultCode.METRICS_ENGINE


class TestAnalyticCopy:
    @pytest.mark.parametrize("kind", ["fake", REAL])
    def test_nothing_booked_is_no_day(
        self, kind: str, tenant: UUID, request: pytest.FixtureRequest, tmp_path: Path
    ) -> None:
        copy: AnalyticCopy = FakeAnalyticCopy()
        if kind != "fake":
            copy = ParquetCopy(request.getfixturevalue("units"), tmp_path)
        assert copy.refresh(tenant).days == 0
        assert copy.refresh(tenant, whole=True).days == 0


WORD = TagWord("tier", "membership", "name", "会员等级", "Tier", masked=False, values={})


@pytest.fixture(params=["fake", REAL])
def shelf(request: pytest.FixtureRequest, tenant: UUID) -> TagShelf:
    if request.param == "fake":
        return FakeTagShelf({person(1), person(2)})
    units: PostgresUnits = request.getfixturevalue("units")
    with units.connection(tenant) as connection:
        for one in (person(1), person(2)):
            ids = {"t": tenant, "m": one}
            connection.exec_driver_sql("insert into wallet values (%(t)s, %(m)s, now())", ids)
            connection.exec_driver_sql(
                "insert into member values"
                " (%(t)s, %(m)s, %(m)s, 1, '', '', '{}', '', null, %(m)s, now())",
                ids,
            )
    return PostgresTagShelf(units, FakeCloudClock())


class TestTagShelf:
    def test_lines_are_the_catalogues_until_they_are_drawn(
        self, shelf: TagShelf, tenant: UUID
    ) -> None:
        assert shelf.lines(tenant).new_days == 30
        shelf.draw_line(tenant, "new_days", 45, "someone")
        shelf.draw_line(tenant, "new_days", 60, "someone")
        assert shelf.lines(tenant).new_days == 60
        assert shelf.lines(tenant).risk_days == 90

    def test_a_line_that_is_none_is_refused_when_it_is_read(
        self, shelf: TagShelf, tenant: UUID
    ) -> None:
        shelf.draw_line(tenant, "no_such_line", 1, "someone")
        with pytest.raises(Fault) as caught:
            shelf.lines(tenant)
        assert caught.value.code is FaultCode.TAG_THRESHOLD

    def test_tags_are_kept_counted_and_dropped(self, shelf: TagShelf, tenant: UUID) -> None:
        shelf.save_catalogue(tenant, "v1", [WORD])
        rows = [(person(n), f'{{"tier": "gold", "orders_year": {n}}}') for n in (1, 2, 9)]
        saved = shelf.save_tags(tenant, "v1", DAY, rows)
        assert saved == Saved(2, ())  # nobody is the ninth, and no till shows these
        assert shelf.end_run(tenant, TagRun("v1", DAY, 2, 1_000)) == 0
        found = shelf.tags_of(tenant, person(2))
        assert found is not None
        held, words = found
        assert held.tags == {"tier": "gold", "orders_year": 2}
        assert (held.catalogue, held.as_of, words) == ("v1", DAY, (WORD,))
        # The next day one is as she was, and one is no longer found.
        after = date(2026, 11, 2)
        assert shelf.save_tags(tenant, "v1", after, rows[:1]) == Saved(0, ())
        assert shelf.end_run(tenant, TagRun("v1", after, 1, 2_000)) == 1
        assert shelf.tags_of(tenant, person(2)) is None
        assert shelf.last_run(tenant) == TagRun("v1", after, 1, 2_000)

    def test_of_whom_tills_are_shown_something_else(self, shelf: TagShelf, tenant: UUID) -> None:
        shelf.save_catalogue(tenant, "v1", [WORD])
        rows = [(person(n), '{"lifecycle": "new", "orders_year": 1}') for n in (2, 1)]
        assert shelf.save_tags(tenant, "v1", DAY, rows) == Saved(2, (person(1), person(2)))
        later = [
            (person(1), '{"lifecycle": "new", "orders_year": 2}'),
            (person(2), '{"orders_year": 1}'),
        ]
        assert shelf.save_tags(tenant, "v1", DAY, later) == Saved(2, (person(2),))

    def test_windows_that_are_another_are_named(self, shelf: TagShelf, tenant: UUID) -> None:
        shelf.save_catalogue(tenant, "v1", [WORD])
        today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()
        rows = [
            (person(1), '{"lifecycle": "prospect"}'),
            (person(2), '{"lifecycle": "new", "orders_month": 1}'),
        ]
        shelf.save_tags(tenant, "v1", today, rows)
        assert shelf.windows_apart(tenant) == (2, (person(2),))

    def test_before_the_first_run_there_is_nothing(self, shelf: TagShelf, tenant: UUID) -> None:
        assert shelf.last_run(tenant) is None
        assert shelf.tags_of(tenant, person(1)) is None
        assert shelf.tags_of(UUID(int=5), person(1)) is None
