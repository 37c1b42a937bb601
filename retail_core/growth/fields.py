"""What single fields of tasks, the mall and invitations may hold; the reader refuses the rest."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from retail_core import limits

ID_CHARS_MAX = 64
TIMES_MAX = 1_000_000
POINTS_MAX = 100_000_000

Id = Annotated[str, Meta(min_length=1, max_length=ID_CHARS_MAX, pattern=r"^[A-Za-z0-9_.-]+$")]
Title = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARS_MAX)]
Label = Annotated[str, Meta(max_length=limits.NAME_CHARS_MAX)]
Names = Annotated[frozenset[Title], Meta(max_length=limits.RULE_NAMES_MAX)]
Points = Annotated[int, Meta(ge=0, le=POINTS_MAX)]
PointsAbove = Annotated[int, Meta(ge=1, le=POINTS_MAX)]
Fen = Annotated[int, Meta(ge=0, le=limits.AMOUNT_FEN_MAX)]
Count = Annotated[int, Meta(ge=0, le=TIMES_MAX)]
Times = Annotated[int, Meta(ge=1, le=TIMES_MAX)]
Streak = Annotated[int, Meta(ge=2, le=366)]
Lasting = Annotated[int, Meta(ge=1, le=366, description="days, the first one among them")]
Waiting = Annotated[int, Meta(ge=0, le=366)]
Day = date
NAMES_NOTHING: frozenset[str] = frozenset()
