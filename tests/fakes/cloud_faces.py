"""Faces of the cloud in memory: decisions, holdings, receipts."""

from collections.abc import Collection, Sequence
from uuid import UUID

from cloud_broker.domain.ingest_effects import (
    FACE_GUARDIAN,
    FACE_LOCAL,
    ErasedFace,
    HeldFace,
    NewConsent,
)
from cloud_broker.ports.faces import Decision, Forgotten, Persons, Proposal
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.identity.face_enablement import missing
from tests.fakes.cloud_state import State


class FakeFaceRepo:
    """A `FaceRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def take_turn(self) -> None:
        """One unit is open at a time."""

    def decide(self, decision: Decision) -> None:
        held = self._state.decisions.get(decision.store)
        if missing(decision.said) or (held and held.said.version >= decision.said.version):
            raise StoreRefusedError("check or key")
        self._state.decisions[decision.store] = decision

    def decisions(self) -> dict[UUID, Decision]:
        return dict(self._state.decisions)

    def propose(self, proposal: Proposal) -> None:
        for held, (one, state) in self._state.proposals.items():
            if one.store == proposal.store and state == "open":
                self._state.proposals[held] = (one, "superseded")
        self._state.proposals[proposal.proposal] = (proposal, "open")

    def proposals(self, since_ms: int) -> tuple[Proposal, ...]:
        waiting = [one for one, state in self._state.proposals.values() if state == "open"]
        return tuple(one for one in waiting if one.proposed_ms >= since_ms)

    def proposal(self, proposal_id: UUID) -> Proposal | None:
        one, state = self._state.proposals.get(proposal_id, (None, ""))
        return one if state == "open" else None

    def settle(self, proposal_id: UUID, state: str, by: UUID, now_ms: int) -> None:
        one, _ = self._state.proposals[proposal_id]
        if state == "confirmed" and by == one.proposed_by:
            raise StoreRefusedError("check")
        self._state.proposals[proposal_id] = (one, state)

    def consenting(self, members: Collection[UUID]) -> set[UUID]:
        return set(self.said_yes(members))

    def said_yes(self, members: Collection[UUID]) -> dict[UUID, int]:
        words = {one.member: one for one in self._state.consents if one.consent.kind == FACE_LOCAL}
        return {
            member: words[member].arrival.event.wall_ms
            for member in members
            if member in words
            if words[member].consent.given and not self._fallen(words[member])
        }

    def _fallen(self, word: NewConsent) -> bool:
        member, withdrawn = word.member, self._state.withdrawn
        unguarded = (member, FACE_GUARDIAN) in withdrawn and word.consent.age != "14+"
        return (member, FACE_LOCAL) in withdrawn or unguarded

    def hold(self, held: Sequence[HeldFace], now_ms: int) -> None:
        for one in held:
            key = (one.arrival.place.store, one.member)
            self._state.holdings[key] = (one.arrival.place.legal_entity, one.held.count)

    def erased(self, erased: Sequence[ErasedFace], now_ms: int) -> None:
        for one in erased:
            self._state.holdings.pop((one.arrival.place.store, one.member), None)
            body = one.erased
            said = (body.receipt, body.signature, body.public_key)
            self._state.receipts.setdefault(one.member, []).append(said)
            self._state.erased_ms[one.member] = now_ms

    def persons(self) -> tuple[Persons, ...]:
        found = []
        for name, entity in sorted(self._state.entities.items()):
            mine = {
                key: count
                for key, (owner, count) in self._state.holdings.items()
                if owner == entity
            }
            found.append(
                Persons(
                    entity,
                    name,
                    len({member for _, member in mine}),
                    sum(mine.values()),
                    len({store for store, _ in mine}),
                )
            )
        return tuple(found)

    def receipts(self, member: UUID) -> tuple[tuple[bytes, bytes, bytes], ...]:
        return tuple(self._state.receipts.get(member, ()))

    def forget_consents(self, until_ms: int, after: UUID | None, page: int) -> Forgotten:
        words = self._state.consents
        old = {one.member for one in words if one.arrival.received_ms <= until_ms}
        members = sorted(one for one in old if after is None or one > after)[:page]
        due = [one for one in words if one.member in members and self._ended(one, until_ms)]
        self._state.consents = [one for one in words if one not in due]
        left = {one.member for one in self._state.consents}
        gone = [self._state.receipts.pop(one, []) for one in members if one not in left]
        return Forgotten(members[-1] if members else None, len(due), sum(map(len, gone)))

    def _ended(self, word: NewConsent, until_ms: int) -> bool:
        member, kind = word.member, word.consent.kind
        of_kind = [
            one.arrival.received_ms
            for one in self._state.consents
            if (one.member, one.consent.kind) == (member, kind)
        ]
        own = of_kind.index(word.arrival.received_ms)
        if of_kind[own + 1 :]:
            return of_kind[own + 1] <= until_ms
        taken = self._state.withdrawn.get((member, kind))
        if taken is not None:
            return taken.now_ms <= until_ms
        held = any(holder == member for _, holder in self._state.holdings)
        ended = not word.consent.given or (kind.startswith("face.") and not held)
        erased_ms = self._state.erased_ms.get(member, 0)
        return ended and max(word.arrival.received_ms, erased_ms) <= until_ms
