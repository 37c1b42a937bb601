"""The best price by trying every choice there is: slow, plain, and nothing of the search in it.

Written from docs/reference/offers.md. For each line every way to spread its units over what may
take them is tried together with every way of the other lines, every coupon and the points. Only for
small baskets, and only for the conditions `cases.py` makes.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations_with_replacement, product
from math import comb, prod

from retail_core.checkout.basket import Basket, BasketLine
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.pricing.rules.coupons import Coupon, PercentCoupon
from retail_core.pricing.rules.offers import (
    MixAndMatch,
    Offer,
    OfferBase,
    PriceList,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    UnitOffer,
)

FAR = datetime(9999, 1, 1)  # noqa: DTZ001 - wall time, like all of them


@dataclass(frozen=True)
class Case:
    """What is priced, and the seed it came from."""

    seed: int
    basket: Basket
    bundle: RuleBundle
    member: MemberContext | None
    store: StoreContext
    points_wanted: int


@dataclass(frozen=True, order=True)
class Best:
    """What two answers are compared by, lowest first."""

    due_fen: int
    points: int
    coupon: tuple[bool, datetime, str]
    sets: int


@dataclass(frozen=True)
class _Way:
    """A way to take a unit: no offer leaves it at its price."""

    offer: Offer | None = None
    slot: int = 0
    off: int = 0
    need: int = 1


_SHELF = _Way()


def half_up(numerator: int, denominator: int) -> int:
    """Divide, halves up."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest >= denominator)


