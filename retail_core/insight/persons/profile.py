"""What is known of a person: properties, points and consents of all her names together.

Everything stays with the name it was said under. A profile is a sum over the names that are one
person now, so that it parts as it came when they are two again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from retail_core.insight.persons.kinds import Handle

Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Said:
    """A property as a source said it; the lowest `rank` of a source is believed first."""

    said_id: str
    handle: Handle
    name: str
    value: Value
    source: str
    rank: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent given or withdrawn for a purpose."""

    agreed_id: str
    handle: Handle
    purpose: str
    given: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Points that came or went, whole points; negative when spent."""

    moved_id: str
    handle: Handle
    points: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as she is now; `points` below 0 are owed."""

    handles: frozenset[Handle]
    properties: Mapping[str, Value] = field(default_factory=dict)
    points: int = 0
    consents: Mapping[str, bool] = field(default_factory=dict)


def profile_of(
    handles: frozenset[Handle],
    said: Iterable[Said] = (),
    agreed: Iterable[Agreed] = (),
    moved: Iterable[Moved] = (),
) -> Profile:
    """Return a person's profile from what was said under any name; others' words are passed over.

    A property is the best source's, of equal ones the newest. A consent is the strictest: whoever
    said no last under one of the names said no, and a purpose nobody spoke of is not there.
    """
    return Profile(
        handles,
        _properties(one for one in said if one.handle in handles),
        sum(one.points for one in moved if one.handle in handles),
        _consents(one for one in agreed if one.handle in handles),
    )


def _properties(said: Iterable[Said]) -> dict[str, Value]:
    best: dict[str, Said] = {}
    for one in said:
        held = best.get(one.name)
        if held is None or _better(one) < _better(held):
            best[one.name] = one
    return {name: best[name].value for name in sorted(best)}


def _better(said: Said) -> tuple[int, int, str]:
    return said.rank, -said.at_ms, said.said_id


def _consents(agreed: Iterable[Agreed]) -> dict[str, bool]:
    last: dict[tuple[Handle, str], Agreed] = {}
    for one in agreed:
        held = last.get((one.handle, one.purpose))
        # Of two words of one moment the stricter one counts.
        if held is None or (one.at_ms, not one.given) > (held.at_ms, not held.given):
            last[one.handle, one.purpose] = one
    words: defaultdict[str, list[bool]] = defaultdict(list)
    for (_, purpose), one in last.items():
        words[purpose].append(one.given)
    return {purpose: all(words[purpose]) for purpose in sorted(words)}
