"""Faces of the cloud in memory: decisions, holdings, receipts."""

from collections.abc import Collection, Sequence
from uuid import UUID

from cloud_broker.domain.ingest_effects import FACE_LOCAL, ErasedFace, HeldFace
from cloud_broker.ports.faces import Decision, Persons, Proposal
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.identity.face_enablement import missing
from tests.fakes.cloud_state import State


class FakeFaceRepo:
    """A `FaceRepo`."""

    def __init__(self, state: State) -> None:
        self._state = state

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
        words = {
            one.member: one.consent.given
            for one in self._state.consents
            if one.consent.kind == FACE_LOCAL
        }
        return {
            member
            for member in members
            if words.get(member) and (member, FACE_LOCAL) not in self._state.withdrawn
        }

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
