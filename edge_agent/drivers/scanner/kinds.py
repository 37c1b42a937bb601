"""What a scanned text is: goods, a scale's label, a member, a payment, or nothing we know.

Only what is surely goods keeps its digits. A payment code, a code that ran into another, a piece of
one or anything as long as one is told without them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.ports.scanner_tap import ScanEvent
from retail_core.catalog.barcodes import CHECKED_LENGTHS, check_digit_holds
from retail_core.catalog.weighed import COMMON, Layout, take_apart
from retail_core.checkout.payment_codes import begins_payment_code, is_payment_code
from retail_core.identity import digit_code, member_code
from retail_core.identity.card_number import is_card_number

# ISO/IEC 15424: `]`, the symbology's letter and a digit before what was read.
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_AIM_CHARS = 3
_OWN_CODE = re.compile(r"[0-9A-Za-z-]{1,10}")
_TOKEN = re.compile(r"[0-9A-Z $%*+\-./:]*")
_TOKEN_CHARS = 132
_DIGITS_HEAD = "8"


@dataclass(frozen=True, slots=True)
class MemberForms:
    """What members' codes look like here; `cards` are patterns of printed numbers."""

    cards: tuple[str, ...] = ()

    def may_become(self, text: str) -> bool:
        """Tell whether a text that has begun so may still be a member's code."""
        if text.startswith("]"):
            if len(text) <= _AIM_CHARS:
                return True
            text = text[_AIM_CHARS:]
        return (
            _begins(text, member_code.PREFIX)
            and len(text) <= _TOKEN_CHARS
            and _TOKEN.fullmatch(text) is not None
        ) or (
            text.isascii()
            and text.isdecimal()
            and (
                (text[0] == _DIGITS_HEAD and len(text) <= digit_code.DIGITS)
                or any(is_card_number(text, pattern[: len(text)]) for pattern in self.cards)
            )
        )

    def are(self, text: str) -> bool:
        """Tell whether a whole text is a member's code; nobody is believed yet."""
        bare = without_aim(text)
        return (
            (bare.startswith(member_code.PREFIX) and len(bare) == _TOKEN_CHARS)
            or (digit_code.is_digit_code(bare.encode()) and digit_code.luhn(bare[:-1]) == bare[-1])
            or any(is_card_number(bare, pattern) for pattern in self.cards)
        )


def without_aim(text: str) -> str:
    """Cut off the identifier of the symbology that some scanners put first."""
    found = _AIM.match(text)
    return text if found is None else text[found.end() :]


def may_become_payment(text: str) -> bool:
    """Tell whether a text that has begun so may still be a payment code."""
    bare = without_aim(text)
    in_aim = not bare or (bare.startswith("]") and len(bare) < _AIM_CHARS)
    return in_aim or begins_payment_code(bare)


@dataclass(frozen=True, slots=True)
class ScanKinds:
    """Tells what was scanned at one till; `labels` are how its shop's scales print."""

    till: str
    forms: MemberForms = MemberForms()
    labels: Sequence[Layout] = COMMON

    def event(self, text: str | None, now_ms: int) -> ScanEvent:
        """Return what to tell of a scan; None: one that was not read whole."""
        if text is None:
            return self._told("other", now_ms)
        bare = without_aim(text)
        if is_payment_code(bare):
            return self._told("payment", now_ms)
        if self.forms.are(bare):
            return self._told("member", now_ms, bare)
        label = take_apart(bare, self.labels)
        if label is not None:
            return ScanEvent(self.till, "weighed", bare, label.qty_milli, label.amount_fen, now_ms)
        return (
            self._told("article", now_ms, bare) if _is_goods(bare) else self._told("other", now_ms)
        )

    def _told(self, kind: str, now_ms: int, code: str = "") -> ScanEvent:
        return ScanEvent(self.till, kind, code, None, None, now_ms)  # type: ignore[arg-type]


def _is_goods(text: str) -> bool:
    if text.isdecimal() and len(text) in CHECKED_LENGTHS:
        return check_digit_holds(text)
    return _OWN_CODE.fullmatch(text) is not None


def _begins(text: str, head: str) -> bool:
    return text.startswith(head) or head.startswith(text)
