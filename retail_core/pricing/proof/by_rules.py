"""Does each applied offer, the coupon and the points take off what its rule says."""

from collections import Counter
from collections.abc import Iterator, Sequence

from retail_core.checkout.basket import BasketLine, line_shelf_fen, whole_units
from retail_core.money import allocate
from retail_core.pricing.certificate import AppliedOffer
from retail_core.pricing.gains import coupon_fen_off, points_usable, set_fen_off, set_need
from retail_core.pricing.matching.matches import CouponMatch, Match, Matches, match_rules
from retail_core.pricing.proof.arithmetic import Finding, Flaw
from retail_core.pricing.proof.document import Asked, Certificate, Result, asked_of
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.offers import OfferBase, SlotBundle, UnitOffer


def check_rules(certificate: Certificate, bundle: RuleBundle) -> Iterator[Finding]:
    """Yield what the rules do not allow or reckon otherwise; the arithmetic must hold already."""
    asked = asked_of(certificate)
    matches = match_rules(asked.basket, bundle, asked.member, asked.store)
    checker = _Checker(asked, certificate.result, matches)
    for applied in certificate.result.applied:
        yield from checker.offer(applied)
    yield from checker.units_once()
    yield from checker.coupon()
    yield from checker.exclusive()
    yield from checker.budgets()
    yield from checker.points()


