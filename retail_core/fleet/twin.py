"""What a box is to be like: layers of settings from the chain down to the box, and their sum.

A layer says some keys; the nearest layer that says a key wins, and which one that was is kept. The
version counts every change in the whole chain, so what a box is handed never goes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from retail_core.fleet.twin_settings import Value, check, setting
from retail_core.texts.faults import FaultCode

Scope = Literal["chain", "region", "store", "device"]
SCOPES: tuple[Scope, ...] = ("chain", "region", "store", "device")

Values = Mapping[str, Value]
# What is said to many boxes may be meant for those of them that have such a till or counter.
_OF_MANY: frozenset[Scope] = frozenset({"chain", "region"})
NOTHING: Values = MappingProxyType({})


class Outcome(StrEnum):
    """What a box made of one key."""

    APPLIED = "applied"
    AT_START = "at_start"  # taken down, in force when the program starts next
    TRYING = "trying"
    REFUSED = "refused"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place says, since which change, by whom and why."""

    scope: Scope
    values: Values = field(default_factory=dict)
    version: int = 0
    author: str = ""
    note: str = ""
    made_ms: int = 0


@dataclass(frozen=True, slots=True)
class Desired:
    """The value of a key, who said it, and which layers said otherwise, nearest first."""

    value: Value
    scope: Scope
    over: tuple[Scope, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What a box said of one key: the value that is in force, and why not the one wanted."""

    outcome: Outcome
    value: Value | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that is not as wanted; `wanted` or `told` is None where there is none."""

    key: str
    wanted: Desired | None
    told: Told | None


def resolved(layers: Mapping[Scope, Values]) -> dict[str, Desired]:
    """Return every key that some layer says, with the nearest layer's value."""
    found: dict[str, Desired] = {}
    for scope in SCOPES:
        for key, value in layers.get(scope, NOTHING).items():
            before = found.get(key)
            over = () if before is None else (before.scope, *before.over)
            found[key] = Desired(value, scope, over)
    return dict(sorted(found.items()))


def changed(before: Values, put: Values, drop: frozenset[str] = frozenset()) -> dict[str, Value]:
    """Return a layer after a change. Faults TWIN_KEY_UNKNOWN, TWIN_VALUE_WRONG.

    A key that is dropped falls back to what the layers above say.
    """
    for key in sorted(drop):
        setting(key)
    for key, value in put.items():
        check(key, value)
    kept = {key: value for key, value in before.items() if key not in drop}
    return dict(sorted((kept | dict(put)).items()))


@dataclass(frozen=True, slots=True)
class Move:
    """A key whose wanted value a change moves; None where nothing is wanted."""

    key: str
    before: Desired | None
    after: Desired | None


def moves(before: Mapping[str, Desired], after: Mapping[str, Desired]) -> tuple[Move, ...]:
    """Return the keys whose wanted value is another one; who says it alone is no move."""
    return tuple(
        Move(key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys())
        if not _wanted_alike(before.get(key), after.get(key))
    )


def _wanted_alike(one: Desired | None, other: Desired | None) -> bool:
    if one is None or other is None:
        return one is other
    return same(one.value, other.value)


def differences(wanted: Mapping[str, Desired], told: Mapping[str, Told]) -> tuple[Difference, ...]:
    """Return the keys in which a box is not as wanted, or still holds what nobody wants."""
    return tuple(
        Difference(key, wanted.get(key), told.get(key))
        for key in sorted(wanted.keys() | told.keys())
        if not _agree(wanted.get(key), told.get(key))
    )


def not_here(difference: Difference) -> bool:
    """Return whether a key is said to many boxes and this one has no such till or counter."""
    wanted, told = difference.wanted, difference.told
    if wanted is None or told is None or wanted.scope not in _OF_MANY:
        return False
    return told.outcome is Outcome.REFUSED and told.code == FaultCode.TWIN_PLACE_UNKNOWN.value


def _agree(wanted: Desired | None, told: Told | None) -> bool:
    if wanted is None or told is None:
        return wanted is None and (told is None or told.value is None)
    return told.outcome is Outcome.APPLIED and same(told.value, wanted.value)


def same(one: Value | None, other: Value | None) -> bool:
    """Return whether two values are the same; True is not 1."""
    return type(one) is type(other) and one == other


def takes(held: int, handed: int) -> bool:
    """Return whether a box takes what it is handed: the same again changes nothing, older never."""
    return handed >= held
