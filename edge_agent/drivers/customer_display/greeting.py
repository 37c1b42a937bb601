"""A few words of ours as the bytes of one display: two lines, or a saving in figures."""

import re
from collections.abc import Sequence

from edge_agent.drivers.customer_display.screen import CLEAR, HOME, ROWS
from edge_agent.drivers.profiles.display import DisplayProfile

# Eight places with the sign: a longer sum is not shown, and never its last digits alone.
_SAVING = re.compile(r"(?<![\d.,])(\d{1,5}\.\d{2})(?!.*\d)")
_LAMPS_OFF = b"\x1bs0"


def greeting_bytes(lines: Sequence[str], profile: DisplayProfile) -> bytes:
    """Return what shows these lines; empty when the display cannot show them.

    Figures alone show what was saved as a negative amount, with every lamp off: no price, no sum.
    """
    wanted = [line for line in lines if line.strip()][:ROWS]
    if profile.surface == "figures":
        found = next((found for line in wanted if (found := _SAVING.search(line))), None)
        return b"" if found is None else _LAMPS_OFF + b"\x1bQA-" + found[1].encode() + b"\r"
    rows = [_row(line, profile) for line in wanted]
    if not rows or any(row is None for row in rows):
        return b""
    mode = b"\x1c&" if profile.chinese_mode else b""
    return CLEAR + mode + b"".join(_placed(at, row or b"", profile) for at, row in enumerate(rows))


def _row(line: str, profile: DisplayProfile) -> bytes | None:
    """Return a line's bytes, cut to the display's width at a whole character; None: not its."""
    if not line.isprintable():
        return None
    raw = b""
    for letter in line:
        try:
            more = letter.encode(profile.encoding)
        except UnicodeEncodeError:
            return None
        if len(raw) + len(more) > profile.columns:
            break
        raw += more
    return raw


def _placed(at: int, row: bytes, profile: DisplayProfile) -> bytes:
    if profile.dialect == "cd5220":
        return b"\x1bQ" + b"AB"[at : at + 1] + row + b"\r"
    return (HOME if at == 0 else b"\x1f$\x01" + bytes((at + 1,))) + row
