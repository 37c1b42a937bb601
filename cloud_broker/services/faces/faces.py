"""Faces as HQ decides about them: leave for a store, a withdrawal, the filing's figures."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from cloud_broker.domain.ingest_effects import FACE_LOCAL
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.faces import Decision, Persons
from cloud_broker.ports.feed import NewChange
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.phones import WithdrawnConsent
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.rights.restoring import epoch_of
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.identity.face_enablement import FaceEnablement, sign_enablement
from retail_core.limits import FACE_FILING_AT, FACE_FILING_WARNING
from retail_core.texts.faults import FaultCode
from retail_core.wire.kinds import ChangeKind

FILING_WORKDAYS = 30
CHANNEL_HQ = "hq"
EARLIEST = date(2020, 1, 1)
# How far the first place on earth to have a new day is ahead of UTC.
EASTERNMOST = timedelta(hours=14)
_NIL = b"\xc0"


@dataclass(frozen=True, slots=True)
class Leave:
    """What HQ put on record before it lets a store recognise faces."""

    assessment: str
    signage: str
    approved_by: str
    approved_on: str
    walk_up: bool = False


@dataclass(frozen=True, slots=True)
class StoreFaces:
    """One store's standing; `decision` None: nobody ever decided, so it is off."""

    store: UUID
    name: str
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class FilingLines:
    """From how many persons on HQ is warned, and told that its faces have to be filed."""

    warning: int = FACE_FILING_WARNING
    alert: int = FACE_FILING_AT


LAWFUL_LINES = FilingLines()


@dataclass(frozen=True, slots=True)
class EntityCount:
    """A legal entity's count against the filing duty; `code` None below the warning."""

    persons: Persons
    code: FaultCode | None


