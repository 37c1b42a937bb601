"""Tables of stock suggestions: filter, order, CSV, and an article's chart; pure."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Literal
from urllib.parse import urlencode

from cloud_broker.console.texts import Texts
from cloud_broker.ports.stock_plans import ArticleOutlook, PlanState, StockPlan
from cloud_broker.services.goods.cells import safe_cell, yuan

Column = Literal["worth", "value", "cost", "confidence", "units", "article", "kind", "place"]
PLAN_STATES: tuple[PlanState, ...] = ("open", "accepted", "rejected", "expired")
_KEYS: dict[Column, Callable[[StockPlan], Any]] = {
    "worth": lambda one: one.value_fen - one.cost_fen,
    "value": lambda one: one.value_fen,
    "cost": lambda one: one.cost_fen,
    "confidence": lambda one: one.confidence_permille,
    "units": lambda one: one.units,
    "article": lambda one: (one.name, one.sku),
    "kind": lambda one: one.kind,
    "place": lambda one: (one.target_name, one.source_name),
}
_TEXT_FIRST = {"article", "kind", "place"}
WIDTH, HEIGHT, MARGIN = 640, 200, 6


@dataclass(frozen=True, slots=True)
class PlanQuery:
    """What of the suggestions is wanted, in which order."""

    words: str = ""
    kind: str = ""
    state: PlanState = "open"
    sort: Column = "worth"
    descending: bool = True

    def address(self, path: str = "/stock-plans") -> str:
        """Return the address that asks for this."""
        fields = {
            "q": self.words,
            "kind": self.kind,
            "state": "" if self.state == "open" else self.state,
            "sort": self.sort,
            "dir": "desc" if self.descending else "asc",
        }
        return f"{path}?{urlencode({name: text for name, text in fields.items() if text})}"

    def sorted_by(self, column: Column) -> "PlanQuery":
        """Return the query after a press on a column's head: turn round, or begin sensibly."""
        if column == self.sort:
            return replace(self, descending=not self.descending)
        return replace(self, sort=column, descending=column not in _TEXT_FIRST)


def arrange(rows: Iterable[StockPlan], query: PlanQuery) -> tuple[StockPlan, ...]:
    """Filter by kind and every word, and sort; equal rows keep the order they came in."""
    words = query.words.casefold().split()
    found = [
        row
        for row in rows
        if query.kind in {"", row.kind} and all(word in _text(row) for word in words)
    ]
    return tuple(sorted(found, key=_KEYS[query.sort], reverse=query.descending))


def _text(row: StockPlan) -> str:
    cells = (row.sku, row.name, row.source_name, row.target_name, row.why_zh, row.why_en)
    return "\n".join(cells).casefold()


def plans_csv(rows: Iterable[StockPlan], t: Texts) -> str:
    """Write suggestions as a spreadsheet reads them."""
    out = io.StringIO()
    writer = csv.writer(out)
    heads = ("kind", "sku", "article", "from", "to", "units", "value", "cost", "confidence")
    ends = ("why", "state", "by", "due")
    writer.writerow(["plan_id", *(t(f"stock.{head}") for head in (*heads, *ends))])
    for row in rows:
        words = (t(f"stock_kind.{row.kind}"), row.sku, row.name, row.source_name, row.target_name)
        why = row.why_zh if t.language == "zh" else row.why_en
        due = "" if row.due_on is None else row.due_on.isoformat()
        writer.writerow(
            [
                str(row.plan),
                *(safe_cell(word) for word in words),
                *(row.units, yuan(row.value_fen), yuan(row.cost_fen)),
                row.confidence_permille / 1_000,
                safe_cell(why),
                t(f"stock_state.{row.state}"),
                safe_cell(row.decided_by),
                due,
            ]
        )
    return "\ufeff" + out.getvalue()


# ---- articles -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article: units in shops and warehouses, expected ones of eight weeks, weeks they last."""

    sku: str
    name: str
    units: int
    elsewhere: int
    expected: float
    weeks: float | None

    @property
    def whole(self) -> int:
        """Return everything that is there."""
        return self.units + self.elsewhere


def article_row(one: ArticleOutlook) -> ArticleRow:
    """Return an outlook as a row."""
    said: Mapping[str, Any] = one.outlook
    units = sum(max(0, place["units"]) for place in said["places"])
    means = [week["mean_milli"] / 1_000 for week in said["weeks"]]
    expected = sum(means)
    whole = units + said["elsewhere"]
    return ArticleRow(
        one.sku,
        one.name,
        units,
        said["elsewhere"],
        expected,
        None if expected <= 0 else whole / expected * len(means),
    )


