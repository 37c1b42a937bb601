"""Every entry of the catalogue on members made by hand: what it says of one, and not of another."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud_broker.adapters.analytics.duck import DuckAnalytics
from cloud_broker.adapters.analytics.statements import step_by_step
from cloud_broker.domain.metrics.catalogue import BY_KEY, TAGS, version
from cloud_broker.domain.metrics.entry import WINDOWS, Basis, Tag, Unit
from cloud_broker.domain.metrics.facts import Asked
from cloud_broker.domain.metrics.thresholds import Thresholds
from retail_core.errors import Fault
from retail_core.insight.till_tags import TILL_TAGS
from retail_core.texts.faults import FaultCode
from tests.factories.analytic_world import event, line, member, order, person, write_files
from tools.tag_reference import PAGE, render

# A Sunday in November.
DAY = date(2026, 11, 1)
NEWCOMER, REGULAR, ONLINE, GONE, NOBODY, REFUSES, SPEAKS, WAVERS, SECOND, CHILD = range(1, 11)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def the_regular() -> list[dict[str, Any]]:
    """A purchase each fortnight for 150 days, 10 % off, every other one with a coupon."""
    return [
        order(
            100 + n,
            REGULAR,
            ago(14 * n + 4),
            list_fen=20_000,
            net_fen=18_000,
            units=2,
            cost_fen=12_000,
            coupons=n % 2,
            points_used=100 if n == 0 else 0,
            clerk_id="clerk",
            hour_local=12,
        )
        for n in range(11)
    ]


def who_buys_online() -> list[dict[str, Any]]:
    """Six purchases on five platforms, half off, at night; two given back, one called off."""
    channels = ("wechat_mini", "wechat_mini", "douyin", "tmall", "meituan", "web")
    bought = [
        order(
            200 + n,
            ONLINE,
            ago(days),
            channel=channel,
            list_fen=100_000,
            net_fen=50_000,
            units=12,
            hour_local=23,
            refunded_fen=10_000 if n < 2 else 0,
            status="part_refunded" if n < 2 else "paid",
        )
        for n, (channel, days) in enumerate(zip(channels, (1, 8, 15, 22, 29, 350), strict=True))
    ]
    called_off = order(210, ONLINE, ago(3), channel="web", status="cancelled")
    given_back = order(211, ONLINE, ago(4), channel="web", status="refunded", refunded_fen=10_000)
    return [*bought, called_off, given_back]


def who_is_gone() -> list[dict[str, Any]]:
    """Three purchases in the summer before last, around 618 and the spring festival before."""
    days = (date(2025, 2, 1), date(2025, 6, 18), date(2025, 7, 1))
    return [order(300 + n, GONE, day, region="west", store_id="far") for n, day in enumerate(days)]


def members() -> list[dict[str, Any]]:
    return [
        member(
            NEWCOMER,
            joined_on=ago(10),
            points_spendable=9_000,
            birth_month=11,
            sms_consent=True,
            wechat_consent=True,
            birth_year_declared=1996,
        ),
        member(REGULAR, points_spendable=600, home_store_id="home", wechat_consent=True),
        member(ONLINE, home_store_id=None, source_channel="wechat_mini", sms_consent=True),
        member(GONE, birth_month=12, birth_year_declared=1960, home_store_id="far"),
        member(NOBODY, joined_on=date(2020, 11, 20), tier=""),
        member(REFUSES, personalise=False),
        member(
            SPEAKS,
            declared_tags=[
                "敏感肌",
                "过敏",
                "孕妇",
                "保健",
                "宝宝",
                "素食",
                "养猫",
                "新婚",
                "露营",
            ],
            sensitive_consent=True,
            birth_year_declared=2012,
        ),
        member(WAVERS),
        member(SECOND),
        member(CHILD, birth_year_declared=2012, declared_tags=["敏感肌", "素食"]),
    ]


def world() -> dict[str, list[dict[str, Any]]]:
    newcomer = [order(1, NEWCOMER, ago(5), store_id="other", region="west", hour_local=8)]
    regular, online, gone = the_regular(), who_buys_online(), who_is_gone()
    refuses = [order(400 + n, REFUSES, ago(n + 1)) for n in range(4)]
    two_stores = [
        order(500 + n, SPEAKS, ago(135 + n), store_id=f"s{n}", region=f"r{n % 2}") for n in range(4)
    ]
    wavers = [order(600 + n, WAVERS, ago(165 - 30 * n)) for n in range(3)]
    wavers.append(order(610, WAVERS, ago(75), channel="web"))
    others = [order(700, SECOND, ago(20)), order(800, CHILD, ago(3))]
    orders = [*wavers, *others, *newcomer, *regular, *online, *gone, *refuses, *two_stores]
    lines = [line(newcomer[0], promoted=True)]
    for n, one in enumerate(regular):
        half = {"net_fen": 9_000, "list_fen": 10_000, "units": 1}
        lines.append(line(one, 1, **half))
        lines.append(line(one, 2, **half, sku=f"T{n}", brand="B2", category="C2", promoted=n > 5))
    for n, one in enumerate(online):
        lines.append(line(one, sku=f"U{n}", brand=f"V{n}", category=f"D{n}", promoted=True))
    lines += [line(one, category="C1", units=2) for one in two_stores]
    looked = [event(n, ONLINE, ago(3 + n % 20), "Product Viewed") for n in range(25)]
    looked += [
        event(100, ONLINE, ago(0), "Product Added"),
        *(event(110 + n, ONLINE, ago(5), "Product Shared") for n in range(3)),
        event(120, ONLINE, ago(6), "Product Added to Wishlist"),
        event(121, ONLINE, ago(6), "Products Searched"),
        event(122, ONLINE, ago(6), "Product Reviewed"),
        *(event(130 + n, ONLINE, ago(2), "Checkout Started") for n in range(9)),
        *(event(200 + n, REGULAR, ago(7), "Product Viewed") for n in range(12)),
        *(event(300 + n, GONE, ago(40), "Product Viewed", category="C9") for n in range(21)),
        event(400, NEWCOMER, ago(4), "Product Viewed", quarantined=True),
    ]
    return {"members": members(), "orders": orders, "order_lines": lines, "events": looked}


FESTIVALS = ((date(2025, 1, 8), date(2025, 2, 5)), (date(2026, 1, 27), date(2026, 2, 24)))


# Looked through by hand, tag by tag: a column a member, values as JSON.
EXPECTED = Path(__file__).parents[2] / "golden" / "metric_entries.csv"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """By tag, what it says of each member."""
    engine = DuckAnalytics(
        write_files(tmp_path_factory.mktemp("world"), world()),
        memory="300MB",
        threads=1,
        spill=tmp_path_factory.mktemp("spill"),
    )
    rows = {row[0]: row[1:] for row in engine.rows(Asked(DAY, festivals=FESTIVALS))}
    engine.close()
    everybody = [rows[person(number)] for number in range(1, 11)]
    return {tag.key: [row[place] for row in everybody] for place, tag in enumerate(TAGS)}


def expected() -> dict[str, list[object]]:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return {name: [json.loads(value) for value in values] for name, *values in rows}


def test_every_entry_is_among_the_examples_and_tells_members_apart() -> None:
    known = expected()
    assert list(known) == [tag.key for tag in TAGS]
    for name, values in known.items():
        assert len(set(values)) > 1, name


@pytest.mark.parametrize("name", [tag.key for tag in TAGS])
def test_an_entry_says_what_it_should(name: str, said: dict[str, list[object]]) -> None:
    assert said[name] == expected()[name]


def test_nothing_is_inferred_of_who_refused_or_is_a_child_without_consent(
    said: dict[str, list[object]],
) -> None:
    for tag in TAGS:
        if tag.basis is Basis.INFERRED:
            assert said[tag.key][REFUSES - 1] is None, tag.key
            assert said[tag.key][CHILD - 1] is None, tag.key
        elif tag.basis is Basis.SENSITIVE:
            # She declared it, and nobody asked her whether it may be kept.
            assert said[tag.key][CHILD - 1] is False, tag.key
    assert said["declared_diet"][CHILD - 1] is True


def test_the_reference_page_is_as_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `make docs-reference`"


def test_the_catalogue_is_as_wide_as_it_says() -> None:
    assert len(TAGS) >= 100
    assert len({tag.dimension for tag in TAGS}) >= 50
    assert len(BY_KEY) == len(TAGS)


@pytest.mark.parametrize("tag", TAGS, ids=lambda tag: tag.key)
def test_an_entry_is_whole(tag: Tag) -> None:
    assert tag.window in WINDOWS
    assert tag.owner
    assert tag.name.zh
    assert tag.name
    assert tag.says.zh
    assert tag.says
    assert bool(tag.words) == (tag.unit is Unit.WORD)
    assert tag.masked == (tag.basis is Basis.SENSITIVE)


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag.words], ids=lambda tag: tag.key)
def test_a_word_has_a_name(tag: Tag, said: dict[str, list[object]]) -> None:
    assert {value for value in said[tag.key] if value is not None} <= set(tag.words)


def test_a_line_drawn_anew_moves_the_tag_and_the_version() -> None:
    plain, own = Thresholds(), Thresholds.of({"new_days": 60})
    assert own.new_days == 60
    assert version(plain) != version(own)
    assert version(plain) == version(Thresholds())


@pytest.mark.parametrize("own", [{"no_such": 1}, {"new_days": -1}, {"new_days": 10**13}])
def test_a_line_that_is_none_is_refused(own: dict[str, int]) -> None:
    with pytest.raises(Fault) as caught:
        Thresholds.of(own)
    assert caught.value.code is FaultCode.TAG_THRESHOLD


def test_what_tills_show_is_called_as_the_catalogue_calls_it() -> None:
    """The box has no catalogue: its words stand apart and must not drift."""
    for one in TILL_TAGS:
        tag = BY_KEY[one.key]
        assert (one.name.zh, str(one.name)) == (tag.name.zh, str(tag.name)), one.key
        assert one.unit == tag.unit.value, one.key
        mine = {name: (said.zh, str(said)) for name, said in one.words.items()}
        assert mine == {name: (said.zh, str(said)) for name, said in tag.words.items()}, one.key
        assert one.inferred is (tag.basis is Basis.INFERRED), one.key
        assert one.sensitive is tag.masked, one.key


def test_a_step_goes_with_the_last_one_that_reads_it_and_the_outcome_stays(tmp_path: Path) -> None:
    steps = step_by_step(Asked(DAY, festivals=FESTIVALS), "duckdb")
    names = [one.name for one in steps]
    gone = [name for one in steps for name in one.over]
    assert sorted(gone) == sorted(names[:-1])
    for nth, one in enumerate(steps):
        later = {name for step in steps[nth + 1 :] for name in names if f'"{name}"' in step.query}
        assert not later & set(one.over)
    made = {"members": [member(REGULAR)], "orders": the_regular()}
    folder = write_files(tmp_path / "files", made)
    engine = DuckAnalytics(folder, spill=tmp_path)
    # Twice: nothing of a run is in the way of the next.
    runs = [list(engine.rows(Asked(DAY, festivals=FESTIVALS))) for _ in range(2)]
    engine.close()
    assert runs[0] == runs[1] != []
