"""Greets on the customer display that is already there: whom the till's lane knows, what she saves.

The display shows it when it may and can; nobody waits for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from edge_agent.ports.display_tap import CustomerDisplay
from edge_agent.services.tills.hearing import Heard, Hearing, member_of
from retail_core.identity.naming import mask_name

TURN_S = 0.5
KNOWS, PRICED = "recognition", "basket"
KINDS = frozenset({KNOWS, PRICED})
Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Place:
    """A till's display, the language spoken there, and the house's own second line."""

    display: CustomerDisplay
    language: Language
    welcome: str = ""


class Greeter:
    """One thread for all displays; a saving is shown once until it changes."""

    def __init__(self, places: Mapping[UUID, Place]) -> None:
        self._places = places
        self.hearing = Hearing(KINDS, frozenset(places))
        self._saved: dict[UUID, int] = {}

    def turn(self) -> None:
        """Wait a moment for an event and show what it is worth."""
        heard = self.hearing.next(TURN_S)
        if heard is None:
            return
        place = self._places[heard.till]
        lines = self._lines(heard, place)
        if lines:
            place.display.show(lines)

    def _lines(self, heard: Heard, place: Place) -> Sequence[str]:
        if heard.kind == KNOWS:
            member = member_of(heard.told)
            self._saved.pop(heard.till, None)
            if member is None:
                return ()
            return greeting(str(member.get("name", "")), place.language, place.welcome)
        saved = heard.told.get("saved_fen")
        known = isinstance(saved, int) and heard.told.get("member_id") is not None
        if not known or not isinstance(saved, int):
            return ()
        before = self._saved.get(heard.till, 0)
        self._saved[heard.till] = saved
        return saving(saved, place.language) if saved > 0 and saved != before else ()


def greeting(name: str, language: Language, welcome: str = "") -> Sequence[str]:
    """Return two lines that greet a member; her name is masked, in Chinese letters only there."""
    masked = mask_name(name)
    if language == "zh":
        return (f"您好 {masked}".rstrip(), welcome or "欢迎回来")
    hello = f"Hello {masked}".rstrip() if masked.isascii() else "Hello"
    return (hello, welcome or "Welcome back")


def saving(saved_fen: int, language: Language) -> Sequence[str]:
    """Return two lines that say what a member saves."""
    yuan = f"{saved_fen // 100}.{saved_fen % 100:02d}"
    return ("会员已省", f"{yuan} 元") if language == "zh" else ("You save", yuan)
