"""HQ's desk for who is one person: what says so, what people decide, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from cloud_broker.domain.rights import MAY, Right
from cloud_broker.ports.evidence import Blocked, Evidence, Look, Pair, Run
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.access.overview import HqIdentity
from cloud_broker.services.insight.settling import Settling, rules_of
from cloud_broker.services.points.joining import part_wallets
from retail_core.errors import Fault
from retail_core.insight.persons.graph import EvidenceGraph, Link
from retail_core.insight.persons.hearing import member_handle
from retail_core.insight.persons.kinds import KINDS, MEMBER, VERSION, Handle
from retail_core.insight.persons.plan import Membership
from retail_core.insight.persons.profile import Moved, Profile, profile_of
from retail_core.loyalty.postings import MemberPurse
from retail_core.texts.faults import FaultCode

Decision = Literal["linked", "apart", "later"]
RUNS_SHOWN: Final = 10
NIGHTLY: Final = "nightly"
MAY_DECIDE: Final = MAY[Right.IDENTITY_CHANGE]
_HERS: Final[tuple[MemberPurse, ...]] = ("free", "pending", "owed")


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for a look: pairs, each with what is seen of both, and how searches went."""

    pairs: tuple[Pair, ...]
    looks: Mapping[Handle, Look]
    runs: tuple[Run, ...]
    blocked: tuple[Blocked, ...]
    asked: tuple[tuple[Membership, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A person: her memberships, names, what says so, what contradicts it, and her profile.

    `refused` says of evidence that stands and joins nobody why it does not.
    """

    person: UUID
    members: tuple[Membership, ...]
    looks: Mapping[Handle, Look]
    handles: tuple[Handle, ...]
    evidence: tuple[Evidence, ...]
    refused: Mapping[str, str]
    profile: Profile


@dataclass(frozen=True, slots=True)
class IdentityDesk:
    """Shows and decides."""

    units: Units
    settling: Settling

    # ---- what there is --------------------------------------------------------------------------

    def queue(self, tenant: UUID) -> Queue:
        """Return what waits for a person's look."""
        with self.units.begin(tenant) as unit:
            pairs = unit.likenesses.pairs("open", "later")
            handles = {end for pair in pairs for end in (pair.first, pair.second)}
            asked = [unit.evidence.memberships(some) for some in unit.evidence.many()]
            apart = [some for some in asked if _waits(unit, some)]
            return Queue(
                pairs,
                unit.likenesses.looks(sorted(handles)),
                unit.likenesses.runs(RUNS_SHOWN),
                unit.evidence.blocked(),
                tuple(apart),
            )

    def sheet(self, tenant: UUID, member: UUID) -> Sheet:
        """Return the person a membership is of; Fault IDENTITY_PERSON."""
        with self.units.begin(tenant) as unit:
            return sheet_of(unit, member)

    def history(self, tenant: UUID, handle: Handle) -> tuple[Evidence, ...]:
        """Return everything that ever named one, newest first."""
        with self.units.begin(tenant) as unit:
            return unit.evidence.history([handle])

    # ---- what people decide ---------------------------------------------------------------------

    def say(
        self, who: HqIdentity, ends: tuple[Handle, Handle], why: str, *, apart: bool = False
    ) -> UUID:
        """Say that two names are (not) one person; return the row. Faults E156, E157, E161, E163.

        What the same person said the other way of them is taken back.
        """
        _may(who, why)
        now = self.settling.clock.now_ms()
        if ends[0] == ends[1]:
            raise Fault(FaultCode.IDENTITY_NAME, name=text_of(ends[0]))
        with self.units.begin(who.tenant_id) as unit:
            unit.evidence.one_at_a_time()
            return self._say(unit, who, ends, (why, now), apart=apart)

    def unlink(self, who: HqIdentity, link_id: UUID, why: str) -> None:
        """Take evidence back; wallets it joined are parted. Faults E155, E161, E163."""
        _may(who, why)
        now = self.settling.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.evidence.one_at_a_time()
            found = unit.evidence.link(link_id)
            if found is None or not found.stands:
                raise Fault(FaultCode.IDENTITY_LINK_UNKNOWN)
            self._take_back(unit, who, found, why, now)
            if found.link.source.startswith(NIGHTLY):
                # The next night finds the same two alike again: they are said to be two.
                self._say(unit, who, found.link.ends, (why, now), apart=True)
            self._settle(unit, who, found.link.ends)

    def decide(
        self, who: HqIdentity, candidate_id: UUID, decision: Decision, why: str = ""
    ) -> Pair:
        """Decide on a pair, or leave it for later. Faults E155, E156, E158, E163."""
        reason = why.strip() or f"pair {candidate_id}"
        _may(who, reason)
        now = self.settling.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.evidence.one_at_a_time()
            pair = unit.likenesses.pair(candidate_id)
            if pair is None:
                raise Fault(FaultCode.IDENTITY_LINK_UNKNOWN)
            if pair.state not in {"open", "later"}:
                raise Fault(FaultCode.IDENTITY_DECIDED, who=pair.decided_by or pair.state)
            unit.likenesses.decide(candidate_id, decision, who.login, now)
            if decision != "later":
                ends = pair.first, pair.second
                self._say(unit, who, ends, (reason, now), apart=decision == "apart")
            return pair

    def block(self, who: HqIdentity, handle: Handle, why: str) -> None:
        """Let a value name nobody from now on. Faults E156, E157, E161, E163."""
        _may(who, why)
        if handle.kind == MEMBER:
            raise Fault(FaultCode.IDENTITY_NAME, name=text_of(handle))
        now = self.settling.clock.now_ms()
        with self.units.begin(who.tenant_id) as unit:
            unit.evidence.one_at_a_time()
            if not unit.evidence.block(Blocked(handle, why, who.login, now)):
                raise Fault(FaultCode.IDENTITY_LINK_STANDS)
            self._note(unit, who, "identity.block", handle, why)
            self._settle(unit, who, [handle])

    def unblock(self, who: HqIdentity, handle: Handle, why: str) -> None:
        """Let a value name somebody again. Faults E155, E161, E163."""
        _may(who, why)
        with self.units.begin(who.tenant_id) as unit:
            unit.evidence.one_at_a_time()
            if not unit.evidence.unblock(handle):
                raise Fault(FaultCode.IDENTITY_LINK_UNKNOWN)
            self._note(unit, who, "identity.unblock", handle, why)
            self._settle(unit, who, [handle])

    def search(self, who: HqIdentity) -> Run:
        """Ask for a search for pairs, before the next night's. Faults E160, E163."""
        _may(who, "search")
        now = self.settling.clock.now_ms()
        run = Run(self.settling.ids.uuid7(), who.login, now)
        with self.units.begin(who.tenant_id) as unit:
            if not unit.likenesses.ask_run(run):
                raise Fault(FaultCode.IDENTITY_BUSY)
            unit.hq.audit(AuditEntry(who.login, "identity.search", str(run.run_id), {}), now)
        return run

    # ---- inside ---------------------------------------------------------------------------------

    def _say(
        self,
        unit: Unit,
        who: HqIdentity,
        ends: tuple[Handle, Handle],
        said: tuple[str, int],
        *,
        apart: bool,
    ) -> UUID:
        why, now = said
        source, pair = f"hq:{who.login}", tuple(sorted(ends))
        for one in unit.evidence.standing([ends[0]]):
            other_way = one.link.apart != apart and one.link.source.startswith("hq:")
            if other_way and tuple(sorted(one.link.ends)) == pair:
                self._take_back(unit, who, one, why, now)
        link_id = self.settling.ids.uuid7()
        link = Link(str(link_id), pair[0], pair[1], source, now, VERSION, apart)
        if not unit.evidence.say(Evidence(link, now, why)):
            raise Fault(FaultCode.IDENTITY_LINK_STANDS)
        act = "identity.apart" if apart else "identity.link"
        self._note(unit, who, act, ends[0], why, ends[1])
        self._settle(unit, who, ends)
        return link_id

    def _take_back(
        self, unit: Unit, who: HqIdentity, found: Evidence, why: str, now_ms: int
    ) -> None:
        merge = None if found.merge is None else unit.points_desk.merge(found.merge)
        if merge is not None and not merge.undone:
            moment = self.settling.moment()
            part_wallets(unit, who.tenant_id, merge, moment, (who.login, why))
        unit.evidence.retract([UUID(found.link.link_id)], who.login, why, now_ms)
        self._note(unit, who, "identity.unlink", found.link.first, why, found.link.second)

    def _settle(self, unit: Unit, who: HqIdentity, handles: Sequence[Handle]) -> None:
        self.settling.settle(unit, who.tenant_id, handles)

    def _note(
        self,
        unit: Unit,
        who: HqIdentity,
        act: str,
        first: Handle,
        why: str,
        second: Handle | None = None,
    ) -> None:
        detail = {"name": text_of(first), "reason": why}
        if second is not None:
            detail["other"] = text_of(second)
        now = self.settling.clock.now_ms()
        unit.hq.audit(AuditEntry(who.login, act, text_of(first), detail), now)


def sheet_of(unit: Unit, member: UUID) -> Sheet:
    """Return the person a membership is of, as she is now; Fault IDENTITY_PERSON."""
    own = member_handle(member)
    person = unit.evidence.persons([own]).get(own, member)
    handles = unit.evidence.handles(person) or (own,)
    members = [UUID(one.value) for one in handles if one.kind == MEMBER]
    wallets = unit.members.wallets(members)
    if not wallets:
        raise Fault(FaultCode.IDENTITY_PERSON)
    standing = unit.evidence.standing(handles)
    graph = EvidenceGraph(rules_of(unit))
    graph.add(*(one.link for one in standing))
    balances = unit.closing.balances(tuple(wallets.values()))
    points = dict.fromkeys(wallets.values(), 0)
    for account, balance in balances.items():
        _, wallet, purse = account.split(":")[:3]
        points[UUID(wallet)] += balance if purse in {*_HERS, "leased"} else 0
    moved = [
        Moved(str(wallet), member_handle(one), points[wallet]) for one, wallet in wallets.items()
    ]
    profile = profile_of(
        frozenset(handles), unit.likenesses.said(handles), unit.likenesses.agreed(handles), moved
    )
    return Sheet(
        person,
        unit.evidence.memberships(members),
        unit.likenesses.looks(handles),
        handles,
        unit.evidence.history(handles),
        {one.link_id: one.why for one in graph.refused().values()},
        profile,
    )


def handle_of(text: str) -> Handle:
    """Read a name as `KIND:VALUE`; an id alone is a member's. Fault IDENTITY_NAME."""
    kind, colon, value = text.strip().partition(":")
    if not colon:
        kind, value = MEMBER, kind
    if kind not in KINDS or not value:
        raise Fault(FaultCode.IDENTITY_NAME, name=text[:80])
    if kind == MEMBER:
        try:
            value = str(UUID(value))
        except ValueError:
            raise Fault(FaultCode.IDENTITY_NAME, name=text[:80]) from None
    return Handle(kind, value)


def text_of(handle: Handle) -> str:
    """Return a name as `handle_of` reads it."""
    return f"{handle.kind}:{handle.value}"


def _waits(unit: Unit, members: Sequence[Membership]) -> bool:
    """Tell whether wallets of one person lie apart because somebody was not asked."""
    ids = [UUID(one.member) for one in members]
    wallets = unit.members.wallets(ids)
    holders = unit.ledger.holders(wallets.values())
    held = {holders.get(wallet, wallet) for wallet in wallets.values()}
    return len(held) > 1 and all(one.may_join is not False for one in members)


def _may(who: HqIdentity, why: str) -> None:
    if who.role not in MAY_DECIDE:
        raise Fault(FaultCode.IDENTITY_ROLE, role=who.role)
    if not why.strip():
        raise Fault(FaultCode.IDENTITY_REASON)
