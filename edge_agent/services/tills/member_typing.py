"""Types into an unchanged till what makes it sell at the member's price: a PLU or a virtual card.

Which one hangs on her tier and was set up at the till once; each member's visit types it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from edge_agent.ports.scanner_tap import TillInjector
from edge_agent.services.tills.hearing import Heard, Hearing, member_of
from retail_core.identity.assurance import Action

TURN_S = 0.5
KNOWS, OVER = "recognition", frozenset({"sale", "tapped"})
KINDS = OVER | {KNOWS}
ANY_TIER = "*"


@dataclass(frozen=True, slots=True)
class TypingPlace:
    """A till's injector and what to type there, by tier; `*` stands for the others."""

    injector: TillInjector
    codes: Mapping[str, str]


class MemberTyping:
    """One thread for all tills."""

    def __init__(self, places: Mapping[UUID, TypingPlace]) -> None:
        self._places = places
        self.hearing = Hearing(KINDS, frozenset(places))
        self._typed: dict[UUID, str] = {}

    def turn(self) -> None:
        """Wait a moment for an event; type if it knows a member who may have her price."""
        heard = self.hearing.next(TURN_S)
        if heard is None:
            return
        if heard.kind in OVER:
            self._typed.pop(heard.till, None)
        else:
            self._known(heard)

    def _known(self, heard: Heard) -> None:
        member = member_of(heard.told)
        allowed = heard.told.get("allowed")
        if member is None or not isinstance(allowed, list | tuple):
            return
        who = str(member.get("member_id", ""))
        if Action.MEMBER_PRICE.value not in allowed or self._typed.get(heard.till) == who:
            return
        place = self._places[heard.till]
        code = place.codes.get(str(member.get("tier", "")), place.codes.get(ANY_TIER, ""))
        if code and place.injector.type(code):
            self._typed[heard.till] = who
