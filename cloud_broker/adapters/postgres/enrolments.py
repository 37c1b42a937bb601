"""Enrolment codes and boxes' certificates in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.fleet import PLACES, place_of
from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.authority import IssuedCertificate
from cloud_broker.ports.enrolments import EnrolCode, HeldCertificate, StoreSheet
from cloud_broker.ports.fleet import NewOperator, NewTill
from retail_core.errors import Fault
from retail_core.fleet.box_identity import Life
from retail_core.texts.faults import FaultCode

_SERIAL_BYTES = 20
_ADD_CERTIFICATE = """
insert into box_certificate (tenant_id, fingerprint, device_id, key_hash, serial, content, since_at,
  until_at, how, issued_at)
values (%(tenant)s, %(fingerprint)s, %(device)s, %(key)s, %(serial)s, %(content)s, %(since)s,
  %(until)s, %(how)s, %(now)s)
on conflict (tenant_id, key_hash) do nothing
"""
_CERTIFIED = (
    PLACES
    + """ exists (select from box_certificate c where c.tenant_id = %(tenant)s
  and c.device_id = d.device_id and c.revoked_at is null and c.until_at > %(now)s)
order by d.device_id
"""
)


class PostgresEnrolments(Repository):
    """Fulfils `EnrolmentRepo`."""

    def add_code(self, code: EnrolCode, now_ms: int) -> None:
        """Keep a code; one that the slot had and nobody used is over."""
        self._run(
            "update enrol_code set expires_at = least(expires_at, %(now)s)"
            " where tenant_id = %(tenant)s and store_id = %(store)s and slot = %(slot)s"
            " and used_at is null",
            store=code.store,
            slot=code.slot,
            now=at(now_ms),
        )
        self._run(
            "insert into enrol_code values (%(tenant)s, %(hash)s, %(store)s, %(slot)s,"
            " %(replaces)s, %(by)s, %(now)s, %(until)s, null, null)",
            hash=code.code_hash,
            store=code.store,
            slot=code.slot,
            replaces=code.replaces,
            by=code.issued_by,
            now=at(now_ms),
            until=at(code.expires_ms),
        )

    def code(self, code_hash: bytes) -> EnrolCode | None:
        """Return a code, locked until the end of the transaction."""
        row = self._row(
            "select code_hash, store_id, slot, replaces, issued_by, expires_at, used_at, device_id"
            " from enrol_code where tenant_id = %(tenant)s and code_hash = %(hash)s for update",
            hash=code_hash,
        )
        if row is None:
            return None
        return EnrolCode(
            *(row.code_hash, row.store_id, row.slot, row.replaces, row.issued_by),
            expires_ms=ms_of(row.expires_at),
            used_ms=None if row.used_at is None else ms_of(row.used_at),
            device=row.device_id,
        )

    def use_code(self, code_hash: bytes, device: UUID, now_ms: int) -> None:
        """Note which box used a code."""
        self._run(
            "update enrol_code set used_at = %(now)s, device_id = %(device)s"
            " where tenant_id = %(tenant)s and code_hash = %(hash)s and used_at is null",
            hash=code_hash,
            device=device,
            now=at(now_ms),
        )

    def occupant(self, store: UUID, slot: int) -> Place | None:
        """Return the box that stands in a slot."""
        row = self._row(
            PLACES + "d.store_id = %(store)s and d.slot = %(slot)s", store=store, slot=slot
        )
        return None if row is None else place_of(row)

    def occupants(self, store: UUID) -> dict[int, UUID]:
        """Return the boxes of a store by slot, in the order of slots."""
        rows = self._rows(
            "select slot, device_id from device where tenant_id = %(tenant)s"
            " and store_id = %(store)s and retired_at is null order by slot",
            store=store,
        )
        return {row.slot: row.device_id for row in rows}

    def add_certificate(
        self, device: UUID, issued: IssuedCertificate, how: str, now_ms: int
    ) -> None:
        """Keep a certificate; Fault ENROL_KEY_KNOWN for a key known already."""
        added = self._run(
            _ADD_CERTIFICATE,
            fingerprint=issued.fingerprint,
            device=device,
            key=issued.key_hash,
            serial=issued.serial.to_bytes(_SERIAL_BYTES, "big"),
            content=issued.content,
            since=at(issued.life.since_ms),
            until=at(issued.life.until_ms),
            how=how,
            now=at(now_ms),
        )
        if not added:
            raise Fault(FaultCode.ENROL_KEY_KNOWN)

    def certificate(self, fingerprint: bytes) -> HeldCertificate | None:
        """Return a certificate by the SHA-256 of its DER."""
        row = self._row(
            "select fingerprint, device_id, key_hash, serial, content, since_at, until_at,"
            " revoked_at from box_certificate"
            " where tenant_id = %(tenant)s and fingerprint = %(fingerprint)s",
            fingerprint=fingerprint,
        )
        if row is None:
            return None
        standing = self._row(PLACES + "d.device_id = %(device)s", device=row.device_id)
        return HeldCertificate(
            _issued(row),
            row.device_id,
            None if standing is None else place_of(standing),
            None if row.revoked_at is None else ms_of(row.revoked_at),
        )

    def retire(self, device: UUID, now_ms: int) -> None:
        """Retire a box and revoke every certificate it has."""
        self._run(
            "update device set retired_at = coalesce(retired_at, %(now)s)"
            " where tenant_id = %(tenant)s and device_id = %(device)s",
            device=device,
            now=at(now_ms),
        )
        self._run(
            "update box_certificate set revoked_at = %(now)s where tenant_id = %(tenant)s"
            " and device_id = %(device)s and revoked_at is null",
            device=device,
            now=at(now_ms),
        )

    def certified(self, now_ms: int) -> tuple[Place, ...]:
        """Return the boxes with a certificate that holds now."""
        return tuple(place_of(row) for row in self._rows(_CERTIFIED, now=at(now_ms)))

    def revoked(self, now_ms: int) -> dict[int, int]:
        """Return serial → since when, of revoked certificates whose own life is not over."""
        rows = self._rows(
            "select serial, revoked_at from box_certificate where tenant_id = %(tenant)s"
            " and revoked_at is not null and until_at > %(now)s",
            now=at(now_ms),
        )
        return {int.from_bytes(row.serial, "big"): ms_of(row.revoked_at) for row in rows}

    def sheet(self, device: UUID) -> StoreSheet:
        """Return what a box is told; Fault API_NOT_FOUND."""
        row = self._row(
            "select s.store_id, s.name, s.city, r.name as region, d.token_hash from device d"
            " join store s on s.tenant_id = d.tenant_id and s.store_id = d.store_id"
            " left join region r on r.tenant_id = s.tenant_id and r.region_id = s.region_id"
            " where d.tenant_id = %(tenant)s and d.device_id = %(device)s",
            device=device,
        )
        if row is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"device {device}")
        store = row.store_id
        tills = self._rows(
            "select till_id, store_id, name, kind, profile, port, printer from till"
            " where tenant_id = %(tenant)s and store_id = %(store)s order by name",
            store=store,
        )
        people = self._rows(
            "select operator_id, store_id, number, name, pin_hash, role from operator"
            " where tenant_id = %(tenant)s and store_id = %(store)s and retired_at is null"
            " order by number",
            store=store,
        )
        return StoreSheet(
            *(row.name, row.city, row.region or ""),
            tuple(_till(one) for one in tills),
            tuple(_operator(one) for one in people),
            row.token_hash,
        )

    def certificates_of(self, devices: Sequence[UUID]) -> dict[UUID, int]:
        """Return until when the newest certificate of each of these boxes holds."""
        rows = self._rows(
            "select device_id, max(until_at) as until from box_certificate"
            " where tenant_id = %(tenant)s and device_id = any(%(devices)b)"
            " and revoked_at is null group by device_id",
            devices=list(devices),
        )
        return {row.device_id: ms_of(row.until) for row in rows}


def _issued(row: Row[Any]) -> IssuedCertificate:
    return IssuedCertificate(
        row.content,
        row.fingerprint,
        row.key_hash,
        int.from_bytes(row.serial, "big"),
        Life(ms_of(row.since_at), ms_of(row.until_at)),
    )


def _till(row: Row[Any]) -> NewTill:
    return NewTill(
        row.till_id, row.store_id, row.name, row.kind, row.profile, row.port, row.printer
    )


def _operator(row: Row[Any]) -> NewOperator:
    return NewOperator(row.operator_id, row.store_id, row.number, row.name, row.pin_hash, row.role)
