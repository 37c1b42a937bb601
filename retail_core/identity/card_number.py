"""Numbers printed on cards, as a chain issued them: `9900########` is 9900 and 8 digits."""

import re

from retail_core.checkout.payment_codes import PREFIXES

_PATTERN = re.compile(r"[0-9]{2,12}#{2,16}")


def card_pattern(pattern: str) -> str:
    """Return a pattern that can be used, ValueError for any other.

    One that a payment code could match is refused: it would be kept from the till.
    """
    if not _PATTERN.fullmatch(pattern):
        raise ValueError("a card number is at least two digits and then one # for each more")
    if pattern[:2] in PREFIXES:
        raise ValueError(f"payment codes begin with {pattern[:2]}")
    return pattern


def is_card_number(text: str, pattern: str) -> bool:
    """Tell whether digits are a number of this pattern."""
    return len(text) == len(pattern) and all(
        letter in {"#", digit} for digit, letter in zip(text, pattern, strict=True)
    )
