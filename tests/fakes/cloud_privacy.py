"""Leavings and certificates in memory, with tables of plain rows to erase somebody from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.privacy import (
    ALIVE,
    Certified,
    Certify,
    Erase,
    Leaving,
    LeavingState,
    Sought,
)
from cloud_broker.ports.sms import SmsSender
from cloud_broker.ports.unit import Units
from cloud_broker.ports.wechat import WeChat
from cloud_broker.services.access.overview import HqQueries
from cloud_broker.services.members.leaving import Leavings
from cloud_broker.services.members.privacy_desks import Peers, PrivacyDesks, privacy_desks
from retail_core.errors import Fault
from retail_core.identity.erasure import pseudonym
from retail_core.identity.erasure_certificate import ErasedPlace, SignedCertificate
from retail_core.texts.faults import FaultCode
from tests.fakes.cloud_basics import FakeKeyRing
from tests.fakes.cloud_fairness import FakeFairnessReads
from tests.fakes.cloud_recruiting import sms_codes

Tables = dict[str, list[dict[str, Any]]]
BOOKS = frozenset({"mall_order", "consent"})


@dataclass
class FakePrivacyShelf:
    """A `PrivacyShelf`; `tables` are rows by table, `waiting` shops that have yet to hear."""

    tables: Tables = field(default_factory=dict)
    waiting: tuple[UUID, ...] = ()
    held: dict[tuple[UUID, UUID], Leaving] = field(default_factory=dict)
    made: list[tuple[UUID, Certified]] = field(default_factory=list)

    def ask(self, tenant: UUID, leaving: Leaving) -> bool:
        if self.alive(tenant, leaving.member) is not None:
            return False
        self.held[tenant, leaving.leaving] = leaving
        return True

    def alive(self, tenant: UUID, member: UUID) -> Leaving | None:
        return next(
            (one for one in self._of(tenant) if one.member == member and one.state in ALIVE), None
        )

    def one(self, tenant: UUID, leaving: UUID) -> Leaving | None:
        return self.held.get((tenant, leaving))

    def leavings(self, tenant: UUID, limit: int) -> tuple[Leaving, ...]:
        found = sorted(self._of(tenant), key=lambda one: (one.asked_ms, one.leaving), reverse=True)
        return tuple(found[:limit])

    def due(self, tenant: UUID, now_ms: int) -> tuple[Leaving, ...]:
        found = [
            one
            for one in self._of(tenant)
            if one.state is LeavingState.TELLING
            or (one.state is LeavingState.OPEN and (one.due_ms or 0) <= now_ms)
        ]
        return tuple(sorted(found, key=lambda one: (one.due_ms or 0, one.leaving)))

    def move(self, tenant: UUID, before: Leaving, after: Leaving) -> bool:
        now = self.held.get((tenant, before.leaving))
        if now is None or now.state is not before.state:
            return False
        self.held[tenant, before.leaving] = after
        return True

    def unheard(self, tenant: UUID, members: Collection[UUID]) -> tuple[UUID, ...]:
        del tenant, members
        return self.waiting

    def sought(self, tenant: UUID, members: Collection[UUID]) -> Sought:
        marks = {
            row["phone_hash"]
            for row in self.tables.get("member", [])
            if row["member_id"] in members and row["tenant_id"] == tenant and row["phone_hash"]
        }
        return Sought(tuple(members), tuple(sorted(marks)))

    def erase(self, tenant: UUID, erase: Erase, certify: Certify) -> Certified:
        for old in erase.olds:
            alive = self.alive(tenant, old)
            assert alive is not None
            assert alive.state is LeavingState.TELLING
        swapped = dict(zip(erase.olds, erase.news, strict=True))
        places = [
            ErasedPlace(name, done, count)
            for name in sorted(self.tables)
            for done, count in [self._emptied(tenant, name, swapped)]
            if count
        ]
        made = certify(places)
        self.made.append((tenant, made))
        for key, one in self.held.items():
            if key[0] == tenant and one.member in swapped:
                done_with = replace(one, member=swapped[one.member])
                if one.state is LeavingState.TELLING:
                    done_with = replace(done_with, state=LeavingState.DONE, ended_ms=erase.now_ms)
                self.held[key] = done_with
        return made

    def found(self, tenant: UUID, sought: Sought) -> Mapping[str, int]:
        values = {*sought.ids, *sought.marks}
        counts = {
            name: sum(bool(values & set(row.values())) for row in self._rows(tenant, name))
            for name in self.tables
        }
        return {name: count for name, count in counts.items() if count}

    def rows_about(
        self, tenant: UUID, members: Collection[UUID], besides: Collection[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        told = {
            name: [row for row in self._rows(tenant, name) if row.get("member_id") in members]
            for name in self.tables
            if name not in besides
        }
        return {name: rows for name, rows in told.items() if rows}

    def named(self, tenant: UUID, pseudonyms: Collection[str]) -> tuple[UUID, ...]:
        rows = self.tables.get("member", [])
        return tuple(
            row["member_id"] for row in rows if pseudonym(tenant, row["member_id"]) in pseudonyms
        )

    def keep(self, tenant: UUID, certified: Certified) -> bool:
        if any(one.erasure == certified.erasure for _, one in self.made):
            return False
        self.made.append((tenant, certified))
        return True

    def certificates(self, tenant: UUID, limit: int) -> tuple[Certified, ...]:
        found = [one for whose, one in self.made if whose == tenant]
        return tuple(sorted(found, key=lambda one: -one.erased_ms)[:limit])

    def _of(self, tenant: UUID) -> list[Leaving]:
        return [one for (whose, _), one in self.held.items() if whose == tenant]

    def _rows(self, tenant: UUID, name: str) -> list[dict[str, Any]]:
        return [row for row in self.tables[name] if row["tenant_id"] == tenant]

    def _emptied(self, tenant: UUID, name: str, swapped: Mapping[UUID, UUID]) -> tuple[str, int]:
        hers = [row for row in self._rows(tenant, name) if row.get("member_id") in swapped]
        if name in BOOKS:
            for row in hers:
                row["member_id"] = swapped[row["member_id"]]
            return "pseudonymised", len(hers)
        self.tables[name] = [row for row in self.tables[name] if row not in hers]
        return "deleted", len(hers)


@dataclass
class FakeCertificateFiles:
    """`CertificateFiles` in memory."""

    held: dict[tuple[UUID, UUID], SignedCertificate] = field(default_factory=dict)

    def keep(self, tenant: UUID, certified: Certified) -> bool:
        key = tenant, certified.erasure
        if key in self.held:
            return False
        self.held[key] = certified.signed
        return True

    def names(self, tenant: UUID) -> frozenset[UUID]:
        return frozenset(erasure for owner, erasure in self.held if owner == tenant)

    def read(self, tenant: UUID, erasure: UUID) -> SignedCertificate:
        return self.held[tenant, erasure]


def privacy_of(
    units: Units,
    clock: Clock,
    ids: IdSource,
    queries: HqQueries,
    sender: SmsSender | None = None,
    wechat: WeChat | None = None,
) -> PrivacyDesks:
    """The desks over a store in memory, under the keys that tests share."""
    shelf = FakePrivacyShelf()
    peers = Peers(
        units,
        queries,
        clock,
        ids,
        FakeKeyRing(),
        shelf,
        sms_codes(units, clock, ids, sender),
        wechat,
        lambda slug: _chain(units, slug),
        FakeFairnessReads(),
        "http://cloud.test/m/wechat",
    )
    return privacy_desks(peers, Leavings(units, shelf, clock, ids))


def _chain(units: Units, slug: str) -> UUID:
    found = units.tenant(slug or "demo")
    if found is None:
        raise Fault(FaultCode.API_NOT_FOUND, what="chain")
    return found
