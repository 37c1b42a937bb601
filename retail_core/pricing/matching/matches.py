"""Which rules name which lines, and which of those this customer may have now."""

from collections.abc import Sequence
from dataclasses import dataclass

from retail_core.checkout.basket import Basket, BasketLine, whole_units
from retail_core.pricing.certificate import Reason
from retail_core.pricing.matching.eligibility import refusal, uses_left
from retail_core.pricing.matching.setting import Budget, Setting, check_in_force, setting_of
from retail_core.pricing.matching.unit_prices import unit_fen_off
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.context import ANY_STORE, MemberContext, StoreContext
from retail_core.pricing.rules.coupons import Coupon, Gift, Held, is_whole_receipt
from retail_core.pricing.rules.line_index import LineIndex
from retail_core.pricing.rules.offers import (
    Offer,
    OfferBase,
    PriceList,
    SlotBundle,
    UnitOffer,
)
from retail_core.pricing.rules.ruleset import PointsRule, RuleBundle


@dataclass(frozen=True, slots=True)
class Match:
    """An offer that names lines of the basket, or why it may not be had.

    `lines` are the places of the lines whose units it may take: whole units only, unless it is a
    unit offer. `fen_off` is what a unit offer takes off a unit of each of them, 0 where nothing.
    `slots` are the places that fit each slot of a bundle. `uses_left` None is without end.
    """

    offer: Offer
    lines: tuple[int, ...]
    reason: Reason | None
    fen_off: tuple[int, ...] = ()
    slots: tuple[tuple[int, ...], ...] = ()
    uses_left: int | None = None


@dataclass(frozen=True, slots=True)
class CouponMatch:
    """A coupon that could be used, `held` None when it comes by itself, or why it may not.

    `lines` are the places of the lines that count; `whole` says that the receipt counts as it is.
    """

    coupon: Coupon
    held: Held | None
    lines: tuple[int, ...]
    whole: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class GiftMatch:
    """A gift with the lines that count towards it; `stock` None when it is not known."""

    gift: Gift
    lines: tuple[int, ...]
    reason: Reason | None
    uses_left: int | None = None
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """All rules that concern a basket, each kind strongest first (priority, then id).

    `strangers` are held coupons whose rule this bundle does not have. `points` is None when none
    may be used.
    """

    offers: tuple[Match, ...]
    coupons: tuple[CouponMatch, ...]
    gifts: tuple[GiftMatch, ...]
    strangers: tuple[tuple[Held, Reason], ...]
    campaigns: dict[str, Budget]
    points: PointsRule | None


def match_rules(
    basket: Basket,
    bundle: RuleBundle,
    member: MemberContext | None,
    store: StoreContext = ANY_STORE,
) -> Matches:
    """Return what of a bundle concerns a basket (Fault P121 before its `valid_from`)."""
    check_in_force(bundle, basket.opened_local, store)
    at = setting_of(basket, bundle, member, store)
    matcher = _Matcher(basket.lines, at)
    offers = (matcher.offer(offer) for offer in bundle.offer_index.touching(basket.lines))
    gifts = (matcher.gift(gift) for gift in bundle.gift_index.touching(basket.lines))
    coupons, strangers = _coupons(matcher, bundle, basket.lines)
    return Matches(
        offers=tuple(match for match in offers if match is not None),
        coupons=coupons,
        gifts=tuple(match for match in gifts if match is not None),
        strangers=strangers,
        campaigns=at.campaigns,
        points=None if member is None or at.limits.points_off else bundle.points,
    )


