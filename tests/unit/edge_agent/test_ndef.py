"""NDEF messages: round trips, cut-off bytes, foreign records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.nfc_pcsc.ndef import (
    URI_PREFIXES,
    NdefRecord,
    first_uri,
    parse_message,
    uri_message,
)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_what_is_written_is_read(uri: str) -> None:
    assert first_uri(uri_message(uri)) == uri


@pytest.mark.parametrize("prefix", URI_PREFIXES)
def test_every_abbreviation_is_undone(prefix: str) -> None:
    assert first_uri(uri_message(prefix + "x")) == prefix + "x"


def test_the_longest_abbreviation_is_written() -> None:
    assert uri_message("https://www.a.b") == bytes.fromhex("D101045502") + b"a.b"


@given(st.text(min_size=1, max_size=300), st.data())
def test_a_cut_message_has_no_uri(uri: str, data: st.DataObject) -> None:
    message = uri_message(uri)
    cut = data.draw(st.integers(min_value=0, max_value=len(message) - 1))
    assert first_uri(message[:cut]) is None


@given(st.binary(max_size=300))
def test_no_bytes_are_an_accident(message: bytes) -> None:
    first_uri(message)


def test_a_uri_behind_other_records_is_found() -> None:
    records = bytes((0x91, 1, 3)) + b"Tabc" + uri_message("tel:1")
    assert first_uri(records) == "tel:1"


def test_a_records_id_is_passed_over() -> None:
    with_id = bytes((0xD9, 1, 3, 2)) + b"T" + b"id" + b"abc"
    assert parse_message(with_id) == (NdefRecord(1, b"T", b"abc"),)


def test_records_after_the_message_end_are_not_read() -> None:
    ended = bytes((0xD1, 1, 3)) + b"T" + b"abc"
    assert first_uri(ended + uri_message("tel:1")) is None


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\xb1\x01\x01U\x00", id="chunked"),
        pytest.param(b"\xd2\x01\x02U\x00x", id="mime, not well known"),
        pytest.param(b"\xd1\x01\x00U", id="empty payload"),
        pytest.param(b"\xd1\x01\x02U\x00\xff", id="not utf-8"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_uri_record_gives_none(message: bytes) -> None:
    assert first_uri(message) is None


def test_an_unknown_abbreviation_adds_nothing() -> None:
    assert first_uri(b"\xd1\x01\x02U\xf0x") == "x"
