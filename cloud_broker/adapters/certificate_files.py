"""Certificates of erasures as files beside the database, which no restore takes back."""

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cloud_broker.ports.privacy import Certified
from retail_core.errors import Fault
from retail_core.identity.erasure_certificate import SignedCertificate, from_file, to_file
from retail_core.texts.faults import FaultCode

_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class FolderCertificates:
    """Fulfils `CertificateFiles`: a folder for each tenant, a file for each erasure."""

    folder: Path

    def keep(self, tenant: UUID, certified: Certified) -> bool:
        """Write a certificate, whole or not at all; False when it is there. Fault E121."""
        path = self._path(tenant, certified.erasure)
        if path.exists():
            return False
        partial = path.with_suffix(".partial")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(to_file(certified.signed))
                file.flush()
                os.fsync(descriptor)
            partial.rename(path)
        except OSError as error:
            reason = error.strerror or "unwritable"
            raise Fault(FaultCode.CERTIFICATE_NOT_KEPT, reason=reason) from None
        return True

    def names(self, tenant: UUID) -> frozenset[UUID]:
        """Return the erasures whose certificates are there."""
        found = set()
        for path in (self.folder / str(tenant)).glob("*" + _SUFFIX):
            try:
                found.add(UUID(path.stem))
            except ValueError:
                continue  # somebody's own file
        return frozenset(found)

    def read(self, tenant: UUID, erasure: UUID) -> SignedCertificate:
        """Return a certificate; Fault E118 for a file that is none."""
        return from_file(self._path(tenant, erasure).read_bytes())

    def _path(self, tenant: UUID, erasure: UUID) -> Path:
        return self.folder / str(tenant) / f"{erasure}{_SUFFIX}"
