"""One row a member of what she did: read once from the tables, then every tag is a word about it.

A purchase is an order that was not cancelled and not taken back whole; what it is worth is what she
paid less what was given back. Quarantined rows count for nothing. Windows end with the day asked
about and hold that many days.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import ibis

from cloud_broker.domain.metrics.algebra import (
    Table,
    Value,
    day,
    days_between,
    flag_count,
    total,
    true,
)
from cloud_broker.domain.metrics.favourites import FAVOURITES, favourites, price_levels
from cloud_broker.domain.metrics.tables import Sources
from cloud_broker.domain.metrics.thresholds import Thresholds

YEAR: Final = 365
QUARTER: Final = 90
MONTH: Final = 30
ADULT: Final = 18
TILL: Final = "till"
# Channels by kind: who sells where needs no setting, a connector's name says it.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "mini": ("wechat_mini", "alipay_mini"),
    "social": ("douyin", "kuaishou", "xiaohongshu", "wechat_channels"),
    "market": ("tmall", "taobao", "jd", "pdd", "vip"),
    "delivery": ("meituan", "eleme", "jd_home"),
    "own": ("web", "app", "oms"),
}
DAYPARTS: Final[Mapping[str, tuple[int, ...]]] = {
    "morning": (5, 6, 7, 8, 9, 10),
    "noon": (11, 12, 13),
    "afternoon": (14, 15, 16, 17),
    "evening": (18, 19, 20, 21),
    "night": (22, 23, 0, 1, 2, 3, 4),
}
SEASONS: Final[Mapping[str, tuple[int, ...]]] = {
    "spring": (3, 4, 5),
    "summer": (6, 7, 8),
    "autumn": (9, 10, 11),
    "winter": (12, 1, 2),
}
WORKDAYS: Final = 5
# 618 with what leads to it, the same of 11.11, and 12.12: (month, first, last).
BIG_DAYS: Final = ((6, 1, 20), (11, 1, 12), (12, 12, 12))
# The last days of the first two parts of a month, as 旬 are counted.
THIRDS: Final = (10, 20)
Expressions = dict[str, Value]
Keep = Callable[[str, Table], Table]


@dataclass(frozen=True, slots=True)
class Asked:
    """The day, a chain's lines, and the spring festivals of the last two years as (first, last)."""

    as_of: date
    lines: Thresholds = field(default_factory=Thresholds)
    festivals: tuple[tuple[date, date], ...] = ()

    @property
    def today(self) -> Value:
        """The day as a value."""
        return day(self.as_of)

    def within(self, on: Value, days: int, until: int = 0) -> Value:
        """Return whether a date lies in a window of `days` that ended `until` days ago."""
        first = self.as_of - timedelta(days=until + days - 1)
        last = self.as_of - timedelta(days=until)
        return (on >= day(first)) & (on <= day(last))


def as_it_is(name: str, made: Table) -> Table:
    """Keep nothing: the step stays a part of the expression."""
    del name
    return made


def facts(tables: Sources, asked: Asked, keep: Keep = as_it_is, *, all_of: bool = True) -> Table:
    """Return one row for each member, also for one who never bought: counts are 0, days null.

    `keep` may have an engine write a step down and returns it as a table; without `all_of` only
    what orders tell is there.
    """
    orders = flagged(known(tables.orders, asked))
    parts = [keep("fact_orders", orders.group_by("person_id").agg(**_orders(orders, asked)))]
    if all_of:
        lines = keep("kept_lines", kept_lines(tables.order_lines, asked))
        events = keep("known_events", known(tables.events, asked))
        parts += [
            keep("fact_lines", lines.group_by("person_id").agg(**_lines(lines, asked))),
            keep("fact_events", _events(events)),
            keep("fact_prices", price_levels(lines)),
        ]
        rows = {"orders": orders, "lines": lines, "views": events}
        parts += [keep(f"fact_{one.name}", favourites(one, rows[one.of])) for one in FAVOURITES]
    found = tables.members.mutate(
        joined=ibis.ifelse(
            tables.members.joined_on <= asked.today, tables.members.joined_on, asked.today
        ),
        may_infer=may_infer(tables.members, asked),
    )
    for part in parts:
        found = beside(found, part)
    return keep("facts", found.mutate(**_zeros(found)))