class _Checker:
    def __init__(self, asked: Asked, result: Result, matches: Matches) -> None:
        self._asked = asked
        self._result = result
        self._lines = asked.basket.lines
        self._matches = matches
        self._offers = {match.offer.id: match for match in matches.offers}
        self._places = {line.line: place for place, line in enumerate(self._lines)}

    def offer(self, applied: AppliedOffer) -> Iterator[Finding]:
        match = self._offers.get(applied.offer_id)
        if match is None:
            yield Finding(Flaw.OFFER_UNKNOWN, rule=applied.offer_id)
            return
        if match.reason is not None:
            yield Finding(Flaw.OFFER_NOT_ELIGIBLE, rule=applied.offer_id, found=match.reason.value)
            return
        taken = self._taken(applied)
        if not self._may_take(match, taken):
            yield Finding(Flaw.OFFER_UNITS, rule=applied.offer_id)
            return
        yield from self._amounts(applied, match, taken)
        uses = sum(taken.values())
        if not isinstance(match.offer, UnitOffer):
            uses //= set_need(match.offer)
        if uses != applied.uses or (match.uses_left is not None and uses > match.uses_left):
            cap = uses if match.uses_left is None else min(uses, match.uses_left)
            yield Finding(Flaw.OFFER_CAP, 0, applied.offer_id, str(applied.uses), str(cap))

    def _taken(self, applied: AppliedOffer) -> dict[int, int]:
        """Return units by place; empty when the lines or units named cannot be."""
        if len(applied.lines) != len(applied.units) or applied.lines != tuple(
            dict.fromkeys(applied.lines)
        ):
            return {}
        if any(line not in self._places for line in applied.lines):
            return {}
        return {
            self._places[line]: units
            for line, units in zip(applied.lines, applied.units, strict=True)
        }

    def _may_take(self, match: Match, taken: dict[int, int]) -> bool:
        if not taken or not taken.keys() <= set(match.lines):
            return False
        if any(not 0 < units <= _units(self._lines[place]) for place, units in taken.items()):
            return False
        if isinstance(match.offer, UnitOffer):
            return True
        if sum(taken.values()) % set_need(match.offer):
            return False
        return not isinstance(match.offer, SlotBundle) or _fills(match, taken)

    def _amounts(
        self, applied: AppliedOffer, match: Match, taken: dict[int, int]
    ) -> Iterator[Finding]:
        """Check what an offer takes off in all, and on each line."""
        if isinstance(match.offer, UnitOffer):
            each = dict(zip(match.lines, match.fen_off, strict=True))
            shares = {place: units * each[place] for place, units in taken.items()}
        else:
            prices = [
                self._lines[place].unit_price_fen
                for place, units in taken.items()
                for _ in range(units)
            ]
            off = set_fen_off(match.offer, prices)
            places = sorted(taken, key=lambda place: self._lines[place].line)
            weights = [taken[place] * self._lines[place].unit_price_fen for place in places]
            if not 0 < off <= sum(prices):
                yield Finding(Flaw.OFFER_GAIN, 0, applied.offer_id, str(applied.fen_off), str(off))
                return
            shares = dict(zip(places, allocate(off, weights), strict=True))
        off = sum(shares.values())
        if off != applied.fen_off or off <= 0:
            yield Finding(Flaw.OFFER_GAIN, 0, applied.offer_id, str(applied.fen_off), str(off))
        else:
            yield from self._shares(applied.offer_id, shares)

    def _shares(self, rule: str, shares: dict[int, int]) -> Iterator[Finding]:
        for place, line in enumerate(self._result.lines):
            found = sum(fen for name, fen in line.offers if name == rule)
            if found != shares.get(place, 0):
                yield Finding(
                    Flaw.OFFER_SPLIT, line.line, rule, str(found), str(shares.get(place, 0))
                )

    def units_once(self) -> Iterator[Finding]:
        """No unit is in two offers."""
        taken: Counter[int] = Counter()
        for applied in self._result.applied:
            taken.update(self._taken(applied))
        for place, units in sorted(taken.items()):
            line = self._lines[place]
            if units > _units(line):
                yield Finding(
                    Flaw.OFFER_UNITS, line.line, found=str(units), expected=str(_units(line))
                )

    def coupon(self) -> Iterator[Finding]:
        used = self._result.coupon
        if used is None:
            return
        match = next(
            (
                one
                for one in self._matches.coupons
                if (one.coupon.id, one.held.id if one.held else "")
                == (used.coupon_id, used.held_id)
            ),
            None,
        )
        if match is None:
            yield Finding(Flaw.OFFER_UNKNOWN, rule=used.coupon_id)
            return
        if match.reason is not None:
            yield Finding(Flaw.OFFER_NOT_ELIGIBLE, rule=used.coupon_id, found=match.reason.value)
            return
        counted = self._counted(match)
        off = coupon_fen_off(match.coupon, sum(counted.values()))
        if off != used.fen_off or off <= 0:
            yield Finding(Flaw.COUPON_OFF, 0, used.coupon_id, str(used.fen_off), str(off))
            return
        places = sorted(counted, key=lambda place: self._lines[place].line)
        parts = allocate(off, [counted[place] for place in places])
        yield from self._shares(used.coupon_id, dict(zip(places, parts, strict=True)))

    def _counted(self, match: CouponMatch) -> dict[int, int]:
        """Return what counts towards a coupon, by place: after unit offers, without sets."""
        coupon = match.coupon.id
        if match.whole:
            return {
                place: line.shelf_fen - sum(fen for rule, fen in line.offers if rule != coupon)
                for place, line in enumerate(self._result.lines)
            }
        in_sets: Counter[int] = Counter()
        unit_offers = set()
        for applied in self._result.applied:
            if isinstance(self._offers[applied.offer_id].offer, UnitOffer):
                unit_offers.add(applied.offer_id)
            else:
                in_sets.update(self._taken(applied))
        return {
            place: line_shelf_fen(self._lines[place])
            - in_sets[place] * self._lines[place].unit_price_fen
            - sum(fen for rule, fen in self._result.lines[place].offers if rule in unit_offers)
            for place in match.lines
        }

    def exclusive(self) -> Iterator[Finding]:
        used = self._used_rules()
        names = Counter(rule.exclusive for rule, _, _ in used if rule.exclusive)
        for name, times in sorted(names.items()):
            if times > 1:
                yield Finding(Flaw.EXCLUSIVE_TWICE, rule=name, found=str(times), expected="1")

    def _used_rules(self) -> Sequence[tuple[OfferBase, int, int]]:
        """Return the rules in use with what they take off and their uses."""
        used: list[tuple[OfferBase, int, int]] = [
            (self._offers[one.offer_id].offer, one.fen_off, one.uses)
            for one in self._result.applied
            if one.offer_id in self._offers
        ]
        coupon = self._result.coupon
        if coupon:
            used += [
                (match.coupon, coupon.fen_off, 1)
                for match in self._matches.coupons
                if match.coupon.id == coupon.coupon_id
            ][:1]
        return used

    def budgets(self) -> Iterator[Finding]:
        fen: Counter[str] = Counter()
        uses: Counter[str] = Counter()
        for rule, off, times in self._used_rules():
            if rule.campaign:
                fen[rule.campaign] += off
                uses[rule.campaign] += times
        for name in sorted(fen):
            left = self._matches.campaigns[name]
            for spent, room in ((fen[name], left.fen), (uses[name], left.uses)):
                if room is not None and spent > room:
                    yield Finding(Flaw.BUDGET_OVER, 0, name, str(spent), str(room))

    def points(self) -> Iterator[Finding]:
        rule, used = self._matches.points, self._result.points
        points = 0
        member = self._asked.member
        if rule is not None and member is not None and self._with_points():
            points = points_usable(
                rule, self._result.total_fen, self._asked.points_wanted, member.points_free
            )
        found = (used.points, used.value_fen) if used else (0, 0)
        expected = (points, points * rule.fen_per_point if rule else 0)
        if found != expected:
            yield Finding(Flaw.POINTS_OFF, found=str(found[0]), expected=str(expected[0]))

    def _with_points(self) -> bool:
        used = self._result.coupon
        return all(
            match.coupon.with_points
            for match in self._matches.coupons
            if used and match.coupon.id == used.coupon_id
        )


def _units(line: BasketLine) -> int:
    return whole_units(line) or 1


def _fills(match: Match, taken: dict[int, int]) -> bool:
    """Tell whether the units can be dealt out to the slots of the bundles, each into one slot."""
    offer = match.offer
    if not isinstance(offer, SlotBundle):
        return False
    bundles = sum(taken.values()) // set_need(offer)
    room = [slot.need * bundles for slot in offer.slots]
    units = [place for place, count in taken.items() for _ in range(count)]
    held: list[list[int]] = [[] for _ in room]

    def seat(unit: int, tried: set[int]) -> bool:
        for slot, places in enumerate(match.slots):
            if units[unit] not in places or slot in tried:
                continue
            tried.add(slot)
            if len(held[slot]) < room[slot]:
                held[slot].append(unit)
                return True
            for at, other in enumerate(held[slot]):
                if seat(other, tried):
                    held[slot][at] = unit
                    return True
        return False

    return all(seat(unit, set()) for unit in range(len(units)))
