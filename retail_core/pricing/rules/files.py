"""Baskets and members as JSON files, for `regulars price` and other programs.

The format stands in docs/reference/pricing-files.md and its schemas; a file that does not fit is
refused with the place and what to write there (Fault P123). What a till could not mean either, such
as a negative quantity, is refused where baskets are checked (P101 to P109).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, NoReturn

from msgspec import Meta, Struct

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.errors import Fault
from retail_core.pricing.rules.context import MemberContext, StoreContext, Used
from retail_core.pricing.rules.coupons import Held
from retail_core.pricing.rules.fields import Count, Id, Label, Name, Names, StockUnits, WallTime
from retail_core.pricing.rules.reading import Misfit, decode
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

BASKET = Words("the basket file", "篮子文件")
MEMBER = Words("the member file", "会员文件")
WHOLE = Words("the whole", "整个文件")
_LEAP_YEAR = 2024
# Asked by check_basket, with a code of its own for each; the schema says it beforehand.
_Quantity = Annotated[int, Meta(extra_json_schema={"minimum": 1, "maximum": 1_000_000_000})]
_Price = Annotated[int, Meta(extra_json_schema={"minimum": 0, "maximum": 100_000_000_000})]


class LineFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line: 1000 thousandths are one unit; `line` is its number, its place when left out."""

    sku: Name
    unit_price_fen: _Price
    qty_milli: _Quantity = 1000
    line: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    name: Label = ""
    brand: Label = ""
    category: Label = ""
    tags: Names = frozenset()


class StoreUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often rules were used in the store today, by rule id."""

    today: dict[Id, Count] = {}


class MemberUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often the member used rules, ever and today, by rule id."""

    ever: dict[Id, Count] = {}
    today: dict[Id, Count] = {}


class Spent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a campaign has given away so far."""

    fen: Count = 0
    uses: Count = 0


class BasketFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A basket, where it is sold, and what is used up there."""

    opened: WallTime
    lines: tuple[LineFile, ...]
    store: Label = ""
    region: Label = ""
    channel: Label = ""
    stock: dict[Name, StockUnits] = {}
    used: StoreUse = StoreUse()
    campaigns: dict[Id, Spent] = {}
    points_wanted: Count = 0
    clock_known: bool = True
    use_known: bool = True


class MemberFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a member; `birthday` is MM-DD, `personal` false for one who opted out."""

    tier: Label = ""
    tags: Names = frozenset()
    groups: Names = frozenset()
    joined: date | None = None
    birthday: Annotated[str, Meta(pattern="^(0[1-9]|1[0-2])-[0-3][0-9]$")] | None = None
    points_free: Count = 0
    coupons: tuple[Held, ...] = ()
    personal: bool = True
    used: MemberUse = MemberUse()


@dataclass(frozen=True, slots=True)
class AskedBasket:
    """A basket with the store it is in and the points its member would like to use."""

    basket: Basket
    store: StoreContext
    points_wanted: int


def read_basket(content: bytes) -> AskedBasket:
    """Read a basket file (Fault P123)."""
    file = decode(content, BasketFile)
    if isinstance(file, Misfit):
        _refuse(BASKET, file)
    lines = tuple(_line(number, line) for number, line in enumerate(file.lines, start=1))
    store = StoreContext(
        store=file.store,
        region=file.region,
        channel=file.channel,
        stock=file.stock,
        used=Used(today=file.used.today),
        campaign_fen={name: spent.fen for name, spent in file.campaigns.items()},
        campaign_uses={name: spent.uses for name, spent in file.campaigns.items()},
        clock_known=file.clock_known,
        use_known=file.use_known,
    )
    return AskedBasket(Basket(lines, file.opened), store, file.points_wanted)


def read_member(content: bytes, name: Words = MEMBER) -> MemberContext:
    """Read a member file, called `name` where it does not fit (Fault P123)."""
    file = decode(content, MemberFile)
    if isinstance(file, Misfit):
        _refuse(name, file)
    return MemberContext(
        tier=file.tier,
        tags=file.tags,
        groups=file.groups,
        joined=file.joined,
        birthday=_birthday(file.birthday),
        points_free=file.points_free,
        coupons=_each_once(file.coupons),
        personal=file.personal,
        used=Used(file.used.ever, file.used.today),
    )


def _refuse(file: Words, misfit: Misfit) -> NoReturn:
    place = misfit.place.removeprefix("$").removeprefix(".") or WHOLE
    raise Fault(FaultCode.PRICING_FILE_INVALID, file=file, place=place, reason=misfit.said)


def _line(number: int, line: LineFile) -> BasketLine:
    return BasketLine(
        line=line.line or number,
        sku=line.sku,
        article_id=None,
        name=line.name or line.sku,
        unit_price_fen=line.unit_price_fen,
        qty_milli=line.qty_milli,
        brand=line.brand,
        category=line.category,
        tags=line.tags,
    )


def _birthday(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(f"{_LEAP_YEAR}-{text}")
    except ValueError:
        said = Words("there is no such day; write MM-DD", "没有这一天,请写 月-日,如 07-31")
        _refuse(MEMBER, Misfit("birthday", said))
    return day.month, day.day


def _each_once(coupons: tuple[Held, ...]) -> tuple[Held, ...]:
    first: Mapping[str, int] = {
        held.id: place for place, held in reversed(list(enumerate(coupons)))
    }
    for place, held in enumerate(coupons):
        if first[held.id] != place:
            said = Words(
                f"the coupon is there already, as coupons[{first[held.id]}]",
                f"这张券在 coupons[{first[held.id]}] 已经有了",
            )
            _refuse(MEMBER, Misfit(f"coupons[{place}].id", said))
    return coupons
