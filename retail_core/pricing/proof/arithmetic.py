"""Does what was charged add up: lines, offers, coupon, points. No rule is looked at here."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from retail_core.checkout.basket import BasketLine, line_shelf_fen
from retail_core.pricing.certificate import PricedLine
from retail_core.pricing.proof.document import Certificate, Result, asked_of


class Flaw(StrEnum):
    """What does not add up, or is not by the rules."""

    LINES_DIFFER = "lines_differ"
    LINE_SHELF = "line_shelf"
    LINE_SUM = "line_sum"
    LINE_ABOVE_SHELF = "line_above_shelf"
    SUM_SHELF = "sum_shelf"
    SUM_TOTAL = "sum_total"
    SUM_DUE = "sum_due"
    OFFER_SUM = "offer_sum"
    OFFER_NOT_APPLIED = "offer_not_applied"
    BUNDLE_OTHER = "bundle_other"
    OFFER_UNKNOWN = "offer_unknown"
    OFFER_NOT_ELIGIBLE = "offer_not_eligible"
    OFFER_UNITS = "offer_units"
    OFFER_GAIN = "offer_gain"
    OFFER_SPLIT = "offer_split"
    OFFER_CAP = "offer_cap"
    EXCLUSIVE_TWICE = "exclusive_twice"
    BUDGET_OVER = "budget_over"
    COUPON_OFF = "coupon_off"
    POINTS_OFF = "points_off"
    RESULT_HASH = "result_hash"
    BELOW_BEST = "below_best"
    BUNDLE_NAME = "bundle_name"
    RULE_NAME = "rule_name"
    GIFT_OTHER = "gift_other"
    REASON_OTHER = "reason_other"
    GAP_OTHER = "gap_other"


@dataclass(frozen=True, slots=True)
class Finding:
    """A flaw: on which line (0 is none), of which rule, what stands there and what should."""

    flaw: Flaw
    line: int = 0
    rule: str = ""
    found: str = ""
    expected: str = ""


def check_arithmetic(certificate: Certificate) -> Iterator[Finding]:
    """Yield what does not add up."""
    result, basket = certificate.result, asked_of(certificate).basket
    if [_facts(line) for line in basket.lines] != [
        (line.line, line.sku, line.name, line.qty_milli) for line in result.lines
    ]:
        yield Finding(Flaw.LINES_DIFFER)
        return
    for asked, line in zip(basket.lines, result.lines, strict=True):
        yield from _check_line(asked, line)
    yield from check_sums(result.lines, result.shelf_fen, result.total_fen)
    yield from _check_offers(result)
    yield from _check_results(result)


def _check_results(result: Result) -> Iterator[Finding]:
    due = result.total_fen - (result.points.value_fen if result.points else 0)
    if due != result.due_fen or due < 0:
        yield _differ(Flaw.SUM_DUE, result.due_fen, due)
    before = result.total_fen + (result.coupon.fen_off if result.coupon else 0)
    if before != result.before_coupon_fen:
        yield _differ(Flaw.SUM_TOTAL, result.before_coupon_fen, before)
    saved = result.shelf_fen - result.total_fen
    if saved != result.saved_fen:
        yield _differ(Flaw.SUM_TOTAL, result.saved_fen, saved)


def _facts(line: BasketLine) -> tuple[int, str, str, int]:
    return line.line, line.sku, line.name, line.qty_milli


def _differ(flaw: Flaw, found: int, expected: int, line: int = 0, rule: str = "") -> Finding:
    return Finding(flaw, line, rule, str(found), str(expected))


def _check_line(asked: BasketLine, line: PricedLine) -> Iterator[Finding]:
    shelf = line_shelf_fen(asked)
    if line.shelf_fen != shelf:
        yield _differ(Flaw.LINE_SHELF, line.shelf_fen, shelf, line.line)


def check_sums(lines: Sequence[PricedLine], shelf_fen: int, total_fen: int) -> Iterator[Finding]:
    """Yield what does not add up on and over the lines; none may cost more than its shelf price."""
    for line in lines:
        net = line.shelf_fen - sum(fen for _, fen in line.offers)
        if line.net_fen != net:
            yield _differ(Flaw.LINE_SUM, line.net_fen, net, line.line)
        if not 0 <= line.net_fen <= line.shelf_fen or any(fen < 0 for _, fen in line.offers):
            yield _differ(Flaw.LINE_ABOVE_SHELF, line.net_fen, line.shelf_fen, line.line)
    shelf, total = sum(line.shelf_fen for line in lines), sum(line.net_fen for line in lines)
    if shelf_fen != shelf:
        yield _differ(Flaw.SUM_SHELF, shelf_fen, shelf)
    if total_fen != total:
        yield _differ(Flaw.SUM_TOTAL, total_fen, total)


def _check_offers(result: Result) -> Iterator[Finding]:
    on_lines: Counter[str] = Counter()
    for line in result.lines:
        for rule, fen in line.offers:
            on_lines[rule] += fen
    stated = {offer.offer_id: offer.fen_off for offer in result.applied}
    if result.coupon:
        stated[result.coupon.coupon_id] = result.coupon.fen_off
    for rule in sorted(on_lines.keys() - stated.keys()):
        yield Finding(Flaw.OFFER_NOT_APPLIED, rule=rule)
    for rule, fen in sorted(stated.items()):
        if on_lines[rule] != fen:
            yield _differ(Flaw.OFFER_SUM, fen, on_lines[rule], rule=rule)
