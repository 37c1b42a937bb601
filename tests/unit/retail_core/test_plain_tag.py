"""Numbers that may be copied, and links signed for one chip."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.plain_tag import check_uid, is_signed_link, sign_link, verify_link
from retail_core.texts.faults import FaultCode

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
TENANT = b"t" * 16
UID = bytes.fromhex("04A1B2C3D4E5F6")
LINK = sign_link(UID, TENANT, SEED)
SIZES = st.sampled_from([7, 10])


def refused(uri: str, chip: bytes = UID, tenant: bytes = TENANT, key: bytes = PUBLIC) -> FaultCode:
    with pytest.raises(Fault) as caught:
        verify_link(uri, chip, tenant, key)
    return caught.value.code


@pytest.mark.parametrize("uid", ["04A1B2C3", "04A1B2C3D4E5F6", "04A1B2C3D4E5F6070809", "E7010203"])
def test_a_number_that_stays_is_taken(uid: str) -> None:
    check_uid(bytes.fromhex(uid))


@pytest.mark.parametrize(
    ("uid", "code"),
    [
        ("08A1B2C3", FaultCode.NFC_UID_RANDOM),
        ("88A1B2C3", FaultCode.NFC_UID_RANDOM),
        ("1FA1B2C3", FaultCode.NFC_UID_RANDOM),
        ("FFFFFFFF", FaultCode.NFC_UID_RANDOM),
        ("", FaultCode.NFC_CARD_FOREIGN),
        ("04A1B2", FaultCode.NFC_CARD_FOREIGN),
        ("04A1B2C3D4", FaultCode.NFC_CARD_FOREIGN),
    ],
)
def test_a_number_that_does_not_is_refused(uid: str, code: FaultCode) -> None:
    with pytest.raises(Fault) as caught:
        check_uid(bytes.fromhex(uid))
    assert caught.value.code is code


def test_a_long_number_may_begin_as_a_random_one_does() -> None:
    check_uid(bytes.fromhex("08A1B2C3D4E5F6"))


def test_the_link_is_the_same_for_ever() -> None:
    assert LINK.startswith("https://regulars.invalid/t?u=04A1B2C3D4E5F6&s=")
    assert len(LINK) == 46 + 86
    assert sign_link(UID, TENANT, SEED) == LINK
    assert verify_link(LINK, UID, TENANT, PUBLIC) == UID


@given(SIZES.flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_what_was_signed_is_accepted_on_its_own_chip_only(uid: bytes) -> None:
    link = sign_link(uid, TENANT, SEED)
    assert is_signed_link(link)
    assert verify_link(link, uid, TENANT, PUBLIC) == uid
    assert refused(link, chip=uid[:-1] + bytes([uid[-1] ^ 1])) is FaultCode.NFC_TAG_SIGNATURE
    assert refused(link, chip=b"") is FaultCode.NFC_TAG_SIGNATURE


def test_another_chain_and_another_key_do_not_count() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert refused(LINK, chip=UID, tenant=b"u" * 16) is FaultCode.NFC_TAG_SIGNATURE
    assert refused(LINK, key=other) is FaultCode.NFC_TAG_SIGNATURE


@given(st.integers(0, 85), st.integers(1, 63))
def test_no_other_signature_counts(place: int, by: int) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = len(LINK) - 86 + place
    letter = letters[(letters.index(LINK[at]) + by) % 64]
    changed = LINK[:at] + letter + LINK[at + 1 :]
    # The last letter carries two bits that nobody reads.
    if place < 85:
        assert refused(changed) is FaultCode.NFC_TAG_SIGNATURE


@pytest.mark.parametrize(
    "uri",
    [
        "",
        LINK + "A",
        LINK[:-1],
        LINK.lower(),
        "x" + LINK,
        LINK + "\n",
        LINK.replace("u=04", "u=4"),
        LINK.replace("04A1B2C3D4E5F6", "04A1B2C3D4"),
        LINK.replace("https", "http"),
    ],
)
def test_what_is_no_such_link_is_foreign(uri: str) -> None:
    assert refused(uri) is FaultCode.NFC_CARD_FOREIGN


def test_no_link_is_signed_for_a_number_that_changes() -> None:
    with pytest.raises(Fault) as caught:
        sign_link(bytes.fromhex("08A1B2C3"), TENANT, SEED)
    assert caught.value.code is FaultCode.NFC_UID_RANDOM
