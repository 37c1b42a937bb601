"""The figures of a rehearsal as one HTML file with its plots, nothing loaded from elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from regulars_cli.common import Language
from regulars_cli.replay_report import Report, say
from retail_core.money import format_yuan
from retail_core.pricing.rehearsal.replay import CLASSES_FEN, GroupSums

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled bar: its share of the longest in percent, what it says, and its colour's name."""

    label: str
    percent: float
    said: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two bars beside each other, before and after."""

    label: str
    before: Bar
    after: Bar
    said: str


def page(report: Report, language: Language) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("regulars_cli"), autoescape=True, undefined=StrictUndefined
    )
    tally = report.tally
    return environment.get_template("replay.html.j2").render(
        language=language,
        say=lambda key: say(key, language),
        yuan=format_yuan,
        report=report,
        figures=list(report.figures(language)),
        classes=_classes(tally.classes),
        offers=_offers(report, language),
        budgets=list(report.budgets(language)),
        months=_pairs(sorted(tally.months.items())),
        tiers=_pairs(_named_tiers(report, language)),
    )


def _classes(counts: list[int]) -> list[Bar]:
    longest = max(counts, default=0) or 1
    bars = []
    start: int | None = None
    for end, count in zip((*CLASSES_FEN, None), counts, strict=True):
        tone = "plain" if end == 0 else "loss" if end is not None and end < 0 else "gain"
        bars.append(Bar(_span(start, end), count * _PERCENT / longest, f"{count:,}", tone))
        start = None if end is None else end + 1
    used = [place for place, count in enumerate(counts) if count]
    return bars[used[0] : used[-1] + 1] if used else []


def _span(start: int | None, end: int | None) -> str:
    if start is None:
        return f"≤ {_yuan(end or 0)}"
    if end is None:
        return f"≥ {_yuan(start)}"
    return _yuan(start) if start == end else f"{_yuan(start)} … {_yuan(end)}"


def _yuan(fen: int) -> str:
    return format_yuan(fen) if fen % _PERCENT else format_yuan(fen).removesuffix(".00")


def _offers(report: Report, language: Language) -> list[Bar]:
    words = say("uses", language), say("receipts", language)
    sums = sorted(report.tally.offers.items(), key=lambda item: (-item[1].fen_off, item[0]))
    longest = max((one.fen_off for _, one in sums), default=0) or 1
    return [
        Bar(
            one.name,
            one.fen_off * _PERCENT / longest,
            f"{format_yuan(one.fen_off)} · {one.uses:,} {words[0]} · {one.receipts:,} {words[1]}",
        )
        for _, one in sums
    ]


def _named_tiers(report: Report, language: Language) -> list[tuple[str, GroupSums]]:
    names = report.draft.tier_names
    return [
        (names.get(tier, tier) or say("nobody", language), group)
        for tier, group in sorted(report.tally.tiers.items())
    ]


def _pairs(groups: Iterable[tuple[str, GroupSums]]) -> list[Pair]:
    some = list(groups)
    longest = max((max(one.before_fen, one.after_fen) for _, one in some), default=0) or 1
    return [
        Pair(
            label,
            Bar("", one.before_fen * _PERCENT / longest, format_yuan(one.before_fen), "before"),
            Bar("", one.after_fen * _PERCENT / longest, format_yuan(one.after_fen), "after"),
            f"{one.receipts:,}",
        )
        for label, one in some
    ]
