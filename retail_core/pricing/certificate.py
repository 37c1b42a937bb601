"""A priced basket: what is charged, which offer took off how much, and which offers lost why."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

CERTIFICATE_VERSION = 1


class Reason(StrEnum):
    """Why an offer that names an article of the basket took nothing off."""

    BEATEN = "beaten"
    NO_SAVING = "no_saving"
    NOT_ELIGIBLE_TIER = "not_eligible_tier"
    NOT_ELIGIBLE_TAG = "not_eligible_tag"
    OUTSIDE_SLOT = "outside_slot"
    TOO_FEW_UNITS = "too_few_units"
    NOT_YET_VALID = "not_yet_valid"
    NO_LONGER_VALID = "no_longer_valid"
    OTHER_CHANNEL = "other_channel"
    OTHER_PLACE = "other_place"
    NOT_IN_GROUP = "not_in_group"
    TAG_EXCLUDED = "tag_excluded"
    MEMBERS_ONLY = "members_only"
    MEMBER_TOO_NEW = "member_too_new"
    MEMBER_TOO_LONG = "member_too_long"
    NOT_BIRTHDAY = "not_birthday"
    BASKET_TOO_SMALL = "basket_too_small"
    STOCK_TOO_LOW = "stock_too_low"
    RESTRICTED = "restricted"
    CAP_REACHED = "cap_reached"
    BUDGET_SPENT = "budget_spent"
    BELOW_THRESHOLD = "below_threshold"
    COUPON_NOT_HELD = "coupon_not_held"
    COUPON_EXPIRED = "coupon_expired"
    COUPON_FOREIGN = "coupon_foreign"
    COUPON_UNKNOWN = "coupon_unknown"
    NAMES_NOTHING = "names_nothing"
    OPTED_OUT = "opted_out"
    CLOCK_UNKNOWN = "clock_unknown"
    USE_UNKNOWN = "use_unknown"


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line as charged: net_fen + the fen of all its offers = shelf_fen."""

    line: int
    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    net_fen: int
    offers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AppliedOffer:
    """An offer that lowered the total, and the lines whose units it took.

    `units` says how many units of each of `lines` (1 for a weighed line); `uses` counts as caps do.
    """

    offer_id: str
    name: str
    fen_off: int
    lines: tuple[int, ...]
    uses: int = 0
    units: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedOffer:
    """An offer that names an article of the basket and still took nothing off."""

    offer_id: str
    name: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class UsedCoupon:
    """The coupon of a receipt, `held_id` "" when it came by itself; its lines share `fen_off`."""

    held_id: str
    coupon_id: str
    name: str
    fen_off: int


@dataclass(frozen=True, slots=True)
class UsedPoints:
    """Points given in payment, and what they pay."""

    points: int
    value_fen: int


@dataclass(frozen=True, slots=True)
class GivenGift:
    """Articles on top of what was bought."""

    gift_id: str
    name: str
    sku: str
    units: int


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What would make it cheaper: `units` more of `sku`, or `fen` more of goods when `sku` is "".

    `saves_fen` is what `offer_id` takes off then beyond what is taken off now; `due_fen` is what
    would be due, the added units included (None when no article was tried).
    """

    offer_id: str
    name: str
    saves_fen: int
    sku: str = ""
    units: int = 0
    fen: int = 0
    due_fen: int | None = None


@dataclass(frozen=True, slots=True)
class PricedBasket:
    """The result of a pricing; `gap_fen` bounds what a longer search could still save.

    `applied` are item offers; the coupon's share stands on the lines under its rule's id, and
    `total_fen` is what is left after it. `rejected` covers offers, coupons and gifts.
    """

    lines: tuple[PricedLine, ...]
    shelf_fen: int
    total_fen: int
    saved_fen: int
    status: Literal["optimal", "incumbent"]
    gap_fen: int
    applied: tuple[AppliedOffer, ...]
    rejected: tuple[RejectedOffer, ...]
    bundle_version: int
    nodes: int
    coupon: UsedCoupon | None = None
    points: UsedPoints | None = None
    gifts: tuple[GivenGift, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()

    @property
    def due_fen(self) -> int:
        """What is left to pay: the total less what points pay."""
        return self.total_fen - (self.points.value_fen if self.points else 0)

    @property
    def before_coupon_fen(self) -> int:
        """The total after item offers, before the coupon."""
        return self.total_fen + (self.coupon.fen_off if self.coupon else 0)


def certificate_hash(priced: PricedBasket) -> bytes:
    """Return the SHA-256 over what was charged and why; the search's effort is left out.

    Which units an offer took and near misses are not part of it, coupon, points and gifts only
    when there are any: what was hashed before they existed still has the same hash.
    """
    facts: tuple[object, ...] = (
        CERTIFICATE_VERSION,
        sorted(priced.lines, key=lambda line: line.line),
        priced.shelf_fen,
        priced.total_fen,
        priced.status,
        priced.gap_fen,
        [_hashed(offer) for offer in priced.applied],
        priced.rejected,
        priced.bundle_version,
    )
    if priced.coupon or priced.points or priced.gifts:
        facts = (*facts, priced.coupon, priced.points, priced.gifts)
    return hashlib.sha256(msgspec.msgpack.encode(facts)).digest()


def _hashed(offer: AppliedOffer) -> dict[str, object]:
    return {
        "offer_id": offer.offer_id,
        "name": offer.name,
        "fen_off": offer.fen_off,
        "lines": offer.lines,
    }
