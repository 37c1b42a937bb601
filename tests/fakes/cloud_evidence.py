"""Evidence of who is one person, and pairs that may be one, in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from cloud_broker.ports.evidence import (
    SHOWN_MAX,
    Blocked,
    CandidateState,
    Evidence,
    KnownAs,
    Look,
    Pair,
    Run,
    Settled,
)
from cloud_broker.ports.unit import Units
from cloud_broker.services.insight.identity_desk import IdentityDesk
from cloud_broker.services.insight.settling import Settling
from retail_core.identity.naming import mask_name
from retail_core.insight.persons.graph import Link
from retail_core.insight.persons.hearing import hashed_handle, member_handle
from retail_core.insight.persons.kinds import MEMBER, Handle
from retail_core.insight.persons.plan import WALLET_CONSENT, Membership
from retail_core.insight.persons.profile import Agreed, Said
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State

_Key = tuple[Handle, Handle, str, bool, int]


@dataclass
class EvidenceShelf:
    """Rows by what says them, names that are due, who is who, pairs and searches."""

    rows: dict[_Key, Evidence] = field(default_factory=dict)
    due: set[Handle] = field(default_factory=set)
    persons: dict[Handle, UUID | None] = field(default_factory=dict)
    blocks: dict[Handle, Blocked] = field(default_factory=dict)
    pairs: dict[tuple[Handle, Handle], Pair] = field(default_factory=dict)
    found_by: dict[UUID, UUID] = field(default_factory=dict)
    runs: dict[UUID, Run] = field(default_factory=dict)


class FakeEvidenceRepo:
    """An `EvidenceRepo`; `adopt` does what triggers do in the database."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.evidence

    def speaking(self, source: str) -> None:
        """Nothing is written down by itself here."""

    def hear(self, links: Sequence[Evidence]) -> int:
        return sum(self._enter(one, 0) for one in links)

    def say(self, evidence: Evidence) -> bool:
        first, second = sorted(evidence.link.ends)
        same = [
            held
            for key, held in self._shelf.rows.items()
            if key[:4] == (first, second, evidence.link.source, evidence.link.apart)
        ]
        return not any(one.stands for one in same) and self._enter(evidence, len(same))

    def retract(self, link_ids: Collection[UUID], by: str, why: str, now_ms: int) -> int:
        named = set(map(str, link_ids))
        found = [
            (key, one)
            for key, one in self._shelf.rows.items()
            if one.stands and one.link.link_id in named
        ]
        for key, one in found:
            self._shelf.rows[key] = replace(
                one, retracted_ms=now_ms, retracted_by=by, retracted_why=why
            )
            self._shelf.due |= set(one.link.ends)
        return len(found)

    def link(self, link_id: UUID) -> Evidence | None:
        return next((one for one in self._rows() if one.link.link_id == str(link_id)), None)

    def standing(self, handles: Collection[Handle]) -> tuple[Evidence, ...]:
        found = [one for one in self._naming(handles) if one.stands]
        return tuple(sorted(found, key=lambda one: (one.link.at_ms, one.link.link_id)))

    def history(self, handles: Collection[Handle]) -> tuple[Evidence, ...]:
        found = sorted(
            self._naming(handles),
            key=lambda one: (one.retracted_ms or one.heard_ms, one.link.link_id),
            reverse=True,
        )
        return tuple(found[:SHOWN_MAX])

    def known(self, handles: Collection[Handle]) -> frozenset[Handle]:
        named = {end for one in self._rows() for end in one.link.ends}
        return frozenset(named & set(handles))

    def adopt(self, now_ms: int) -> int:
        names = [
            (hashed_handle(kind, hashed), member)
            for (kind, hashed), member in self._state.identities.items()
        ]
        names += [(hashed_handle("card", key), member) for key, member in self._state.cards.items()]
        links = [(name, member_handle(member)) for name, member in names]
        links += [
            (member_handle(one.source), member_handle(one.target))
            for one in self._state.merges.values()
            if not one.undone and one.by != "identity"
        ]
        return sum(
            self._enter(_adopted(first, second, now_ms), 0)
            for first, second in links
            if not any({first, second} == set(one.link.ends) for one in self._rows())
        )

    def block(self, blocked: Blocked) -> bool:
        self._shelf.due.add(blocked.handle)
        return self._shelf.blocks.setdefault(blocked.handle, blocked) is blocked

    def unblock(self, handle: Handle) -> bool:
        self._shelf.due.add(handle)
        return self._shelf.blocks.pop(handle, None) is not None

    def blocked(self) -> tuple[Blocked, ...]:
        return tuple(sorted(self._shelf.blocks.values(), key=lambda one: (-one.at_ms, one.handle)))

    def one_at_a_time(self) -> None:
        """Nobody else is there."""

    def due(self, limit: int) -> tuple[Handle, ...]:
        taken = tuple(sorted(self._shelf.due)[:limit])
        self._shelf.due -= set(taken)
        return taken

    def settle(self, settled: Sequence[Settled], now_ms: int) -> int:
        changed = 0
        for one in settled:
            changed += self._shelf.persons.get(one.handle, "new") != one.person
            self._shelf.persons[one.handle] = one.person
        return changed

    def persons(self, handles: Collection[Handle]) -> Mapping[Handle, UUID]:
        held = self._shelf.persons
        return {one: person for one in handles if (person := held.get(one)) is not None}

    def handles(self, person: UUID) -> tuple[Handle, ...]:
        return tuple(sorted(one for one, of in self._shelf.persons.items() if of == person))

    def many(self) -> tuple[tuple[UUID, ...], ...]:
        found: dict[UUID, list[UUID]] = {}
        for handle, person in self._shelf.persons.items():
            if handle.kind == MEMBER and person is not None:
                found.setdefault(person, []).append(UUID(handle.value))
        return tuple(sorted(tuple(sorted(some)) for some in found.values() if len(some) > 1))

    def memberships(self, members: Collection[UUID]) -> tuple[Membership, ...]:
        found = []
        for member in set(members) & self._state.members.keys():
            words = [
                (one.arrival.happened_ms, one.consent.given)
                for one in self._state.consents
                if one.member == member and one.consent.kind == WALLET_CONSENT
            ]
            since = self._state.members[member].arrival.received_ms
            found.append(Membership(str(member), since, max(words)[1] if words else None))
        return tuple(sorted(found, key=lambda one: (one.since_ms, one.member)))

    def _rows(self) -> Iterable[Evidence]:
        return self._shelf.rows.values()

    def _naming(self, handles: Collection[Handle]) -> list[Evidence]:
        named = set(handles)
        return [one for one in self._rows() if named & set(one.link.ends)]

    def _enter(self, one: Evidence, nth: int) -> bool:
        first, second = sorted(one.link.ends)
        key = first, second, one.link.source, one.link.apart, nth
        if key in self._shelf.rows:
            return False
        self._shelf.rows[key] = replace(one, link=replace(one.link, first=first, second=second))
        self._shelf.due |= {first, second}
        return True


