"""Findings become issues: an issue stands when a finding lasted, and goes when it stayed away.

A reader that drops out for a second is no issue, and one that comes back for a second is not
mended. Times are the box's monotonic clock: a clock that is put right moves no issue.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from retail_core import limits
from retail_core.texts.faults import FaultCode


class Severity(StrEnum):
    """How much it matters: the shop sells nothing, something is missing, it will be one day."""

    STOPS = "stops"
    HINDERS = "hinders"
    WARNS = "warns"


class Mender(StrEnum):
    """Who can mend it, the nearest who can."""

    CLERK = "clerk"
    TECHNICIAN = "technician"
    HQ = "hq"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found at one look; `subject` tells two of one kind apart (`nfc@a`)."""

    subject: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


class Patience(Protocol):
    """How long a finding has to last, and to be away, in milliseconds."""

    @property
    def after_ms(self) -> int:
        """Before it is an issue."""
        ...

    @property
    def gone_ms(self) -> int:
        """Before the issue is over."""
        ...


Key = tuple[FaultCode, str]


@dataclass(frozen=True, slots=True)
class Watched:
    """A finding over time; `raised` ones are issues."""

    code: FaultCode
    finding: Finding
    first_ms: int
    last_ms: int
    raised: bool

    @property
    def key(self) -> Key:
        """What names it."""
        return self.code, self.finding.subject


def advance(
    held: Mapping[Key, Watched],
    found: Iterable[tuple[FaultCode, Finding]],
    patience: Mapping[FaultCode, Patience],
    now_ms: int,
) -> dict[Key, Watched]:
    """Return what is watched after one look; at most `HEALTH_ISSUES_MAX`, the oldest stay."""
    now = {(code, finding.subject): finding for code, finding in found}
    after = {
        key: kept
        for key, before in held.items()
        if (kept := _kept(before, now.get(key), patience[before.code], now_ms)) is not None
    }
    for key, finding in now.items():
        if key not in after and len(after) < limits.HEALTH_ISSUES_MAX:
            at_once = patience[key[0]].after_ms <= 0
            after[key] = Watched(key[0], finding, now_ms, now_ms, at_once)
    return after


def _kept(
    before: Watched, finding: Finding | None, patience: Patience, now_ms: int
) -> Watched | None:
    if finding is not None:
        raised = before.raised or now_ms - before.first_ms >= patience.after_ms
        return Watched(before.code, finding, before.first_ms, now_ms, raised)
    stays = before.raised and now_ms - before.last_ms < patience.gone_ms
    return before if stays else None


def standing(held: Mapping[Key, Watched]) -> tuple[Watched, ...]:
    """Return the issues that stand, the oldest first."""
    return tuple(sorted((one for one in held.values() if one.raised), key=lambda one: one.first_ms))
