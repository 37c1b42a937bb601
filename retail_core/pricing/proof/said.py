"""What a certificate says beside the amounts: of which rules, what was given, why not the others.

All of it follows from the rules and from what was charged, so nothing is searched for here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from retail_core.pricing.certificate import RejectedOffer
from retail_core.pricing.gifts import settle_gifts
from retail_core.pricing.losers import lost_coupons, lost_offers
from retail_core.pricing.matching.matches import Matches, match_rules
from retail_core.pricing.proof.arithmetic import Finding, Flaw
from retail_core.pricing.proof.document import Asked, Certificate, Result, asked_of
from retail_core.pricing.rules.bundle import RuleBundle

NOTHING = "-"


def check_said(certificate: Certificate, bundle: RuleBundle) -> Iterator[Finding]:
    """Yield what is said wrongly; sums and rules must hold already."""
    asked, result = asked_of(certificate), certificate.result
    matches = match_rules(asked.basket, bundle, asked.member, asked.store)
    yield from _bundle(certificate, bundle)
    if (result.gap_fen > 0) is not (result.status == "incumbent") or result.gap_fen < 0:
        yield Finding(Flaw.GAP_OTHER, found=str(result.gap_fen), expected=result.status)
    yield from _names(result, matches)
    given, refused = settle_gifts(asked.basket.lines, result.lines, matches.gifts)
    gifts = Counter({(one.gift_id, one.name, one.sku): one.units for one in given})
    yield from _gifts(result, gifts)
    yield from _reasons(result, _lost(asked, result, matches, refused))


def _bundle(certificate: Certificate, bundle: RuleBundle) -> Iterator[Finding]:
    named, version = certificate.bundle, certificate.result.bundle_version
    for found in dict.fromkeys(((named.chain, named.version), (named.chain, version))):
        if found != (bundle.chain, bundle.version):
            text = f"{bundle.chain} {bundle.version}"
            yield Finding(Flaw.BUNDLE_NAME, found=f"{found[0]} {found[1]}", expected=text)


def _names(result: Result, matches: Matches) -> Iterator[Finding]:
    names = {match.offer.id: match.offer.name for match in matches.offers}
    names |= {match.coupon.id: match.coupon.name for match in matches.coupons}
    used = [(one.offer_id, one.name) for one in result.applied]
    used += [(result.coupon.coupon_id, result.coupon.name)] if result.coupon else []
    for rule, name in used:
        if name != names[rule]:
            yield Finding(Flaw.RULE_NAME, rule=rule, found=name, expected=names[rule])


def _gifts(result: Result, expected: Counter[tuple[str, str, str]]) -> Iterator[Finding]:
    found: Counter[tuple[str, str, str]] = Counter()
    for one in result.gifts:
        found[one.gift_id, one.name, one.sku] += one.units
    for gift in sorted(found.keys() | expected.keys()):
        if found[gift] != expected[gift]:
            rule, _, sku = gift
            units = f"{found[gift]} × {sku}", f"{expected[gift]} × {sku}"
            yield Finding(Flaw.GIFT_OTHER, 0, rule, *units)


def _lost(
    asked: Asked, result: Result, matches: Matches, refused: Iterable[RejectedOffer]
) -> Counter[RejectedOffer]:
    lines = asked.basket.lines
    return Counter(
        (
            *lost_offers(lines, matches.offers, result.applied),
            *lost_coupons(lines, matches, result.coupon, result.before_coupon_fen),
            *refused,
        )
    )


def _reasons(result: Result, expected: Counter[RejectedOffer]) -> Iterator[Finding]:
    found = Counter(result.rejected)
    wrong, missing = found - expected, expected - found
    for rule in sorted({one.offer_id for one in (*wrong, *missing)}):
        yield Finding(Flaw.REASON_OTHER, 0, rule, _why(rule, wrong), _why(rule, missing))


def _why(rule: str, of: Iterable[RejectedOffer]) -> str:
    said = [f"{one.name}: {one.reason.value}" for one in of if one.offer_id == rule]
    return ", ".join(sorted(said)) or NOTHING
