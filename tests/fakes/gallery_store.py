"""Consents and templates in memory, bound together as the tables bind them."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from edge_agent.domain.consents import (
    FACE_GUARDIAN,
    FACE_LOCAL,
    FACE_ROAMING,
    FACE_WALK_UP,
    MEMBERSHIP,
    OLD_ENOUGH,
    Consent,
    face_refused_for_age,
)
from edge_agent.ports.gallery_store import Cause, Erasure, Holder, MemberRows, Template
from retail_core.errors import Fault
from retail_core.identity.face_lease import CONSENT_KEPT_DAYS, DAY_MS, LOCAL_LEASE_MS, Lease
from retail_core.texts.faults import FaultCode
from tests.fakes.ids import FakeIdSource


@dataclass
class FakeConsentLedger:
    """Fulfils `ConsentLedger`; `store` holds what rests on the words."""

    store: "FakeGalleryStore"
    said: list[Consent] = field(default_factory=list)
    went: list[Erasure] = field(default_factory=list)
    receipted: set[UUID] = field(default_factory=set)
    ended: dict[UUID, int] = field(default_factory=dict)

    def add_consent(self, consent: Consent) -> Erasure | None:
        if self.knows(consent.consent_id):
            return None
        member = consent.member_id
        guardian = self.word(member, FACE_GUARDIAN)
        guarded = guardian is not None and guardian.given
        faces = consent.given and consent.kind in {FACE_LOCAL, FACE_ROAMING, FACE_WALK_UP}
        if faces and face_refused_for_age(consent.age, guardian=guarded):
            raise Fault(FaultCode.FACE_MINOR)
        self.said.append(consent)
        if consent.given or not self._ends(consent):
            return None
        return self.store.erase(member, "withdrawn", consent.wall_ms)

    def _ends(self, consent: Consent) -> bool:
        if consent.kind == FACE_GUARDIAN:
            face = self.word(consent.member_id, FACE_LOCAL)
            return face is None or face.age != OLD_ENOUGH
        return consent.kind in {FACE_LOCAL, MEMBERSHIP}

    def knows(self, consent_id: UUID) -> bool:
        return any(one.consent_id == consent_id for one in self.said)

    def word(self, member_id: UUID, kind: str) -> Consent | None:
        words = [one for one in self.words(member_id) if one.kind == kind]
        return words[-1] if words else None

    def walk_up(self) -> frozenset[UUID]:
        said = [one.consent_id for one in self.said]
        found = set()
        for held in self.store.holders():
            word = self.word(held.member_id, FACE_WALK_UP)
            if word is not None and word.given:
                after = said.index(word.consent_id) > said.index(held.consent_id)
                found |= {held.member_id} if after else set()
        return frozenset(found)

    def words(self, member_id: UUID) -> tuple[Consent, ...]:
        return tuple(one for one in self.said if one.member_id == member_id)

    def untold(self) -> tuple[Erasure, ...]:
        return tuple(one for one in self.went if one.erasure_id not in self.receipted)

    def told(self, erasure_id: UUID) -> None:
        self.receipted.add(erasure_id)

    def erasures(self, member_id: UUID) -> tuple[Erasure, ...]:
        return tuple(one for one in self.went if one.member_id == member_id)

    def settle(self, held: Callable[[UUID], bool]) -> int:
        today = self.store.day
        live = {one.consent_id for one in self.said if self._rests_on(one, held)}
        ends = {one.consent_id: today for one in self.said if one.consent_id not in live}
        self.ended = ends | {key: day for key, day in self.ended.items() if key in ends}
        kept: list[Consent] = []
        for one in self.said:
            due = today - self.ended.get(one.consent_id, today) >= CONSENT_KEPT_DAYS
            after = any((one.member_id, one.kind) == (old.member_id, old.kind) for old in kept)
            if not due or after:
                kept.append(one)
        went, self.said = len(self.said) - len(kept), kept
        if went:
            members = {one.member_id for one in kept}
            untold = self.untold()
            self.went = [one for one in self.went if one.member_id in members or one in untold]
        return went

    def _rests_on(self, one: Consent, held: Callable[[UUID], bool]) -> bool:
        holder = self.store.holder(one.member_id)
        if holder is not None and holder.consent_id == one.consent_id:
            return True
        if not one.given or self.word(one.member_id, one.kind) != one:
            return False
        return holder is not None if one.kind.startswith("face.") else held(one.member_id)


class FakeVault:
    """Fulfils `Vault`."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self._kept.get(name)

    def put(self, name: str, secret: bytes) -> None:
        self._kept[name] = secret