class FakeLikenessRepo:
    """A `LikenessRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.evidence

    def records(self) -> Sequence[KnownAs]:
        members = [
            KnownAs(
                member_handle(member), new.enrolled.name, (new.enrolled.phone_hash or b"").hex()
            )
            for member, new in self._state.members.items()
        ]
        return sorted(members, key=lambda one: one.handle)

    def looks(self, handles: Collection[Handle]) -> Mapping[Handle, Look]:
        return {
            one.handle: Look(one.handle, mask_name(one.name))
            for one in self.records()
            if one.handle in handles
        }

    def said(self, handles: Collection[Handle]) -> tuple[Said, ...]:
        return tuple(
            Said(f"{one.handle}:name", one.handle, "name", one.name, "till", 0, 0)
            for one in self.records()
            if one.handle in handles
        )

    def agreed(self, handles: Collection[Handle]) -> tuple[Agreed, ...]:
        return tuple(
            Agreed(
                str(one.arrival.event_id),
                member_handle(one.member),
                one.consent.kind,
                given=one.consent.given,
                at_ms=one.arrival.happened_ms,
            )
            for one in self._state.consents
            if member_handle(one.member) in handles
        )

    def save_pairs(self, run_id: UUID, pairs: Sequence[Pair], now_ms: int) -> None:
        shelf = self._shelf
        for one in pairs:
            held = shelf.pairs.get((one.first, one.second))
            if held is None:
                held = replace(one, made_ms=now_ms)
            state = one.state if held.state in {"open", "gone"} else held.state
            said = replace(held, likely=one.likely, signs=one.signs, rule=one.rule, state=state)
            shelf.pairs[one.first, one.second] = said
            shelf.found_by[said.candidate_id] = run_id
        for key, one in shelf.pairs.items():
            if one.state in {"open", "later"} and shelf.found_by[one.candidate_id] != run_id:
                shelf.pairs[key] = replace(one, state="gone")

    def pairs(self, *states: CandidateState) -> tuple[Pair, ...]:
        found = [one for one in self._shelf.pairs.values() if one.state in states]
        return tuple(sorted(found, key=lambda one: (-one.likely, one.candidate_id))[:SHOWN_MAX])

    def pair(self, candidate_id: UUID) -> Pair | None:
        held = self._shelf.pairs.values()
        return next((one for one in held if one.candidate_id == candidate_id), None)

    def decide(self, candidate_id: UUID, state: CandidateState, who: str, now_ms: int) -> None:
        for key, one in self._shelf.pairs.items():
            if one.candidate_id == candidate_id:
                self._shelf.pairs[key] = replace(
                    one, state=state, decided_by=who, decided_ms=now_ms
                )

    def ask_run(self, run: Run) -> bool:
        if any(one.state in {"asked", "running"} for one in self._shelf.runs.values()):
            return False
        self._shelf.runs[run.run_id] = run
        return True

    def save_run(self, run: Run) -> None:
        self._shelf.runs[run.run_id] = run

    def runs(self, limit: int) -> tuple[Run, ...]:
        found = sorted(self._shelf.runs.values(), key=lambda one: one.asked_ms, reverse=True)
        return tuple(found[:limit])


def _adopted(first: Handle, second: Handle, now_ms: int) -> Evidence:
    link_id = str(uuid5(UUID(int=0), repr(sorted((first, second)))))
    return Evidence(Link(link_id, first, second, "till", now_ms, "names/1"), now_ms)


def identity_of(units: Units, clock: FakeCloudClock) -> IdentityDesk:
    """HQ's desk over a store."""
    return IdentityDesk(units, Settling(units, clock, FakeCloudIdSource(clock)))
