"""Values as people read them: money, points, quantities, moments, delays."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud_broker.console.texts import Texts

_EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
_JUST_NOW_MS = 2_000
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_DAYS_MAX = 30
_SECONDS_FROM_MS = 10_000
_WHOLE_MILLI = 1_000


def local(ms: int, zone: str) -> datetime:
    """Return the wall time of a moment in a zone."""
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(ZoneInfo(zone))


def stamp(ms: int, zone: str) -> str:
    """Write a moment exactly: `2026-11-03 09:12:04`."""
    return f"{local(ms, zone):%Y-%m-%d %H:%M:%S}"


def iso(ms: int, zone: str) -> str:
    """Write a moment for machines, with its offset."""
    return local(ms, zone).isoformat(timespec="milliseconds")


def ago(ms: int | None, now_ms: int, zone: str, texts: Texts) -> str:
    """Write how long ago a moment was; the date when that says more. A clock ahead is `now`."""
    if ms is None:
        return texts("ago.never")
    passed = now_ms - ms
    if passed < _JUST_NOW_MS:
        return texts("ago.now")
    steps = ((_MINUTE_MS, "seconds", 1_000), (_HOUR_MS, "minutes", _MINUTE_MS))
    for below, unit, size in (*steps, (_DAY_MS, "hours", _HOUR_MS)):
        if passed < below:
            return texts(f"ago.{unit}", n=passed // size)
    if passed < _DAYS_MAX * _DAY_MS:
        return texts("ago.days", n=passed // _DAY_MS)
    return f"{local(ms, zone):%Y-%m-%d}"


def millis(value: int | None) -> str:
    """Write a delay: `18 ms`, `12.4 s`, `—` when there is none."""
    if value is None:
        return "—"
    if value < _SECONDS_FROM_MS:
        return f"{value:,} ms"
    return f"{value / 1_000:,.1f} s"


def quantity(milli: int) -> str:
    """Write thousandths: `2`, `0.350`."""
    whole, rest = divmod(milli, _WHOLE_MILLI)
    return f"{whole:,}" if rest == 0 else f"{whole:,}.{rest:03d}"


def business_day(value: int) -> str:
    """Write `20261103` as `2026-11-03`."""
    text = f"{value:08d}"
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"
