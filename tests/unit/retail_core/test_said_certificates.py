"""What stands in a certificate beside its amounts is checked as well, its hash made to fit or not.

A gift nobody earned, a reason that is not the reason, a name that the rules do not give: whoever
bends them can write the hash anew, so the hash alone proves nothing.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.pricing.proof.arithmetic import Finding, Flaw
from retail_core.pricing.proof.document import Asked, Certificate, certify
from retail_core.pricing.proof.verify import Verdict, price_again, verify
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.context import ANY_STORE, MemberContext
from retail_core.pricing.rules.coupons import Gift, Held, ThresholdCoupon
from tests.factories.bent_certificates import hashed_again
from tests.factories.pricing import TIERS, basket, line, mix, tagged, tier
from tools.verify_pricing.cases import Maker

SHA = bytes(range(32))
RULES = RuleBundle(
    version=7,
    chain="qinghe",
    tier_names=TIERS,
    offers=(tier("t", 900, "a"), mix("m", 2, 1, "b"), tier("other", 800, "a", "standard")),
    coupons=(
        ThresholdCoupon(id="c", name="券", items=tagged("a"), fen_off=100),
        ThresholdCoupon(id="big", name="大券", fen_off=900, threshold_fen=90_000),
    ),
    gifts=(
        Gift(id="g", name="小样", sku="S", need=2),
        Gift(id="bag", name="袋", sku="B", threshold_fen=90_000),
    ),
)
MEMBER = MemberContext("gold", coupons=(Held(id="h", coupon="c"), Held(id="h2", coupon="big")))
ASKED = Asked(
    basket=basket(line(1, 1_000, 2, tags="a"), line(2, 600, 2, tags="b")),
    member=MEMBER,
    store=ANY_STORE,
)
GIFT = {"gift_id": "g", "name": "小样", "sku": "S", "units": 1}


def proof(rules: RuleBundle = RULES, asked: Asked = ASKED) -> Certificate:
    return certify(asked, price_again(asked, rules), rules, SHA)


def bent(bend: Callable[[dict[str, Any]], object]) -> tuple[Finding, ...]:
    raw = msgspec.to_builtins(proof())
    raw |= {"result": raw["result"] | {"rejected": [dict(r) for r in raw["result"]["rejected"]]}}
    bend(raw)
    made = msgspec.convert(raw, Certificate)
    made = msgspec.structs.replace(made, result=hashed_again(made.result))
    found = verify(made, RULES, SHA)
    assert found.verdict is Verdict.WRONG
    return found.findings


def test_as_it_was_written_it_holds() -> None:
    found = verify(proof(), RULES, SHA)
    assert (found.verdict, found.findings) == (Verdict.EQUAL, ())
    assert [one.units for one in proof().result.gifts] == [1]
    reasons = {one.offer_id: one.reason.value for one in proof().result.rejected}
    assert reasons == {"other": "not_eligible_tier", "h2": "below_threshold", "bag": reasons["h2"]}


@pytest.mark.parametrize(
    "gifts",
    [
        [],
        [GIFT | {"units": 9}],
        [GIFT, GIFT],
        [GIFT | {"sku": "TV"}],
        [GIFT | {"name": "电视"}],
        [GIFT, {"gift_id": "bag", "name": "袋", "sku": "B", "units": 1}],
    ],
)
def test_gifts_are_those_the_rules_give(gifts: list[dict[str, object]]) -> None:
    found = bent(lambda raw: raw["result"].update(gifts=gifts))
    assert {one.flaw for one in found} == {Flaw.GIFT_OTHER}


@pytest.mark.parametrize(
    ("row", "change"),
    [
        (0, {"reason": "beaten"}),
        (1, {"reason": "not_birthday"}),
        (2, {"name": "x"}),
        (2, {"offer_id": "x"}),
    ],
)
def test_reasons_are_the_reasons(row: int, change: dict[str, str]) -> None:
    found = bent(lambda raw: raw["result"]["rejected"][row].update(change))
    assert {one.flaw for one in found} == {Flaw.REASON_OTHER}


def test_a_reason_left_out_is_missed() -> None:
    (found,) = bent(lambda raw: raw["result"]["rejected"].pop(0))
    assert (found.flaw, found.rule, found.found) == (Flaw.REASON_OTHER, "bag", "-")
    assert found.expected == "袋: below_threshold"


@pytest.mark.parametrize(
    ("bend", "flaw"),
    [
        (lambda raw: raw["bundle"].update(version=8), Flaw.BUNDLE_NAME),
        (lambda raw: raw["bundle"].update(chain="other"), Flaw.BUNDLE_NAME),
        (lambda raw: raw["result"].update(bundle_version=8), Flaw.BUNDLE_NAME),
        (lambda raw: raw["result"]["coupon"].update(name="x"), Flaw.RULE_NAME),
        (lambda raw: raw["result"]["applied"][0].update(name="x"), Flaw.RULE_NAME),
        (lambda raw: raw["result"].update(gap_fen=5), Flaw.GAP_OTHER),
        (lambda raw: raw["result"].update(gap_fen=-5), Flaw.GAP_OTHER),
        (lambda raw: raw["result"].update(status="incumbent"), Flaw.GAP_OTHER),
    ],
)
def test_names_and_states_are_those_of_the_rules(
    bend: Callable[[dict[str, Any]], object], flaw: Flaw
) -> None:
    assert flaw in {one.flaw for one in bent(bend)}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30))
def test_every_certificate_as_written_says_only_what_the_rules_say(seed: int) -> None:
    case = Maker(seed, units=(1, 5)).case()
    asked = Asked(
        basket=case.basket,
        member=case.member,
        store=case.store,
        points_wanted=case.points_wanted,
    )
    assert verify(proof(case.bundle, asked), case.bundle, SHA).findings == ()
