"""One seed's history: drawn, run, checked after every step, and made small when it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from retail_core.errors import Fault
from tools.verify_ledger.card import Luck
from tools.verify_ledger.laws import check, settle_down
from tools.verify_ledger.world import Step, ViolationError, World, new_world, steps_of

TRIES_MAX = 2_000
ASKING = 1 << 20


@dataclass(frozen=True, slots=True)
class Habits:
    """Bad habits of boxes and cloud, for proving that the simulator finds them."""

    puback_commits: bool = False
    trusts_acks: bool = False
    torn_spend: bool = False
    position_first: bool = False
    acks_to_highest: bool = False


GOOD = Habits()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed came to; `failure` is empty when everything held."""

    seed: int
    steps: int
    redeemed: int
    erased: int
    late: int
    failure: str = ""
    at: int = -1


def history(seed: int, count: int) -> list[Step]:
    """Return the steps of a seed; from `ASKING` on, boxes also ask for what lies elsewhere."""
    return steps_of(Random(seed), count, asking=seed >= ASKING)  # noqa: S311 -- a simulation repeats itself


def play(seed: int, steps: Sequence[Step], habits: Habits = GOOD) -> Outcome:
    """Run steps in the world of a seed."""
    rng = Random(seed)  # noqa: S311 -- a simulation repeats itself
    luck = Luck(
        puback_commits=habits.puback_commits,
        trusts_acks=habits.trusts_acks,
        torn_spend=habits.torn_spend,
        position_first=habits.position_first,
    )
    world, failure, at = None, "", -1
    try:
        world = new_world(2 + seed % 3, rng, luck, acks_to_highest=habits.acks_to_highest)
        for step in steps:
            at += 1
            world.run(step)
            check(world)
        at += 1
        settle_down(world, rng)
    except ViolationError as violation:
        failure = str(violation)
    except (Fault, KeyError, ValueError) as error:
        failure = f"{type(error).__name__}: {error}"
    return _outcome(seed, len(steps), world, failure, at)


def _outcome(seed: int, count: int, world: World | None, failure: str, at: int) -> Outcome:
    if world is None:
        return Outcome(seed, count, 0, 0, 0, failure, at)
    return Outcome(seed, count, world.served, world.erased, world.late, failure, at)


def shrink(seed: int, steps: Sequence[Step], habits: Habits = GOOD) -> list[Step]:
    """Take out whatever the failure does not need: halves first, then single steps."""
    left, size, tries = list(steps), max(1, len(steps) // 2), 0
    while size and tries < TRIES_MAX:
        at, smaller = 0, False
        while at < len(left) and tries < TRIES_MAX:
            without = left[:at] + left[at + size :]
            tries += 1
            if play(seed, without, habits).failure:
                left, smaller = without, True
            else:
                at += size
        if not smaller:
            size //= 2
    return left
