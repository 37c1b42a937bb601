"""The eight tickets printed by every invented till: all that a receipt may have on it."""

from dataclasses import replace

from tools.golden_receipts.layout import Layout
from tools.golden_receipts.ticket import Item, Ticket

Goods = tuple[tuple[str, int], ...]

_GOODS: dict[str, Goods] = {
    "retail-zh": (
        ("可口可乐330ml", 300),
        ("海天酱油500ml", 1290),
        ("纯牛奶250ml", 350),
        ("红富士苹果", 998),
        ("金龙鱼食用植物调和油五升装", 7990),
        ("绿箭口香糖", 250),
        ("清风抽纸3包", 1180),
    ),
    "retail-hk": (
        ("維他檸檬茶", 850),
        ("出前一丁", 620),
        ("嘉頓方包", 1490),
        ("新奇士橙", 1280),
        ("李錦記舊庄特級蠔油家庭裝", 3290),
        ("益力多", 1350),
        ("陽光檸檬茶", 590),
    ),
    "retail-en": (
        ("Whole milk 1l", 129),
        ("Brown bread", 189),
        ("Free eggs 12", 349),
        ("Gala apples", 299),
        ("Extra virgin olive oil from Kalamata", 1299),
        ("Salted butter", 275),
        ("Mints", 95),
    ),
    "restaurant-zh": (
        ("宫保鸡丁", 3800),
        ("清炒时蔬", 2200),
        ("米饭", 300),
        ("酸辣汤", 1800),
        ("招牌脆皮烧鹅配酸梅酱例牌", 12800),
        ("啤酒", 1200),
        ("凉拌黄瓜", 1600),
    ),
    "restaurant-en": (
        ("House salad", 950),
        ("Ribeye steak", 3290),
        ("Flat white", 420),
        ("Cheesecake", 750),
        ("Slow roasted lamb with rosemary potatoes", 2690),
        ("Still water", 350),
        ("Espresso", 310),
    ),
    "pharmacy-zh": (
        ("阿莫西林胶囊", 1850),
        ("维生素C片", 590),
        ("医用外科口罩", 1500),
        ("枸杞子", 12800),
        ("复方甘草口服溶液一百毫升装", 1120),
        ("创可贴", 680),
        ("布洛芬缓释胶囊", 2390),
    ),
    "pharmacy-en": (
        ("Paracetamol 500mg", 249),
        ("Sun cream SPF50", 1199),
        ("Plasters", 320),
        ("Herb tea", 585),
        ("Multivitamin tablets with iron and zinc", 1499),
        ("Hand gel", 275),
        ("Cough syrup", 640),
    ),
    "bakery-zh": (
        ("核桃酥", 3960),
        ("绿豆糕", 2880),
        ("椒盐饼", 1980),
        ("沙琪玛", 2560),
        ("手工黑芝麻核桃软糕", 5800),
        ("云片糕", 2200),
        ("蛋黄酥", 4580),
    ),
}
_TENDERS: dict[str, tuple[str, str]] = {
    "retail-zh": ("现金", "微信支付"),
    "retail-hk": ("現金", "八達通"),
    "retail-en": ("Cash", "Visa"),
    "restaurant-zh": ("现金", "支付宝"),
    "restaurant-en": ("Cash", "Card"),
    "pharmacy-zh": ("现金", "医保个账"),
    "pharmacy-en": ("Cash", "Card"),
    "bakery-zh": ("实收", "实收"),
}
_OWN_TENDERS: dict[str, tuple[str, str]] = {
    "retail-zh-42-club": ("交来", "扫付"),
    "pharmacy-zh-32-order": ("付来", "刷付"),
}
_CODES = ("6901028001", "6902083881", "6921168509", "6930000011", "6943052100", "6954767410", "")


def tickets(layout: Layout) -> tuple[Ticket, ...]:
    """Return the tickets of one till: six sales, a copy of one, a refund."""
    kind = "-".join(layout.name.split("-")[:2])
    goods, (cash, card) = _GOODS[kind], _OWN_TENDERS.get(layout.name, _TENDERS[kind])
    whole = layout.places == 0
    shelf = _Shelf(goods, whole=whole, by_weight=kind == "bakery-zh")
    off, item_off = (500, 300) if whole else (150, 25)
    first = _paid(Ticket(_number(layout, 1), shelf.take((0, 2), (1, 1), (2, 3))), cash)
    sales = (
        first,
        _paid(Ticket(_number(layout, 2), shelf.take((3, 1), (5, 2)), off_fen=off), cash),
        _exact(Ticket(_number(layout, 3), shelf.take((4, 1), (6, 2))), card),
        _paid(Ticket(_number(layout, 4), shelf.weighed((3, 752), (0, 6), (5, 1))), cash),
        _exact(Ticket(_number(layout, 5), shelf.reduced((1, 3), item_off)), card),
        _paid(
            Ticket(
                _number(layout, 6),
                shelf.take((6, 1), (2, 2), (0, 1), (5, 4), (1, 1)),
                off_fen=off,
                fee_fen=800 if layout.words.fee else 0,
            ),
            cash,
        ),
    )
    back = Ticket(
        _number(layout, 7), shelf.take((1, 1), (2, 2)), kind="refund", original=first.number
    )
    return (*sales, replace(first, kind="reprint"), _exact(back, cash))


class _Shelf:
    """The goods of one shop."""

    def __init__(self, goods: Goods, *, whole: bool, by_weight: bool) -> None:
        self._goods, self._whole, self._by_weight = goods, whole, by_weight

    def take(self, *wanted: tuple[int, int]) -> tuple[Item, ...]:
        """Take pieces; where all is weighed a piece is some grams."""
        milli = 385 if self._by_weight else 1000
        return tuple(self._item(at, pieces * milli) for at, pieces in wanted)

    def weighed(self, *wanted: tuple[int, int]) -> tuple[Item, ...]:
        """Take the first by weight (grams), the others by pieces."""
        (at, grams), *others = wanted
        return (self._item(at, 2000 if self._whole else grams), *self.take(*others))

    def reduced(self, wanted: tuple[int, int], off_fen: int) -> tuple[Item, ...]:
        """Take pieces of one article at a reduction of its own, and one of another."""
        item, other = self.take(wanted, (6, 1))
        return (replace(item, off_fen=off_fen), other)

    def _item(self, at: int, milli: int) -> Item:
        name, price = self._goods[at]
        return Item(name, milli, price, code=_CODES[at])


def _number(layout: Layout, at: int) -> str:
    """Return a receipt's number: a short one in restaurants, a long one elsewhere."""
    if layout.name.startswith("restaurant"):
        return f"{1040 + at}"
    return f"2026112200{40 + at}"


def _paid(ticket: Ticket, word: str) -> Ticket:
    """Pay with the next note that is enough."""
    note = next(note for note in (2_000, 5_000, 10_000, 20_000, 50_000) if note > ticket.total_fen)
    return replace(ticket, paid=((word, note),))


def _exact(ticket: Ticket, word: str) -> Ticket:
    return replace(ticket, paid=((word, ticket.total_fen),))
