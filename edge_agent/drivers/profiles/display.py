"""The profile of a customer display: its line, its size, and what it can show."""

from typing import Annotated, Literal

from pydantic import Field

from edge_agent.drivers.profiles.sections import Encoding, Profile
from edge_agent.drivers.profiles.till import SerialLine


class DisplayProfile(Profile):
    """A customer display on a serial line.

    `surface`: words, or figures with lamps alone. `dialect`: how the box writes there; both are
    read. `chinese_mode`: FS & goes before Chinese. A greeting stands for `hold_ms`.
    """

    kind: Literal["customer_display"]
    line: SerialLine = SerialLine()
    surface: Literal["text", "figures"] = "text"
    dialect: Literal["cd5220", "epson"] = "cd5220"
    columns: Annotated[int, Field(ge=8, le=40)] = 20
    encoding: Encoding = "gb18030"
    chinese_mode: bool = False
    language: Literal["zh", "en"] = "zh"
    hold_ms: Annotated[int, Field(ge=500, le=20_000)] = 4_000