def ways_of(case: Case) -> list[tuple[int, int, list[_Way]]]:
    """Return (unit price, units, ways to take one) for each line."""
    result = []
    for line in case.basket.lines:
        whole = line.qty_milli % 1000 == 0
        price = (
            line.unit_price_fen if whole else half_up(line.unit_price_fen * line.qty_milli, 1000)
        )
        ways = [_SHELF]
        for offer in case.bundle.offers:
            if _may_have(offer, case):
                ways += _ways(offer, line, price, whole=whole)
        result.append((price, line.qty_milli // 1000 if whole else 1, ways))
    return result


def choices(case: Case) -> int:
    """Return how many choices of item offers there are to try."""
    return prod(comb(units + len(ways) - 1, units) for _, units, ways in ways_of(case))


def _may_have(rule: OfferBase, case: Case) -> bool:
    return not rule.tiers or (case.member is not None and case.member.tier in rule.tiers)


def _named(rule: OfferBase, line: BasketLine) -> bool:
    if rule.except_items is not None and rule.except_items.tags & line.tags:
        return False
    if isinstance(rule, PriceList):
        return line.sku in rule.prices
    return not rule.items.tags or bool(rule.items.tags & line.tags)


def _ways(offer: Offer, line: BasketLine, price: int, *, whole: bool) -> list[_Way]:
    if isinstance(offer, SlotBundle):
        if not whole or (offer.except_items and offer.except_items.tags & line.tags):
            return []
        return [
            _Way(offer, slot, need=sum(part.need for part in offer.slots))
            for slot, part in enumerate(offer.slots)
            if not part.items.tags or part.items.tags & line.tags
        ]
    if not _named(offer, line):
        return []
    if not isinstance(offer, UnitOffer):
        return [_Way(offer, need=offer.need)] if whole else []
    off = _unit_off(offer, line, price, whole=whole)
    return [_Way(offer, 0, off)] if off > 0 else []


def _unit_off(offer: UnitOffer, line: BasketLine, price: int, *, whole: bool) -> int:
    def scaled(fen: int) -> int:
        return fen if whole else half_up(fen * line.qty_milli, 1000)

    if isinstance(offer, PriceList):
        return price - scaled(offer.prices[line.sku])
    if offer.permille is not None:
        return price - half_up(price * offer.permille, 1000)
    if offer.fen_off is not None:
        return min(price, scaled(offer.fen_off))
    return price - scaled(offer.price_fen or 0)


def best_of(case: Case) -> Best:
    """Try everything."""
    lines = ways_of(case)
    spreads = [list(combinations_with_replacement(ways, units)) for _, units, ways in lines]
    shelf = sum(price * units for price, units, _ in lines)
    found: list[Best] = []
    for spread in product(*spreads):
        if not _whole_sets(spread):
            continue
        units = [
            (place, lines[place][0], way) for place, taken in enumerate(spread) for way in taken
        ]
        found += _results(case, shelf, units)
        if len(found) > 1_000:  # noqa: PLR2004 - only so that memory stays small
            found = [min(found)]
    return min(found)


def _whole_sets(spread: tuple[tuple[_Way, ...], ...]) -> bool:
    """Tell quickly whether set offers have whole sets; nearly all spreads fail here."""
    counts: dict[int, int] = {}
    needs: dict[int, int] = {}
    for taken in spread:
        for way in taken:
            if way.need > 1:
                key = id(way.offer)
                counts[key] = counts.get(key, 0) + 1
                needs[key] = way.need
    return all(counts[key] % need == 0 for key, need in needs.items())


def _results(case: Case, shelf: int, units: list[tuple[int, int, _Way]]) -> Iterator[Best]:
    taken: dict[str, list[tuple[int, _Way]]] = defaultdict(list)
    offers: dict[str, Offer] = {}
    for _, price, way in units:
        if way.offer is not None:
            taken[way.offer.id].append((price, way))
            offers[way.offer.id] = way.offer
    saved: dict[str, int] = {}
    uses: dict[str, int] = {}
    for name, offer in offers.items():
        outcome = _take(offer, taken[name])
        if outcome is None:
            return
        saved[name], uses[name] = outcome
        worth = sum(price for price, _ in taken[name])
        if not 0 < saved[name] <= worth or uses[name] > _room(offer, case):
            return
    if not _exclusive(list(offers.values())) or not _in_budget(case, offers, saved, uses, None, 0):
        return
    net = shelf - sum(saved.values())
    sets = sum(n for name, n in uses.items() if not isinstance(offers[name], UnitOffer))
    yield from _receipts(case, net, sets, units, (offers, saved, uses))


def _take(offer: Offer, taken: list[tuple[int, _Way]]) -> tuple[int, int] | None:
    """Return (fen saved, uses), None when the units make no whole sets."""
    prices = sorted((price for price, _ in taken), reverse=True)
    if isinstance(offer, UnitOffer):
        return sum(way.off for _, way in taken), len(taken)
    if isinstance(offer, SlotBundle):
        filled = [sum(way.slot == slot for _, way in taken) for slot in range(len(offer.slots))]
        times = filled[0] // offer.slots[0].need
        if filled != [times * slot.need for slot in offer.slots]:
            return None
        return _bundles_save(offer, prices, times), times
    if len(prices) % offer.need:
        return None
    cut = [prices[start : start + offer.need] for start in range(0, len(prices), offer.need)]
    return sum(_set_saves(offer, members) for members in cut), len(cut)


def _bundles_save(offer: SlotBundle, prices: list[int], times: int) -> int:
    if offer.permille is not None:
        return sum(p - half_up(p * offer.permille, 1000) for p in prices)
    if offer.fen_off is not None:
        return offer.fen_off * times
    return sum(prices) - (offer.price_fen or 0) * times


def _set_saves(offer: MixAndMatch | SetPrice | SetPercent | SetAmount, members: list[int]) -> int:
    match offer:
        case MixAndMatch():
            cheap = members[len(members) - offer.free :]
            return sum(p - half_up(p * offer.permille, 1000) for p in cheap)
        case SetPrice():
            return sum(members) - offer.price_fen
        case SetPercent():
            return sum(p - half_up(p * offer.permille, 1000) for p in members)
        case SetAmount():
            return offer.fen_off


def _room(rule: OfferBase, case: Case) -> int:
    caps, name = rule.caps, rule.id
    rooms = [10**9]
    if caps.per_receipt is not None:
        rooms.append(caps.per_receipt)
    if caps.per_member is not None or caps.per_member_day is not None:
        if case.member is None:
            return 0
        used = case.member.used
        if caps.per_member is not None:
            rooms.append(caps.per_member - used.ever.get(name, 0))
        if caps.per_member_day is not None:
            rooms.append(caps.per_member_day - used.today.get(name, 0))
    if caps.per_store_day is not None:
        rooms.append(caps.per_store_day - case.store.used.today.get(name, 0))
    return min(rooms)


def _exclusive(rules: list[Offer | Coupon]) -> bool:
    names = [rule.exclusive for rule in rules if rule.exclusive]
    return len(names) == len(set(names))


def _in_budget(
    case: Case,
    offers: Mapping[str, Offer],
    saved: Mapping[str, int],
    uses: Mapping[str, int],
    coupon: Coupon | None,
    coupon_off: int,
) -> bool:
    for campaign in case.bundle.campaigns:
        mine = [name for name, offer in offers.items() if offer.campaign == campaign.id]
        fen = sum(saved[name] for name in mine)
        times = sum(uses[name] for name in mine)
        if coupon is not None and coupon.campaign == campaign.id:
            fen, times = fen + coupon_off, times + 1
        if not times:
            continue
        spent = case.store.campaign_fen.get(campaign.id, 0)
        if campaign.budget_fen is not None and fen > campaign.budget_fen - spent:
            return False
        had = case.store.campaign_uses.get(campaign.id, 0)
        if campaign.uses is not None and times > campaign.uses - had:
            return False
    return True


def _receipts(
    case: Case,
    net: int,
    sets: int,
    units: list[tuple[int, int, _Way]],
    used: tuple[Mapping[str, Offer], Mapping[str, int], Mapping[str, int]],
) -> Iterator[Best]:
    due, points = _pay(case, net, None)
    yield Best(due, points, (False, FAR, ""), sets)
    for expires, name, coupon in _coupons(case):
        whole = not coupon.items.tags and coupon.except_items is None
        base = net
        if not whole:
            base = sum(
                price - way.off
                for place, price, way in units
                if (way.offer is None or isinstance(way.offer, UnitOffer))
                and _named(coupon, case.basket.lines[place])
            )
        off = _coupon_off(coupon, base)
        if off <= 0 or _room(coupon, case) < 1 or not _may_have(coupon, case):
            continue
        if not _exclusive([*used[0].values(), coupon]) or not _in_budget(case, *used, coupon, off):
            continue
        due, points = _pay(case, net - off, coupon)
        yield Best(due, points, (True, expires, name), sets)


def _coupons(case: Case) -> Iterator[tuple[datetime, str, Coupon]]:
    for coupon in case.bundle.coupons:
        if coupon.automatic:
            yield FAR, coupon.id, coupon
        for held in case.member.coupons if case.member else ():
            if held.coupon == coupon.id:
                yield held.expires or FAR, held.id, coupon


def _coupon_off(coupon: Coupon, base: int) -> int:
    if base < coupon.threshold_fen:
        return 0
    if isinstance(coupon, PercentCoupon):
        off = base - half_up(base * coupon.permille, 1000)
        return off if coupon.max_off_fen is None else min(off, coupon.max_off_fen)
    if coupon.repeat:
        return min(base, coupon.fen_off * (base // coupon.threshold_fen))
    return min(base, coupon.fen_off)


def _pay(case: Case, total: int, coupon: Coupon | None) -> tuple[int, int]:
    rule, member = case.bundle.points, case.member
    if rule is None or member is None or (coupon is not None and not coupon.with_points):
        return total, 0
    fitting = [
        points
        for points in range(0, min(case.points_wanted, member.points_free, total) + 1, rule.step)
        if points * rule.fen_per_point <= min(total, total * rule.max_permille // 1000)
    ]
    points = max(fitting)
    if total < rule.min_total_fen or points < rule.min_points:
        points = 0
    return total - points * rule.fen_per_point, points