def may_infer(members: Table, asked: Asked) -> Value:
    """Return whether anything may be worked out of what a member did.

    Not of who refused it; of who said she is a minor only with a consent of its own.
    """
    minor = true(members.birth_year_declared > asked.as_of.year - ADULT)
    return true(members.personalise) & (~minor | true(members.sensitive_consent))


def known(table: Table, asked: Asked) -> Table:
    """Return the rows of known members up to the day that nobody quarantined."""
    return table.filter(
        table.person_id.notnull(), table.business_date <= asked.today, ~table.quarantined
    ).mutate(ago=lambda t: days_between(t.business_date, asked.today))


def flagged(orders: Table) -> Table:
    """Return orders with what is asked of each many times over, said once."""
    ok = orders.status.isin(["paid", "part_refunded"])
    return orders.mutate(
        ok=ok,
        year=ok & (orders.ago < YEAR),
        kept=orders.net_fen - orders.refunded_fen,
        online=orders.channel != TILL,
    )


def kept_lines(lines: Table, asked: Asked) -> Table:
    """Return the lines of purchases of the last year."""
    return lines.filter(
        lines.person_id.notnull(), lines.counts, asked.within(lines.business_date, YEAR)
    ).select(
        *("person_id", "business_date", "sku", "brand", "category"),
        *("units", "list_fen", "net_fen", "promoted"),
    )


def beside(left: Table, right: Table) -> Table:
    """Join by member and leave the second key out."""
    named = right.rename(other_id="person_id")
    return left.left_join(named, left.person_id == named.other_id).drop("other_id")


def _zeros(found: Table) -> Expressions:
    """Return 0 in place of nothing for every count that a member without rows has not."""
    made = (name for name in found.columns if name.startswith(("n_", "fen_")))
    return {name: found[name].fill_null(0).cast("int64") for name in made}


def _orders(orders: Table, asked: Asked) -> Expressions:
    ok, year, kept = orders.ok, orders.year, orders.kept
    quarter, month = (ok & (orders.ago < days) for days in (QUARTER, MONTH))
    before = ok & (orders.ago >= QUARTER) & (orders.ago < 2 * QUARTER)
    whole_year = orders.ago < YEAR
    return {
        "n_orders": flag_count(ok),
        "n_year": flag_count(year),
        "n_quarter": flag_count(quarter),
        "n_month": flag_count(month),
        "n_before": flag_count(before),
        "n_quiet": flag_count(ok & (orders.ago >= MONTH) & (orders.ago < MONTH + 2 * QUARTER)),
        "fen_all": total(kept, ok),
        "fen_year": total(kept, year),
        "fen_quarter": total(kept, quarter),
        "fen_month": total(kept, month),
        "fen_before": total(kept, before),
        "fen_list": total(orders.list_fen, year),
        "fen_off": total(ibis.greatest(orders.list_fen - orders.net_fen, 0), year),
        "fen_costed": total(kept, year & orders.cost_fen.notnull()),
        "fen_cost": total(orders.cost_fen, year & orders.cost_fen.notnull()),
        "fen_top": orders.net_fen.max(where=year),
        "n_units": total(orders.units, year),
        "n_big_ticket": flag_count(year & (orders.net_fen >= asked.lines.ticket_high_fen)),
        "n_big_basket": flag_count(year & (orders.units >= asked.lines.big_basket_units)),
        "n_single": flag_count(year & (orders.units <= 1)),
        "n_full_price": flag_count(year & (orders.net_fen >= orders.list_fen)),
        "n_points_used": flag_count(year & (orders.points_used > 0)),
        "n_points": total(orders.points_used, year),
        "n_coupon_orders": flag_count(year & (orders.coupons > 0)),
        "n_coupons": total(orders.coupons, year),
        "n_returns": flag_count(whole_year & (orders.refunded_fen > 0)),
        "fen_returned": total(orders.refunded_fen, whole_year),
        "n_cancelled": flag_count(whole_year & (orders.status == "cancelled")),
        "n_served": flag_count(year & orders.clerk_id.notnull()),
        "first_on": orders.business_date.min(where=ok),
        "last_on": orders.business_date.max(where=ok),
        **_places(orders),
        **_times(orders, asked),
    }