ArticleColumn = Literal["sku", "name", "stock", "expected", "weeks"]
_ARTICLE_KEYS: dict[ArticleColumn, Callable[[ArticleRow], Any]] = {
    "sku": lambda one: one.sku,
    "name": lambda one: one.name,
    "stock": lambda one: one.whole,
    "expected": lambda one: one.expected,
    "weeks": lambda one: float("inf") if one.weeks is None else one.weeks,
}


@dataclass(frozen=True, slots=True)
class ArticleQuery:
    """What of the articles is wanted, in which order; what lasts shortest comes first."""

    words: str = ""
    sort: ArticleColumn = "weeks"
    descending: bool = False

    def address(self, path: str = "/stock-plans/articles") -> str:
        """Return the address that asks for this."""
        fields = {"q": self.words, "sort": self.sort, "dir": "desc" if self.descending else "asc"}
        return f"{path}?{urlencode({name: text for name, text in fields.items() if text})}"

    def sorted_by(self, column: ArticleColumn) -> "ArticleQuery":
        """Return the query after a press on a column's head."""
        if column == self.sort:
            return replace(self, descending=not self.descending)
        return replace(self, sort=column, descending=column in {"stock", "expected"})


def arrange_articles(rows: Iterable[ArticleOutlook], query: ArticleQuery) -> tuple[ArticleRow, ...]:
    """Return articles as rows, sorted."""
    found = map(article_row, rows)
    return tuple(sorted(found, key=_ARTICLE_KEYS[query.sort], reverse=query.descending))


def articles_csv(rows: Iterable[ArticleRow], t: Texts) -> str:
    """Write articles as a spreadsheet reads them."""
    out = io.StringIO()
    writer = csv.writer(out)
    heads = ("sku", "article", "in_shops", "elsewhere", "expected", "weeks")
    writer.writerow([t(f"stock.{head}") for head in heads])
    for row in rows:
        weeks = "" if row.weeks is None else f"{row.weeks:.1f}"
        names = safe_cell(row.sku), safe_cell(row.name)
        writer.writerow([*names, row.units, row.elsewhere, f"{row.expected:.1f}", weeks])
    return "\ufeff" + out.getvalue()


@dataclass(frozen=True, slots=True)
class StockChart:
    """What is asked for, added up week by week, beside what is there: points of an SVG.

    `short_week` is the first week (from 1) by whose end more was asked for than is there; `sums`
    are weeks' first days with what is asked for until their end, at least and at most.
    """

    band: str
    line: str
    stock_y: float
    stock: int
    short_week: int | None
    rows: tuple[tuple[str, float, int, int, float], ...]
    sums: tuple[tuple[str, float, float, float], ...]


def chart(one: ArticleOutlook) -> StockChart:
    """Return an article's chart; a row is a week's first day, mean, low, high and what is left."""
    said: Mapping[str, Any] = one.outlook
    weeks: Sequence[Mapping[str, Any]] = said["weeks"]
    means = [week["mean_milli"] / 1_000 for week in weeks]
    sums = list(accumulate(means))
    lows, highs = _around(weeks, means, sums)
    stock = article_row(one).whole
    top = max(stock, *highs, 1) * 1.05

    def at(nth: int, value: float) -> str:
        x = MARGIN + (WIDTH - 2 * MARGIN) * nth / len(weeks)
        return f"{x:.1f},{_y(value, top):.1f}"

    upper = [at(nth, value) for nth, value in enumerate([0.0, *highs])]
    lower = [at(nth, value) for nth, value in enumerate([0.0, *lows])]
    return StockChart(
        " ".join(upper + lower[::-1]),
        " ".join(at(nth, value) for nth, value in enumerate([0.0, *sums])),
        _y(stock, top),
        stock,
        next((nth for nth, whole in enumerate(sums, start=1) if whole > stock), None),
        tuple(
            (week["first"], mean, week["low"], week["high"], stock - whole)
            for week, mean, whole in zip(weeks, means, sums, strict=True)
        ),
        tuple(
            (week["first"], whole, low, high)
            for week, whole, low, high in zip(weeks, sums, lows, highs, strict=True)
        ),
    )


def _around(
    weeks: Sequence[Mapping[str, Any]], means: Sequence[float], sums: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the band about the sums: what weeks share goes one way, so widths add up."""
    low = accumulate(mean - week["low"] for week, mean in zip(weeks, means, strict=True))
    high = accumulate(week["high"] - mean for week, mean in zip(weeks, means, strict=True))
    below = [max(0.0, whole - less) for whole, less in zip(sums, low, strict=True)]
    return below, [whole + more for whole, more in zip(sums, high, strict=True)]


def _y(value: float, top: float) -> float:
    return HEIGHT - MARGIN - value * (HEIGHT - 2 * MARGIN) / top
