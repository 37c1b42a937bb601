"""What a member turns to most: her category, brand, article, store, region, channel.

The most of something among equals is the one whose name comes first, so that every engine says the
same. Each comes with how many there were, what the first was worth and how often it was bought.
"""

from dataclasses import dataclass
from typing import Final, Literal

import ibis

from cloud_broker.domain.metrics.algebra import Table, flag_count, safe_div, total

_QUARTER: Final = 90


@dataclass(frozen=True, slots=True)
class Favourite:
    """Of which column of which rows; `name` begins the columns that come of it."""

    name: str
    of: Literal["orders", "lines", "views"]
    column: str


FAVOURITES: Final = (
    Favourite("category", "lines", "category"),
    Favourite("brand", "lines", "brand"),
    Favourite("sku", "lines", "sku"),
    Favourite("store", "orders", "store_id"),
    Favourite("region", "orders", "region"),
    Favourite("channel", "orders", "channel"),
    Favourite("viewed", "views", "category"),
)


def favourites(one: Favourite, rows: Table) -> Table:
    """Return person_id, top_NAME, second_NAME, n_NAME, fen_NAME, n_NAME_top and n_NAME_again.

    The top's times and what was had again are counted in days for articles, in orders for places.
    """
    each = _each(one, rows)
    # By name after worth and times: two things bought alike are told apart by something.
    order = [ibis.desc("fen"), ibis.desc("times"), ibis.asc("name")]
    ranked = each.mutate(
        place=ibis.row_number().over(ibis.window(group_by="person_id", order_by=order))
    )
    return ranked.group_by("person_id").agg(
        **{
            f"top_{one.name}": lambda t: t.name.max(where=t.place == 0),
            f"second_{one.name}": lambda t: t.name.max(where=t.place == 1),
            f"n_{one.name}": lambda t: t.name.count(),
            f"fen_{one.name}": lambda t: total(t.fen, t.place == 0),
            f"n_{one.name}_top": lambda t: total(t.times, t.place == 0),
            f"n_{one.name}_again": lambda t: flag_count(t.times > 1),
        }
    )


def _each(one: Favourite, rows: Table) -> Table:
    """Return person_id, name, fen and times for each thing of each member."""
    found = rows.filter(rows[one.column].notnull())
    if one.of == "lines":
        return found.group_by("person_id", name=found[one.column]).agg(
            fen=lambda t: total(t.net_fen), times=lambda t: t.business_date.nunique()
        )
    if one.of == "orders":
        found = found.filter(found.year)
        return found.group_by("person_id", name=found[one.column]).agg(
            fen=lambda t: total(t.kept), times=lambda t: t.order_id.count()
        )
    found = found.filter(found.ago < _QUARTER, found.name == "Product Viewed")
    return found.group_by("person_id", name=found[one.column]).agg(
        fen=lambda t: t.event_id.count(), times=lambda t: t.event_id.count()
    )


def price_levels(lines: Table) -> Table:
    """Return person_id, fen_paid_at and fen_usual: what her units cost, and units of their kind.

    The usual price of a unit is that of its category over everybody of the last year.
    """
    goods = lines.filter(lines.category.notnull(), lines.units > 0)
    usual = goods.group_by("category").agg(
        each=lambda t: safe_div(total(t.net_fen), total(t.units))
    )
    hers = goods.group_by("person_id", "category").agg(
        paid=lambda t: total(t.net_fen), units=lambda t: total(t.units)
    )
    named = usual.rename(kind="category")
    beside = hers.join(named, hers.category == named.kind)
    return beside.group_by("person_id").agg(
        fen_paid_at=lambda t: total(t.paid), fen_usual=lambda t: total(t.units * t.each)
    )