def _places(orders: Table) -> Expressions:
    """Return how often she bought where."""
    ok, year, online = orders.ok, orders.year, orders.online
    named = [name for names in GROUPS.values() for name in names]
    groups = {
        f"n_ch_{group}": flag_count(year & orders.channel.isin(names))
        for group, names in GROUPS.items()
    }
    return {
        "n_ch_till": flag_count(year & ~online),
        "n_online": flag_count(year & online),
        "fen_online": total(orders.kept, year & online),
        "n_ch_other": flag_count(year & online & orders.channel.notin(named)),
        "n_online_now": flag_count(ok & online & (orders.ago < QUARTER)),
        "n_till_now": flag_count(ok & ~online & (orders.ago < QUARTER)),
        "first_online_on": orders.business_date.min(where=ok & online),
        "first_till_on": orders.business_date.min(where=ok & ~online),
        "last_online_on": orders.business_date.max(where=ok & online),
        **groups,
    }


def _times(orders: Table, asked: Asked) -> Expressions:
    """Return how often she bought when."""
    year = orders.year
    of_week = orders.business_date.day_of_week.index()
    of_month = orders.business_date.day()
    month = orders.business_date.month()
    big_days = _any(
        (month == of) & (of_month >= first) & (of_month <= last) for of, first, last in BIG_DAYS
    )
    early, middle = THIRDS
    festive = [
        (orders.business_date >= day(first)) & (orders.business_date <= day(last))
        for first, last in asked.festivals
    ]
    by_hour = {
        f"n_at_{name}": flag_count(year & orders.hour_local.isin(hours))
        for name, hours in DAYPARTS.items()
    }
    two_years = orders.ok & (orders.ago < 2 * YEAR)
    by_month = {
        f"n_in_{name}": flag_count(two_years & month.isin(months))
        for name, months in SEASONS.items()
    }
    return {
        "n_weekend": flag_count(year & (of_week >= WORKDAYS)),
        "n_lunch": flag_count(
            year & (of_week < WORKDAYS) & orders.hour_local.isin(DAYPARTS["noon"])
        ),
        "n_month_early": flag_count(year & (of_month <= early)),
        "n_month_middle": flag_count(year & (of_month > early) & (of_month <= middle)),
        "n_month_late": flag_count(year & (of_month > middle)),
        "n_big_days": flag_count(year & big_days),
        "n_festive": flag_count(two_years & _any(festive)) if festive else ibis.literal(0),
        "n_two_years": flag_count(two_years),
        **by_hour,
        **by_month,
    }


def _any(conditions: Iterable[Value]) -> Value:
    found = ibis.literal(value=False)
    for condition in conditions:
        found |= condition
    return found


def _lines(lines: Table, asked: Asked) -> Expressions:
    deep = lines.net_fen * 1_000 < lines.list_fen * asked.lines.deep_discount
    return {
        "n_lines": lines.sku.count(),
        "fen_lines": total(lines.net_fen),
        "fen_promoted": total(lines.net_fen, lines.promoted),
        "n_promoted": flag_count(lines.promoted),
        "n_deep": flag_count(deep & (lines.list_fen > 0)),
    }


# What each count is called, which event it counts, over how many days.
_COUNTED: Final = (
    ("n_views_month", "Product Viewed", MONTH),
    ("n_views", "Product Viewed", QUARTER),
    ("n_adds_month", "Product Added", MONTH),
    ("n_adds", "Product Added", QUARTER),
    ("n_wishes", "Product Added to Wishlist", QUARTER),
    ("n_shares", "Product Shared", QUARTER),
    ("n_searches", "Products Searched", QUARTER),
    ("n_reviews", "Product Reviewed", YEAR),
    ("n_checkouts", "Checkout Started", QUARTER),
)


def _events(events: Table) -> Table:
    counted: dict[str, Callable[[Table], Value]] = {
        name: _counting(event, days) for name, event, days in _COUNTED
    }
    return (
        events.filter(events.ago < YEAR)
        .group_by("person_id")
        .agg(
            **counted,
            last_seen_on=lambda t: t.business_date.max(),
            last_add_on=lambda t: t.business_date.max(where=t.name == "Product Added"),
        )
    )


def _counting(event: str, days: int) -> Callable[[Table], Value]:
    return lambda t: flag_count((t.name == event) & (t.ago < days))
