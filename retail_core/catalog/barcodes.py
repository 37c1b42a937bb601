"""What a printed barcode must be: check digits, and what a spreadsheet does to long numbers.

Check digit of EAN-8, UPC-A, EAN-13 and ITF-14: GS1 General Specifications, section 7.9: from the
right, the digits before it weigh 3, 1, 3, 1 …; with it the sum is a multiple of ten.
"""

import re

from retail_core.catalog.reasons import RowReason

CODE_CHARS_MAX = 64
CHECKED_LENGTHS = frozenset({8, 12, 13, 14})
# What is left of a UPC-A or EAN-13 when a spreadsheet has dropped its leading zeros.
_SHORTENED = {10: 12, 11: 12}
_BARCODE = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+", re.ASCII)


def check_digit_holds(digits: str) -> bool:
    """Tell whether the last digit is the check digit of the others."""
    weighed = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(weighed) % 10 == 0


def complaint(code: str) -> RowReason | None:
    """Return why a code cannot be what is printed on goods; codes of the chain's own may be short.

    Lengths of printed codes carry a check digit; a code of another length is the chain's own.
    """
    if _SCIENTIFIC.fullmatch(code):
        return RowReason.BARCODE_SCIENTIFIC
    if not _BARCODE.fullmatch(code) or len(code) > CODE_CHARS_MAX:
        return RowReason.BARCODE_INVALID
    if not code.isdecimal():
        return None
    whole = _SHORTENED.get(len(code))
    if whole is not None and check_digit_holds(code.zfill(whole)):
        return RowReason.BARCODE_ZEROS_LOST
    if len(code) in CHECKED_LENGTHS and not check_digit_holds(code):
        return RowReason.BARCODE_CHECK_DIGIT
    return None
