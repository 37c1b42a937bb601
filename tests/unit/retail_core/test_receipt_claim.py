"""The code on a receipt that is claimed later."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.receipt_claim import (
    TOKEN_CHARS,
    claim_key,
    is_genuine,
    mint_claim,
    read_claim,
)
from retail_core.texts.faults import FaultCode

KEY = claim_key(bytes(32))
STABLE = "R1AGEQAAAAABYABAAAAAAAAAAAVJUJQBJ4SXE63GDI5A"
RECEIPT = UUID("01890000-0000-7000-8000-0000000000aa")
KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS, st.uuids())
def test_a_code_says_its_receipt_and_proves_its_box(token_hash: bytes, receipt: UUID) -> None:
    key = claim_key(token_hash)
    code = mint_claim(key, receipt)
    assert (len(code), code.isascii(), code.isalnum(), code.upper()) == (44, True, True, code)
    claim = read_claim(code)
    assert claim.receipt_id == receipt
    assert is_genuine(claim, key)
    assert read_claim(f" https://r.example/m/#r={code.lower()}\n") == claim


@given(KEYS, KEYS, st.uuids())
def test_another_box_proves_nothing(mine: bytes, theirs: bytes, receipt: UUID) -> None:
    claim = read_claim(mint_claim(claim_key(theirs), receipt))
    assert is_genuine(claim, claim_key(mine)) == (mine == theirs)


@given(st.integers(2, TOKEN_CHARS - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_changed_letter_proves_nothing(place: int, letter: str) -> None:
    code = mint_claim(KEY, RECEIPT)
    changed = code[:place] + letter + code[place + 1 :]
    assert is_genuine(read_claim(changed), KEY) == (read_claim(changed) == read_claim(code))


def test_what_is_stable_stays() -> None:
    assert mint_claim(KEY, RECEIPT) == STABLE
    assert TOKEN_CHARS <= 60


@given(st.text(max_size=80))
def test_anything_else_is_no_code(text: str) -> None:
    with pytest.raises(Fault) as caught:
        read_claim(text)
    assert caught.value.code is FaultCode.CLAIM_TOKEN_WRONG


@pytest.mark.parametrize("text", ["", "R1", "R2" + "A" * 42, "R1" + "1" * 42, "R1" + "é" * 42])
def test_nor_are_these(text: str) -> None:
    with pytest.raises(Fault) as caught:
        read_claim(text)
    assert caught.value.code is FaultCode.CLAIM_TOKEN_WRONG
