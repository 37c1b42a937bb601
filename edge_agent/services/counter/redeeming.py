"""What a member may redeem of a basket here and now, and what this box holds back for it.

Only what this box was lent can be spent, only by who showed a code or a card, and never in
practice. Otherwise the answer says why in words, and the sale goes on without redeeming.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from edge_agent.domain.basket import Wish
from edge_agent.ports.replica import HeldMember
from edge_agent.services.rights.lease_desk import LeaseDesk
from edge_agent.services.rights.rights_asking import NOTHING_ELSEWHERE, Elsewhere, RightsAsking
from edge_agent.services.shop.price_desk import NOTHING, Quote, Redeemable
from retail_core.errors import Fault
from retail_core.identity.assurance import Action, Standing, TurnPolicy
from retail_core.loyalty.campaigns import Measure, budget_right, rights_drawn
from retail_core.loyalty.cap_sharing import cap_right
from retail_core.loyalty.lease_box import Draw
from retail_core.loyalty.leases import Right, RightKind
from retail_core.pricing.gains import points_usable
from retail_core.pricing.rules.coupons import Held
from retail_core.pricing.rules.restricting import points_in
from retail_core.pricing.rules.ruleset import PointsRule, RuleBundle
from retail_core.pricing.uses import store_caps, uses_counted
from retail_core.texts.faults import FaultCode
from retail_core.wire.standing import CouponHeld

Amounts = tuple[tuple[Right, int], ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """How surely she was recognised, and what the store asks of that."""

    standing: Standing
    policy: TurnPolicy

    def may(self, action: Action, fen: int = 0) -> bool:
        """Return whether she may do this, on a basket of `fen`."""
        return self.standing.may(action, self.policy, fen)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who wants to redeem what, on which day; `holds` is held back for this basket already."""

    held: HeldMember | None
    wish: Wish
    trust: Trust
    day: int | None
    training: bool = False
    holds: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be redeemed of what she wants, or why nothing may; her means, if she may see them.

    `points_here` is what this box could spend for her now, `elsewhere` what is being fetched.
    """

    redeem: Redeemable = NOTHING
    refused: Fault | None = None
    points_here: int = 0
    elsewhere: Elsewhere = NOTHING_ELSEWHERE
    coupons: tuple[tuple[CouponHeld, bool], ...] = ()


NO_ALLOWANCE = Allowance()


class Redeeming:
    """Asks the lease desk; thread-safe as that is."""

    def __init__(
        self, leases: LeaseDesk, tenant: UUID, store: UUID, asking: RightsAsking | None = None
    ) -> None:
        self._leases = leases
        self._tenant = tenant
        self._store = store
        self._asking = asking

    def allowance(self, asking: Asking, bundle: RuleBundle, points: PointsRule | None) -> Allowance:
        """Work out what may go into the price; `points` is how they pay here, None: not at all."""
        held, wish = asking.held, asking.wish
        if held is None:
            refused = None if wish.is_empty else Fault(FaultCode.REDEEM_MEMBER)
            return Allowance(Redeemable(holds=asking.holds), refused)
        gate = self._gate(asking)
        if gate is not None:
            return Allowance(Redeemable(holds=asking.holds), gate)
        right = points_right(held)
        here = self._spendable(right, asking.holds) if points is not None else 0
        coupons = tuple((one, self._usable(one, asking, bundle)) for one in held.record.coupons)
        nothing = Redeemable(holds=asking.holds)
        away = self._elsewhere(held, asking, points)
        shown = Allowance(nothing, points_here=here, elsewhere=away, coupons=coupons)
        refused = _refusal(wish, shown, points)
        if refused is not None:
            return replace(shown, refused=refused)
        # Its days are checked above, by the business day that it was given for.
        chosen = tuple(
            Held(id=str(UUID(bytes=one.id)), coupon=one.rule)
            for one, _ in coupons
            if UUID(bytes=one.id) in wish.coupons
        )
        return replace(shown, redeem=Redeemable(wish.points, chosen, asking.holds))

    def _elsewhere(self, held: HeldMember, asking: Asking, points: PointsRule | None) -> Elsewhere:
        """Have fetched what is hers and lies in other stores; no basket waits for it."""
        if self._asking is None:
            return NOTHING_ELSEWHERE
        wants: list[tuple[Right, int]] = []
        mine = self._leases.held_back_by(asking.holds, points_right(held))
        if points is not None and held.record.points_free > mine:
            wants.append((points_right(held), held.record.points_free - mine))
        for one in held.record.coupons:
            right = coupon_right(UUID(bytes=one.id))
            if not self._leases.held_back_by(asking.holds, right):
                wants.append((right, 1))
        return self._asking.look(held.member_id, tuple(wants))

    def _gate(self, asking: Asking) -> Fault | None:
        if asking.training:
            return Fault(FaultCode.REDEEM_TRAINING)
        if not asking.trust.may(Action.REDEEM_POINTS):
            return Fault(FaultCode.REDEEM_ASSURANCE)
        return None if self._leases.admitted() else Fault(FaultCode.LEASE_WAITS)

    def _usable(self, coupon: CouponHeld, asking: Asking, bundle: RuleBundle) -> bool:
        if coupon.rule not in bundle.coupons_by_id or asking.day is None:
            return False
        if not coupon.first_day <= asking.day <= coupon.last_day:
            return False
        return self._spendable(coupon_right(UUID(bytes=coupon.id)), asking.holds) >= 1

    def _spendable(self, right: Right, holds: Sequence[UUID]) -> int:
        return self._leases.spendable(right) + self._leases.held_back_by(holds, right)

    def hold(
        self, holds: Sequence[UUID], wanted: Amounts, keep: Collection[Right] = ()
    ) -> tuple[UUID, ...]:
        """Hold back what a price uses instead of what was held back before (Faults of leases).

        What was held back of `keep` stays beside it, see `still_held`.
        """
        return tuple(one.id for one in self._leases.exchange(holds, wanted, keep))

    def still_held(self, holds: Sequence[UUID]) -> tuple[UUID, ...]:
        """Return those of a basket's holds that still hold something back."""
        return self._leases.still_held(holds)

    def wanted(self, quote: Quote, held: HeldMember | None) -> Amounts:
        """Return what a price spends: points, a coupon of hers, parts of campaigns."""
        priced, amounts = quote.priced, list[tuple[Right, int]]()
        if held is not None and priced.points is not None:
            amounts.append((points_right(held), priced.points.points))
        if priced.coupon is not None and priced.coupon.held_id:
            amounts.append((coupon_right(UUID(priced.coupon.held_id)), 1))
        amounts += rights_drawn(self._tenant, quote.rules.bundle, priced)
        return (*amounts, *self._caps_drawn(quote))

    def _caps_drawn(self, quote: Quote) -> Amounts:
        """Return what a price uses of the store's caps, where they are shared with other boxes."""
        bundle, day = quote.rules.bundle, quote.caps_day
        if day is None:
            return ()
        caps = store_caps(bundle)
        return tuple(
            (self._cap(rule, day), times)
            for rule, times in uses_counted(quote.priced, bundle)
            if rule in caps
        )

    def used_up(
        self,
        bundle: RuleBundle,
        day: int,
        own: Mapping[str, int],
        holds: Sequence[UUID] | None,
    ) -> Mapping[str, int] | None:
        """Return what a basket with these holds cannot use of the store's caps of a day, by rule.

        None where this box counts them alone. `own` is what was used here.
        """
        if not self._leases.shares_caps(day):
            return None

        def used(rule: str, cap: int) -> int:
            here = 0 if holds is None else self._spendable(self._cap(rule, day), holds)
            return max(own.get(rule, 0), cap - here)

        return {rule: used(rule, cap) for rule, cap in store_caps(bundle).items()}

    def _cap(self, rule: str, day: int) -> Right:
        return cap_right(self._tenant, self._store, rule, day)

    def gone(
        self, bundle: RuleBundle, holds: Sequence[UUID] | None
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Return the fen and the uses a basket with these holds cannot spend, by campaign."""

        def missing(campaign: str, measure: Measure, whole: int) -> int:
            if holds is None:
                return whole
            here = self._spendable(budget_right(self._tenant, campaign, measure), holds)
            return max(0, whole - here)

        fen = {
            one.id: missing(one.id, "fen", one.budget_fen)
            for one in bundle.campaigns
            if one.budget_fen is not None
        }
        uses = {
            one.id: missing(one.id, "uses", one.uses)
            for one in bundle.campaigns
            if one.uses is not None
        }
        return fen, uses


def points_right(held: HeldMember) -> Right:
    """Return the right to a member's points."""
    return Right(RightKind.POINTS, UUID(bytes=held.record.wallet))


def rights_of(held: HeldMember | None) -> frozenset[Right]:
    """Return the rights that are a member's own: her points, her coupons."""
    if held is None:
        return frozenset()
    coupons = (coupon_right(UUID(bytes=one.id)) for one in held.record.coupons)
    return frozenset((points_right(held), *coupons))


def check_drawn(draws: Sequence[Draw], wanted: Amounts) -> None:
    """Refuse a sale whose price was worked out with more than its reservations still hold."""
    drawn = Counter[Right]()
    for draw in draws:
        drawn[draw.key.right] += draw.amount
    for right, amount in wanted:
        if drawn[right] != amount:
            raise Fault(FaultCode.LEASE_SHORT, free=drawn[right], wanted=amount)


def coupon_right(coupon: UUID) -> Right:
    """Return the right to a coupon."""
    return Right(RightKind.COUPON, coupon)


def points_most(quote: Quote, here: int) -> int:
    """Return how many points could pay on this total in this shop."""
    rule = points_in(quote.rules.bundle, quote.asked.store)
    return 0 if rule is None else points_usable(rule, quote.priced.total_fen, here, here)


def _refusal(wish: Wish, shown: Allowance, points: PointsRule | None) -> Fault | None:
    if wish.points and points is None:
        return Fault(FaultCode.REDEEM_POINTS_OFF)
    if not {UUID(bytes=one.id) for one, _ in shown.coupons}.issuperset(wish.coupons):
        return Fault(FaultCode.REDEEM_COUPON)
    away = shown.elsewhere
    on_the_way = Fault(FaultCode.RIGHTS_COMING) if away.state in {"asking", "coming"} else None
    if wish.points > shown.points_here:
        short = Fault(FaultCode.LEASE_SHORT, free=shown.points_here, wanted=wish.points)
        dark = Fault(FaultCode.RIGHTS_DARK, free=shown.points_here, dark=away.dark)
        return on_the_way or (dark if away.dark else short)
    usable = {UUID(bytes=one.id) for one, can in shown.coupons if can}
    if not usable.issuperset(wish.coupons):
        return on_the_way or Fault(FaultCode.REDEEM_COUPON)
    return None
