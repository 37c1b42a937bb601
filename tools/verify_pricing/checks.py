"""One basket, two ways: do they come to the same."""

from dataclasses import dataclass

from retail_core.pricing.certificate import PricedBasket
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.formulation import formulate, points_terms
from retail_core.pricing.matching.matches import match_rules
from retail_core.pricing.rules.offers import UnitOffer
from retail_core.pricing.solver.answers import Question
from retail_core.pricing.solver.dynamic import TooManyError
from retail_core.pricing.solver.incumbent import incumbent
from retail_core.pricing.solver.joint import first_answer
from retail_core.pricing.solver.large import by_programs
from retail_core.pricing.solver.model import Limits
from retail_core.pricing.solver.small import by_states
from tools.verify_pricing.cases import Maker
from tools.verify_pricing.oracle import Case, best_of, choices

CHOICES_MAX = 3_000
STATE_NODES_MAX = 8_000
PROGRAM_NODES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out; `equal` None when a basket has too many choices to be compared."""

    seed: int
    equal: bool | None
    kinds: tuple[str, ...] = ()
    found: str = ""
    expected: str = ""


def priced_of(case: Case) -> PricedBasket:
    """Price a case as a till would."""
    return price_basket(
        case.basket,
        case.bundle,
        case.member,
        store=case.store,
        points_wanted=case.points_wanted,
    )


def against_everything(seed: int) -> Verdict:
    """Price a small basket and try everything on it."""
    case = Maker(seed).case()
    if choices(case) > CHOICES_MAX:
        return Verdict(seed, None)
    best, priced = best_of(case), priced_of(case)
    coupon = priced.coupon
    units = {offer.id for offer in case.bundle.offers if isinstance(offer, UnitOffer)}
    sets = sum(offer.uses for offer in priced.applied if offer.offer_id not in units)
    found = (
        priced.due_fen,
        priced.points.points if priced.points else 0,
        "" if coupon is None else coupon.held_id or coupon.coupon_id,
        sets,
    )
    expected = (best.due_fen, best.points, best.coupon[2], best.sets)
    kinds: list[str] = [priced.status]
    kinds += ["coupon"] * (coupon is not None) + ["points"] * (priced.points is not None)
    kinds += ["sets"] * (sets > 0)
    equal = found == expected and priced.status == "optimal"
    return Verdict(seed, equal, tuple(kinds), str(found), str(expected))


def states_and_programs(seed: int) -> Verdict:
    """Answer a larger basket by states and by integer programs."""
    case = Maker(seed, units=(12, 20), offers=3).case()
    matches = match_rules(case.basket, case.bundle, case.member, case.store)
    formulation = formulate(case.basket.lines, matches)
    free = case.member.points_free if case.member else 0
    points = points_terms(matches.points, free, case.points_wanted)
    question = Question(formulation.problem, formulation.candidates, points)
    try:
        left = by_states(question, STATE_NODES_MAX)
    except TooManyError:
        return Verdict(seed, None)
    first = first_answer(question, [incumbent(question.problem)])
    everyone = dict.fromkeys(range(len(question.candidates)), 0)
    right = by_programs(question, first, Limits(PROGRAM_NODES_MAX), everyone)
    kinds = ("coupon",) * (left.candidate > 0) + ("points",) * (left.due.points > 0)
    equal = left.key == right.key and not right.gap_fen
    return Verdict(seed, equal, kinds, str(right.key), str(left.key))
