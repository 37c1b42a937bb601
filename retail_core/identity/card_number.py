"""Numbers printed on cards, as a chain issued them: `9900########` is 9900 and 8 digits."""

import re

from retail_core.checkout.payment_codes import PREFIXES, is_payment_code

_MAY_BE = re.compile(r"[0-9A-Za-z-]{4,40}")
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


def may_be_card_number(text: str) -> bool:
    """Tell whether a text may be a number on a card, of this house or of a system before.

    What a payment code may begin with is none: it would be looked for where it has no business.
    """
    return _MAY_BE.fullmatch(text) is not None and not is_payment_code(text)


def is_card_number(text: str, pattern: str) -> bool:
    """Tell whether digits are a number of this pattern."""
    return len(text) == len(pattern) and all(
        letter in {"#", digit} for digit, letter in zip(text, pattern, strict=True)
    )
