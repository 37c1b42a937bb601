"""Partner systems: keys with narrow scopes, shown once, kept as hashes, ended at once."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.partners import ApiKey
from cloud_broker.ports.unit import Units
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PREFIX = "rgk"
SECRET_BYTES = 32
_PARTS = 3


class PartnerScope(StrEnum):
    """What a key may do; costs are a scope of their own."""

    READ = "master:read"
    WRITE = "master:write"
    COSTS = "cost:read"


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner system that proved itself."""

    tenant: UUID
    key: ApiKey

    @property
    def who(self) -> str:
        """Return the name it stands under in the audit log."""
        return f"api:{self.key.name}"

    def may(self, scope: PartnerScope) -> bool:
        """Tell whether the key has a scope."""
        return scope.value in self.key.scopes

    def require(self, scope: PartnerScope) -> None:
        """Raise Fault API_SCOPE_MISSING unless the key has a scope."""
        if not self.may(scope):
            raise Fault(FaultCode.API_SCOPE_MISSING, scope=scope.value)


@dataclass(frozen=True, slots=True)
class Partners:
    """Makes keys, looks them up, ends them."""

    units: Units
    clock: Clock
    ids: IdSource

    def create(
        self, tenant: UUID, name: str, scopes: tuple[PartnerScope, ...], *, who: str
    ) -> tuple[str, ApiKey]:
        """Make a key; the text returned is shown once and kept nowhere."""
        now = self.clock.now_ms()
        secret = urlsafe_b64encode(self.ids.random_bytes(SECRET_BYTES)).rstrip(b"=").decode()
        text = f"{PREFIX}.{tenant}.{secret}"
        named = tuple(sorted({scope.value for scope in scopes}))
        key = ApiKey(self.ids.uuid7(), name, named, who, now)
        with self.units.begin(tenant) as unit:
            unit.partners.add_key(key, _hash(text))
            detail: dict[str, object] = {"name": name, "scopes": list(named)}
            unit.hq.audit(AuditEntry(who, "api_key.create", str(key.key_id), detail), now)
        return text, key

    def who(self, text: str) -> Partner:
        """Return whose key this is. Fault HQ_TOKEN_WRONG also for a revoked one."""
        tenant = _tenant_of(text)
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            key = unit.partners.key(_hash(text))
            if key is not None and key.revoked_ms is None:
                unit.partners.used(key.key_id, now)
        if key is None or key.revoked_ms is not None:
            raise Fault(FaultCode.HQ_TOKEN_WRONG)
        return Partner(tenant, key)

    def keys(self, tenant: UUID) -> tuple[ApiKey, ...]:
        """Return every key, newest first."""
        with self.units.begin(tenant) as unit:
            return unit.partners.keys()

    def revoke(self, tenant: UUID, key_id: UUID, *, who: str) -> None:
        """End a key at once. Fault API_NOT_FOUND."""
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            if not unit.partners.revoke(key_id, now):
                raise Fault(FaultCode.API_NOT_FOUND, what=f"api key {key_id}")
            unit.hq.audit(AuditEntry(who, "api_key.revoke", str(key_id), {}), now)


def _tenant_of(text: str) -> UUID:
    """Read the tenant a key names: it is looked up among that tenant's rows only."""
    parts = text.split(".")
    try:
        if len(parts) == _PARTS and parts[0] == PREFIX:
            return UUID(parts[1])
    except ValueError:
        pass
    raise Fault(FaultCode.HQ_TOKEN_WRONG)


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
