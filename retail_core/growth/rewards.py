"""What is given for a task or an invitation, and how what was given follows what is due.

What is due is worked out anew from everything that happened; what was given is kept with its turn.
The difference is given or taken back, so the order in which things became known, and how often,
leaves no trace, and what came of a purchase that was taken back is taken back too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from retail_core.growth.fields import Id, Label, Lasting, Points

LASTING_DAYS = 30


class GiftGoods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An article that is handed over at a till for nothing."""

    sku: Id
    name: Label = ""
    name_en: Label = ""


class Reward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Points, a coupon (its rule in the same bundle), a gift, or several of them.

    `days`: how long coupon and gift may be used, the day of giving among them.
    """

    points: Points = 0
    coupon: Label = ""
    gift: GiftGoods | None = None
    days: Lasting = LASTING_DAYS

    @property
    def is_nothing(self) -> bool:
        """Whether it gives nothing at all."""
        return not (self.points or self.coupon or self.gift)


@dataclass(frozen=True, slots=True)
class Given:
    """A reward as it was given the last time; `turn` counts how often, `stands` while it is."""

    reward: Reward
    turn: int
    stands: bool


@dataclass(frozen=True, slots=True)
class Act:
    """A reward to be given, or taken back, for a cause."""

    cause: str
    reward: Reward
    turn: int
    give: bool


def settle(
    given: Mapping[str, Given],
    wanted: Mapping[str, Reward],
    may_take: Callable[[str], bool],
) -> tuple[Act, ...]:
    """Return what is to be done, by cause; a reward that stands is left as it was promised.

    `may_take` tells for which causes `wanted` speaks: what it does not speak for is kept.
    """
    acts: list[Act] = []
    for cause in sorted(wanted.keys() | given.keys()):
        known, due = given.get(cause), wanted.get(cause)
        stands = known is not None and known.stands
        if due is not None and not stands:
            acts.append(Act(cause, due, 1 if known is None else known.turn + 1, give=True))
        elif known is not None and stands and due is None and may_take(cause):
            acts.append(Act(cause, known.reward, known.turn, give=False))
    return tuple(acts)


def acted(given: Mapping[str, Given], acts: tuple[Act, ...]) -> dict[str, Given]:
    """Return what is given after the acts."""
    return {**given, **{act.cause: Given(act.reward, act.turn, act.give) for act in acts}}
