"""Certificates with one thing bent, and what is said of each; rewrite the golden file by
`python -m tests.factories.bent_certificates`, and read the difference before it is committed."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from retail_core.errors import Fault
from retail_core.pricing.certificate import PricedBasket, certificate_hash
from retail_core.pricing.proof.arithmetic import Finding, check_arithmetic
from retail_core.pricing.proof.by_rules import check_rules
from retail_core.pricing.proof.document import (
    Asked,
    Certificate,
    Result,
    certify,
    encode_certificate,
    read_certificate,
)
from retail_core.pricing.proof.verify import price_again, verify
from retail_core.pricing.rules.ruleset import RuleBundle
from tools.verify_pricing.cases import Maker

GOLDEN = Path(__file__).parents[1] / "golden" / "bent_certificates.json"
SHA = bytes(range(32))
CASES = 4
Said = list[list[str | int]]
Place = tuple[str | int, ...]


def bends(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield where something is bent, and to what."""
    if isinstance(value, dict):
        for key in value:
            yield from bends(value[key], (*at, key))
    elif isinstance(value, list):
        yield from ((at, value[:-1]) for _ in value[:1])
        for number, one in enumerate(value):
            yield from bends(one, (*at, number))
    else:
        yield from ((at, to) for to in _instead_of(value))


def _instead_of(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    return ("bent",) if isinstance(value, str) else ()


def bent(whole: Any, at: Place, to: Any) -> Any:
    """Return a copy with one place bent."""
    made = copy.deepcopy(whole)
    place = made
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = to
    return made


def hashed_again(result: Result) -> Result:
    """Return it with the hash its words have now."""
    priced = PricedBasket(
        lines=result.lines,
        shelf_fen=result.shelf_fen,
        total_fen=result.total_fen,
        saved_fen=result.saved_fen,
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
    return msgspec.structs.replace(result, sha256=certificate_hash(priced).hex())


def judged(raw: Any, rules: RuleBundle) -> dict[str, Any]:
    """Say what is found wrong with a certificate: its sums, its rules, and all in all."""
    try:
        certificate = read_certificate(json.dumps(raw).encode())
        sums = _told(check_arithmetic(certificate))
        found = verify(certificate, rules, SHA)
    except Fault as fault:
        return {"fault": fault.code.value}
    by_rules = [] if sums else _told(check_rules(certificate, rules))
    return {
        "verdict": found.verdict.value,
        "cheaper": found.cheaper_fen,
        "sums": sums,
        "rules": by_rules,
        "all": _told(iter(found.findings)),
    }


def _told(findings: Iterator[Finding]) -> Said:
    return [[one.flaw.value, one.line, one.rule, one.found, one.expected] for one in findings]


def read(case: dict[str, Any]) -> tuple[RuleBundle, Any]:
    """Return a golden case's bundle and certificate."""
    return msgspec.convert(case["bundle"], RuleBundle), case["certificate"]


def _cases() -> Iterator[tuple[RuleBundle, Certificate]]:
    seed = 0
    made = 0
    while made < CASES:
        case = Maker(seed, units=(3, 6)).case()
        seed += 1
        asked = Asked(
            basket=case.basket,
            member=case.member,
            store=case.store,
            points_wanted=case.points_wanted,
        )
        priced = price_again(asked, case.bundle)
        rich = bool(priced.coupon) + bool(priced.points) + len(priced.applied)
        if rich >= 3:
            made += 1
            yield case.bundle, certify(asked, priced, case.bundle, SHA)


def _write() -> None:
    cases = []
    for rules, certificate in _cases():
        raw = json.loads(encode_certificate(certificate))
        said = [
            {"at": list(at), "to": to, "said": judged(bent(raw, at, to), rules)}
            for at, to in bends(raw)
        ]
        bundle = json.loads(msgspec.json.encode(rules, order="deterministic"))
        cases.append({"bundle": bundle, "certificate": raw, "bent": said})
    text = json.dumps(cases, ensure_ascii=False, separators=(",", ":")).replace('{"at"', '\n{"at"')
    GOLDEN.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
