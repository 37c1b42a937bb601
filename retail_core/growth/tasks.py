"""Tasks as data: check in, buy, bring a friend; once or again in every period, for a reward.

They are a part of the signed rule bundle (docs/reference/tasks-and-mall.md) and are checked whole
with it. A day always is a business day.
"""

from typing import Annotated, Literal

import msgspec

from retail_core import limits
from retail_core.growth.fields import (
    NAMES_NOTHING,
    Count,
    Day,
    Fen,
    Id,
    Label,
    Names,
    Streak,
    Times,
    Title,
)
from retail_core.growth.rewards import Reward

Every = Literal["once", "day", "week", "month"]


class Goods(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles count: any of the named ones; when nothing is named, all."""

    skus: Names = NAMES_NOTHING
    categories: Names = NAMES_NOTHING
    brands: Names = NAMES_NOTHING
    tags: Names = NAMES_NOTHING

    @property
    def all(self) -> bool:
        """Whether every article counts."""
        return not (self.skus or self.categories or self.brands or self.tags)


class TaskBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every task has.

    `every`: within which period it is done, and may be done again in the next. `per_person`: how
    often in all; the earliest count. After each `streak` periods in a row without a gap there is
    `streak_reward` besides. `stores` by name; none means everywhere.
    """

    id: Id
    name: Title
    name_en: Label = ""
    reward: Reward
    every: Every = "once"
    first_day: Day | None = None
    last_day: Day | None = None
    per_person: Times | None = None
    streak: Streak | None = None
    streak_reward: Reward = Reward()
    stores: Names = NAMES_NOTHING


class CheckInTask(TaskBase, frozen=True, kw_only=True, tag_field="kind", tag="checkin"):
    """Check in at a counter, by its tag or code and the signed-in phone, on `days` days.

    A face is never a check-in: nobody is to be drawn past a camera for points.
    """

    days: Times = 1


class SpendTask(TaskBase, frozen=True, kw_only=True, tag_field="kind", tag="spend"):
    """Buy for `fen`, on `visits` days, `units` whole units; all that is asked must be met.

    Money and units count on `items` alone; what was given back does not count.
    """

    fen: Fen = 0
    visits: Count = 0
    units: Count = 0
    items: Goods = Goods()


class ShareTask(TaskBase, frozen=True, kw_only=True, tag_field="kind", tag="share"):
    """Share a link that `friends` new persons open and then join or come with."""

    friends: Times = 1


Task = CheckInTask | SpendTask | ShareTask
Tasks = Annotated[tuple[Task, ...], msgspec.Meta(max_length=limits.TASKS_MAX)]
