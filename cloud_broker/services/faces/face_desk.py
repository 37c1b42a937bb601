"""Faces by two persons: one puts the record together and asks, another says yes.

Letting a store recognise faces touches every customer who comes near its counter, so no one person
does it from a browser. Going the other way, off, is safe and takes one. Whoever acts takes a turn:
two who act at the same moment come one after the other, and the second sees what the first did.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.faces import Decision, FaceAct, Proposal
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.faces.faces import Leave, checked_date
from retail_core.errors import Fault
from retail_core.identity.face_enablement import MUST, incomplete
from retail_core.texts.faults import FaultCode

MAY_DECIDE = frozenset({"admin", "operations"})
PROPOSAL_DAYS = 7
_DAY_MS = 86_400_000
_NOTHING = Leave("", "", "", "")


class Person(Protocol):
    """Who asks, as far as it matters here."""

    @property
    def tenant_id(self) -> UUID:
        """The chain."""
        ...

    @property
    def user_id(self) -> UUID:
        """The person."""
        ...

    @property
    def login(self) -> str:
        """The person's account."""
        ...

    @property
    def role(self) -> str:
        """What the person may do."""
        ...


class Decider(Protocol):
    """Writes decisions down and signs them for the boxes."""

    def decided(
        self, unit: Unit, tenant: UUID, place: UUID, leave: Leave, *, who: str, enabled: bool
    ) -> Decision:
        """Decide within a transaction of the tenant."""
        ...


@dataclass(frozen=True, slots=True)
class FaceDesk:
    """Proposals about faces, and what becomes of them."""

    units: Units
    clock: Clock
    ids: IdSource
    office: Decider

    def waiting(self, tenant: UUID) -> tuple[Proposal, ...]:
        """Return what waits for a second person, oldest first; what is too old waits no more."""
        since_ms = self.clock.now_ms() - PROPOSAL_DAYS * _DAY_MS
        with self.units.begin(tenant) as unit:
            return unit.faces.proposals(since_ms)

    def propose(self, who: Person, store: UUID, act: FaceAct, leave: Leave) -> None:
        """Ask that a store may recognise faces, or those who walk up; one wish a store waits.

        Faults API_SCOPE_MISSING, API_NOT_FOUND, FACE_ENABLEMENT_INCOMPLETE, FACE_APPROVAL_DATE.
        """
        _may(who)
        now_ms = self.clock.now_ms()
        record = _complete(leave, now_ms)
        with self.units.begin(who.tenant_id) as unit:
            unit.faces.take_turn()
            before = _held(unit, store)
            _fits(act, before)
            proposal = Proposal(
                proposal=self.ids.uuid7(),
                store=store,
                act=act,
                base_version=0 if before is None else before.said.version,
                assessment=record.assessment,
                signage=record.signage,
                approved_by=record.approved_by,
                approved_on=record.approved_on,
                proposed_by=who.user_id,
                proposer=who.login,
                proposed_ms=now_ms,
            )
            unit.faces.propose(proposal)
            _audit(unit, who, "face.propose", proposal, now_ms)

    def confirm(self, who: Person, proposal_id: UUID) -> Decision:
        """Second a proposal: the store's box hears of it at once.

        Faults API_SCOPE_MISSING, API_NOT_FOUND (settled, too old, or overtaken by another
        decision), FACE_SECOND_PERSON.
        """
        _may(who)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.faces.take_turn()
            proposal = self._open(unit, proposal_id, now_ms)
            if proposal.proposed_by == who.user_id:
                raise Fault(FaultCode.FACE_SECOND_PERSON)
            before = _held(unit, proposal.store)
            if (0 if before is None else before.said.version) != proposal.base_version:
                raise Fault(FaultCode.API_NOT_FOUND, what="proposal")
            unit.faces.settle(proposal_id, "confirmed", who.user_id, now_ms)
            leave = Leave(
                proposal.assessment,
                proposal.signage,
                proposal.approved_by,
                proposal.approved_on,
                walk_up=proposal.act == "walk_up",
            )
            _audit(unit, who, "face.confirm", proposal, now_ms)
            by = f"{proposal.proposer} + {who.login}"
            return self.office.decided(
                unit, who.tenant_id, proposal.store, leave, who=by, enabled=True
            )

    def withdraw(self, who: Person, proposal_id: UUID) -> None:
        """Take a proposal off the list; Faults API_SCOPE_MISSING, API_NOT_FOUND."""
        _may(who)
        now_ms = self.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.faces.take_turn()
            proposal = self._open(unit, proposal_id, now_ms)
            unit.faces.settle(proposal_id, "withdrawn", who.user_id, now_ms)
            _audit(unit, who, "face.proposal_withdrawn", proposal, now_ms)

    def narrow(self, who: Person, store: UUID, act: FaceAct) -> Decision:
        """Switch faces off in a store (`enable`), or only the walk-up zone; one person may.

        Faults API_SCOPE_MISSING, API_NOT_FOUND where there is nothing to switch off.
        """
        _may(who)
        with self.units.begin(who.tenant_id) as unit:
            unit.faces.take_turn()
            before = _held(unit, store)
            if before is None or not before.said.enabled:
                raise Fault(FaultCode.API_NOT_FOUND, what="faces")
            said = before.said
            if act == "enable":
                leave = _NOTHING
            else:
                leave = Leave(said.assessment, said.signage, said.approved_by, said.approved_on)
            return self.office.decided(
                unit, who.tenant_id, store, leave, who=who.login, enabled=act != "enable"
            )

    def _open(self, unit: Unit, proposal_id: UUID, now_ms: int) -> Proposal:
        found = unit.faces.proposal(proposal_id)
        if found is None or found.proposed_ms < now_ms - PROPOSAL_DAYS * _DAY_MS:
            raise Fault(FaultCode.API_NOT_FOUND, what="proposal")
        return found


def _may(who: Person) -> None:
    if who.role not in MAY_DECIDE:
        raise Fault(FaultCode.API_SCOPE_MISSING, scope="faces")


def _held(unit: Unit, store: UUID) -> Decision | None:
    if store not in unit.fleet.store_names():
        raise Fault(FaultCode.API_NOT_FOUND, what=f"store {store}")
    return unit.faces.decisions().get(store)


def _fits(act: FaceAct, before: Decision | None) -> None:
    """Faces come before the walk-up zone, and nothing is asked for that stands already."""
    enabled = before is not None and before.said.enabled
    walk_up = before is not None and before.said.walk_up
    if (act == "enable" and enabled) or (act == "walk_up" and (walk_up or not enabled)):
        raise Fault(FaultCode.API_NOT_FOUND, what=act)


def _complete(leave: Leave, now_ms: int) -> Leave:
    """Return the record as it will stand; Faults FACE_ENABLEMENT_INCOMPLETE, FACE_APPROVAL_DATE."""
    record = Leave(
        leave.assessment.strip(),
        leave.signage.strip(),
        leave.approved_by.strip(),
        leave.approved_on.strip(),
    )
    lacking = tuple(name for name in MUST if not getattr(record, name))
    if lacking:
        raise incomplete(lacking)
    checked_date(record.approved_on, now_ms)
    return record


def _audit(unit: Unit, who: Person, action: str, proposal: Proposal, now_ms: int) -> None:
    detail = {"act": proposal.act, "proposal": str(proposal.proposal), "by": proposal.proposer}
    unit.hq.audit(AuditEntry(who.login, action, str(proposal.store), detail), now_ms)