def _coupons(
    matcher: "_Matcher", bundle: RuleBundle, lines: tuple[BasketLine, ...]
) -> tuple[tuple[CouponMatch, ...], tuple[tuple[Held, Reason], ...]]:
    """Return automatic and held coupons, and the held ones that no rule here is for."""
    found = [
        match
        for coupon in bundle.automatic_coupon_index.touching(lines)
        if (match := matcher.coupon(coupon, None)).lines
    ]
    strangers: list[tuple[Held, Reason]] = []
    member = matcher.at.member
    for held in sorted(() if member is None else member.coupons, key=lambda held: held.id):
        rule = bundle.coupons_by_id.get(held.coupon)
        if held.chain and held.chain != bundle.chain:
            strangers.append((held, Reason.COUPON_FOREIGN))
        elif rule is None:
            strangers.append((held, Reason.COUPON_UNKNOWN))
        else:
            found.append(matcher.coupon(rule, held))
    return tuple(found), tuple(strangers)


class _Matcher:
    def __init__(self, lines: tuple[BasketLine, ...], at: Setting) -> None:
        self.at = at
        self._lines = lines
        self._index = LineIndex(lines)

    def offer(self, offer: Offer) -> Match | None:
        """Match an offer; None when it names nothing here."""
        slots: tuple[tuple[int, ...], ...] = ()
        if isinstance(offer, SlotBundle):
            parts = [self._named(offer, slot.items) for slot in offer.slots]
            named = tuple(sorted(set().union(*parts)))
            slots = tuple(self._usable(offer, part) for part in parts)
        elif isinstance(offer, PriceList):
            named = self._without(offer, self._index.of_skus(offer.prices.keys()))
        else:
            named = self._named(offer, offer.items)
        if not named:
            return None
        lines = self._usable(offer, named)
        reason = self._reason(offer, named)
        fen_off: tuple[int, ...] = ()
        if isinstance(offer, UnitOffer) and reason is None:
            fen_off = tuple(unit_fen_off(offer, self._lines[place]) for place in lines)
        return Match(offer, lines, reason, fen_off, slots, uses_left(offer, self.at))

    def coupon(self, coupon: Coupon, held: Held | None) -> CouponMatch:
        """Match a coupon; without lines it names nothing here."""
        named = self._named(coupon, coupon.items)
        lines = self._in_stock(coupon, named)
        reason = self._expired(held) or self._reason(coupon, named)
        return CouponMatch(coupon, held, lines, is_whole_receipt(coupon), reason)

    def gift(self, gift: Gift) -> GiftMatch | None:
        """Match a gift; None when it names nothing here."""
        named = self._named(gift, gift.items)
        if not named:
            return None
        return GiftMatch(
            gift,
            self._in_stock(gift, named),
            self._reason(gift, named),
            uses_left(gift, self.at),
            self.at.store.stock.get(gift.sku),
        )

    def _named(self, rule: OfferBase, items: ItemSelector) -> tuple[int, ...]:
        return self._without(rule, self._index.named_by(items))

    def _without(self, rule: OfferBase, named: tuple[int, ...]) -> tuple[int, ...]:
        if rule.except_items is None or not named:
            return named
        excepted = frozenset(self._index.named_by(rule.except_items))
        return tuple(place for place in named if place not in excepted)

    def _reason(self, rule: OfferBase, named: Sequence[int]) -> Reason | None:
        if not named:
            return Reason.NAMES_NOTHING
        reason = refusal(rule, self.at)
        if reason is None and not self._in_stock(rule, named):
            return Reason.STOCK_TOO_LOW
        return reason

    def _expired(self, held: Held | None) -> Reason | None:
        if held is None or held.expires is None:
            return None
        if not self.at.store.clock_known:
            return Reason.CLOCK_UNKNOWN
        return Reason.COUPON_EXPIRED if self.at.opened >= held.expires else None

    def _usable(self, offer: Offer, named: Sequence[int]) -> tuple[int, ...]:
        stocked = self._in_stock(offer, named)
        if isinstance(offer, UnitOffer):
            return stocked
        return tuple(place for place in stocked if whole_units(self._lines[place]))

    def _in_stock(self, rule: OfferBase, named: Sequence[int]) -> tuple[int, ...]:
        least, stock = rule.when.stock_from, self.at.store.stock
        if least is None:
            return tuple(named)
        return tuple(place for place in named if stock.get(self._lines[place].sku, 0) >= least)
