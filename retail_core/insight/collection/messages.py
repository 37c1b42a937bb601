"""One message of a channel: read, checked, dated by our clock.

Names and shapes are Segment's, so that its SDKs can be pointed here. A message that cannot be used
raises a fault that says why; whoever calls keeps it where people see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from retail_core.errors import Fault
from retail_core.insight.collection import limits
from retail_core.texts.faults import FaultCode

Json = dict[str, Any]

KINDS: Final = ("track", "identify", "alias", "group", "page", "screen")
# What a kind cannot do without, beside somebody it is about.
_NEEDS: Final = {"track": "event", "alias": "previousId", "group": "groupId"}
# What a visitor sees counts under these names, however it was sent.
PAGE_VIEWED, SCREEN_VIEWED = "Page Viewed", "Screen Viewed"
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Message:
    """A message that can be used; `at_ms` is when it happened, by our clock.

    `key` names it for ever within its source. `body` is what was sent, as it came.
    """

    kind: str
    key: bytes
    at_ms: int
    name: str
    user_id: str
    anonymous_id: str
    session_id: str
    body: Json

    @property
    def properties(self) -> Json:
        """What a track, page or screen carries."""
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def traits(self) -> Json:
        """What an identify or group says of somebody, wherever the SDK put it."""
        found = self.body.get("traits")
        if isinstance(found, dict):
            return found
        within = self.context.get("traits")
        return within if isinstance(within, dict) else {}

    @property
    def context(self) -> Json:
        """Where it was said."""
        found = self.body.get("context")
        return found if isinstance(found, dict) else {}

    @property
    def actor(self) -> str:
        """Whom it is about: `u:` and the user id where there is one, else `a:` and the visitor."""
        return f"u:{self.user_id}" if self.user_id else f"a:{self.anonymous_id}"


def read(raw: object, kind: str, received_ms: int, sent_at: object = None) -> Message:
    """Return a message; `kind` "" takes the one it names itself. Faults E134 to E138."""
    if not isinstance(raw, dict):
        raise Fault(FaultCode.COLLECT_SHAPE, field="message")
    said = kind or _text(raw, "type", limits.NAME_CHARS_MAX)
    if said not in KINDS:
        raise Fault(FaultCode.COLLECT_KIND, kind=said[:40])
    _check_depth(raw, limits.DEPTH_MAX)
    for part in ("properties", "traits", "context", "integrations"):
        if not isinstance(raw.get(part), dict | None):
            raise Fault(FaultCode.COLLECT_SHAPE, field=part)
    user, visitor = _id(raw, "userId"), _id(raw, "anonymousId")
    if not user and not visitor:
        raise Fault(FaultCode.COLLECT_NOBODY)
    needed = _NEEDS.get(said)
    if needed is not None and not _id(raw, needed):
        raise Fault(FaultCode.COLLECT_LACKS, field=needed)
    return Message(
        said,
        _key(raw),
        happened_ms(raw.get("timestamp"), raw.get("sentAt") or sent_at, received_ms),
        _name(raw, said),
        user,
        visitor,
        _session(raw),
        raw,
    )


def happened_ms(timestamp: object, sent_at: object, received_ms: int) -> int:
    """Return when something happened: the sender's two times tell its age, our clock the rest.

    A sender without `sentAt` is believed as it is, but never ahead of us. Fault COLLECT_TIME.
    """
    if timestamp is None or timestamp == "":
        return received_ms
    then = _moment_ms(timestamp)
    if sent_at is not None and sent_at != "":
        then = received_ms - (_moment_ms(sent_at) - then)
    if then > received_ms:
        return received_ms
    if then < received_ms - limits.AGE_MAX_MS:
        raise Fault(FaultCode.COLLECT_TIME, value=str(timestamp)[:40])
    return then


def _moment_ms(value: object) -> int:
    """Read an ISO 8601 time, or milliseconds since 1970; without a zone it is UTC."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        found = datetime.fromisoformat(str(value))
        moment = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1_000)
    except (ValueError, OverflowError):
        raise Fault(FaultCode.COLLECT_TIME, value=str(value)[:40]) from None


def _key(raw: Mapping[str, object]) -> bytes:
    """Return what names a message: its id; without one, all that it says."""
    named = _id(raw, "messageId")
    said = named or repr(sorted((name, repr(value)) for name, value in raw.items()))
    return sha256(said.encode("utf-8", "surrogatepass")).digest()[:_KEY_BYTES]


def _name(raw: Mapping[str, object], kind: str) -> str:
    if kind == "track":
        return _text(raw, "event", limits.NAME_CHARS_MAX)
    return {"page": PAGE_VIEWED, "screen": SCREEN_VIEWED}.get(kind, "")


def _session(raw: Mapping[str, object]) -> str:
    """Return the visit it belongs to, by the names SDKs give it; "" where none says so."""
    context = raw.get("context")
    within = context if isinstance(context, dict) else {}
    for holder in (within, raw):
        for name in ("sessionId", "session_id"):
            value = holder.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
                return str(value)[: limits.ID_CHARS_MAX]
    return ""


def _id(raw: Mapping[str, object], field: str) -> str:
    """Return an id; numbers are ids too, as SDKs send them."""
    value = raw.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(raw, field, limits.ID_CHARS_MAX)


def _text(raw: Mapping[str, object], field: str, chars_max: int) -> str:
    value = raw.get(field)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > chars_max or "\x00" in value:
        raise Fault(FaultCode.COLLECT_SHAPE, field=field)
    return value.strip()


def _check_depth(value: object, left: int) -> None:
    """Refuse what is nested so deeply that reading it is the purpose, and what no text can hold."""
    if left < 0:
        raise Fault(FaultCode.COLLECT_SHAPE, field="…")
    if isinstance(value, str) and "\x00" in value:
        raise Fault(FaultCode.COLLECT_SHAPE, field="NUL")
    if isinstance(value, dict):
        for name, one in value.items():
            _check_depth(name, left)
            _check_depth(one, left - 1)
    elif isinstance(value, list):
        for one in value:
            _check_depth(one, left - 1)
