"""A member's standing in words: why she holds her tier, what keeps it, what the next one asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from retail_core.money import format_yuan
from retail_core.wire.standing import TierAsk, TierStanding

_YEARS, _MONTHS = 10_000, 100


class Said(NamedTuple):
    """A text for people, zh first."""

    zh: str
    en: str


def day_number(day: date) -> int:
    """Return a day as it travels: 20260731."""
    return day.year * _YEARS + day.month * _MONTHS + day.day


def day_of_number(number: int) -> date:
    """Return the day of a number; ValueError when it is none."""
    years, rest = divmod(number, _YEARS)
    return date(years, *divmod(rest, _MONTHS))


@dataclass(frozen=True, slots=True)
class TierNames:
    """What tiers are called, by code: an English page takes the first name where it has none."""

    zh: Mapping[str, str] = field(default_factory=dict)
    en: Mapping[str, str] = field(default_factory=dict)

    def said(self, code: str) -> Said:
        """Return a tier's name in both languages, its code where it has none."""
        zh = self.zh.get(code, code)
        return Said(zh, self.en.get(code, zh))


def explain(standing: TierStanding, tier: str, names: TierNames) -> Said:
    """Return the whole account of a tier held, sentence by sentence."""
    parts = [_held(standing, names.said(tier)), *_asked(standing, names)]
    return Said("".join(part.zh for part in parts), " ".join(part.en for part in parts))


def lacking(ask: TierAsk) -> Said:
    """Return what a tier still asks: `再消费 ¥38.00` / `¥38.00 more`; "" when nothing."""
    zh, en = [], []
    if ask.fen:
        zh.append(f"再消费 {format_yuan(ask.fen)}")
        en.append(f"{format_yuan(ask.fen)} more")
    if ask.visits:
        zh.append(f"再来 {ask.visits} 次")
        en.append("1 visit more" if ask.visits == 1 else f"{ask.visits} visits more")
    both = ask.both
    return Said((" 并" if both else " 或").join(zh), (" and " if both else " or ").join(en))


def is_met(ask: TierAsk) -> bool:
    """Tell whether nothing of what a tier asks is missing."""
    return not (ask.fen or ask.visits) or (not ask.both and not (ask.fen and ask.visits))


def _held(standing: TierStanding, name: Said) -> Said:
    first, spend, visits = standing.counted_from, standing.spend_fen, standing.visits
    days = "1 day" if visits == 1 else f"{visits} days"
    return Said(
        f"{name.zh}:自 {_day(first)} 起消费 {format_yuan(spend)},到店 {visits} 天。",
        f"{name.en}: {format_yuan(spend)} on {days} since {_day(first)}.",
    )


def _asked(standing: TierStanding, names: TierNames) -> list[Said]:
    said = []
    if standing.keep is not None:
        said.append(_kept(standing, standing.keep))
    if standing.next is not None and not is_met(standing.next):
        name, lack = names.said(standing.next.tier), lacking(standing.next)
        said.append(Said(f"{lack.zh},即升为{name.zh}。", f"{lack.en} for {name.en}."))
    return said


def _kept(standing: TierStanding, keep: TierAsk) -> Said:
    until, lack = _day(standing.until), lacking(keep)
    if standing.grace_until:
        grace = _day(standing.grace_until)
        return Said(
            f"有效期已于 {until} 结束,宽限至 {grace};{lack.zh},即可保级。",
            f"Its time ended on {until}; {lack.en} until {grace} keeps it.",
        )
    if is_met(keep):
        return Said(
            f"有效至 {until},目前已够保级。", f"It holds until {until} and is kept as things stand."
        )
    return Said(
        f"有效至 {until};{lack.zh},到期后继续保留。",
        f"It holds until {until}; {lack.en} keeps it beyond.",
    )


def _day(number: int) -> str:
    return day_of_number(number).isoformat()
