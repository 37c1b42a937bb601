"""The profile of a bar code scanner: its line or its keyboard, and how a scan ends."""

from typing import Annotated, Literal

from pydantic import Field

from edge_agent.drivers.profiles.sections import Profile
from edge_agent.drivers.profiles.till import SerialLine


class ScannerProfile(Profile):
    """A scanner on a serial line or one that types.

    `ends`: with CR, LF or Tab, or with silence alone. A pause of `gap_ms` ends or breaks a scan;
    one over radio may pause longer within a code.
    `terminator` is sent behind what the box types. `layout` is the keyboard's at both ends.
    """

    kind: Literal["scanner"]
    through: Literal["serial", "keyboard"] = "serial"
    line: SerialLine = SerialLine()
    ends: Literal["terminator", "silence"] = "terminator"
    terminator: Literal["cr", "lf", "crlf", "tab", "none"] = "cr"
    gap_ms: Annotated[int, Field(ge=10, le=1_000)] = 60
    layout: Literal["us", "gb", "de", "fr"] = "us"
