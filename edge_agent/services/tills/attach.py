"""A member named by an unchanged till: by code, phone number or card, noted where she stands."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.member_view import MemberView
from edge_agent.services.members.members import Members
from edge_agent.services.recognition.identify import Identification, Identify, vouched
from retail_core.errors import Fault
from retail_core.identity.assurance import Factor
from retail_core.identity.card_number import is_card_number
from retail_core.identity.digit_code import is_digit_code
from retail_core.texts.faults import FaultCode

_UID_DIGITS = frozenset({8, 14, 20})
_HEX = frozenset("0123456789abcdefABCDEF")

Told = Callable[[Identification, UUID], None]


@dataclass(frozen=True, slots=True)
class Attach:
    """Finds whom a till names and tells the screen; `rate` limits how often a till may ask.

    `numbers` are patterns of the numbers printed on the house's own cards.
    """

    members: Members
    identify: Callable[[UUID], Identify]
    told: Told
    rate: Callable[[UUID], None]
    numbers: tuple[str, ...] = ()

    def by_text(self, till: UUID, text: str) -> MemberView:
        """Return the member; Faults API_NOT_FOUND, those of codes, API_RATE when asked too often.

        What the text is shows in its form: a digit code, a number on a card, a phone, else a code.
        """
        self.rate(till)
        found = self._found(till, text)
        if found.member is None:
            codes = found.reasons
            raise Fault(codes[0]) if codes else Fault(FaultCode.API_NOT_FOUND, what="member")
        self.told(found, till)
        return self.members.show(found.member)

    def _found(self, till: UUID, text: str) -> Identification:
        if is_digit_code(text.encode()):
            return self.identify(till).code(text)
        if any(is_card_number(text, pattern) for pattern in self.numbers):
            printed = self.members.find_card(text.encode()).held
            if printed is not None:
                return vouched(printed, Factor.STATIC_QR)
        if len(text) in _UID_DIGITS and set(text) <= _HEX:
            return vouched(self.members.find_card(bytes.fromhex(text)).held, Factor.CARD_UID)
        try:
            return vouched(self.members.find_phone(text).held, Factor.PHONE_NUMBER)
        except Fault:
            return self.identify(till).code(text)
