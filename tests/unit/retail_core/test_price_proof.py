"""A price certificate: it proves what was charged and says little of the person."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.pricing.certificate import Reason, RejectedOffer
from retail_core.pricing.proof.arithmetic import Flaw
from retail_core.pricing.proof.document import (
    Asked,
    Certificate,
    asked_of,
    certificate_sha256,
    certify,
    encode_certificate,
    read_certificate,
)
from retail_core.pricing.proof.verify import Verdict, price_again, verify
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.conditions import Conditions
from retail_core.pricing.rules.context import ANY_STORE, MemberContext
from retail_core.pricing.rules.offers import TierPrice
from retail_core.texts.price_flaws import FLAWS, flaw_text
from tests.factories.pricing import basket, bundle, line, mix, tier
from tools.verify_pricing.cases import Maker

SHA = bytes(range(32))
BEATEN = RejectedOffer("m", "m", Reason.BEATEN)
Law = settings(max_examples=40, deadline=None)


def asked_for(
    *lines_: object, member: MemberContext | None = None, opened: datetime | None = None
) -> Asked:
    some = basket(*lines_)  # type: ignore[arg-type]
    if opened is not None:
        some = replace(some, opened_local=opened)
    return Asked(basket=some, member=member, store=ANY_STORE)


def certificate_of(asked: Asked, rules: RuleBundle) -> Certificate:
    return certify(asked, price_again(asked, rules), rules, SHA)


def case_of(seed: int) -> tuple[Asked, RuleBundle]:
    case = Maker(seed).case()
    asked = Asked(
        basket=case.basket,
        member=case.member,
        store=case.store,
        points_wanted=case.points_wanted,
    )
    return asked, case.bundle


@given(st.integers(0, 100_000))
@Law
def test_every_price_proves_itself_from_its_bytes_alone(seed: int) -> None:
    asked, rules = case_of(seed)
    content = encode_certificate(certificate_of(asked, rules))
    again = read_certificate(content)
    assert encode_certificate(again) == content
    found = verify(again, rules, SHA)
    assert (found.verdict, found.findings) == (Verdict.EQUAL, ())


@given(st.integers(0, 100_000), st.data())
@Law
def test_a_single_amount_that_is_bent_does_not_add_up(seed: int, data: st.DataObject) -> None:
    asked, rules = case_of(seed)
    raw = msgspec.to_builtins(certificate_of(asked, rules))
    amounts = [
        (place, key)
        for place in (raw["result"], *raw["result"]["lines"], *raw["result"]["applied"])
        for key in ("shelf_fen", "net_fen", "total_fen", "due_fen", "fen_off", "uses")
        if key in place
    ]
    place, key = data.draw(st.sampled_from(amounts))
    place[key] += data.draw(st.sampled_from((-1, 1, 100)))
    bent = msgspec.convert(raw, Certificate)
    assert verify(bent, rules, SHA).verdict is Verdict.WRONG


def test_without_a_bundle_only_the_sums_are_checked() -> None:
    asked = asked_for(line(1, 1000, 3))
    certificate = certificate_of(asked, bundle(mix("m", 3)))
    assert verify(certificate).verdict is Verdict.ADDS_UP


def test_another_bundle_is_said_to_be_another() -> None:
    certificate = certificate_of(asked_for(line(1, 1000)), bundle())
    found = verify(certificate, bundle(), bytes(32))
    assert [one.flaw for one in found.findings] == [Flaw.BUNDLE_OTHER]


def test_a_cheaper_price_is_named_by_how_much() -> None:
    asked, rules = asked_for(line(1, 1000, 3)), bundle(mix("m", 3))
    priced = price_again(asked, replace_offers(rules))
    dear = certify(asked, replace(priced, rejected=(BEATEN,)), rules, SHA)
    found = verify(dear, rules, SHA)
    assert (found.verdict, found.cheaper_fen) == (Verdict.CHEAPER, 1000)


def test_a_dearer_price_that_does_not_name_the_offer_is_wrong() -> None:
    asked, rules = asked_for(line(1, 1000, 3)), bundle(mix("m", 3))
    dear = certify(asked, price_again(asked, replace_offers(rules)), rules, SHA)
    found = verify(dear, rules, SHA)
    assert (found.verdict, found.cheaper_fen) == (Verdict.WRONG, 1000)
    assert [one.flaw for one in found.findings] == [Flaw.REASON_OTHER]


def replace_offers(rules: RuleBundle) -> RuleBundle:
    return msgspec.structs.replace(rules, offers=())


def test_a_price_below_what_the_rules_allow_is_wrong() -> None:
    asked = asked_for(line(1, 1000, 3))
    rules = bundle(tier("t", 900))
    cheap = certify(asked, price_again(asked, bundle(tier("t", 800))), rules, SHA)
    found = verify(cheap, rules, SHA)
    assert found.verdict is Verdict.WRONG
    assert Flaw.OFFER_GAIN in {one.flaw for one in found.findings}


def test_an_offer_for_others_is_not_accepted() -> None:
    asked = asked_for(line(1, 1000), member=MemberContext("gold"))
    rules = bundle(tier("t", 900, "", "gold"))
    certificate = certificate_of(asked, rules)
    raw = msgspec.to_builtins(certificate)
    raw["member"]["tier"] = "standard"
    found = verify(msgspec.convert(raw, Certificate), rules, SHA)
    assert [one.flaw for one in found.findings] == [Flaw.OFFER_NOT_ELIGIBLE]


def test_it_says_no_more_of_a_person_than_the_rules_asked() -> None:
    member = MemberContext(
        "gold",
        tags=frozenset({"敏感肌", "孕期"}),
        groups=frozenset({"staff"}),
        joined=date(2019, 3, 3),
        birthday=(8, 2),
        points_free=7_300,
    )
    offer = TierPrice(
        id="t",
        name="t",
        permille=900,
        member_tags=frozenset({"敏感肌"}),
        when=Conditions(member_days_from=30, birthday_within_days=7),
    )
    asked = asked_for(line(1, 1000), member=member)
    certificate = certificate_of(asked, bundle(offer))
    said = certificate.member
    assert said is not None
    assert said.tags == {"敏感肌"}
    assert said.groups == frozenset()
    assert said.points_free == 0
    assert said.joined == date(2026, 7, 1)
    assert said.birthday == "08-07"
    assert verify(certificate, bundle(offer), SHA).verdict is Verdict.EQUAL


@given(
    st.integers(0, 400),
    st.lists(st.integers(0, 400), min_size=1, max_size=4),
    st.integers(0, 365),
    st.lists(st.integers(0, 60), max_size=3),
)
@Law
def test_the_dates_that_stand_in_meet_the_same_rules(
    days: int, bars: list[int], birth: int, near: list[int]
) -> None:
    opened = datetime(2026, 7, 31, 12)  # noqa: DTZ001 - wall time
    born = opened.date() + timedelta(days=birth)
    member = MemberContext(
        "gold", joined=opened.date() - timedelta(days=days), birthday=(born.month, born.day)
    )
    conditions = [
        *(Conditions(member_days_from=bar) for bar in bars),
        *(Conditions(member_days_until=bar) for bar in bars),
        *(Conditions(birthday_within_days=within) for within in near),
    ]
    offers = [
        TierPrice(id=f"o{place}", name="o", fen_off=place + 1, when=when)
        for place, when in enumerate(conditions)
    ]
    asked = asked_for(line(1, 1000), member=member, opened=opened)
    rules = bundle(*offers)
    certificate = certificate_of(asked, rules)
    again = price_again(asked_of(certificate), rules)
    assert again.rejected == price_again(asked, rules).rejected


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b'{"format":2}', b'{"format":1,"more":1}', b"{" * 2000]
)
def test_what_is_no_certificate_is_refused_with_a_code(content: bytes) -> None:
    with pytest.raises(Fault) as refused:
        read_certificate(content)
    assert refused.value.code.value == "P132"


def test_every_flaw_has_words_in_both_languages() -> None:
    assert set(FLAWS) == {flaw.value for flaw in Flaw}
    for flaw in Flaw:
        words = {flaw_text(flaw, name, line=1, rule="r", found="1", expected="2") for name in "ze"}
        assert all(words)


def test_its_bytes_say_only_what_is_not_as_usual_and_its_name_stays() -> None:
    certificate = certificate_of(asked_for(line(1, 1000, 3)), bundle(mix("m", 3)))
    content = encode_certificate(certificate)
    assert b"clock_known" not in content
    assert read_certificate(content) == certificate
    assert certificate_sha256(certificate).hex() == (
        "7ee37b3cf29f26b3feeec4835e20a142b58c82565bac4b7b17241b7f46346c68"
    )
