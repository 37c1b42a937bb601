"""The checks of a box's health: each reads one look at the box and says what it finds.

A limit has two sides: one that raises the issue and a milder one that it has to fall below before
the issue may clear. What a board cannot say (None) is not found wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from retail_core.clock import TimeQuality
from retail_core.fleet.issues import Finding, Key, Mender, Severity
from retail_core.texts.faults import FaultCode
from retail_core.wire.health import BoxVitals

MINUTE_MS = 60_000
SICK = frozenset({"stalled", "gone"})
# Beside devices a look names the parts of the program that hang, as `part:journal`.
PART = "part:"
# Bits of the firmware's word: what is so now, and what was so at least once since the boot.
UNDERVOLTED = 1 << 0 | 1 << 16
SLOWED = 1 << 1 | 1 << 2 | 1 << 3


# So many receipts of a till in a row: one that is torn off is no reason to go there.
UNREAD_MIN = 5


@dataclass(frozen=True, slots=True)
class TillSeen:
    """An old till: how many receipts in a row were not read, and whether it lost its agreement."""

    unread: int = 0
    disagrees: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a box; `standing` are the issues that stand already, `tills` go by name.

    `faces_off` says why no face can be read although cameras are there, None where one can be.
    """

    vitals: BoxVitals
    devices: Mapping[str, str] = field(default_factory=dict)
    standing: frozenset[Key] = frozenset()
    tills: Mapping[str, TillSeen] = field(default_factory=dict)
    faces_off: FaultCode | None = None

    def past(self, code: FaultCode, value: int | None, over: int, clear: int) -> bool:
        """Tell whether a value is at or over its limit, and once it was, still over `clear`."""
        return value is not None and value >= (clear if (code, "") in self.standing else over)

    def short(self, code: FaultCode, value: int | None, under: int, clear: int) -> bool:
        """Tell whether a value is under its limit, and once it was, still under `clear`."""
        return value is not None and value < (clear if (code, "") in self.standing else under)


