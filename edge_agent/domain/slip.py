"""What the box adds to a printed receipt: what it says, before anybody knows how it is printed."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One line; `right` stands at the right edge of it. A big line is twice as high and wide."""

    text: str
    right: str = ""
    centred: bool = False
    big: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """Lines, and a code under them; `drawing` is its rows of squares, `1` for a dark one.

    `wordings` say the same in several languages, the preferred first: what a printer's alphabet
    does not have is said in the next one.
    """

    wordings: tuple[tuple[SlipLine, ...], ...]
    code: str = ""
    drawing: tuple[str, ...] = ()


class Place(StrEnum):
    """Where it is printed: behind the till's last byte, or just before its last cut."""

    AFTER = "after"
    BEFORE_CUT = "before_cut"


@dataclass(frozen=True, slots=True)
class AppendStyle:
    """How a till's printer is used.

    `own_cut` cuts what was printed behind the till's own cut; `hold_ms` is how long that cut may
    wait for us; `native_code` lets the printer draw the code instead of sending a picture of it.
    """

    place: Place = Place.AFTER
    own_cut: bool = True
    feed_lines: int = 4
    hold_ms: int = 150
    native_code: bool = True

    @property
    def hold_s(self) -> float:
        """How long the till's last cut may wait for us, in seconds."""
        return self.hold_ms / 1000 if self.place is Place.BEFORE_CUT else 0.0
