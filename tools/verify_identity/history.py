"""A history: what members, shops, channels and HQ do, in an order that a seed gives."""

from random import Random
from typing import Final, Literal, NamedTuple

PERSONS: Final = 4
VISITORS: Final = 3
Act = Literal["sell", "refund", "give", "agree", "view", "identify", "link", "unlink", "settle"]
# What only a history with merges does.
MERGING: Final = frozenset({"link", "unlink"})
_ACTS: Final[tuple[Act, ...]] = (
    *("sell", "sell", "sell", "refund", "give", "agree", "view", "view", "identify"),
    *("link", "link", "unlink", "settle"),
)


class Step(NamedTuple):
    """One step; the numbers mean what their act needs: persons, visitors, sales, points."""

    act: Act
    one: int = 0
    other: int = 0
    much: int = 0


def history(seed: int, steps: int) -> tuple[Step, ...]:
    """Return a seed's history."""
    dice = Random(seed)  # noqa: S311 - repeatable, and nothing secret
    made = []
    for _ in range(steps):
        act = dice.choice(_ACTS)
        one, other = dice.sample(range(PERSONS), 2)
        if act in {"view", "identify"}:
            other = dice.randrange(VISITORS)
        made.append(Step(act, one, other, dice.randrange(1, 1_000)))
    return tuple(made)
