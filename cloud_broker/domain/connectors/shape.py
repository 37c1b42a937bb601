"""What the readers of platforms share: what was pushed, what is answered, fields of JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from retail_core.errors import Fault
from retail_core.insight.channel_orders.words import OrderWord
from retail_core.insight.collection.plain import Hashed
from retail_core.texts.faults import FaultCode

Json = Mapping[str, Any]
WINDOW_MS = 5 * 60_000
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request of a platform; header names in small letters."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """What a push that proved itself says: rows of JSON, or nothing but a greeting to answer.

    `key` names the push for ever; a push without one is known by its content.
    """

    rows: tuple[Json, ...] = ()
    key: str = ""
    answer: str = ""
    media: str = "application/json"


@dataclass(frozen=True, slots=True)
class Connector:
    """A platform: `opened` proves and opens (E140 to E142), `words` reads one row (E142)."""

    opened: Callable[[Pushed, Mapping[str, str], int], Opened]
    words: Callable[[Json, str, Hashed], tuple[OrderWord, ...]]


def in_time(said_ms: int, now_ms: int, window_ms: int = WINDOW_MS) -> None:
    """Refuse what was said at another time than now: it may be said again by somebody else."""
    if abs(now_ms - said_ms) > window_ms:
        raise Fault(FaultCode.CONNECTOR_LATE, minutes=window_ms // _MINUTE_MS)


def wrong_signature() -> Fault:
    """Return that a push did not prove itself."""
    return Fault(FaultCode.CONNECTOR_SIGNATURE)


def part(row: Json, field: str) -> Json:
    """Return an object within; an absent one is empty."""
    value = row.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Fault(FaultCode.CONNECTOR_SHAPE, field=field)
    return value


def text(row: Json, field: str, default: str | None = None) -> str:
    """Return a text or a number as text."""
    value = row.get(field, default)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        if default is not None and value in {None, ""}:
            return default
        raise Fault(FaultCode.CONNECTOR_SHAPE, field=field)
    return str(value).strip()


def number(row: Json, field: str, default: int | None = None) -> int:
    """Return a whole number that is not below 0, also where it is written as text."""
    value = row.get(field, default)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Fault(FaultCode.CONNECTOR_SHAPE, field=field)
    return value


def fen(row: Json, field: str) -> int | None:
    """Return money in fen, None where nothing is said of it."""
    return None if row.get(field) is None else number(row, field)


def rows(row: Json, field: str) -> tuple[Json, ...] | None:
    """Return a list of objects, None where nothing is said of it."""
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Fault(FaultCode.CONNECTOR_SHAPE, field=field)
    return tuple(value)


def hashed_hex(hashed: Hashed, kind: str, value: str) -> str:
    """Return a keyed hash in hex; "" of nothing."""
    return hashed(kind, value).hex() if value else ""
