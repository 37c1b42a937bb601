"""Erasures outlive a restore: what a backup brings back of who was erased is erased again.

A certificate lies beside the database, too. One that the database has not was lost with what came
after the backup: whoever its pseudonyms stand for is here again and has to go.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.privacy import CertificateFiles, Certified, PrivacyShelf
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Units
from cloud_broker.services.members.leaving import Leavings
from retail_core.errors import Fault
from retail_core.identity.erasure import public_key_of
from retail_core.identity.erasure_certificate import (
    ErasureCertificate,
    SignedCertificate,
    open_certificate,
)
from retail_core.texts.faults import FaultCode

WHO: Final = "restore"
_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Repeated:
    """What became of it: certificates that came back, members who go again, files of nobody's."""

    certificates: int
    members: int
    refused: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ErasingAgain:
    """Makes database and files even; safe to repeat."""

    units: Units
    shelf: PrivacyShelf
    files: CertificateFiles
    leavings: Leavings
    clock: Clock
    keys: KeyRing

    def even(self, tenant: UUID) -> Repeated:
        """Write what has no file, and let go again who was erased by what the database has not.

        Fault E121 when the folder cannot be written.
        """
        kept = {one.erasure: one for one in self.shelf.certificates(tenant, _ALL)}
        named = self.files.names(tenant)
        for erasure in kept.keys() - named:
            self.files.keep(tenant, kept[erasure])
        back, members, refused = 0, 0, []
        for erasure in sorted(named - kept.keys()):
            try:
                signed = self.files.read(tenant, erasure)
                said = self._ours(tenant, erasure, signed)
            except Fault:
                refused.append(erasure)
                continue
            members += self._again(tenant, erasure, said)
            # Last: a kill before it begins this one anew.
            self.shelf.keep(tenant, Certified(erasure, said.erased_ms, signed))
            back += 1
        return Repeated(back, members, tuple(refused))

    def _ours(self, tenant: UUID, erasure: UUID, signed: SignedCertificate) -> ErasureCertificate:
        """Return what our own key certified of this chain; Fault E118."""
        said = open_certificate(signed)
        ours = public_key_of(self.keys.keys(tenant).bundle_seed)
        if signed.public_key != ours or (said.tenant, said.erasure_id) != (
            str(tenant),
            str(erasure),
        ):
            raise Fault(FaultCode.CERTIFICATE_UNTRUE)
        return said

    def _again(self, tenant: UUID, erasure: UUID, said: ErasureCertificate) -> int:
        here = self.shelf.named(tenant, said.members)
        for member in here:
            self.leavings.at_once(tenant, member, WHO, str(erasure))
        if here:
            with self.units.begin(tenant) as unit:
                entry = AuditEntry(WHO, "privacy.again", str(erasure), {"members": len(here)})
                unit.hq.audit(entry, self.clock.now_ms())
        return len(here)
