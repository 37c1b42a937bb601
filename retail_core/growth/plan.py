"""The growth plan as data: tiers by spending and visits in a window, and what each tier brings.

It is a part of the rule bundle (docs/reference/growth.md) and is checked whole with it
(pricing/rules/checking_growth.py).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from retail_core import limits

WINDOW_DAYS_MAX = 3_660
GRACE_DAYS_MAX = 366
VISITS_MAX = 10_000
LASTING_DAYS_MAX = 366
NOTICE_DAYS_MAX = 60
TIERS_MAX = 20
PERKS_MAX = 20

Code = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARS_MAX)]
Label = Annotated[str, Meta(max_length=limits.NAME_CHARS_MAX)]
Ids = Annotated[tuple[Code, ...], Meta(max_length=PERKS_MAX)]
Fen = Annotated[int, Meta(ge=0, le=limits.AMOUNT_FEN_MAX)]
Visits = Annotated[int, Meta(ge=0, le=VISITS_MAX)]
WindowDays = Annotated[int, Meta(ge=1, le=WINDOW_DAYS_MAX)]
GraceDays = Annotated[int, Meta(ge=0, le=GRACE_DAYS_MAX)]
LastingDays = Annotated[int, Meta(ge=1, le=LASTING_DAYS_MAX)]
NoticeDays = Annotated[int, Meta(ge=0, le=NOTICE_DAYS_MAX)]


class TierGift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An article that a tier brings for nothing; privileges name it by `id`."""

    id: Code
    sku: Code
    name: Code
    name_en: Label = ""


class Privileges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a tier brings besides its prices: ids of coupons of the bundle and of `gifts`.

    `welcome` is given on reaching the tier, once a calendar year at most, `monthly` each calendar
    month, `birthday` once a year, `trial` (gifts only) once in a life. Welcome, birthday and trial
    may be used for `days` days, the first among them; what is monthly, to the month's end.
    """

    welcome: Ids = ()
    monthly: Ids = ()
    birthday: Ids = ()
    trial: Ids = ()
    days: LastingDays = 30


class TierRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tier is reached with both numbers (`all`) or either (`any`) within the window.

    Under `any` a number that is 0 is not asked.
    """

    code: Code
    spend_fen: Fen = 0
    visits: Visits = 0
    mode: Literal["all", "any"] = "all"
    privileges: Privileges = Privileges()


class RollingWindow(
    msgspec.Struct, frozen=True, tag_field="kind", tag="rolling", forbid_unknown_fields=True
):
    """The last `days` days, today among them; a tier reached holds for as many days."""

    days: WindowDays = 365


class CalendarWindow(
    msgspec.Struct, frozen=True, tag_field="kind", tag="calendar", forbid_unknown_fields=True
):
    """A calendar period; a tier reached holds to the end of the period after."""

    period: Literal["month", "quarter", "year"] = "year"


Window = RollingWindow | CalendarWindow


class GrowthPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tiers lowest first; the lowest asks nothing. With `soft_landing` a fall is one step.

    `birthday_notice_days`: how long before the birthday its coupons and gifts are given.
    """

    tiers: Annotated[tuple[TierRule, ...], Meta(min_length=1, max_length=TIERS_MAX)]
    window: Window = RollingWindow()
    grace_days: GraceDays = 30
    soft_landing: bool = True
    gifts: Annotated[tuple[TierGift, ...], Meta(max_length=limits.OFFERS_MAX)] = ()
    birthday_notice_days: NoticeDays = 7

    def rank(self, code: str) -> int:
        """Return a tier's place from below; an unknown code counts as the lowest."""
        return next((at for at, tier in enumerate(self.tiers) if tier.code == code), 0)

    def tier(self, code: str) -> TierRule:
        """Return a tier; the lowest for an unknown code."""
        return self.tiers[self.rank(code)]
