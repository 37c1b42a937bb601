"""Check a price certificate: does it add up, is it by the rules, is there anything cheaper."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from retail_core import limits
from retail_core.pricing.certificate import PricedBasket, certificate_hash
from retail_core.pricing.evaluate import price_basket
from retail_core.pricing.proof.arithmetic import Finding, Flaw, check_arithmetic
from retail_core.pricing.proof.by_rules import check_rules
from retail_core.pricing.proof.document import Asked, Certificate, asked_of
from retail_core.pricing.proof.said import check_said
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.solver.model import Limits


class Verdict(StrEnum):
    """What came of it; ADDS_UP says that no bundle was at hand, so only sums were checked."""

    EQUAL = "equal"
    ADDS_UP = "adds_up"
    CHEAPER = "cheaper"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict, what is wrong, and by how much the rules give it cheaper."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    cheaper_fen: int = 0
    again: PricedBasket | None = None


def verify(
    certificate: Certificate,
    bundle: RuleBundle | None = None,
    bundle_sha256: bytes = b"",
    *,
    nodes_max: int = limits.SOLVER_NODES_MAX,
) -> Verification:
    """Check sums always, and rules and the best price with the bundle it names."""
    findings = tuple(check_arithmetic(certificate))
    if findings or bundle is None:
        return Verification(Verdict.WRONG if findings else Verdict.ADDS_UP, findings)
    if bundle_sha256.hex() != certificate.bundle.sha256:
        found = bundle_sha256.hex()
        other = Finding(Flaw.BUNDLE_OTHER, found=found, expected=certificate.bundle.sha256)
        return Verification(Verdict.WRONG, (other,))
    findings = (*check_rules(certificate, bundle), *_check_hash(certificate))
    findings = findings or tuple(check_said(certificate, bundle))
    again = price_again(asked_of(certificate), bundle, nodes_max, limits.SOLVER_PATIENT_MS)
    cheaper = certificate.result.due_fen - again.due_fen
    if not findings and cheaper < 0 and again.status == "optimal":
        findings = (_below(certificate, again),)
    if findings:
        return Verification(Verdict.WRONG, findings, max(0, cheaper), again)
    verdict = Verdict.CHEAPER if cheaper > 0 else Verdict.EQUAL
    return Verification(verdict, (), max(0, cheaper), again)


def price_again(
    asked: Asked,
    bundle: RuleBundle,
    nodes_max: int = limits.SOLVER_NODES_MAX,
    guard_ms: int | None = None,
) -> PricedBasket:
    """Price what was asked for; no `guard_ms` is a till's (Faults of `price_basket`)."""
    patience = limits.SOLVER_GUARD_MS if guard_ms is None else guard_ms
    return price_basket(
        asked.basket,
        bundle,
        asked.member,
        store=asked.store,
        points_wanted=asked.points_wanted,
        stop=Limits(nodes_max, patience),
    )


def _below(certificate: Certificate, again: PricedBasket) -> Finding:
    return Finding(
        Flaw.BELOW_BEST, found=str(certificate.result.due_fen), expected=str(again.due_fen)
    )


def _check_hash(certificate: Certificate) -> Iterator[Finding]:
    """Check the hash that travelled with the sale: it covers what was charged and why."""
    result = certificate.result
    priced = PricedBasket(
        lines=result.lines,
        shelf_fen=result.shelf_fen,
        total_fen=result.total_fen,
        saved_fen=result.shelf_fen - result.total_fen,
        status=result.status,
        gap_fen=result.gap_fen,
        applied=result.applied,
        rejected=result.rejected,
        bundle_version=result.bundle_version,
        nodes=0,
        coupon=result.coupon,
        points=result.points,
        gifts=result.gifts,
    )
    found = certificate_hash(priced).hex()
    if found != result.sha256:
        yield Finding(Flaw.RESULT_HASH, found=result.sha256, expected=found)
