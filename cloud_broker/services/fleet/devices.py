"""Boxes over HTTP: who is asking, and the documents they fetch."""

from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class Devices:
    """What a box may fetch besides members; `releases` is the folder of signed files."""

    def __init__(self, units: Units, releases: Path | None = None) -> None:
        self._units = units
        self.releases = releases

    def who(self, token: str) -> tuple[UUID, Place]:
        """Return (tenant, place) of the box with this token. Raises Fault API_TOKEN_WRONG.

        The token begins with its tenant, so that it is looked up among that tenant's rows only.
        """
        try:
            tenant = UUID(token.partition(".")[0])
        except ValueError:
            raise Fault(FaultCode.API_TOKEN_WRONG) from None
        with self._units.begin(tenant) as unit:
            place = unit.fleet.device_by_token(sha256(token.encode()).digest())
        if place is None:
            raise Fault(FaultCode.API_TOKEN_WRONG)
        return tenant, place

    def document(self, tenant: UUID, kind: str, version: int) -> bytes:
        """Return a published document's bytes. Raises Fault API_NOT_FOUND."""
        with self._units.begin(tenant) as unit:
            content = unit.catalogue.content(kind, version)
        if content is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"{kind} {version}")
        return content

    def newest(self, tenant: UUID, kind: str) -> bytes:
        """Return the newest `models` or `recommendations`. Raises Fault API_NOT_FOUND."""
        with self._units.begin(tenant) as unit:
            newest = unit.catalogue.newest(kind)
            content = None if newest is None else unit.catalogue.content(kind, newest.version)
        if content is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=kind)
        return content

    def model_file(self, tenant: UUID, sha256: str) -> bytes:
        """Return weights that a published bundle names. Raises Fault API_NOT_FOUND."""
        with self._units.begin(tenant) as unit:
            content = unit.catalogue.model_file(sha256)
        if content is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"model file {sha256[:12]}")
        return content

    def name_map(self, tenant: UUID) -> dict[str, str]:
        """Return the reviewed mapping of printed names to skus."""
        with self._units.begin(tenant) as unit:
            return unit.catalogue.name_map()
