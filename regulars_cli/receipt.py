"""A priced basket for people: a receipt, and under it why it costs that."""

from dataclasses import replace

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from regulars_cli.common import Language
from retail_core.money import format_yuan
from retail_core.pricing.certificate import NearMiss, PricedBasket, PricedLine
from retail_core.pricing.rules.english import EnglishNames
from retail_core.texts.price_reasons import reason_text

_WORDS = {
    "line": ("行", "line"),
    "article": ("商品", "article"),
    "quantity": ("数量", "qty"),
    "shelf": ("原价", "shelf"),
    "offers": ("优惠", "offers"),
    "net": ("实付", "net"),
    "total": ("合计", "total"),
    "saved": ("已省", "saved"),
    "points": ("积分抵扣", "points"),
    "due": ("应付", "due"),
    "coupon": ("券", "coupon"),
    "gift": ("赠品", "gift"),
    "rejected": ("没有用上的优惠", "not used"),
    "near": ("差一点", "near misses"),
    "optimal": ("已证明没有更低的价格", "proven: no combination is cheaper"),
    "incumbent": ("到了搜索上限,最多还能再低 {gap}", "search limit: at most {gap} cheaper"),
    "more": ("再买 {units} 件 {name}", "{units} more {name}"),
    "fen_more": ("再买 {fen}", "{fen} more of goods"),
    "saves": ("{offer},再省 {fen}", "{offer} saves another {fen}"),
}


def named_in(language: Language, priced: PricedBasket, english: EnglishNames) -> PricedBasket:
    """Return it with what people of a language call its rules; never for the answer's own bytes."""
    if language != "en":
        return priced
    coupon = priced.coupon
    return replace(
        priced,
        applied=tuple(replace(x, name=english.of(x.name, x.offer_id)) for x in priced.applied),
        rejected=tuple(replace(x, name=english.of(x.name, x.offer_id)) for x in priced.rejected),
        coupon=coupon and replace(coupon, name=english.of(coupon.name, coupon.coupon_id)),
        gifts=tuple(replace(x, name=english.of(x.name, x.gift_id)) for x in priced.gifts),
        near_misses=tuple(
            replace(x, name=english.of(x.name, x.offer_id)) for x in priced.near_misses
        ),
    )


def show(priced: PricedBasket, console: Console, language: Language) -> None:
    """Print it."""
    console.print(Group(_lines(priced, language), _sums(priced, language), *_why(priced, language)))


def _say(key: str, language: Language, **fields: object) -> str:
    return _WORDS[key][language == "en"].format_map(fields)


def _lines(priced: PricedBasket, language: Language) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(_say("line", language), justify="right")
    table.add_column(_say("article", language))
    for key in ("quantity", "shelf"):
        table.add_column(_say(key, language), justify="right")
    table.add_column(_say("offers", language))
    table.add_column(_say("net", language), justify="right")
    names = {offer.offer_id: offer.name for offer in priced.applied}
    if priced.coupon:
        names[priced.coupon.coupon_id] = priced.coupon.name
    for line in priced.lines:
        offers = "\n".join(
            f"{names.get(offer_id, offer_id)} -{format_yuan(fen)}" for offer_id, fen in line.offers
        )
        table.add_row(
            str(line.line),
            Text(line.name),
            _quantity(line),
            format_yuan(line.shelf_fen),
            Text(offers, style="green"),
            format_yuan(line.net_fen),
        )
    return table


def _quantity(line: PricedLine) -> str:
    whole, rest = divmod(line.qty_milli, 1000)
    return f"{whole}.{rest:03d}" if rest else str(whole)


def _sums(priced: PricedBasket, language: Language) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_row(_say("shelf", language), format_yuan(priced.shelf_fen))
    if priced.coupon:
        words = f"{_say('coupon', language)} {priced.coupon.name}"
        table.add_row(Text(words), f"-{format_yuan(priced.coupon.fen_off)}")
    table.add_row(_say("total", language), format_yuan(priced.total_fen))
    if priced.points:
        words = f"{_say('points', language)} {priced.points.points}"
        table.add_row(words, f"-{format_yuan(priced.points.value_fen)}")
    table.add_row(
        Text(_say("due", language), style="bold"), Text(format_yuan(priced.due_fen), style="bold")
    )
    table.add_row(_say("saved", language), format_yuan(priced.saved_fen))
    for gift in priced.gifts:
        table.add_row(Text(f"{_say('gift', language)} {gift.name}"), f"{gift.units} × {gift.sku}")
    return table


def _why(priced: PricedBasket, language: Language) -> list[RenderableType]:
    shown: list[RenderableType] = [_status(priced, language)]
    if priced.rejected:
        table = Table.grid(padding=(0, 2))
        for offer in priced.rejected:
            table.add_row(Text(offer.name), Text(reason_text(offer.reason, language), style="dim"))
        shown += [Text(f"\n{_say('rejected', language)}", style="dim"), table]
    if priced.near_misses:
        table = Table.grid(padding=(0, 2))
        names = {line.sku: line.name for line in priced.lines}
        for miss in priced.near_misses:
            table.add_row(Text(_asked(miss, names, language)), Text(_gained(miss, language)))
        shown += [Text(f"\n{_say('near', language)}", style="dim"), table]
    return shown


def _status(priced: PricedBasket, language: Language) -> Text:
    if priced.status == "optimal":
        return Text(_say("optimal", language), style="dim")
    gap = format_yuan(priced.gap_fen)
    return Text(_say("incumbent", language, gap=gap), style="yellow")


def _asked(miss: NearMiss, names: dict[str, str], language: Language) -> str:
    if miss.sku:
        name = names.get(miss.sku, miss.sku)
        return _say("more", language, units=miss.units, name=name)
    return _say("fen_more", language, fen=format_yuan(miss.fen))


def _gained(miss: NearMiss, language: Language) -> str:
    return _say("saves", language, offer=miss.name, fen=format_yuan(miss.saves_fen))
