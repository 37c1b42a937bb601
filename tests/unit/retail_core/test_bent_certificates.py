"""Whatever is bent in a certificate is named: where, of which rule, what stands there, what should.

The certificates are old ones, kept as they were written: a later release still reads and proves
them.
"""

import json
from typing import Any

import pytest

from retail_core.pricing.proof.document import read_certificate
from retail_core.pricing.proof.verify import Verdict, verify
from tests.factories.bent_certificates import GOLDEN, SHA, bends, bent, judged, read

CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_what_is_straight_proves_itself(case: dict[str, Any]) -> None:
    rules, raw = read(case)
    found = verify(read_certificate(json.dumps(raw).encode()), rules, SHA)
    assert (found.verdict, found.findings) == (Verdict.EQUAL, ())


@pytest.mark.parametrize("case", CASES)
def test_what_is_bent_is_named(case: dict[str, Any]) -> None:
    rules, raw = read(case)
    assert [[list(at), to] for at, to in bends(raw)] == [[b["at"], b["to"]] for b in case["bent"]]
    for one in case["bent"]:
        assert judged(bent(raw, tuple(one["at"]), one["to"]), rules) == one["said"], one["at"]


@pytest.mark.parametrize("case", CASES)
def test_no_amount_that_was_charged_can_be_bent_unseen(case: dict[str, Any]) -> None:
    unseen = [
        one["at"]
        for one in case["bent"]
        if one["at"][0] == "result" and one["said"].get("verdict") in {"equal", "cheaper"}
    ]
    assert unseen == []
