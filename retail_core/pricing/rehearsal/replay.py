"""What past sales would have cost under other rules: one receipt at a time, sums that add up.

Tallies of parts of a file, merged in any order, give the tally of the whole, so the parts may be
priced anywhere. What a member or a campaign had used before is not known here: caps hold within a
receipt, and a campaign's spending is set beside its budget at the end.
"""

import heapq
from collections import Counter
from collections.abc import Iterable

import msgspec

from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.rehearsal.sold import SoldBasket, basket_of, cost_fen
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.pricing.solver.model import Limits

EXTREMES_KEPT = 10
# Upper ends, in fen, of the classes into which differences on a receipt fall; the last has none.
CLASSES_FEN = (
    *(-20_000, -10_000, -5_000, -2_000, -1_000, -500, -200, -1),
    *(0, 199, 499, 999, 1_999, 4_999, 9_999, 19_999),
)


class OfferSums(msgspec.Struct):
    """What an offer, coupon or gift came to."""

    name: str
    receipts: int = 0
    uses: int = 0
    fen_off: int = 0


class GroupSums(msgspec.Struct):
    """Receipts of a month or a tier."""

    receipts: int = 0
    shelf_fen: int = 0
    before_fen: int = 0
    after_fen: int = 0


class Extreme(msgspec.Struct, frozen=True, order=True):
    """A receipt that gains or loses much: `gain_fen` is what the customer pays less."""

    gain_fen: int
    receipt: str
    before_fen: int
    after_fen: int


class Tally(msgspec.Struct):
    """Sums over receipts; `before` is what was paid, or what the old rules ask.

    Margins are over the receipts whose costs are all known (`costed`); `loss_making` of them are
    sold under cost.
    """

    receipts: int = 0
    lines: int = 0
    shelf_fen: int = 0
    before_fen: int = 0
    after_fen: int = 0
    cheaper: int = 0
    cheaper_fen: int = 0
    dearer: int = 0
    dearer_fen: int = 0
    unproven: int = 0
    costed: int = 0
    cost_fen: int = 0
    costed_before_fen: int = 0
    costed_after_fen: int = 0
    loss_making: int = 0
    loss_making_before: int = 0
    points: int = 0
    gifts: int = 0
    classes: list[int] = msgspec.field(default_factory=lambda: [0] * (len(CLASSES_FEN) + 1))
    offers: dict[str, OfferSums] = {}
    months: dict[str, GroupSums] = {}
    tiers: dict[str, GroupSums] = {}
    winners: list[Extreme] = []
    losers: list[Extreme] = []
    refused: dict[str, int] = {}


class Rehearsal:
    """Prices sold baskets under a draft, and under the old rules when there are any."""

    def __init__(
        self,
        draft: RuleBundle,
        against: RuleBundle | None,
        nodes_max: int = limits.SOLVER_NODES_MAX,
    ) -> None:
        self._draft = draft
        self._against = against
        self._nodes_max = nodes_max

    def add(self, tally: Tally, sold: SoldBasket, member: MemberContext | None) -> None:
        """Price one receipt and add it up; one that no till could mean is only counted."""
        try:
            after = self._price(sold, member, self._draft)
            before_fen = self._before(sold, member, after)
        except Fault as fault:
            code = fault.code.value
            tally.refused[code] = tally.refused.get(code, 0) + 1
            return
        _count(tally, sold, before_fen, after)
        for key, groups in (
            (sold.opened.strftime("%Y-%m"), tally.months),
            (member.tier if member else "", tally.tiers),
        ):
            _group(groups.setdefault(key, GroupSums()), before_fen, after)

    def _before(self, sold: SoldBasket, member: MemberContext | None, after: PricedBasket) -> int:
        if self._against is not None:
            return self._price(sold, member, self._against).due_fen
        return after.shelf_fen if sold.paid_fen is None else sold.paid_fen

    def _price(
        self, sold: SoldBasket, member: MemberContext | None, bundle: RuleBundle
    ) -> PricedBasket:
        store = StoreContext(store=sold.store, region=sold.region, channel=sold.channel)
        stop = Limits(self._nodes_max, limits.SOLVER_GUARD_MS)
        return price_basket(basket_of(sold), bundle, member, store=store, stop=stop)