class FaceOffice:
    """Decides and counts; the boxes are told over their feed."""

    def __init__(
        self,
        units: Units,
        clock: Clock,
        ids: IdSource,
        keys: KeyRing,
        lines: FilingLines = LAWFUL_LINES,
    ) -> None:
        self.lines = lines
        self._units = units
        self._clock = clock
        self._ids = ids
        self._keys = keys

    def enable(self, tenant: UUID, store: str, leave: Leave, *, who: str) -> Decision:
        """Let a store recognise faces.

        Faults API_NOT_FOUND, FACE_APPROVAL_DATE, FACE_ENABLEMENT_INCOMPLETE.
        """
        if leave.approved_on:
            checked_date(leave.approved_on, self._clock.now_ms())
        return self._decide(tenant, store, leave, who=who, enabled=True)

    def disable(self, tenant: UUID, store: str, *, who: str) -> Decision:
        """Switch faces off in a store; its box computes nothing from then on."""
        return self._decide(tenant, store, Leave("", "", "", ""), who=who, enabled=False)

    def stores(self, tenant: UUID) -> tuple[StoreFaces, ...]:
        """Return every store with what was decided last."""
        with self._units.begin(tenant) as unit:
            names, decided = unit.fleet.store_names(), unit.faces.decisions()
        ordered = sorted(names.items(), key=lambda item: item[1])
        return tuple(StoreFaces(store, name, decided.get(store)) for store, name in ordered)

    def counts(self, tenant: UUID) -> tuple[EntityCount, ...]:
        """Return each legal entity's distinct persons against the filing duty."""
        with self._units.begin(tenant) as unit:
            return tuple(
                EntityCount(one, duty(one.persons, self.lines)) for one in unit.faces.persons()
            )

    def signed(self, tenant: UUID, store: UUID) -> bytes:
        """Return the store's signed leave; one that says no when nobody ever decided."""
        with self._units.begin(tenant) as unit:
            held = unit.faces.decisions().get(store)
        if held is not None:
            return held.signed
        off = FaceEnablement(str(tenant), str(store), version=0, enabled=False)
        return sign_enablement(off, self._keys.keys(tenant).bundle_seed)

    def withdraw(self, tenant: UUID, member: UUID, *, who: str) -> None:
        """Take a consent to faces back on the member's word to HQ; her stores hear of it.

        Raises Fault API_NOT_FOUND when she never gave it; said twice, it is recorded once.
        """
        now_ms = self._clock.now_ms()
        taken = WithdrawnConsent(self._ids.uuid7(), member, FACE_LOCAL, "zh", CHANNEL_HQ, now_ms)
        with self._units.begin(tenant) as unit:
            given = unit.phones.consent_given(member, FACE_LOCAL)
            if given is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=FACE_LOCAL)
            if not given:
                return
            unit.phones.withdraw_consent(taken)
            refresh(unit, {member}, now_ms)
            entry = AuditEntry(who, "consent.withdraw", str(member), {"kind": FACE_LOCAL})
            unit.hq.audit(entry, now_ms)
            unit.announce(LiveEvent(tenant, frozenset({"member", "published"})))

    def _decide(
        self, tenant: UUID, store: str, leave: Leave, *, who: str, enabled: bool
    ) -> Decision:
        with self._units.begin(tenant) as unit:
            unit.faces.take_turn()
            place = _store_of(unit, store)
            return self.decided(unit, tenant, place, leave, who=who, enabled=enabled)

    def decided(
        self, unit: Unit, tenant: UUID, place: UUID, leave: Leave, *, who: str, enabled: bool
    ) -> Decision:
        """Decide within a transaction: signed, on record, and told to the store's box."""
        now_ms = self._clock.now_ms()
        before = unit.faces.decisions().get(place)
        said = FaceEnablement(
            tenant=str(tenant),
            store=str(place),
            # A box may hold decisions that a restore has lost, and believes none that is older.
            version=max(epoch_of(unit), 1 if before is None else before.said.version + 1),
            enabled=enabled,
            walk_up=leave.walk_up,
            assessment=leave.assessment.strip(),
            signage=leave.signage.strip(),
            approved_by=leave.approved_by.strip(),
            approved_on=leave.approved_on.strip(),
        )
        signed = sign_enablement(said, self._keys.keys(tenant).bundle_seed)
        decision = Decision(place, said, signed, who, now_ms)
        unit.faces.decide(decision)
        change = NewChange(ChangeKind.FACE_ENABLEMENT, place, said.version, _NIL)
        unit.feed.append({place: [change]}, now_ms)
        action = "face.enable" if enabled else "face.disable"
        detail = {"version": said.version, "walk_up": said.walk_up}
        unit.hq.audit(AuditEntry(who, action, str(place), detail), now_ms)
        unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return decision


def duty(persons: int, lines: FilingLines = LAWFUL_LINES) -> FaultCode | None:
    """Return what a count calls for: a warning, filing, or nothing yet."""
    if persons >= lines.alert:
        return FaultCode.FACE_COUNT_ALERT
    return FaultCode.FACE_COUNT_WARNING if persons >= lines.warning else None


def _store_of(unit: Unit, wanted: str) -> UUID:
    found = [
        store for store, name in unit.fleet.store_names().items() if wanted in {name, str(store)}
    ]
    if len(found) != 1:
        raise Fault(FaultCode.API_NOT_FOUND, what=f"store {wanted!r}")
    return found[0]


def checked_date(text: str, now_ms: int) -> None:
    """Refuse a date of approval that is none, or cannot be (Fault FACE_APPROVAL_DATE).

    Nobody has approved tomorrow; somewhere it may be tomorrow already.
    """
    latest = datetime.fromtimestamp(now_ms / 1000, UTC) + EASTERNMOST
    try:
        decided = date.fromisoformat(text)
    except ValueError:
        raise Fault(FaultCode.FACE_APPROVAL_DATE, said=text) from None
    if not EARLIEST <= decided <= latest.date():
        raise Fault(FaultCode.FACE_APPROVAL_DATE, said=text)