Found = Iterable[Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what its issue is called, how much it matters, who mends it, and how to look."""

    code: FaultCode
    severity: Severity
    mender: Mender
    look: Callable[[Look], Found]
    after_ms: int = 0
    gone_ms: int = MINUTE_MS


def _one(*, found: bool, **fields: object) -> Found:
    return (Finding(fields={name: str(value) for name, value in fields.items()}),) * found


def _undervoltage(look: Look) -> Found:
    word = look.vitals.throttled
    return _one(found=word is not None and bool(word & UNDERVOLTED))


def _throttled(look: Look) -> Found:
    word = look.vitals.throttled
    return _one(found=word is not None and bool(word & SLOWED))


def _hot(look: Look) -> Found:
    celsius = look.vitals.temperature_c
    return _one(found=look.past(FaultCode.HEALTH_HOT, celsius, 80, 72), celsius=celsius)


def _card_worn(look: Look) -> Found:
    percent, word = look.vitals.card_life_percent, look.vitals.card_eol
    worn = look.past(FaultCode.HEALTH_CARD_WORN, percent, 80, 80) or word == 2  # noqa: PLR2004
    # What is to be done today is not said a second time for the next visit.
    later = worn and not _fails(look)
    return _one(found=later, percent=percent if percent is not None else "≥80")


def _fails(look: Look) -> bool:
    percent, word = look.vitals.card_life_percent, look.vitals.card_eol
    failing = look.past(FaultCode.HEALTH_CARD_FAILING, percent, 100, 100)
    return failing or word == 3  # noqa: PLR2004 -- the card's word for "urgent"


def _card_failing(look: Look) -> Found:
    return _one(found=_fails(look))


def _disk_low(look: Look) -> Found:
    percent = look.vitals.disk_free_percent
    low = look.short(FaultCode.HEALTH_DISK_LOW, percent, 10, 15)
    return _one(found=low, percent=percent, mb=look.vitals.disk_free_mb)


def _memory_low(look: Look) -> Found:
    percent = look.vitals.memory_free_percent
    return _one(found=look.short(FaultCode.HEALTH_MEMORY_LOW, percent, 8, 12), percent=percent)


def _clock_unknown(look: Look) -> Found:
    return _one(found=look.vitals.clock == TimeQuality.UNKNOWN)


def _clock_off(look: Look) -> Found:
    off = look.vitals.clock_off_ms
    return _one(
        found=look.past(FaultCode.HEALTH_CLOCK_OFF, off, 30_000, 5_000),
        seconds=None if off is None else off // 1_000,
    )


def _usb_resets(look: Look) -> Found:
    count = look.vitals.usb_resets_hour
    return _one(found=look.past(FaultCode.HEALTH_USB_RESETS, count, 5, 2), count=count)


def _camera_stalls(look: Look) -> Found:
    count = look.vitals.camera_stalls_hour
    return _one(found=look.past(FaultCode.HEALTH_CAMERA_STALLS, count, 6, 2), count=count)


def _reader_resets(look: Look) -> Found:
    count = look.vitals.reader_resets_hour
    return _one(found=look.past(FaultCode.HEALTH_READER_RESETS, count, 6, 2), count=count)


def _queue_old(look: Look) -> Found:
    age = look.vitals.queue_age_s
    return _one(
        found=look.past(FaultCode.HEALTH_QUEUE_OLD, age, 3_600, 600),
        minutes=None if age is None else age // 60,
        count=look.vitals.queue_depth,
    )


def _journal_slow(look: Look) -> Found:
    took = look.vitals.journal_ms
    return _one(found=look.past(FaultCode.HEALTH_JOURNAL_SLOW, took, 500, 200), ms=took)


def _certificate(look: Look) -> Found:
    days = look.vitals.certificate_days
    return _one(found=look.short(FaultCode.HEALTH_CERTIFICATE, days, 7, 8), days=days)


def _faces_full(look: Look) -> Found:
    faces, most = look.vitals.faces, look.vitals.faces_max
    full = None if faces is None or not most else faces * 100 // most
    found = look.past(FaultCode.HEALTH_FACES_FULL, full, 90, 85)
    return _one(found=found, count=faces, most=most)


def _cannot_price(look: Look) -> Found:
    return _one(found=look.vitals.priced == 0)


def _cannot_book(look: Look) -> Found:
    return _one(found=look.vitals.booked == 0)


def _devices_away(look: Look) -> Found:
    no_device = {"cloud", *_faces(look), *_told_by_others(look.devices)}
    return [
        Finding(name, {"device": name, "state": state})
        for name, state in sorted(look.devices.items())
        if state in SICK and name not in no_device and not name.startswith(PART)
    ]


def _told_by_others(devices: Mapping[str, str]) -> set[str]:
    """Name what is away because something else is: one plug is pushed in once.

    Faces and codes are read by the camera of their lane; and where lanes are told apart the worst
    of a kind (`nfc`) is one of theirs (`nfc@a`).
    """
    blind = {name.partition("@")[2] for name, state in devices.items() if _is_lost(name, state)}
    seeing = {name for name in devices if name.partition("@")[0] in ("face", "qr")}
    of_lanes = {name.partition("@")[0] for name in devices if "@" in name}
    return {name for name in seeing if name.partition("@")[2] in blind} | of_lanes


def _is_lost(name: str, state: str) -> bool:
    return name.partition("@")[0] == "camera" and state in SICK


def _faces(look: Look) -> tuple[str, ...]:
    """Name what no plug mends: faces of which the models are not in use."""
    if look.faces_off is None:
        return ()
    return tuple(name for name in look.devices if name.partition("@")[0] == "face")


def _faces_off(look: Look) -> Found:
    return _one(found=look.faces_off is not None, why=look.faces_off or "")


def _parts_hung(look: Look) -> Found:
    hung = (name for name, state in look.devices.items() if name.startswith(PART) and state in SICK)
    return [Finding(part, {"part": part}) for part in (name[len(PART) :] for name in sorted(hung))]


def _tills_unread(look: Look) -> Found:
    return [
        Finding(name, {"till": name, "count": str(seen.unread)})
        for name, seen in sorted(look.tills.items())
        if seen.unread >= UNREAD_MIN
    ]


def _tills_disagree(look: Look) -> Found:
    lost = (name for name, seen in sorted(look.tills.items()) if seen.disagrees)
    return [Finding(name, {"till": name}) for name in lost]


def _safe_mode(look: Look) -> Found:
    return _one(found=bool(look.vitals.safe_mode))


_C, _S, _M = FaultCode, Severity, Mender
REGISTRY: tuple[Check, ...] = (
    Check(_C.HEALTH_CANNOT_BOOK, _S.STOPS, _M.TECHNICIAN, _cannot_book, gone_ms=0),
    Check(_C.HEALTH_PART_HUNG, _S.HINDERS, _M.TECHNICIAN, _parts_hung),
    Check(_C.HEALTH_CANNOT_PRICE, _S.HINDERS, _M.HQ, _cannot_price, gone_ms=0),
    Check(_C.HEALTH_SAFE_MODE, _S.HINDERS, _M.TECHNICIAN, _safe_mode, gone_ms=0),
    Check(_C.HEALTH_DEVICE_AWAY, _S.HINDERS, _M.CLERK, _devices_away, after_ms=30_000),
    Check(_C.HEALTH_FACES_OFF, _S.HINDERS, _M.TECHNICIAN, _faces_off),
    Check(_C.HEALTH_TILL_UNREAD, _S.HINDERS, _M.TECHNICIAN, _tills_unread, gone_ms=0),
    Check(_C.HEALTH_TILL_DISAGREES, _S.WARNS, _M.TECHNICIAN, _tills_disagree, gone_ms=0),
    Check(_C.HEALTH_CARD_FAILING, _S.HINDERS, _M.TECHNICIAN, _card_failing),
    Check(_C.HEALTH_DISK_LOW, _S.HINDERS, _M.TECHNICIAN, _disk_low),
    Check(_C.HEALTH_UNDERVOLTAGE, _S.HINDERS, _M.TECHNICIAN, _undervoltage),
    Check(_C.HEALTH_THROTTLED, _S.WARNS, _M.TECHNICIAN, _throttled, MINUTE_MS, 5 * MINUTE_MS),
    Check(_C.HEALTH_HOT, _S.WARNS, _M.CLERK, _hot, MINUTE_MS, 5 * MINUTE_MS),
    Check(_C.HEALTH_CARD_WORN, _S.WARNS, _M.TECHNICIAN, _card_worn),
    Check(_C.HEALTH_MEMORY_LOW, _S.WARNS, _M.TECHNICIAN, _memory_low, 2 * MINUTE_MS),
    Check(_C.HEALTH_CLOCK_UNKNOWN, _S.HINDERS, _M.CLERK, _clock_unknown, MINUTE_MS, 0),
    Check(_C.HEALTH_CLOCK_OFF, _S.WARNS, _M.TECHNICIAN, _clock_off, MINUTE_MS),
    Check(_C.HEALTH_USB_RESETS, _S.WARNS, _M.CLERK, _usb_resets, gone_ms=10 * MINUTE_MS),
    Check(_C.HEALTH_CAMERA_STALLS, _S.WARNS, _M.CLERK, _camera_stalls, gone_ms=10 * MINUTE_MS),
    Check(_C.HEALTH_READER_RESETS, _S.WARNS, _M.CLERK, _reader_resets, gone_ms=10 * MINUTE_MS),
    Check(_C.HEALTH_QUEUE_OLD, _S.WARNS, _M.CLERK, _queue_old),
    Check(_C.HEALTH_JOURNAL_SLOW, _S.WARNS, _M.TECHNICIAN, _journal_slow, 5 * MINUTE_MS),
    Check(_C.HEALTH_CERTIFICATE, _S.WARNS, _M.HQ, _certificate),
    Check(_C.HEALTH_FACES_FULL, _S.WARNS, _M.HQ, _faces_full),
)
BY_CODE: Mapping[FaultCode, Check] = {check.code: check for check in REGISTRY}


def findings(look: Look) -> list[tuple[FaultCode, Finding]]:
    """Return what every check finds at one look, the gravest first."""
    return [(check.code, finding) for check in REGISTRY for finding in check.look(look)]
