"""Members' phones in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from cloud_broker.domain.checkin_plan import LaneFacts, NewCheckIn
from cloud_broker.domain.ingest_effects import NewClaim
from cloud_broker.domain.store_state import Heard
from cloud_broker.ports.members import Claim
from cloud_broker.ports.phones import PhoneKeyHeld, SaidConsent, WithdrawnConsent
from tests.fakes.cloud_state import HeldCheckIn, State


class FakePhoneRepo:
    """A `PhoneRepo`; a revoked key is forgotten, but its id stays taken."""

    def __init__(self, state: State) -> None:
        self._state = state

    def key(self, key_id: bytes) -> PhoneKeyHeld | None:
        held = self._state.phone_keys.get(key_id)
        return None if held is None else PhoneKeyHeld(*held)

    def admit(self, key_id: bytes, nonce: bytes, dead_ms: int, now_ms: int) -> bool:
        held = self._state.requests
        for used in [one for one, dead in held.items() if dead < now_ms]:
            del held[used]
        if (key_id, nonce) in held:
            return False
        held[key_id, nonce] = dead_ms
        return True

    def revoke_keys(self, member: UUID, now_ms: int) -> int:
        theirs = [key for key, (owner, _) in self._state.phone_keys.items() if owner == member]
        for key in theirs:
            del self._state.phone_keys[key]
            self._state.revoked_keys.add(key)
        return len(theirs)

    def add_claims(self, claims: Sequence[NewClaim]) -> None:
        held = self._state.claims
        for new in claims:
            for hashed, claim in held.items():
                if claim.member == new.member:
                    held[hashed] = replace(claim, used=True)
            claim = Claim(new.member, new.claim.claim_expires_ms, used=False)
            held.setdefault(new.claim.claim_hash, claim)

    def consent_given(self, member: UUID, kind: str) -> bool | None:
        said = [
            one for one in self._state.consents if (one.member, one.consent.kind) == (member, kind)
        ]
        if (member, kind) in self._state.withdrawn:
            return False
        if (member, kind) in self._state.said:
            return self._state.said[member, kind].given
        return said[-1].consent.given if said else None

    def say_consent(self, said: SaidConsent) -> None:
        self._state.withdrawn.pop((said.member, said.kind), None)
        self._state.said[said.member, said.kind] = said

    def withdraw_consent(self, withdrawn: WithdrawnConsent) -> None:
        self._state.withdrawn[withdrawn.member, withdrawn.kind] = withdrawn

    def everything(self, member: UUID) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        known = self._state.members.get(member)
        return {"member": [] if known is None else [{"name": known.enrolled.name}]}

    def lane(self, store: UUID, lane: UUID, now_ms: int) -> LaneFacts | None:
        till, place = self._state.tills.get(lane), self._state.stores.get(store)
        if till is None or place is None or till.store != store:
            return None
        said = [one for one in self._state.states.values() if one.store == store]
        heard = [Heard(one.state, one.can_sell, now_ms - one.seen_ms) for one in said]
        return LaneFacts(store, lane, place.name, till.name, heard[-1] if heard else None)

    def lanes(self, store: UUID) -> tuple[tuple[UUID, str], ...]:
        tills = self._state.tills.values()
        return tuple((till.till, till.name) for till in tills if till.store == store)

    def open_checkin(self, checkin: NewCheckIn) -> None:
        for held in self._state.checkins.values():
            if held.checkin.member == checkin.member and not held.outcome:
                held.outcome = "superseded"
        self._state.checkins[checkin.checkin] = HeldCheckIn(checkin)

    def untold_checkins(self, now_ms: int) -> tuple[NewCheckIn, ...]:
        waiting = [
            held
            for held in self._state.checkins.values()
            if not held.told and not held.outcome and held.checkin.expires_ms > now_ms
        ]
        for held in waiting:
            held.told = True
        return tuple(held.checkin for held in waiting)

    def checkin_outcome(self, member: UUID, checkin: UUID) -> str | None:
        held = self._state.checkins.get(checkin)
        return held.outcome if held is not None and held.checkin.member == member else None

    def answer_checkin(self, store: UUID, checkin: UUID, outcome: str, now_ms: int) -> bool:
        held = self._state.checkins.get(checkin)
        if held is None or held.checkin.store != store or held.outcome:
            return False
        held.outcome = outcome
        return True

    def forget_checkins(self, before_ms: int) -> int:
        held = self._state.checkins
        old = [one for one in held.values() if one.checkin.opened_ms < before_ms]
        for one in old:
            del held[one.checkin.checkin]
        return len(old)
