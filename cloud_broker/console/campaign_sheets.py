"""Campaigns as rows and as a chart: filter, order, CSV, and uplift with its interval; pure."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from cloud_broker.console.texts import Texts
from cloud_broker.ports.campaigns import Campaign, Look
from cloud_broker.services.goods.cells import safe_cell, yuan

Column = Literal["name", "state", "segment", "days", "people", "uplift", "cost"]
WIDTH, HEIGHT = 640, 220
_MARGIN = 12
_TEXT_FIRST = frozenset({"name", "state", "segment"})
_HEADS = (
    *("campaigns.name", "campaigns.state", "campaigns.segment", "campaigns.first_day"),
    *("campaigns.last_day", "campaigns.holdout", "campaigns.treated", "campaigns.held"),
    *("campaigns.conversion_uplift", "campaigns.low", "campaigns.high", "campaigns.spend_uplift"),
    *("campaigns.low", "campaigns.high", "campaigns.redeemed", "campaigns.cost"),
)
# Where an end of an interval is that there is none of.
_NONE = ("", "", "")


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign with its segment's name and the figures of its last look."""

    campaign: Campaign
    segment: str
    figures: Mapping[str, Any]

    @property
    def people(self) -> int:
        """Return how many were drawn."""
        return sum(self.figures.get(arm, {}).get("people", 0) for arm in ("treated", "held"))

    @property
    def cost_fen(self) -> int:
        """Return what it cost so far."""
        return int(self.figures.get("used_fen", 0) + self.figures.get("sent_fen", 0))

    @property
    def uplift(self) -> float | None:
        """Return how much more bought, as a share."""
        found = self.figures.get("conversion")
        return None if found is None else float(found["value"])


_KEYS: dict[Column, Callable[[Row], Any]] = {
    "name": lambda row: row.campaign.plan.name,
    "state": lambda row: row.campaign.state,
    "segment": lambda row: row.segment,
    "days": lambda row: row.campaign.plan.first_day,
    "people": lambda row: row.people,
    "uplift": lambda row: -2.0 if row.uplift is None else row.uplift,
    "cost": lambda row: row.cost_fen,
}


@dataclass(frozen=True, slots=True)
class CampaignQuery:
    """Which campaigns are wanted, in which order."""

    words: str = ""
    sort: Column = "days"
    descending: bool = True

    def address(self, path: str = "/campaigns") -> str:
        """Return the address that asks for this."""
        fields = {"q": self.words, "sort": self.sort, "dir": "desc" if self.descending else "asc"}
        return f"{path}?{urlencode({name: text for name, text in fields.items() if text})}"

    def sorted_by(self, column: Column) -> "CampaignQuery":
        """Return the query after a press on a column's head: turn round, or begin sensibly."""
        if column == self.sort:
            return replace(self, descending=not self.descending)
        return replace(self, sort=column, descending=column not in _TEXT_FIRST)


def arrange(rows: Iterable[Row], query: CampaignQuery) -> tuple[Row, ...]:
    """Filter by every word and sort."""
    words = query.words.casefold().split()
    found = [
        row
        for row in rows
        if all(word in f"{row.campaign.plan.name}\n{row.segment}".casefold() for word in words)
    ]
    return tuple(sorted(found, key=_KEYS[query.sort], reverse=query.descending))


def to_csv(rows: Iterable[Row], texts: Texts) -> str:
    """Write the rows as a spreadsheet reads them: shares as shares, money in yuan."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["campaign_id", *(texts(head) for head in _HEADS)])
    for row in rows:
        plan, had = row.campaign.plan, row.figures
        spend = had.get("spend_fen")
        writer.writerow(
            [
                row.campaign.campaign,
                safe_cell(plan.name),
                texts(f"campaign_state.{row.campaign.state}"),
                safe_cell(row.segment),
                *(plan.first_day, plan.last_day, plan.holdout_permille / 1_000),
                *(had.get(arm, {}).get("people", 0) for arm in ("treated", "held")),
                *_ends(had.get("conversion")),
                *(_NONE if spend is None else [yuan(round(one)) for one in _ends(spend)]),
                *(had.get("redeemed", 0), yuan(row.cost_fen)),
            ]
        )
    return "\ufeff" + out.getvalue()


def people_csv(looks: Sequence[Look], texts: Texts) -> str:
    """Write what was seen of a campaign day by day."""
    out = io.StringIO()
    writer = csv.writer(out)
    heads = ("campaigns.day", "campaigns.treated", "campaigns.held", "campaigns.conversion_uplift")
    writer.writerow([texts(head) for head in (*heads, "campaigns.low", "campaigns.high")])
    for look in looks:
        arms = (look.figures[arm]["people"] for arm in ("treated", "held"))
        writer.writerow([look.day, *arms, *_ends(look.figures.get("conversion"))])
    return "\ufeff" + out.getvalue()


@dataclass(frozen=True, slots=True)
class UpliftChart:
    """Uplift day by day: the line, the band of its interval, and where nothing is gained."""

    line: str
    band: str
    zero_y: float
    top: float
    bottom: float
    dots: tuple[tuple[float, float, float, float], ...]
    rows: tuple[tuple[Any, float, float, float], ...]


def uplift_chart(looks: Sequence[Look]) -> UpliftChart | None:
    """Return the chart of the days that can say something; None before the first."""
    rows = tuple(
        (look.day, found["value"], found["low"], found["high"])
        for look in looks
        if (found := look.figures.get("conversion")) is not None
    )
    if not rows:
        return None
    top = max(0.0, *(high for _, _, _, high in rows))
    bottom = min(0.0, *(low for _, _, low, _ in rows))
    height = (top - bottom) or 1.0

    def y(value: float) -> float:
        return round(float(_MARGIN + (top - value) / height * (HEIGHT - 2 * _MARGIN)), 1)

    first, last = rows[0][0], rows[-1][0]
    span = (last - first).days or 1

    def x(day: Any) -> float:
        if first == last:
            return WIDTH / 2
        return round(float(_MARGIN + (day - first).days / span * (WIDTH - 2 * _MARGIN)), 1)

    upper = [f"{x(day)},{y(high)}" for day, _, _, high in rows]
    lower = [f"{x(day)},{y(low)}" for day, _, low, _ in reversed(rows)]
    return UpliftChart(
        " ".join(f"{x(day)},{y(value)}" for day, value, _, _ in rows),
        " ".join([*upper, *lower]),
        y(0.0),
        top,
        bottom,
        tuple((x(day), y(value), y(low), y(high)) for day, value, low, high in rows),
        rows,
    )


def finding(figures: Mapping[str, Any]) -> str:
    """Return which of the findings holds: none yet, more, fewer, or not to be told apart."""
    found = figures.get("conversion")
    if found is None:
        return "none"
    if found["low"] > 0:
        return "more"
    return "fewer" if found["high"] < 0 else "unsure"


def _ends(found: Mapping[str, float] | None) -> tuple[Any, Any, Any]:
    return _NONE if found is None else (found["value"], found["low"], found["high"])


Had = tuple[Campaign, Mapping[str, Any]]


def named(rows: Iterable[Had], names: Mapping[UUID, str]) -> list[Row]:
    """Return campaigns with their segments' names."""
    return [Row(one, names.get(one.plan.segment, ""), had) for one, had in rows]
