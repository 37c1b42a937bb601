"""Base45 against the examples of RFC 9285 §4 and its own laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.identity.base45 import ALPHABET, decode, encode

RFC_9285 = [
    (b"AB", "BB8"),
    (b"Hello!!", "%69 VD92EX0"),
    (b"base-45", "UJCLQE7W581"),
    (b"ietf!", "QED8WEX0"),
    (b"", ""),
    (b"\x00", "00"),
    (b"\xff", "U5"),
    (b"\xff\xff", "FGW"),
]


@pytest.mark.parametrize(("data", "text"), RFC_9285)
def test_the_examples_of_the_rfc(data: bytes, text: str) -> None:
    assert encode(data) == text
    assert decode(text) == data


@given(st.binary(max_size=200))
def test_bytes_come_back(data: bytes) -> None:
    text = encode(data)
    assert decode(text) == data
    assert set(text) <= set(ALPHABET)
    assert len(text) == len(data) // 2 * 3 + len(data) % 2 * 2


@given(st.text(ALPHABET, max_size=30))
def test_a_text_is_what_its_bytes_encode_to_or_is_refused(text: str) -> None:
    try:
        data = decode(text)
    except ValueError:
        return
    assert encode(data) == text


@pytest.mark.parametrize("text", ["A", "ABCD", "BB8B"])
def test_a_length_no_bytes_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not Base45: "):
        decode(text)


@pytest.mark.parametrize("text", ["bb8", "B_8", "B8é", "B\n8", "中文"])
def test_a_character_outside_the_alphabet_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not Base45: "):
        decode(text)


@pytest.mark.parametrize("text", ["GGW", ":::", "V5", "::"])
def test_a_group_over_its_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Base45 group out of range: "):
        decode(text)
