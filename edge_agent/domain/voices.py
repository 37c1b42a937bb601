"""What a line sounds like: told from a few bytes, which are forgotten at once."""

import re

from edge_agent.domain.devices import Voice

QUESTION = b"\x10\x04\x01"
"""DLE EOT 1: a printer answers with one byte and prints nothing."""
HEARD_BYTES_MAX = 4_096
_DISPLAY = re.compile(rb"\x1bQ[A-D]|\x1bs[0-4]|\x1f[\x24\x42\x43\x45\x54\x58]")
_TILL = re.compile(rb"\x1b@|\x1d[V!hkw(]|\x1b[adEMJ!]|\x1c[&.]")
_SCAN = re.compile(rb"[\x20-\x7e]{4,128}(?:\r\n|\r|\n|\t)+")
_FRAME = re.compile(rb"\x02[^\x02\x03]{1,}\x03")
_STATUS_MASK = 0b1001_0011
_STATUS = 0b0001_0010


def voice_of(heard: bytes) -> Voice | None:
    """Tell who speaks; None when nothing was said that only one kind of device says."""
    if len(heard) == 1:
        return Voice.PRINTER if heard[0] & _STATUS_MASK == _STATUS else None
    if _DISPLAY.search(heard):
        return Voice.DISPLAY
    if _TILL.search(heard):
        return Voice.TILL
    if _FRAME.search(heard):
        return Voice.FRAMED
    return Voice.SCANNER if _SCAN.fullmatch(heard) else None
