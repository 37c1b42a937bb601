"""Receipts of erasure: genuine ones open, altered ones never, and nobody is named in them."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.erasure import (
    Receipt,
    SignedReceipt,
    from_file,
    open_receipt,
    pseudonym,
    public_key_of,
    sign_receipt,
    to_file,
)
from retail_core.identity.face_enablement import (
    FaceEnablement,
    missing,
    open_enablement,
    sign_enablement,
)

SEED, TENANT, MEMBER, STORE = bytes(range(32)), UUID(int=1), UUID(int=2), UUID(int=3)
RECEIPT = Receipt(
    v=1,
    receipt_id="r",
    tenant=str(TENANT),
    store=str(STORE),
    device="d",
    member=pseudonym(TENANT, MEMBER),
    templates=("t",),
    cause="withdrawn",
    erased_ms=5,
    time_quality=2,
    scrubbed=True,
)


@dataclass(frozen=True)
class Flip:
    """One bit somewhere."""

    at: int
    bit: int

    def of(self, raw: bytes) -> bytes:
        place = self.at % len(raw)
        return raw[:place] + bytes([raw[place] ^ 1 << self.bit]) + raw[place + 1 :]


flips = st.builds(Flip, st.integers(0, 1 << 16), st.integers(0, 7))


def test_a_genuine_receipt_opens_from_its_file() -> None:
    signed = sign_receipt(RECEIPT, SEED)
    assert signed.public_key == public_key_of(SEED)
    assert open_receipt(from_file(to_file(signed))) == RECEIPT


@given(flips, st.sampled_from(["content", "signature", "public_key"]))
def test_one_bit_makes_it_worthless(flip: Flip, part: str) -> None:
    signed = sign_receipt(RECEIPT, SEED)
    changed = msgspec.structs.replace(signed, **{part: flip.of(getattr(signed, part))})
    with pytest.raises(Fault, match="R602"):
        open_receipt(changed)


@given(st.binary(max_size=200))
def test_rubbish_is_no_receipt(raw: bytes) -> None:
    with pytest.raises(Fault, match="R602"):
        from_file(raw)
    with pytest.raises(Fault, match="R602"):
        open_receipt(SignedReceipt(raw, bytes(64), public_key_of(SEED)))


def test_what_is_shown_must_be_what_was_signed() -> None:
    shown = to_file(sign_receipt(RECEIPT, SEED))
    with pytest.raises(Fault, match="R602"):
        from_file(shown.replace(b"withdrawn", b"forgotten"))
    newer = msgspec.structs.replace(RECEIPT, v=2)
    with pytest.raises(Fault, match="R602"):
        open_receipt(sign_receipt(newer, SEED))


def test_a_pseudonym_is_found_by_who_knows_her_and_tells_nobody_else() -> None:
    assert pseudonym(TENANT, MEMBER) == pseudonym(TENANT, MEMBER)
    assert pseudonym(TENANT, MEMBER) != pseudonym(STORE, MEMBER)
    kept = pseudonym(UUID(int=1), UUID(int=2))
    assert kept == "c2efa4d32f0a0138608dca096228ed4a", "as receipts in shops' hands have it"
    assert MEMBER.hex not in to_file(sign_receipt(RECEIPT, SEED)).decode()


def leave(**said: object) -> FaceEnablement:
    whole = FaceEnablement(
        tenant=str(TENANT),
        store=str(STORE),
        version=1,
        enabled=True,
        assessment="PIA",
        signage="door",
        approved_by="Zhou",
        approved_on="2026-07-01",
    )
    return msgspec.structs.replace(whole, **said)


@pytest.mark.parametrize("part", ["assessment", "signage", "approved_by", "approved_on"])
def test_leave_needs_every_record(part: str) -> None:
    assert missing(leave(**{part: " "})) == (part,)
    assert missing(leave(**{part: " ", "enabled": False})) == ()
    with pytest.raises(Fault, match="R604"):
        sign_enablement(leave(**{part: ""}), SEED)


@given(flips)
def test_a_leave_that_was_touched_is_not_believed(flip: Flip) -> None:
    signed = sign_enablement(leave(), SEED)
    assert open_enablement(signed, public_key_of(SEED), TENANT, STORE) == leave()
    with pytest.raises(Fault, match="R603"):
        open_enablement(flip.of(signed), public_key_of(SEED), TENANT, STORE)


def test_what_an_enablement_lacks_is_named_in_both_languages() -> None:
    with pytest.raises(Fault, match="R604") as caught:
        sign_enablement(leave(assessment="", approved_on=""), SEED)
    assert caught.value.fields == {"missing": "影响评估 assessment, 批准日期 approved on"}