class FakeGalleryStore:
    """Fulfils `GalleryStore`."""

    def __init__(self) -> None:
        self.ledger = FakeConsentLedger(self)
        self.vault = FakeVault()
        self.consents: dict[UUID, UUID] = {}
        self._ids = FakeIdSource(seed=7)
        self._templates: dict[UUID, Template] = {}
        self._holders: dict[UUID, Holder] = {}
        self._elapsed_ms = 0

    def add(self, template: Template, *, consent_event_id: UUID) -> None:
        word = self.ledger.word(template.member_id, FACE_LOCAL)
        if word is None or not word.given or word.consent_id != consent_event_id:
            raise Fault(FaultCode.FACE_CONSENT_MISSING)
        self._templates[template.template_id] = template
        self.consents[template.template_id] = consent_event_id
        self._holders.setdefault(
            template.member_id,
            Holder(
                template.member_id,
                consent_event_id,
                word.wall_ms,
                self._elapsed_ms // DAY_MS,
                self._elapsed_ms + LOCAL_LEASE_MS,
                0,
                (),
            ),
        )

    def load(self, model_id: str) -> Iterator[Template]:
        return iter([one for one in self._templates.values() if one.model_id == model_id])

    def rows(self, model_id: str) -> Iterator[MemberRows]:
        for one in self.load(model_id):
            yield MemberRows((one.member_id,), (1,), one.embedding[None, :])

    def erase(self, member_id: UUID, cause: Cause, wall_ms: int) -> Erasure | None:
        gone = [key for key, one in self._templates.items() if one.member_id == member_id]
        for key in gone:
            del self._templates[key]
        self._holders.pop(member_id, None)
        if not gone:
            return None
        erasure = Erasure(self._ids.uuid7(), member_id, tuple(gone), cause, wall_ms)
        self.ledger.went.append(erasure)
        return erasure

    def drop_model(self, member_id: UUID, model_id: str) -> int:
        gone = [
            key
            for key, one in self._templates.items()
            if (one.member_id, one.model_id) == (member_id, model_id)
        ]
        for key in gone:
            del self._templates[key]
        return len(gone)

    def holders(self) -> tuple[Holder, ...]:
        return tuple(self._shown(one) for one in sorted(self._holders.values(), key=_by_member))

    def leases(self) -> tuple[Lease, ...]:
        return tuple(
            Lease(held.member_id, held.expires_ms, held.used_day) for held in self._holders.values()
        )

    def holder(self, member_id: UUID) -> Holder | None:
        held = self._holders.get(member_id)
        return None if held is None else self._shown(held)

    def _shown(self, held: Holder) -> Holder:
        mine = [one for one in self._templates.values() if one.member_id == held.member_id]
        models = tuple(sorted({one.model_id for one in mine}))
        return replace(held, templates=len(mine), models=models)

    @property
    def day(self) -> int:
        return self._elapsed_ms // DAY_MS

    def elapsed(self, elapsed_ms: int) -> None:
        self._elapsed_ms = max(self._elapsed_ms, elapsed_ms)

    def renew(self, members: Collection[UUID], expires_ms: int) -> None:
        for member in members:
            self._holders[member] = replace(self._holders[member], expires_ms=expires_ms)

    def used(self, members: Collection[UUID], day: int) -> None:
        for member in members:
            if member in self._holders:
                self._holders[member] = replace(self._holders[member], used_day=day)

    def close(self) -> None:
        """Nothing is open."""


def _by_member(held: Holder) -> bytes:
    return held.member_id.bytes
