import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.bundle import (
    EarnRule,
    RuleBundle,
    bundle_hash,
    open_bundle,
    parse_bundle,
    sign_bundle,
)
from retail_core.pricing.conditions import ItemSelector
from retail_core.pricing.offers import (
    MixAndMatch,
    Offer,
    SetPrice,
    TierPrice,
    TimeSlotPrice,
    order_key,
)
from retail_core.pricing.slots import WeekSlot
from retail_core.texts.faults import FaultCode
from tests.factories.pricing import mix, tier

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
TIER = {"kind": "tier_price", "id": "t", "name": "金卡95折", "tiers": ["gold"], "permille": 950}
SLOT = {
    "kind": "time_slot_price",
    "id": "s",
    "name": "早市9折",
    "permille": 900,
    "slots": [{"weekday": 0, "start": "08:00", "end": "10:00"}],
}
MIX = {"kind": "mix_and_match", "id": "m", "name": "3付2", "need": 3, "free": 1}
SET = {"kind": "set_price", "id": "p", "name": "2件99元", "need": 2, "price_fen": 9900}


def content(*offers: dict[str, Any], **fields: Any) -> bytes:
    whole = {"version": 3, "tier_names": {"standard": "普通", "gold": "金卡"}, "offers": offers}
    return json.dumps(whole | fields).encode()


def refusal(raw: bytes) -> tuple[Any, str]:
    with pytest.raises(Fault) as refused:
        parse_bundle(raw)
    assert refused.value.code == FaultCode.OFFER_INVALID
    assert refused.value.fields.keys() == {"offer", "reason"}
    return refused.value.fields["offer"], str(refused.value.fields["reason"])


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
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        content() + b"x",
        content(TIER | {"permile": 900}),
        content(TIER | {"kind": "gift"}),
        content(TIER | {"permille": "900"}),
        content(TIER | {"permille": 900.5}),
        content(TIER | {"items": {"sku": ["A"]}}),
        content(SLOT | {"slots": [{"weekday": 0, "start": "08:00", "end": "10:00", "x": 1}]}),
        content({key: TIER[key] for key in ("kind", "id", "permille")}),
        content(surprise=1),
        content(earn={"id": "e", "fen_per_point": 100, "x": 1}),
    ],
)
def test_what_is_no_bundle_is_refused_whole(raw: bytes) -> None:
    offer, reason = refusal(raw)
    assert offer == "bundle"
    assert reason


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        (TIER | {"permille": 0}, "permille must lie between 1 and 999"),
        (TIER | {"permille": 1000}, "permille must lie between 1 and 999"),
        (SLOT | {"permille": 0}, "permille must lie between 1 and 999"),
        (TIER | {"tiers": ["gold", "ruby", "jade"]}, "tiers not in tier_names: jade, ruby"),
        (MIX | {"tiers": ["ruby"]}, "tiers not in tier_names: ruby"),
        (SLOT | {"slots": []}, "at least one slot is needed"),
        (
            SLOT | {"slots": [{"weekday": 7, "start": "08:00", "end": "10:00"}]},
            "weekday 7 is not 0..6",
        ),
        (MIX | {"need": 1}, "need must lie between 2 and 100"),
        (MIX | {"need": 101}, "need must lie between 2 and 100"),
        (SET | {"need": 1}, "need must lie between 2 and 100"),
        (SET | {"need": 101}, "need must lie between 2 and 100"),
        (MIX | {"free": 0}, "free must lie between 1 and need - 1"),
        (MIX | {"free": 3}, "free must lie between 1 and need - 1"),
        (SET | {"price_fen": -1}, "price_fen is out of range"),
        (SET | {"price_fen": limits.AMOUNT_FEN_MAX + 1}, "price_fen is out of range"),
        (TIER | {"name": ""}, "the name must have 1 to 200 characters"),
        (TIER | {"name": "x" * 201}, "the name must have 1 to 200 characters"),
        (TIER | {"id": ""}, "the id must have 1 to 64 characters"),
        (TIER | {"id": "x" * 65}, "the id must have 1 to 64 characters"),
    ],
)
def test_offers_that_mean_nothing_are_refused(offer: dict[str, Any], reason: str) -> None:
    sound = MIX | {"id": "sound"}
    assert refusal(content(sound, offer)) == (offer["id"], reason)


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
    assert "$.offers[1].need" in refusal(content(TIER, MIX | {"need": "3"}))[1]


def test_an_id_names_one_offer() -> None:
    assert refusal(content(MIX, SET | {"id": "m"})) == ("m", "the id is used more than once")


def test_versions_start_at_one() -> None:
    assert parse_bundle(content(version=1)).version == 1
    assert refusal(content(version=0)) == ("bundle", "version must be 1 or more")


def test_the_number_of_offers_is_bounded() -> None:
    many = [MIX | {"id": f"m{number}"} for number in range(limits.OFFERS_MAX + 1)]
    assert len(parse_bundle(content(*many[:-1])).offers) == limits.OFFERS_MAX
    assert refusal(content(*many)) == ("bundle", "more than 2000 offers")


@pytest.mark.parametrize(
    ("earn", "reason"),
    [
        ({"id": "e", "fen_per_point": 0}, "fen_per_point must be 1 or more"),
        (
            {"id": "e", "fen_per_point": 1, "tier_permille": {"standard": 1, "gold": -1}},
            "tier_permille may not be negative",
        ),
        (
            {"id": "e", "fen_per_point": 1, "tier_permille": {"ruby": 1}},
            "tiers not in tier_names: ruby",
        ),
        ({"id": "", "fen_per_point": 1}, "the id must have 1 to 64 characters"),
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
        assert refused.value.code == FaultCode.OFFER_INVALID
        assert refused.value.fields == {"offer": "bundle", "reason": "signature"}


def test_a_bundle_signature_signs_nothing_else() -> None:
    bare = Ed25519PrivateKey.from_private_bytes(SEED).sign(b"the content") + b"the content"
    with pytest.raises(Fault):
        open_bundle(bare, PUBLIC)
