"""When HQ is told that something is wrong, and when that it is over.

What lasts a minute opens one alert for a store and its issue; what stayed away for five closes it.
A fault that comes and goes is one alert, and one that is told twice a night is none at all.

Silence proves nothing while nobody is heard: when a broker restarts, a thousand boxes are silent
and not one of them is offline. So a broker's line is watched first, and boxes get time to return.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from retail_core import limits
from retail_core.fleet.checks import BY_CODE
from retail_core.fleet.issues import Severity
from retail_core.texts.faults import FaultCode

RANK: Mapping[str, int] = {Severity.WARNS: 0, Severity.HINDERS: 1, Severity.STOPS: 2}
OPEN_AFTER_MS = 60_000
CLEAR_AFTER_MS = 300_000
OFFLINE_AFTER_MS = 180_000
LINE_SETTLES_MS = 180_000

AlertName = tuple[UUID | None, str, str]
"""A store (None: the whole chain), a code, what it is about."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now; `since_ms` is the cloud's time."""

    store: UUID | None
    code: str
    subject: str
    since_ms: int
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> AlertName:
        """What there is one alert for."""
        return self.store, self.code, self.subject

    @property
    def severity(self) -> str:
        """How much it matters; what a newer box tells of warns."""
        try:
            check = BY_CODE.get(FaultCode(self.code))
        except ValueError:
            check = None
        if check is not None:
            return check.severity.value
        return (Severity.HINDERS if self.code in _OURS else Severity.WARNS).value


_OURS = frozenset(
    code.value
    for code in (
        FaultCode.SYNC_LINK_DOWN,
        FaultCode.FLEET_SILENT,
        FaultCode.SERVER_CERTIFICATE_ENDS,
        FaultCode.SERVER_CERTIFICATE_OVER,
        FaultCode.CRL_ENDS,
        FaultCode.CRL_CANARY,
        FaultCode.FACE_COUNT_WARNING,
        FaultCode.FACE_COUNT_ALERT,
        FaultCode.NFC_CARD_SUSPECT,
        FaultCode.QR_USED_ELSEWHERE,
        FaultCode.ENROL_CODE_USED,
        FaultCode.ROLLOUT_FAILED,
        FaultCode.ROLLOUT_LOST_SALES,
        FaultCode.WEBHOOK_PAUSED,
    )
)


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that stands; `away_ms` is since when its trouble is away, None while it is there."""

    alert: UUID
    name: AlertName
    away_ms: int | None


@dataclass(frozen=True, slots=True)
class AlertPlan:
    """What to write: alerts to open, ids that went away, came back, and are over."""

    opens: tuple[Trouble, ...] = ()
    away: tuple[UUID, ...] = ()
    back: tuple[UUID, ...] = ()
    clears: tuple[UUID, ...] = ()


def plan(troubles: Iterable[Trouble], standing: Iterable[OpenAlert], now_ms: int) -> AlertPlan:
    """Compare what is wrong with what stands."""
    now = {trouble.name: trouble for trouble in troubles}
    held = {alert.name: alert for alert in standing}
    gone = [alert for alert in held.values() if alert.name not in now]
    return AlertPlan(
        opens=tuple(
            trouble
            for name, trouble in now.items()
            if name not in held and now_ms - trouble.since_ms >= OPEN_AFTER_MS
        ),
        away=tuple(alert.alert for alert in gone if alert.away_ms is None),
        back=tuple(
            alert.alert
            for alert in held.values()
            if alert.away_ms is not None and alert.name in now
        ),
        clears=tuple(
            alert.alert
            for alert in gone
            if alert.away_ms is not None and now_ms - alert.away_ms >= CLEAR_AFTER_MS
        ),
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom what is told; an empty code means any, no region means every one."""

    rule: UUID
    severity: str
    code: str = ""
    region: UUID | None = None

    def wants(self, trouble: Trouble, region: UUID | None) -> bool:
        """Tell whether this is for them; what is of the whole chain is for every region."""
        return (
            RANK[trouble.severity] >= RANK[self.severity]
            and self.code in {"", trouble.code}
            and (self.region is None or trouble.store is None or self.region == region)
        )


# ---- silence ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoreHeard:
    """When a store's box was last heard; `left` when it went by itself, as at closing time."""

    store: UUID
    region: UUID
    name: str
    shard: int
    heard_ms: int
    left: bool = False


@dataclass(slots=True)
class LineWatch:
    """Whether boxes are heard at all over one broker; what was before the watch proves nothing."""

    shards: frozenset[int]
    begun_ms: int
    settled_ms: int = field(init=False)

    def __post_init__(self) -> None:
        self.settled_ms = self.begun_ms

    def troubles(self, stores: Sequence[StoreHeard], now_ms: int) -> list[Trouble]:
        """Return who is offline, or that nobody at all is heard."""
        ours = [one for one in stores if one.shard in self.shards and not one.left]
        newest = max((max(one.heard_ms, self.begun_ms) for one in ours), default=now_ms)
        if now_ms - newest > limits.PRESENCE_GONE_AFTER_MS:
            self.settled_ms = now_ms
            return [
                Trouble(
                    None,
                    FaultCode.FLEET_SILENT.value,
                    str(min(self.shards)),
                    newest,
                    {"count": str(len(ours))},
                )
            ]
        if now_ms - self.settled_ms < LINE_SETTLES_MS:
            return []
        return [
            Trouble(one.store, FaultCode.SYNC_LINK_DOWN.value, "", one.heard_ms)
            for one in ours
            if now_ms - one.heard_ms > OFFLINE_AFTER_MS
        ]
