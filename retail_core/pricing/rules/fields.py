"""What single fields of a rule may hold; the reader refuses the rest and the schemas show it."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from retail_core import limits

VERSION_MAX = 2**31 - 1
ID_CHARS_MAX = 64
SET_UNITS_MAX = 100
TIMES_MAX = 1_000_000_000
_WALL_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?$"

Id = Annotated[str, Meta(min_length=1, max_length=ID_CHARS_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARS_MAX)]
Label = Annotated[str, Meta(max_length=limits.NAME_CHARS_MAX)]
Names = Annotated[frozenset[Name], Meta(max_length=limits.RULE_NAMES_MAX)]
Fen = Annotated[int, Meta(ge=0, le=limits.AMOUNT_FEN_MAX)]
FenAbove = Annotated[int, Meta(ge=1, le=limits.AMOUNT_FEN_MAX)]
Discount = Annotated[int, Meta(ge=1, le=999, description="thousandths of a price, 950 is 5 % off")]
DiscountOrFree = Annotated[int, Meta(ge=0, le=999)]
Times = Annotated[int, Meta(ge=1, le=TIMES_MAX)]
Count = Annotated[int, Meta(ge=0, le=TIMES_MAX)]
GiftUnits = Annotated[int, Meta(ge=1, le=SET_UNITS_MAX)]
Share = Annotated[int, Meta(ge=1, le=1000)]
TierPermille = Annotated[int, Meta(ge=0, le=1_000_000)]
SetUnits = Annotated[int, Meta(ge=2, le=SET_UNITS_MAX)]
StockUnits = Annotated[int, Meta(ge=-TIMES_MAX, le=TIMES_MAX)]
Priority = Annotated[int, Meta(ge=-TIMES_MAX, le=TIMES_MAX)]
Days = Annotated[int, Meta(ge=0, le=100_000)]
WallTime = Annotated[
    datetime,
    Meta(
        tz=False,
        description="wall time in the store's zone, as 2026-08-01T00:00:00",
        extra_json_schema={"pattern": _WALL_TIME},
    ),
]
Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
ClockOrMidnight = Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
