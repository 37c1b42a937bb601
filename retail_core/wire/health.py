"""What a box says of its own body: figures of the board and of its work, and what is wrong."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retail_core import limits
from retail_core.wire.fields import Count, Text


class BoxVitals(msgspec.Struct, array_like=True, frozen=True):
    """Figures of one look at a box; None is what this board cannot say.

    `throttled` are the firmware's bits (0 to 3 now, 16 to 19 since the boot), `card_eol` is the
    card's own word (1 well, 2 warning, 3 urgent), `clock` a `TimeQuality`; `priced` and `booked`
    are 1 where the last trial sale went through. Counts of an hour end with `_hour`.
    """

    throttled: Count | None = None
    temperature_c: Count | None = None
    card_life_percent: Count | None = None
    card_eol: Count | None = None
    disk_free_mb: Count | None = None
    disk_free_percent: Count | None = None
    memory_free_percent: Count | None = None
    clock: Count | None = None
    clock_off_ms: Count | None = None
    usb_resets_hour: Count | None = None
    camera_stalls_hour: Count | None = None
    reader_resets_hour: Count | None = None
    queue_depth: Count | None = None
    queue_age_s: Count | None = None
    journal_ms: Count | None = None
    certificate_days: Count | None = None
    faces: Count | None = None
    faces_max: Count | None = None
    priced: Count | None = None
    booked: Count | None = None
    safe_mode: Count | None = None
    uptime_s: Count | None = None


class IssueTold(msgspec.Struct, array_like=True, frozen=True):
    """Something wrong at a box: the fault's code, what it is about, since when, and its fields."""

    code: Text
    subject: Text = ""
    since_ms: Count = 0
    fields: Annotated[dict[Text, Text], Meta(max_length=limits.HEALTH_FIELDS_MAX)] = {}


Issues = Annotated[tuple[IssueTold, ...], Meta(max_length=limits.HEALTH_ISSUES_MAX)]
