import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import (
    EarnRule,
    RuleBundle,
    bundle_hash,
    check_newer,
    open_bundle,
    parse_bundle,
    sign_bundle,
)
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.offers import (
    MixAndMatch,
    Offer,
    SetPrice,
    TierPrice,
    TimeSlotPrice,
    order_key,
)
from retail_core.pricing.rules.slots import WeekSlot
from retail_core.texts.faults import FaultCode
from tests.factories.bundle_content import MIX, SET, SLOT, TIER, content, refusal
from tests.factories.pricing import mix, tier

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()


def test_every_kind_is_read() -> None:
    bundle = parse_bundle(
        content(
            TIER | {"items": {"categories": ["护肤"]}, "priority": 5},
            SLOT | {"items": {"skus": ["A"], "brands": ["B"]}},
            MIX | {"items": {"tags": ["c"]}, "member_tags": ["敏感肌"]},
            SET,
            earn={"id": "e", "fen_per_point": 100, "tier_permille": {"gold": 1500}},
        )
    )
    assert bundle == RuleBundle(
        version=3,
        tier_names={"standard": "普通", "gold": "金卡"},
        earn=EarnRule(id="e", fen_per_point=100, tier_permille={"gold": 1500}),
        offers=(
            TierPrice(
                id="t",
                name="金卡95折",
                items=ItemSelector(categories=frozenset({"护肤"})),
                tiers=frozenset({"gold"}),
                permille=950,
                priority=5,
            ),
            TimeSlotPrice(
                id="s",
                name="早市9折",
                items=ItemSelector(skus=frozenset("A"), brands=frozenset("B")),
                permille=900,
                slots=(WeekSlot(0, "08:00", "10:00"),),
            ),
            MixAndMatch(
                id="m",
                name="3付2",
                items=ItemSelector(tags=frozenset("c")),
                member_tags=frozenset({"敏感肌"}),
                need=3,
                free=1,
            ),
            SetPrice(id="p", name="2件99元", need=2, price_fen=9900),
        ),
    )


def test_the_least_that_must_be_said() -> None:
    assert parse_bundle(b'{"version":1}') == RuleBundle(version=1)
    offer = parse_bundle(content({key: MIX[key] for key in ("kind", "id", "name", "need")})).offers[
        0
    ]
    assert offer == MixAndMatch(id="m", name="3付2", need=3, free=1)
    assert (offer.items, offer.tiers, offer.member_tags, offer.priority) == (
        ItemSelector(),
        frozenset(),
        frozenset(),
        0,
    )


@pytest.mark.parametrize(
    "offer",
    [
        TIER | {"permille": 1},
        TIER | {"permille": 999, "id": "x" * 64, "name": "y" * 200},
        TIER | {"tiers": [], "id": "x", "name": "y"},
        MIX | {"need": 2},
        MIX | {"need": 100, "free": 99},
        SET | {"need": 2, "price_fen": 0},
        SET | {"need": 100, "price_fen": limits.AMOUNT_FEN_MAX},
    ],
)
def test_the_edges_are_sound(offer: dict[str, Any]) -> None:
    assert len(parse_bundle(content(offer)).offers) == 1


def test_a_misread_field_is_named_by_its_place() -> None:
    assert refusal(content(TIER, MIX | {"need": "3"})) == ("m", "need: expected `int`, got `str`")


def test_a_byte_order_mark_is_passed_over() -> None:
    marked = b"\xef\xbb\xbf" + content(TIER)
    assert parse_bundle(marked) == parse_bundle(content(TIER))
    wrong = b"\xef\xbb\xbf" + content(TIER | {"permile": 1})
    assert refusal(wrong) == ("t", "object contains unknown field `permile`")


def test_an_id_names_one_offer() -> None:
    assert refusal(content(MIX, SET | {"id": "m"})) == (
        "m",
        "id: the id is used more than once",
    )


def test_versions_start_at_one() -> None:
    assert parse_bundle(content(version=1)).version == 1
    assert refusal(content(version=0)) == ("bundle", "version: expected `int` >= 1")


def test_the_number_of_offers_is_bounded() -> None:
    many = [MIX | {"id": f"m{number}"} for number in range(limits.OFFERS_MAX + 1)]
    assert len(parse_bundle(content(*many[:-1])).offers) == limits.OFFERS_MAX
    assert refusal(content(*many)) == (
        "bundle",
        "offers: expected `array` of length <= 2000",
    )


@pytest.mark.parametrize(
    ("earn", "reason"),
    [
        ({"id": "e", "fen_per_point": 0}, "fen_per_point: expected `int` >= 1"),
        (
            {"id": "e", "fen_per_point": 1, "tier_permille": {"standard": 1, "gold": -1}},
            "tier_permille[...]: expected `int` >= 0",
        ),
        (
            {"id": "e", "fen_per_point": 1, "tier_permille": {"ruby": 1}},
            "tier_permille: not in tier_names: ruby; add them there or take them out",
        ),
    ],
)
def test_earn_rules_that_mean_nothing_are_refused(earn: dict[str, Any], reason: str) -> None:
    assert refusal(content(earn=earn)) == (earn["id"], reason)


def test_the_edges_of_earning_are_sound() -> None:
    rule = {"id": "e", "fen_per_point": 1, "tier_permille": {"gold": 0}}
    earn = parse_bundle(content(earn=rule)).earn
    assert earn == EarnRule(id="e", fen_per_point=1, tier_permille={"gold": 0})


def test_priority_beats_the_lower_id() -> None:
    strong = MixAndMatch(id="z", name="z", need=2, priority=1)
    ties: list[Offer] = [mix("b", 2), tier("a", 900), strong]
    assert sorted(ties, key=order_key) == [strong, tier("a", 900), mix("b", 2)]


def test_a_version_must_be_new() -> None:
    check_newer(1, 0)
    check_newer(8, 7)
    for version in (6, 7):
        with pytest.raises(Fault, match="it must be above 7") as refused:
            check_newer(version, 7)
        assert refused.value.text("zh") == "优惠 bundle 不对:version:要大于已发布的 7"


def test_a_bundle_is_named_by_its_hash() -> None:
    assert bundle_hash(b"x") == hashlib.sha256(b"x").digest()


@given(st.binary(max_size=100))
def test_a_signed_bundle_opens(raw: bytes) -> None:
    signed = sign_bundle(raw, SEED)
    assert signed[64:] == raw
    assert open_bundle(signed, PUBLIC) == raw


@pytest.mark.parametrize("place", [0, 63, 64, 70])
def test_a_touched_bundle_does_not_open(place: int) -> None:
    signed = bytearray(sign_bundle(b"the content", SEED))
    signed[place] ^= 1
    for touched in (bytes(signed), b"", b"short", bytes(signed[:64])):
        with pytest.raises(Fault) as refused:
            open_bundle(touched, PUBLIC)
        assert refused.value.code == FaultCode.BUNDLE_SIGNATURE


def test_a_bundle_signature_signs_nothing_else() -> None:
    bare = Ed25519PrivateKey.from_private_bytes(SEED).sign(b"the content") + b"the content"
    with pytest.raises(Fault):
        open_bundle(bare, PUBLIC)
