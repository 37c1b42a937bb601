"""What the till means by what it shows: a price, a sum, what was paid, the change.

A display with figures alone has lamps that say it; a till may light the lamp before or after the
figures, which a burst of commands shows: one that ends with figures lights it before. A display
with words is read like two short lines of a receipt.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edge_agent.drivers.customer_display.frames import Token
from edge_agent.drivers.customer_display.screen import Screen
from edge_agent.drivers.till_escpos.words import Meaning, Vocabulary
from edge_agent.ports.display_tap import DisplayEvent, DisplayKind

BURST_MAX = 64
_LAMPS: dict[int, DisplayKind] = {
    0: "text",
    1: "price",
    2: "total",
    3: "received",
    4: "change",
}
_KINDS: dict[Meaning, DisplayKind] = {
    Meaning.DUE: "total",
    Meaning.TOTAL: "total",
    Meaning.SUBTOTAL: "subtotal",
    Meaning.TENDER: "received",
    Meaning.CHANGE: "change",
}
_FIGURES = re.compile(rb" *(-?[0-9]{1,8}(?:\.[0-9]{1,2})?) *")
_AMOUNT = re.compile(
    r"(?P<minus>-?)[¥￥$€£]?\s?(?P<digits>\d{1,3}(?:,\d{3})+\.\d{2}|\d{1,8}\.\d{2})(?!\d)\s?元?"
)
_UNIT_PRICE = re.compile(r"单价|\bprice\b|\bitem\b", re.IGNORECASE)
_WORDS = Vocabulary()


@dataclass(frozen=True, slots=True)
class _Lamp:
    number: int


@dataclass(frozen=True, slots=True)
class _Figures:
    text: str

    @property
    def fen(self) -> int:
        return _fen(self.text)


class DisplayReader:
    """Collects what one burst of commands did; `settle` says what it meant."""

    def __init__(self, till: str, encoding: str, columns: int) -> None:
        self.screen = Screen(columns)
        self._till = till
        self._encoding = encoding
        self._lamp = 0
        self._lamps_used = False
        self._lamp_first = True
        self._burst: list[_Lamp | _Figures] = []
        self._wrote = False
        self._stood = False

    @property
    def is_full(self) -> bool:
        """Whether a burst is so long that it has to be understood now."""
        return len(self._burst) >= BURST_MAX

    @property
    def surface_rows(self) -> frozenset[bytes]:
        """The rows that have to be named before all that stands there is known."""
        return frozenset({b"A"} if self._lamps_used else {b"A", b"B"})

    def take(self, token: Token) -> None:
        """Note what one token does."""
        self.screen.apply(token)
        if not self.screen.selected:
            return
        if token.name == b"\x1bs":
            self._burst.append(_Lamp(token.rest[0] & 0x0F))
            self._lamps_used = True
        elif token.name == b"\x1bQ" and (figures := _FIGURES.fullmatch(token.rest[1:-1])):
            self._burst.append(_Figures(figures[1].decode()))
        if token.is_text or token.name in {b"\x1bQ", b"\x1bu", b"\x0c", b"\x1b@"}:
            self._wrote = True

    def settle(self, now_ms: int) -> list[DisplayEvent]:
        """Return what was shown since the last time, now that the till has paused."""
        burst, wrote = self._burst, self._wrote
        self._burst, self._wrote = [], False
        rows = tuple(_decoded(raw, self._encoding) for raw in self.screen.raw_rows())
        if not (burst or wrote):
            return []
        if not any(rows):
            stood, self._stood = self._stood, False
            return [DisplayEvent(self._till, "clear", None, "", now_ms)] if stood else []
        self._stood = True
        found = self._by_lamps(burst) if self._lamps_used else _by_words(rows)
        return [DisplayEvent(self._till, kind, fen, text, now_ms) for kind, fen, text in found]

    def _by_lamps(self, burst: Sequence[_Lamp | _Figures]) -> list["_Found"]:
        self._learn(burst)
        found: list[_Found] = []
        waiting: _Figures | None = None
        for one in burst:
            if isinstance(one, _Figures):
                if waiting is not None:
                    found.append(self._pair(waiting))
                waiting = one
                continue
            if waiting is not None and self._lamp_first:
                found.append(self._pair(waiting))
                waiting = None
            self._lamp = one.number
            if waiting is not None:
                found.append(self._pair(waiting))
                waiting = None
        if waiting is not None:
            found.append(self._pair(waiting))
        return found

    def _learn(self, burst: Sequence[_Lamp | _Figures]) -> None:
        """Tell which comes first from a burst that has both and ends with the other."""
        if len({type(one) for one in burst}) > 1 and type(burst[0]) is not type(burst[-1]):
            self._lamp_first = isinstance(burst[0], _Lamp)

    def _pair(self, figures: _Figures) -> "_Found":
        return _LAMPS.get(self._lamp, "text"), figures.fen, figures.text


_Found = tuple[DisplayKind, int | None, str]


def _by_words(rows: Sequence[str]) -> list[_Found]:
    """Read two short rows: a word beside an amount, or above it; a name above its price."""
    amounts = [_amounts(row) for row in rows]
    found = [one for one in (_labelled(row) for row in rows) if one is not None]
    if found:
        return found
    text = " ".join(row for row in rows if row)
    fen = next((amount[-1] for amount in reversed(amounts) if amount), None)
    if fen is None:
        return [("text", None, text)]
    above = _kind_of(_without_amounts(text))
    return [(above or "price", fen, text)]


def _labelled(row: str) -> _Found | None:
    """Return what a row says by itself: its word and its amount."""
    amounts, label = _amounts(row), _without_amounts(row)
    kind = _kind_of(label)
    return (kind, amounts[-1], row) if kind and amounts else None


def _kind_of(label: str) -> DisplayKind | None:
    if _UNIT_PRICE.search(label):
        return "price"
    meaning = _WORDS.meaning(label, among=frozenset(_KINDS))
    return None if meaning is None else _KINDS[meaning]


def _amounts(row: str) -> list[int]:
    return list(_each_amount(row))


def _each_amount(row: str) -> Iterator[int]:
    for found in _AMOUNT.finditer(row):
        yield _fen(found["minus"] + found["digits"].replace(",", ""))


def _without_amounts(row: str) -> str:
    return _AMOUNT.sub(" ", row)


def _fen(text: str) -> int:
    return int(Decimal(text) * 100)


def _decoded(raw: bytes, encoding: str) -> str:
    """Decode a row; wide figures and letters become plain ones."""
    return " ".join(unicodedata.normalize("NFKC", raw.decode(encoding, "replace")).split())
