"""Phone numbers as people type them, names as strangers may see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_core.errors import Fault
from retail_core.identity.naming import (
    mask_name,
    mask_phone,
    normalise_phone,
    stand_in_name,
)
from retail_core.texts.faults import FaultCode


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("13800138000", "8613800138000"),
        (" 138 0013 8000 ", "8613800138000"),
        ("138-0013-8000", "8613800138000"),
        ("１３８００１３８０００", "8613800138000"),
        ("+86 138 0013 8000", "8613800138000"),
        ("＋8613800138000", "8613800138000"),
        ("0086 13800138000", "8613800138000"),
        ("8613800138000", "8613800138000"),
        ("+852 5123 4567", "85251234567"),
        ("+1 (415) 555-0132", "14155550132"),
        ("+44.20.7946.0958", "442079460958"),
        ("0044 20 7946 0958", "442079460958"),
        ("+13800138000", "13800138000"),  # said to be abroad, so it is
        ("+1234567", "1234567"),
        ("+123456789012345", "123456789012345"),
    ],
)
def test_numbers_people_type(typed: str, wanted: str) -> None:
    assert normalise_phone(typed) == wanted


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "abc",
        "12800138000a",
        "+86",
        "+86 1380013800",
        "8612800138000",
        "86138001380001",
        "+0123456789",
        "+123456",
        "+1234567890123456",
        "138\n0013x8000",
        "٣٣٣٣٣٣٣٣٣٣",
        "++8613800138000",
        "000123456789",
        "1380013800",  # a digit forgotten
        "138001380001",
        "85251234567",
        "02168888888",
        "8686138001380",
        "00",
    ],
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(Fault) as caught:
        normalise_phone(typed)
    assert caught.value.code == FaultCode.API_BODY_INVALID
    assert caught.value.fields == {"detail": "phone"}


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mainland_mobile_is_the_same_however_written(number: str) -> None:
    spellings = [
        number,
        f"+86{number}",
        f"0086{number}",
        f"86{number}",
        f"{number[:3]} {number[3:]}",
    ]
    assert {normalise_phone(spelling) for spelling in spellings} == {f"86{number}"}


@given(st.text(max_size=30))
def test_normal_numbers_stay_as_they_are(typed: str) -> None:
    try:
        digits = normalise_phone(typed)
    except Fault:
        return
    assert digits.isascii()
    assert digits.isdecimal()
    assert normalise_phone(f"+{digits}") == digits


@pytest.mark.parametrize(
    ("digits", "wanted"),
    [
        ("8613800138000", "138****8000"),
        ("14155550132", "141****0132"),
        ("442079460958", "442*****0958"),
        ("85251234567", "852****4567"),
        ("1234567890", "******7890"),
        ("1234567", "***4567"),
        ("123", "123"),
    ],
)
def test_masked_numbers(digits: str, wanted: str) -> None:
    assert mask_phone(digits) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("王芳", "王*"),
        ("王", "王*"),
        ("王小明", "王*明"),
        ("欧阳娜娜", "欧**娜"),
        ("Anna Schmidt", "A*** S***"),
        ("Bo", "B***"),
        ("王 Anna", "王* A**a"),
        ("", ""),
        ("   ", ""),
        ("会员8000", "会员"),
        ("Member 8000", "Member"),
        ("会员小红", "会**红"),
    ],
)
def test_masked_names(name: str, wanted: str) -> None:
    assert mask_name(name) == wanted


def test_who_gave_no_name_is_called_by_her_number() -> None:
    assert stand_in_name("8613800138000", "zh") == "会员8000"
    assert stand_in_name("8613800138000", "en") == "Member 8000"
    assert stand_in_name("8613800138000", "fr") == "会员8000"


@given(st.text(min_size=1, max_size=20))
def test_a_masked_name_never_shows_the_whole_word(name: str) -> None:
    for word, masked in zip(name.split(), mask_name(name).split(), strict=False):
        if "*" not in word:
            assert masked != word
            assert "*" in masked
