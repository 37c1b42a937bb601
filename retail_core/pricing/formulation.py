"""State the problem of a basket: equal units as classes, and how each offer could take them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from retail_core import limits
from retail_core.checkout.basket import BasketLine, line_shelf_fen, whole_units
from retail_core.money import percent_of
from retail_core.pricing.matching.matches import CouponMatch, Match, Matches
from retail_core.pricing.rules.coupons import PercentCoupon
from retail_core.pricing.rules.offers import (
    MixAndMatch,
    Offer,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    UnitOffer,
)
from retail_core.pricing.rules.ruleset import PointsRule
from retail_core.pricing.solver.candidates import Candidate
from retail_core.pricing.solver.problem import (
    NO_SLOT,
    Budget,
    OfferTerms,
    Option,
    Units,
    WholeProblem,
)
from retail_core.pricing.solver.receipt import CouponTerms, PointsTerms


@dataclass(frozen=True, slots=True)
class Formulation:
    """The problem, and the way back from it: offers by number, places of lines by class."""

    problem: WholeProblem
    offers: tuple[Offer, ...]
    places: tuple[tuple[int, ...], ...]
    candidates: tuple[Candidate, ...]
    coupons: tuple[CouponMatch | None, ...]


@dataclass(frozen=True, slots=True)
class _Taker:
    """How one offer takes units: its terms, and its options by place of line."""

    match: Match
    terms: OfferTerms
    options: dict[int, tuple[tuple[int, int], ...]]


_Options = tuple[Option, ...]


def formulate(lines: Sequence[BasketLine], matches: Matches) -> Formulation:
    """Build the problem from matches in order of strength."""
    units = [whole_units(line) or 1 for line in lines]
    takers = [taker for match in matches.offers if (taker := _taker(lines, match))]
    coupons = _candidates_of(matches)
    by_place, is_whole = _options_by_place(takers, len(lines))
    naming = [frozenset(match.lines) for match in coupons if match is not None and not match.whole]
    alike: dict[tuple[int, tuple[Option, ...], tuple[bool, ...]], list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        fen = line.unit_price_fen if whole_units(line) else line_shelf_fen(line)
        counts = tuple(place in named for named in naming)
        alike[-fen, by_place[place], counts].append(place)
    keys = sorted(alike)
    places = tuple(tuple(sorted(alike[key], key=lambda p: lines[p].line)) for key in keys)
    classes = tuple(
        Units(-price, sum(units[place] for place in members), options)
        for (price, options, _), members in zip(keys, places, strict=True)
    )
    budgets = {
        name: Budget(left.fen, left.uses)
        for name, left in matches.campaigns.items()
        if left.fen is not None or left.uses is not None
    }
    problem = WholeProblem(tuple(taker.terms for taker in takers), classes, budgets, is_whole)
    return Formulation(
        without_idle_ties(problem, coupons),
        tuple(taker.match.offer for taker in takers),
        places,
        tuple(_candidate(match, places) for match in coupons),
        coupons,
    )


def _options_by_place(takers: Sequence[_Taker], places: int) -> tuple[list[_Options], bool]:
    """Return by line the ways to take a unit, strongest offer first, and whether those are all.

    Of prices that nothing limits and that save the same the strongest stays, and of very many only
    those that save most: a lower total is never lost.
    """
    options: list[list[Option]] = [[] for _ in range(places)]
    free: list[dict[int, Option]] = [{} for _ in range(places)]
    for number, taker in enumerate(takers):
        is_free = taker.terms.is_free and not taker.terms.is_set
        for place, ways in taker.options.items():
            for slot, off in ways:
                option = Option(number, slot, off)
                if not is_free:
                    options[place].append(option)
                elif off not in free[place]:
                    free[place][off] = option
    is_all = True
    for place, prices in enumerate(free):
        if len(prices) > limits.SOLVER_PRICES_MAX:
            is_all = False
        kept = sorted(prices, reverse=True)[: limits.SOLVER_PRICES_MAX]
        options[place] += [prices[off] for off in kept]
    return [tuple(sorted(found)) for found in options], is_all


def _taker(lines: Sequence[BasketLine], match: Match) -> _Taker | None:
    if match.reason is not None:
        return None
    offer = match.offer
    terms = OfferTerms(uses_max=match.uses_left, group=offer.exclusive, campaign=offer.campaign)
    options: dict[int, tuple[tuple[int, int], ...]]
    if isinstance(offer, UnitOffer):
        pairs = zip(match.lines, match.fen_off, strict=True)
        options = {place: ((NO_SLOT, off),) for place, off in pairs if off > 0}
    else:
        needs, first, charge = _set_terms(offer)
        terms = replace(terms, needs=needs, first=first, charge=charge, is_set=True)
        options = {
            place: tuple((slot, _off(offer, lines[place].unit_price_fen)) for slot in slots)
            for place, slots in _slots(match).items()
        }
    return _Taker(match, terms, options) if options else None


def _set_terms(offer: Offer) -> tuple[tuple[int, ...], int, int]:
    """Return (units needed by slot, first position that saves, fen charged a set)."""
    match offer:
        case MixAndMatch(need=need, free=free):
            return (need,), need - free, 0
        case SetPrice(need=need, price_fen=price_fen):
            return (need,), 0, price_fen
        case SetAmount(need=need, fen_off=fen_off):
            return (need,), 0, -fen_off
        case SlotBundle():
            return tuple(slot.need for slot in offer.slots), 0, _bundle_charge(offer)
        case SetPercent(need=need):
            return (need,), 0, 0
        case _:
            return (1,), 0, 0


def _bundle_charge(offer: SlotBundle) -> int:
    if offer.fen_off is not None:
        return -offer.fen_off
    return offer.price_fen or 0


def _off(offer: Offer, fen: int) -> int:
    """Return what a unit saves in a set, where its position saves at all."""
    match offer:
        case MixAndMatch(permille=permille) | SetPercent(permille=permille):
            return fen - percent_of(fen, permille)
        case SlotBundle(permille=permille) if permille is not None:
            return fen - percent_of(fen, permille)
        case SetPrice() | SlotBundle(fen_off=None):
            return fen
        case _:
            return 0


def _slots(match: Match) -> dict[int, list[int]]:
    """Return by place of line which slots of a set its units could fill."""
    if not isinstance(match.offer, SlotBundle):
        return {place: [NO_SLOT] for place in match.lines}
    fitting: dict[int, list[int]] = defaultdict(list)
    for slot, places in enumerate(match.slots):
        for place in places:
            fitting[place].append(slot)
    return fitting


def without_idle_ties(problem: WholeProblem, coupons: Sequence[CouponMatch | None]) -> WholeProblem:
    """Drop caps, groups and budgets that cannot bind: most baskets then fall into small parts."""
    could_take: list[list[int]] = [[0] * len(terms.needs) for terms in problem.offers]
    for entry in problem.classes:
        for option in entry.options:
            could_take[option.offer][option.slot] += entry.units
    most = [
        min(units // need for units, need in zip(taken, terms.needs, strict=True))
        for taken, terms in zip(could_take, problem.offers, strict=True)
    ]
    groups = Counter(terms.group for terms in problem.offers)
    groups.update(match.coupon.exclusive for match in coupons if match is not None)
    campaigns = {terms.campaign for terms in problem.offers}
    campaigns |= {match.coupon.campaign for match in coupons if match is not None}
    budgets = {
        name: budget
        for name, budget in problem.budgets.items()
        if name in campaigns
        and (
            (budget.fen is not None and budget.fen < problem.shelf_fen)
            or (budget.uses is not None and budget.uses < sum(most) + 1)
        )
    }
    offers = tuple(
        replace(
            terms,
            uses_max=None if terms.uses_max is None or terms.uses_max >= top else terms.uses_max,
            group=terms.group if groups[terms.group] > 1 else "",
            campaign=terms.campaign if terms.campaign in budgets else "",
        )
        for terms, top in zip(problem.offers, most, strict=True)
    )
    return replace(problem, offers=offers, budgets=budgets)


def _candidates_of(matches: Matches) -> tuple[CouponMatch | None, ...]:
    """Return no coupon, then one of each coupon: the first to expire, held before automatic."""
    best: dict[str, CouponMatch] = {}
    for match in sorted(_usable(matches), key=_expiry_first):
        best.setdefault(match.coupon.id, match)
    return (None, *sorted(best.values(), key=_expiry_first))


def _usable(matches: Matches) -> Iterator[CouponMatch]:
    return (match for match in matches.coupons if match.reason is None and match.lines)


def _expiry_first(match: CouponMatch) -> tuple[bool, str, str]:
    expires = match.held.expires if match.held else None
    name = match.held.id if match.held else match.coupon.id
    return expires is None, "" if expires is None else expires.isoformat(), name


def _candidate(match: CouponMatch | None, places: Sequence[Sequence[int]]) -> Candidate:
    if match is None:
        return Candidate(None, ())
    named = frozenset(match.lines)
    return Candidate(_coupon_terms(match), tuple(members[0] in named for members in places))


def _coupon_terms(match: CouponMatch) -> CouponTerms:
    coupon = match.coupon
    base = CouponTerms(
        threshold_fen=coupon.threshold_fen,
        with_points=coupon.with_points,
        whole=match.whole,
        group=coupon.exclusive,
        campaign=coupon.campaign,
    )
    if isinstance(coupon, PercentCoupon):
        return replace(base, permille=coupon.permille, max_off_fen=coupon.max_off_fen)
    return replace(base, fen_off=coupon.fen_off, repeat=coupon.repeat)


def points_terms(rule: PointsRule | None, free: int, wanted: int) -> PointsTerms | None:
    """Return how points may pay, None when they may not."""
    most = min(free, wanted)
    if rule is None or most <= 0:
        return None
    return PointsTerms(
        fen_per_point=rule.fen_per_point,
        step=rule.step,
        least=max(1, rule.min_points),
        most=most,
        min_total_fen=rule.min_total_fen,
        max_permille=rule.max_permille,
    )


def applied_units(
    choice: Mapping[tuple[int, int, int], int], offer: int
) -> Iterator[tuple[int, int]]:
    """Yield (class, units) an offer took; a bundle's slots of a class together."""
    units: dict[int, int] = defaultdict(int)
    for (place, owner, _), count in choice.items():
        if owner == offer and count:
            units[place] += count
    yield from sorted(units.items())
