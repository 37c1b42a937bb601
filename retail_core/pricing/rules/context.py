"""What pricing may know besides the lines: the member, the store, what is used up already."""

from dataclasses import dataclass, field
from datetime import date

from retail_core.pricing.rules.conditions import NOBODY
from retail_core.pricing.rules.coupons import Held


@dataclass(frozen=True, slots=True)
class Used:
    """How often a member or a store used an offer, coupon or gift: by its id."""

    ever: dict[str, int] = field(default_factory=dict)
    today: dict[str, int] = field(default_factory=dict)


NOTHING_USED = Used()


@dataclass(frozen=True, slots=True)
class MemberContext:
    """What pricing may know of a member.

    `points_free` and `coupons` are what she may spend now; `personal` is False when she opted out
    of offers by guesses about her. `birthday` is (month, day).
    """

    tier: str
    tags: frozenset[str] = NOBODY
    groups: frozenset[str] = NOBODY
    joined: date | None = None
    birthday: tuple[int, int] | None = None
    points_free: int = 0
    coupons: tuple[Held, ...] = ()
    personal: bool = True
    used: Used = NOTHING_USED


@dataclass(frozen=True, slots=True)
class StoreContext:
    """Where the basket is priced: stock in whole units by sku, use by offer, fen by campaign.

    While the clock is not known nothing is granted that depends on the hour or the day; while use
    is not known, nothing that is counted beyond the receipt.
    """

    store: str = ""
    region: str = ""
    channel: str = ""
    stock: dict[str, int] = field(default_factory=dict)
    used: Used = NOTHING_USED
    campaign_fen: dict[str, int] = field(default_factory=dict)
    campaign_uses: dict[str, int] = field(default_factory=dict)
    clock_known: bool = True
    use_known: bool = True


ANY_STORE = StoreContext()
