"""Two places for the box's program, what lies in each, and which one is started.

    empty, bad ──fill──▶ filling ──▶ ready ──switch──▶ trying ──proved──▶ good, and active
                                                         └── failed, or started too often ──▶ bad

What is active has proved itself: it is never overwritten, and every failure of another leads back
to it. Below both slots lies what the installer put on the box, which no release can touch. Only
the standard library is needed here: the starter runs before any release is known to work.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from retail_core.texts.fault_codes import FaultCode

FACTORY = ""  # the name of what the installer put there
NAMES = ("a", "b")
# A release that did not come up so often is given up, before a boot loop makes it safe mode.
STARTS_MAX = 3
BAD_KEPT = 16
STARTED_TOO_OFTEN = FaultCode.RELEASE_STARTS.value
BROKEN = FaultCode.RELEASE_BROKEN.value


class Stage(StrEnum):
    """How far the release in a slot is."""

    EMPTY = "empty"
    FILLING = "filling"
    READY = "ready"
    TRYING = "trying"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Slot:
    """What lies in a slot: the release's number, which only grows, its name and its tree's sum."""

    stage: Stage = Stage.EMPTY
    number: int = 0
    version: str = ""
    digest: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Slots:
    """Both slots; `starts` counts those of a trial, `before` is what was active before `active`.

    `before` is None where there is nothing to go back to.
    """

    active: str = FACTORY
    a: Slot = Slot()
    b: Slot = Slot()
    starts: int = 0
    before: str | None = None
    bad: tuple[int, ...] = ()

    def slot(self, name: str) -> Slot:
        """Return a slot; of the factory's place nothing is known but that it is there."""
        if name == FACTORY:
            return Slot(Stage.GOOD)
        return self.a if name == "a" else self.b

    @property
    def number(self) -> int:
        """The number of the release that has proved itself here."""
        return self.slot(self.active).number

    @property
    def trying(self) -> str | None:
        """The slot on trial."""
        return next((one for one in NAMES if self.slot(one).stage is Stage.TRYING), None)

    @property
    def spare(self) -> str:
        """The slot that may be overwritten: never the active one, nor a good one without need."""
        free = [one for one in NAMES if one != self.active]
        return min(free, key=lambda one: (self.slot(one).stage is Stage.GOOD, one))


class Refusal(StrEnum):
    """Why a release is not taken."""

    OLDER = FaultCode.RELEASE_OLDER.value
    WAS_BAD = FaultCode.RELEASE_WAS_BAD.value


def refusal(slots: Slots, number: int, *, withdrawn: bool = False) -> Refusal | None:
    """Return why a release is not taken; an older one only where ours is signed off no longer."""
    if number in slots.bad:
        return Refusal.WAS_BAD
    if number < slots.number and not withdrawn:
        return Refusal.OLDER
    return None


def fill(slots: Slots, number: int, version: str) -> Slots:
    """Begin to overwrite the spare slot; while a release is tried none is touched."""
    if slots.trying is not None:
        raise ValueError("a release is on trial")
    slots = emptied(slots)
    name = slots.spare
    before = None if slots.before == name else slots.before
    fresh = Slot(Stage.FILLING, number, version)
    return replace(_put(slots, name, fresh), before=before)


def filled(slots: Slots, digest: str) -> Slots:
    """Note that the slot being filled is whole and on disk."""
    name = _at(slots, Stage.FILLING)
    return _put(slots, name, replace(slots.slot(name), stage=Stage.READY, digest=digest))


def emptied(slots: Slots) -> Slots:
    """Forget what is being filled or ready: nobody wants it any more."""
    for name in NAMES:
        if slots.slot(name).stage in {Stage.FILLING, Stage.READY}:
            slots = _put(slots, name, Slot())
    return slots


def switch(slots: Slots) -> Slots:
    """Put the ready slot on trial from the next start on."""
    name = _at(slots, Stage.READY)
    trial = replace(slots.slot(name), stage=Stage.TRYING)
    return replace(_put(slots, name, trial), starts=0)


def boot(slots: Slots) -> tuple[Slots, str]:
    """Return what is started now, and how it stands once that is on disk."""
    trial = slots.trying
    if trial is None:
        return slots, slots.active
    if slots.starts >= STARTS_MAX:
        return failed(slots, STARTED_TOO_OFTEN), slots.active
    return replace(slots, starts=slots.starts + 1), trial


def came_up(slots: Slots) -> Slots:
    """Note that the trial's start was followed by a healthy while, or an end asked for."""
    return replace(slots, starts=0)


def proved(slots: Slots) -> Slots:
    """Make the release on trial the one that is started; the former stays beside it."""
    name = slots.trying
    if name is None:
        raise ValueError("nothing is on trial")
    good = replace(slots.slot(name), stage=Stage.GOOD)
    return replace(_put(slots, name, good), active=name, before=slots.active, starts=0)


def failed(slots: Slots, code: str) -> Slots:
    """Give the release on trial up."""
    name = slots.trying
    if name is None:
        raise ValueError("nothing is on trial")
    return replace(_spoilt(slots, name, code), starts=0)


def can_go_back(slots: Slots) -> bool:
    """Return whether there is a former release to go back to."""
    return slots.before is not None and slots.slot(slots.before).stage is Stage.GOOD


def back(slots: Slots, code: str) -> Slots:
    """Leave the release on trial, or the active one for the one before it: one step, never two."""
    if slots.trying is not None:
        return failed(slots, code)
    if slots.before is None or not can_go_back(slots):
        raise ValueError("nothing to go back to")
    left = slots.active
    return replace(_spoilt(slots, left, code), active=slots.before, before=None)


def broken(slots: Slots, name: str) -> Slots:
    """Note that a slot's files are not what they were: whatever still is whole is started."""
    spoilt = replace(_spoilt(slots, name, BROKEN), starts=0)
    if name != slots.active:
        return replace(spoilt, before=None if slots.before == name else slots.before)
    other = next((one for one in NAMES if spoilt.slot(one).stage is Stage.GOOD), FACTORY)
    return replace(spoilt, active=other, before=None)


def _at(slots: Slots, stage: Stage) -> str:
    for name in NAMES:
        if slots.slot(name).stage is stage:
            return name
    raise ValueError(f"no slot is {stage}")


def _put(slots: Slots, name: str, slot: Slot) -> Slots:
    return replace(slots, a=slot) if name == "a" else replace(slots, b=slot)


def _spoilt(slots: Slots, name: str, code: str) -> Slots:
    """Mark a slot bad; what is broken by its card alone may be fetched again."""
    slot = slots.slot(name)
    bad = slots.bad if code == BROKEN else (*slots.bad, slot.number)[-BAD_KEPT:]
    return replace(_put(slots, name, replace(slot, stage=Stage.BAD, code=code)), bad=bad)
