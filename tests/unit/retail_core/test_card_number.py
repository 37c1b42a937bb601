"""Numbers on cards that a chain printed, and those no pattern may take from payments."""

import pytest

from retail_core.checkout.payment_codes import PREFIXES
from retail_core.identity.card_number import (
    card_pattern,
    is_card_number,
    may_be_card_number,
)


@pytest.mark.parametrize("pattern", ["99##", "9900########", "9" * 12 + "#" * 16])
def test_a_pattern_that_can_be_used(pattern: str) -> None:
    assert card_pattern(pattern) == pattern


@pytest.mark.parametrize(
    "pattern",
    ["", "9##", "99#", "99", "##", "##99", "99##9", "99## ", "9a##", "9９##", "9" * 13 + "##",
     "99" + "#" * 17],
)  # fmt: skip
def test_a_pattern_of_another_shape_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^a card number is at least two digits and then one #"):
        card_pattern(pattern)


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_what_pays_is_no_card(prefix: str) -> None:
    with pytest.raises(ValueError, match=f"^payment codes begin with {prefix}$"):
        card_pattern(f"{prefix}00####")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("990012", True),
        ("990099", True),
        ("99001", False),
        ("9900123", False),
        ("980012", False),
        ("990112", False),
        ("", False),
    ],
)
def test_digits_of_a_pattern(text: str, *, is_one: bool) -> None:
    assert is_card_number(text, "9900##") is is_one


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("88001234", True),
        ("VIP-0042", True),
        ("123", False),
        ("RG1:abc", False),
        ("7" * 41, False),
        ("134070926531589793", False),
        ("6228480402564890018", False),
    ],
)
def test_a_number_of_a_system_before_has_a_form_and_is_no_payment(text: str, may: bool) -> None:  # noqa: FBT001 -- the expectation
    assert may_be_card_number(text) is may
