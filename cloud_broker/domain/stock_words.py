"""Why something is suggested, in both languages: the figures behind it as a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from retail_core.insight.stock.suggesting import Suggestion
from retail_core.money import format_yuan
from retail_core.texts.words import Words


@dataclass(frozen=True, slots=True)
class Names:
    """What places, segments and articles are called; what has no name stands as it is."""

    places: Mapping[str, str]
    segments: Mapping[str, str]
    articles: Mapping[str, str]

    def place(self, place: str) -> str:
        """Return a place's name; a region is its own."""
        return self.places.get(place, place)

    def article(self, sku: str) -> str:
        """Return an article's name."""
        return self.articles.get(sku) or sku


def why(one: Suggestion, names: Names) -> Words:
    """Return the sentence."""
    if one.kind == "buy":
        return _buy(one, names)
    if one.kind == "slow":
        return _slow(one, names)
    return _bring(one, names)


def _bring(one: Suggestion, names: Names) -> Words:
    said = one.reasons
    days, here, there = round(said["days"]), round(said["here"]), round(said["there"])
    to, source = names.place(one.target), names.place(one.source)
    expected, short = f"{said['expected']:.1f}", percent(said["short"])
    return Words(
        f"{to} has {here} and expects to sell {expected} in {days} days, with a {short} chance"
        f" of running short; {source} has {there}, more than it needs",
        f"{to}有 {here} 件,{days} 天大约要卖 {expected} 件,{short} 的可能不够;"
        f"{source}有 {there} 件,用不完",
    )


def _buy(one: Suggestion, names: Names) -> Words:
    said = one.reasons
    days, here, shops = round(said["days"]), round(said["here"]), round(said["shops"])
    to, expected = names.place(one.target), f"{said['expected']:.1f}"
    short, pay = percent(said["short"]), format_yuan(round(said["pay_fen"]))
    return Words(
        f"{to} and its shops ({shops}) have {here} and expect to sell {expected} in {days} days,"
        f" a supplier's lead time included, with a {short} chance of running short; it costs {pay}",
        f"{to}连同供货的 {shops} 家店共有 {here} 件,算上订货的时间 {days} 天大约要卖 {expected} 件,"
        f"{short} 的可能不够;进货约 {pay}",
    )


def _slow(one: Suggestion, names: Names) -> Words:
    said = one.reasons
    quiet, shops, month = round(said["quiet_days"]), round(said["shops"]), said["per_month"]
    zh = (
        f"{one.target} {shops} 家店共 {one.units} 件,至少 {quiet} 天没有卖出"
        f"(按自己的节奏每月 {month:.1f} 件)"
    )
    en = (
        f"{one.units} lie in {shops} shops of {one.target}; none sold for {quiet} days at least,"
        f" at a pace of {month:.1f} a month"
    )
    if one.segment:
        who, lift = names.segments.get(one.segment, one.segment), f"{said['lift']:.1f}"
        zh += f";「{who}」买它的频率是所有人的 {lift} 倍"
        en += f"; {who} buy it {lift} times as often as everybody"
    if one.partner:
        partner, price = names.article(one.partner), format_yuan(round(said["price_fen"]))
        zh += f",常买的是 {partner}:两件一套 {price}"
        en += f"; with {partner}, which they buy most, as a bundle for {price}"
    return Words(en, zh)


def percent(share: float) -> str:
    """Return a chance in words that claim no more than is known."""
    whole = round(share * 100)
    return "> 99 %" if whole > 99 else "< 1 %" if whole < 1 else f"{whole} %"  # noqa: PLR2004
