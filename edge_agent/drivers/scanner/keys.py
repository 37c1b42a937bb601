"""What a key means on a keyboard of some country, and which keys type a letter there.

Numbers are those of Linux's input-event-codes; a keyboard sends places, not letters, and the till
reads them by its own layout.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

ENTER, KEYPAD_ENTER, TAB, SPACE = 28, 96, 15, 57
LEFT_SHIFT, RIGHT_SHIFT, RIGHT_ALT, CAPS_LOCK = 42, 54, 100, 58
_SHIFTS = frozenset({LEFT_SHIFT, RIGHT_SHIFT})
_DIGIT_ROW, _UPPER_ROW, _HOME_ROW, _LOWER_ROW = 2, 16, 30, 44
_GRAVE, _BACKSLASH, _BESIDE_SHIFT = 41, 43, 86
_KEYPAD = {82: "0", 79: "1", 80: "2", 81: "3", 75: "4", 76: "5", 77: "6", 71: "7", 72: "8", 73: "9"}
_KEYPAD_SIGNS = {55: "*", 74: "-", 78: "+", 98: "/"}
_ENDS = {ENTER: "\r", KEYPAD_ENTER: "\r", TAB: "\t"}
UP, DOWN, HELD = 0, 1, 2
LOST = -1
"""The key of an event that is none: keys came faster than they were read, some are gone."""


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """A key went down (1), up (0), or repeats (2)."""

    code: int
    value: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """A layout's keys from left to right, plain and with Shift, and those with AltGr."""

    plain: tuple[str, str, str, str]
    shifted: tuple[str, str, str, str]
    others: Mapping[int, tuple[str, str]]
    alt: Mapping[str, str]


_US_LETTERS = ("qwertyuiop[]", "QWERTYUIOP{}")
_LAYOUTS: Mapping[str, _Rows] = {
    "us": _Rows(
        ("1234567890-=", _US_LETTERS[0], "asdfghjkl;'", "zxcvbnm,./"),
        ("!@#$%^&*()_+", _US_LETTERS[1], 'ASDFGHJKL:"', "ZXCVBNM<>?"),
        {_GRAVE: ("`", "~"), _BACKSLASH: ("\\", "|")},
        {},
    ),
    "gb": _Rows(
        ("1234567890-=", _US_LETTERS[0], "asdfghjkl;'", "zxcvbnm,./"),
        ('!"£$%^&*()_+', _US_LETTERS[1], "ASDFGHJKL:@", "ZXCVBNM<>?"),
        {_GRAVE: ("`", "¬"), _BACKSLASH: ("#", "~"), _BESIDE_SHIFT: ("\\", "|")},
        {},
    ),
    "de": _Rows(
        ("1234567890ß´", "qwertzuiopü+", "asdfghjklöä", "yxcvbnm,.-"),
        ('!"§$%&/()=?`', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ", "YXCVBNM;:_"),
        {_GRAVE: ("^", "°"), _BACKSLASH: ("#", "'"), _BESIDE_SHIFT: ("<", ">")},
        {"q": "@", "7": "{", "8": "[", "9": "]", "0": "}", "ß": "\\", "+": "~", "<": "|"},
    ),
    "fr": _Rows(
        ("&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù", "wxcvbn,;:!"),
        ("1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%", "WXCVBN?./§"),
        {_GRAVE: ("²", "²"), _BACKSLASH: ("*", "µ"), _BESIDE_SHIFT: ("<", ">")},
        {"é": "~", '"': "#", "'": "{", "(": "[", "-": "|", "è": "`", "_": "\\", "à": "@"}
        | {"ç": "^", ")": "]", "=": "}"},
    ),
}
_DEAD = frozenset("´`^¨~°")
"""Keys that wait for a letter to sit on: what follows is not known, so they are typed by none."""


@cache
def letters(layout: str) -> Mapping[tuple[int, bool, bool], str]:
    """Return (key, Shift, AltGr) → letter."""
    return dict(_letters(_LAYOUTS[layout]))


@cache
def strokes(layout: str) -> Mapping[str, tuple[int, bool, bool]]:
    """Return letter → (key, Shift, AltGr), the plainest way to type it."""
    found: dict[str, tuple[int, bool, bool]] = {}
    for key, letter in sorted(letters(layout).items(), key=lambda one: one[0][1:]):
        if letter not in _DEAD or layout in {"us", "gb"}:
            found.setdefault(letter, key)
    return found


def typed(text: str, layout: str) -> tuple[KeyEvent, ...] | None:
    """Return the key events that type a text; None when the layout has no key for a letter."""
    known = {**strokes(layout), "\r": (ENTER, False, False), "\t": (TAB, False, False)}
    events: list[KeyEvent] = []
    for letter in text.replace("\r\n", "\r").replace("\n", "\r"):
        if letter not in known:
            return None
        code, shift, alt = known[letter]
        held = [key for key, wanted in ((LEFT_SHIFT, shift), (RIGHT_ALT, alt)) if wanted]
        events += [KeyEvent(key, DOWN) for key in (*held, code)]
        events += [KeyEvent(key, UP) for key in (code, *held)]
    return tuple(events)


class KeyReader:
    """Knows which modifiers are down; `letter` says what an event types."""

    def __init__(self, layout: str) -> None:
        self._letters = letters(layout)
        self._down: set[int] = set()
        self._caps = False

    def letter(self, event: KeyEvent) -> str:
        """Return the letter an event types; empty for a modifier, a release or any other key."""
        if event.code in {*_SHIFTS, RIGHT_ALT}:
            (self._down.discard if event.value == UP else self._down.add)(event.code)
            return ""
        if event.value == UP:
            return ""
        if event.code == CAPS_LOCK:
            self._caps ^= event.value == DOWN
            return ""
        shift = bool(_SHIFTS & self._down)
        found = self._letters.get((event.code, shift, RIGHT_ALT in self._down), "")
        return found.swapcase() if self._caps and found.isalpha() else found


def _letters(rows: _Rows) -> Iterator[tuple[tuple[int, bool, bool], str]]:
    starts = (_DIGIT_ROW, _UPPER_ROW, _HOME_ROW, _LOWER_ROW)
    for start, plain, shifted in zip(starts, rows.plain, rows.shifted, strict=True):
        for code, (low, high) in enumerate(zip(plain, shifted, strict=True), start):
            yield from _key(code, low, high, rows.alt)
    for code, (low, high) in rows.others.items():
        yield from _key(code, low, high, rows.alt)
    for code, letter in {**_KEYPAD, **_KEYPAD_SIGNS, **_ENDS, SPACE: " "}.items():
        yield (code, False, False), letter


def _key(
    code: int, low: str, high: str, alt: Mapping[str, str]
) -> Iterator[tuple[tuple[int, bool, bool], str]]:
    yield (code, False, False), low
    yield (code, True, False), high
    if low in alt:
        yield (code, False, True), alt[low]
