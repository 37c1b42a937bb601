"""Can this shop sell? One answer for the till screen, the box's API and HQ's wall."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from retail_core import limits
from retail_core.clock import TimeQuality
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class HealthState(StrEnum):
    """`ok`, `degraded` (sells, with something missing), `cannot` (sells nothing), `gone`."""

    OK = "ok"
    DEGRADED = "degraded"
    CANNOT = "cannot"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a box; what nobody has looked at counts as well.

    `devices` maps camera, qr, nfc, till_tap, cloud to `ok`, `starting`, `stalled`, `gone` or `off`.
    `noted` is what parts of the box say of themselves beyond a state.
    `silent_ms` is how long HQ has not heard of the box; on the box it stays 0.
    """

    journal_fault: Fault | None = None
    has_catalogue: bool = True
    has_bundle: bool = True
    clock: TimeQuality = TimeQuality.SYNCED
    devices: Mapping[str, str] = field(default_factory=dict)
    noted: tuple[Fault, ...] = ()
    silent_ms: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The answer and why, the gravest reason first, each with its particulars."""

    state: HealthState
    reasons: tuple[Fault, ...] = ()


_SICK = frozenset({"stalled", "gone"})
REASON_OF_DEVICE = {
    "till_tap": FaultCode.TILL_TAP_GONE,
    "nfc": FaultCode.NFC_READER_GONE,
    "camera": FaultCode.CAMERA_STALLED,
    "cloud": FaultCode.SYNC_LINK_DOWN,
}


def can_sell(facts: Facts) -> Health:
    """Judge the facts: only a journal that cannot be written stops a shop."""
    if facts.silent_ms > limits.PRESENCE_GONE_AFTER_MS:
        return Health(HealthState.GONE, (Fault(FaultCode.SYNC_LINK_DOWN),))
    missing = tuple(_missing(facts))
    if facts.journal_fault is not None:
        return Health(HealthState.CANNOT, (facts.journal_fault, *missing))
    return Health(HealthState.DEGRADED if missing else HealthState.OK, missing)


def _missing(facts: Facts) -> list[Fault]:
    found = []
    if not facts.has_catalogue:
        found.append(Fault(FaultCode.CATALOGUE_EMPTY))
    if not facts.has_bundle:
        found.append(Fault(FaultCode.BUNDLE_MISSING))
    if facts.clock == TimeQuality.UNKNOWN:
        found.append(Fault(FaultCode.QR_CLOCK_UNKNOWN))
    found.extend(facts.noted)
    sick = (code for name, code in REASON_OF_DEVICE.items() if facts.devices.get(name) in _SICK)
    found.extend(map(Fault, sick))
    return found
