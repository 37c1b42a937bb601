"""What a new member is given for coming, once in her life and in whichever shop she comes first."""

from datetime import date, timedelta
from typing import Annotated

import msgspec

from retail_core import limits

DAYS_MAX = 1_000
ID_CHARS_MAX = 64


class Newcomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newcomer's gift: a coupon of this bundle (`coupon`), or goods (`sku`); one of the two.

    It holds for `days` days, the day of enrolment included. `name` is what the till shows,
    `name_en` what an English one does.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=limits.NAME_CHARS_MAX)]
    name_en: Annotated[str, msgspec.Meta(max_length=limits.NAME_CHARS_MAX)] = ""
    coupon: Annotated[str, msgspec.Meta(max_length=ID_CHARS_MAX)] = ""
    sku: Annotated[str, msgspec.Meta(max_length=limits.NAME_CHARS_MAX)] = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MAX)] = 30

    def last_day(self, first: date) -> date:
        """Return the last day on which it may be used."""
        return first + timedelta(days=self.days - 1)
