"""A seed's history: drawn, run, checked after every step, and made small when it fails."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from retail_core import limits
from retail_core.errors import Fault
from tools.verify_sync.laws import settle_down
from tools.verify_sync.world import BOXES, GOOD, NUMBERS, Habits, Step, ViolationError, World

TRIES_MAX = 1_500
FRAME_EVENTS = 4
WEIGHTS = {
    "sell": 16,
    "burst": 2,
    "tick": 6,
    "pump": 18,
    "up": 16,
    "book": 18,
    "down": 18,
    "step": 10,
    "talk": 60,
    "drop": 3,
    "link": 8,
    "broker": 1,
    "ingest": 4,
    "marks": 2,
    "sweep": 2,
    "http": 2,
    "kill": 2,
    "power": 1,
    "prune": 2,
}
# A card set back and a lost database each have seeds of their own: together they lose sales that
# nobody has any more, and so does a database older than what the boxes keep.
SPECIAL = {
    0: {"image": 6, "set_back": 3},
    1: {"backup": 5, "restore": 3, "prune": 0},
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed came to; `failure` is empty when everything held."""

    seed: int
    steps: int
    sold: int
    booked: int
    in_storm: int
    set_back: int
    restores: int
    failure: str = ""
    at: int = -1


def history(seed: int, count: int) -> list[Step]:
    """Return the steps of a seed; one in four sets cards back, one in four loses the database."""
    rng = Random(seed)  # noqa: S311 -- a simulation repeats itself
    weights = WEIGHTS | SPECIAL.get(seed % 4, {})
    drawn = rng.choices(list(weights), list(weights.values()), k=count)
    opening = [Step("link", at) for at in range(BOXES)]
    return [*opening, *(Step(name, *rng.choices(range(NUMBERS), k=3)) for name in drawn)]


@contextmanager
def small_frames() -> Iterator[None]:
    """Let a frame hold few events, so that a few dozen sales are a backlog."""
    kept, limits.FRAME_EVENTS_MAX = limits.FRAME_EVENTS_MAX, FRAME_EVENTS
    try:
        yield
    finally:
        limits.FRAME_EVENTS_MAX = kept


def play(seed: int, steps: Sequence[Step], habits: Habits = GOOD) -> Outcome:
    """Run steps in the world of a seed."""
    failure, at, in_storm = "", -1, 0
    with small_frames():
        world = World(Random(seed), habits)  # noqa: S311 -- a simulation repeats itself
        try:
            for step in steps:
                at += 1
                world.run(step)
            at += 1
            in_storm = len(world.cloud.state.sales)
            settle_down(world, afresh=seed % 2 == 0)
        except ViolationError as violation:
            failure = str(violation)
        except (Fault, KeyError, ValueError, IndexError) as error:
            failure = f"{type(error).__name__}: {error}"
    return Outcome(
        seed,
        len(steps),
        len(world.sold),
        len(world.cloud.state.sales),
        in_storm,
        sum(box.set_back for box in world.boxes),
        world.restores,
        failure,
        at,
    )


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


def as_lists(steps: Iterable[Step]) -> list[list[str | int]]:
    """Return steps as JSON holds them."""
    return [list(step) for step in steps]


def as_steps(lists: Iterable[Sequence[object]]) -> list[Step]:
    """Return steps from JSON."""
    return [Step(str(name), *(int(str(one)) for one in numbers)) for name, *numbers in lists]
