"""Signed requests of a phone: nothing about them can be exchanged, and each counts once."""

from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.phone_request import (
    REMEMBERED_MS,
    WINDOW_MS,
    Asked,
    Signed,
    parse,
    signed_bytes,
    verify,
)
from retail_core.errors import Fault
from retail_core.identity.member_code import key_id_of
from retail_core.texts.faults import FaultCode

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
TENANT = UUID(int=7)
NOW_MS = 1_795_000_000_000
ASKED = Asked("POST", "/v1/member/checkins?x=1", b'{"a":1}')


def signed(asked: Asked = ASKED, time_ms: int = NOW_MS, nonce: bytes = b"n" * 16) -> Signed:
    """Sign as a phone does."""
    signature = KEY.sign(signed_bytes(asked, time_ms, nonce))
    return Signed(TENANT, key_id_of(PUBLIC), time_ms, nonce, signature)


def header(one: Signed) -> str:
    """Write the header as a phone does."""
    parts = (one.tenant, one.key_id.hex(), one.time_ms, one.nonce.hex(), one.signature.hex())
    return "Phone " + ".".join(map(str, parts))


def code_of(caught: pytest.ExceptionInfo[Fault]) -> FaultCode:
    return caught.value.code


def test_what_is_signed_is_written_down() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    written = signed_bytes(Asked("GET", "/v1/member/me", b""), 5, bytes(16))
    assert written == f"regulars-p1\nGET\n/v1/member/me\n5\n{'00' * 16}\n{empty}".encode()


def test_a_header_is_read_back() -> None:
    assert parse(header(signed())) == signed()


@pytest.mark.parametrize("given_header", ["", "Bearer abc", "Basic x"])
def test_no_phone_at_all(given_header: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(given_header)
    assert code_of(caught) is FaultCode.API_TOKEN_MISSING


@given(st.text(max_size=300))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(f"Phone {text}")
    assert code_of(caught) is FaultCode.PHONE_SIGNATURE


def test_a_tenant_that_is_none_is_refused() -> None:
    with pytest.raises(Fault) as caught:
        parse(header(signed()).replace(str(TENANT), "-" * 36))
    assert code_of(caught) is FaultCode.PHONE_SIGNATURE


def test_a_signed_request_is_believed() -> None:
    verify(signed(), ASKED, PUBLIC, NOW_MS)
    verify(signed(), ASKED, PUBLIC, NOW_MS + WINDOW_MS)


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, method="GET"),
        replace(ASKED, target="/v1/member/checkins?x=2"),
        replace(ASKED, body=b'{"a":2}'),
    ],
)
def test_no_part_of_a_request_can_be_exchanged(other: Asked) -> None:
    with pytest.raises(Fault) as caught:
        verify(signed(), other, PUBLIC, NOW_MS)
    assert code_of(caught) is FaultCode.PHONE_SIGNATURE


def test_nor_its_time_its_nonce_or_its_key() -> None:
    for forged in (replace(signed(), time_ms=NOW_MS + 1), replace(signed(), nonce=b"m" * 16)):
        with pytest.raises(Fault) as caught:
            verify(forged, ASKED, PUBLIC, NOW_MS)
        assert code_of(caught) is FaultCode.PHONE_SIGNATURE
    for public in (b"p" * 32, b"short"):
        with pytest.raises(Fault):
            verify(signed(), ASKED, public, NOW_MS)


def test_a_clock_that_is_off_learns_the_time() -> None:
    for now_ms in (NOW_MS + WINDOW_MS + 1, NOW_MS - WINDOW_MS - 1):
        with pytest.raises(Fault) as caught:
            verify(signed(), ASKED, PUBLIC, now_ms)
        assert code_of(caught) is FaultCode.PHONE_CLOCK
        assert caught.value.fields == {"now_ms": now_ms}


def test_a_request_is_remembered_for_as_long_as_its_signature_holds() -> None:
    early = signed(time_ms=NOW_MS + WINDOW_MS)
    verify(early, ASKED, PUBLIC, NOW_MS)
    verify(early, ASKED, PUBLIC, NOW_MS + REMEMBERED_MS)
    with pytest.raises(Fault):
        verify(early, ASKED, PUBLIC, NOW_MS + REMEMBERED_MS + 1)