def _count(tally: Tally, sold: SoldBasket, before_fen: int, after: PricedBasket) -> None:
    gain = before_fen - after.due_fen
    tally.receipts += 1
    tally.lines += len(sold.lines)
    tally.shelf_fen += after.shelf_fen
    tally.before_fen += before_fen
    tally.after_fen += after.due_fen
    tally.unproven += after.status != "optimal"
    tally.points += after.points.points if after.points else 0
    tally.gifts += sum(gift.units for gift in after.gifts)
    tally.classes[_class_of(gain)] += 1
    extreme = Extreme(gain, sold.receipt, before_fen, after.due_fen)
    if gain > 0:
        tally.cheaper += 1
        tally.cheaper_fen += gain
        tally.winners = _most(tally.winners, [extreme])
    elif gain < 0:
        tally.dearer += 1
        tally.dearer_fen -= gain
        tally.losers = _least(tally.losers, [extreme])
    _count_margin(tally, cost_fen(sold), before_fen, after.due_fen)
    _count_offers(tally.offers, after)


def _class_of(gain_fen: int) -> int:
    return sum(gain_fen > end for end in CLASSES_FEN)


def _most(some: Iterable[Extreme], more: Iterable[Extreme]) -> list[Extreme]:
    return heapq.nlargest(EXTREMES_KEPT, (*some, *more))


def _least(some: Iterable[Extreme], more: Iterable[Extreme]) -> list[Extreme]:
    return heapq.nsmallest(EXTREMES_KEPT, (*some, *more))


def _count_margin(tally: Tally, cost: int | None, before_fen: int, after_fen: int) -> None:
    if cost is None:
        return
    tally.costed += 1
    tally.cost_fen += cost
    tally.costed_before_fen += before_fen
    tally.costed_after_fen += after_fen
    tally.loss_making += after_fen < cost
    tally.loss_making_before += before_fen < cost


def _count_offers(offers: dict[str, OfferSums], after: PricedBasket) -> None:
    used = [(one.offer_id, one.name, one.uses, one.fen_off) for one in after.applied]
    if after.coupon:
        used.append((after.coupon.coupon_id, after.coupon.name, 1, after.coupon.fen_off))
    used += [(gift.gift_id, gift.name, gift.units, 0) for gift in after.gifts]
    for offer_id, name, uses, fen_off in used:
        sums = offers.setdefault(offer_id, OfferSums(name))
        sums.receipts += 1
        sums.uses += uses
        sums.fen_off += fen_off


def _group(group: GroupSums, before_fen: int, after: PricedBasket) -> None:
    group.receipts += 1
    group.shelf_fen += after.shelf_fen
    group.before_fen += before_fen
    group.after_fen += after.due_fen


_PLAIN_SUMS = tuple(field.name for field in msgspec.structs.fields(Tally) if field.type is int)


def merge(whole: Tally, part: Tally) -> None:
    """Add a part's sums to the whole's."""
    for name in _PLAIN_SUMS:
        setattr(whole, name, getattr(whole, name) + getattr(part, name))
    whole.classes = [a + b for a, b in zip(whole.classes, part.classes, strict=True)]
    whole.winners = _most(whole.winners, part.winners)
    whole.losers = _least(whole.losers, part.losers)
    whole.refused = dict(Counter(whole.refused) + Counter(part.refused))
    for offer_id, sums in part.offers.items():
        _add(whole.offers.setdefault(offer_id, OfferSums(sums.name)), sums)
    for groups, more in ((whole.months, part.months), (whole.tiers, part.tiers)):
        for key, group in more.items():
            _add(groups.setdefault(key, GroupSums()), group)


def _add(into: OfferSums | GroupSums, more: OfferSums | GroupSums) -> None:
    for field in msgspec.structs.fields(into):
        if field.type is int:
            setattr(into, field.name, getattr(into, field.name) + getattr(more, field.name))


def budgets(tally: Tally, draft: RuleBundle) -> list[tuple[str, int, int | None]]:
    """Return, for each campaign, what its rules took off in all, and its budget."""
    rules = (*draft.offers, *draft.coupons, *draft.gifts)
    return [
        (
            campaign.id,
            sum(
                tally.offers[rule.id].fen_off
                for rule in rules
                if rule.campaign == campaign.id and rule.id in tally.offers
            ),
            campaign.budget_fen,
        )
        for campaign in draft.campaigns
    ]
