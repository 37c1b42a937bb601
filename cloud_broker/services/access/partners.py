"""Partner systems: keys with narrow scopes, shown once, kept as hashes, ended at once."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.rights import KEY_OPENS, PARTNER, SHOWS_PEOPLE, WRITES, KeyScope, opens
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.partners import ApiKey
from cloud_broker.ports.sight import Sight, as_the_program
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import HqIdentity
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

PREFIX = "rgk"
SECRET_BYTES = 32
KEYS_MAX = 100
NAME_CHARS_MAX = 80
DAYS_MAX = 3_650
_DAY_MS = 86_400_000
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner system that proved itself."""

    tenant: UUID
    key: ApiKey

    @property
    def who(self) -> str:
        """Return the name it stands under in the audit log."""
        return f"api:{self.key.name}"

    @property
    def identity(self) -> HqIdentity:
        """Return it as whoever asks HQ's API; it has none of a person's rights."""
        named = (self.tenant, self.key.key_id, self.who, self.key.name)
        return HqIdentity(*named, PARTNER, by_token=True, expires_ms=self.key.expires_ms or 0)

    @property
    def sight(self) -> Sight:
        """Return how far it sees: its chain, and read-only without a scope that writes."""
        return Sight(writes=any(self.may(scope) for scope in WRITES))

    def may(self, scope: KeyScope) -> bool:
        """Tell whether the key has a scope."""
        return scope.value in self.key.scopes

    def require(self, scopes: frozenset[KeyScope]) -> None:
        """Raise Fault API_SCOPE_MISSING unless the key has one of some scopes."""
        if not any(self.may(scope) for scope in scopes):
            named = " / ".join(sorted(scope.value for scope in scopes))
            raise Fault(FaultCode.API_SCOPE_MISSING, scope=named or "—")


@dataclass(frozen=True, slots=True)
class Partners:
    """Makes keys, looks them up, ends them."""

    units: Units
    clock: Clock
    ids: IdSource

    def create(
        self,
        tenant: UUID,
        name: str,
        scopes: tuple[KeyScope, ...],
        *,
        who: str,
        days: int | None = None,
    ) -> tuple[str, ApiKey]:
        """Make a key; the text returned is shown once and kept nowhere.

        Fault API_BODY_INVALID for a name, scopes or days that no key can have.
        """
        name = name.strip()
        _check(name, scopes, days)
        now = self.clock.now_ms()
        secret = urlsafe_b64encode(self.ids.random_bytes(SECRET_BYTES)).rstrip(b"=").decode()
        text = f"{PREFIX}.{tenant}.{secret}"
        named = tuple(sorted({scope.value for scope in scopes}))
        expires = None if days is None else now + days * _DAY_MS
        key = ApiKey(self.ids.uuid7(), name, named, who, now, expires_ms=expires)
        with self.units.begin(tenant) as unit:
            held = unit.partners.keys()
            if sum(one.good(now) for one in held) >= KEYS_MAX:
                raise Fault(FaultCode.API_BODY_INVALID, detail=f"keys: > {KEYS_MAX}")
            unit.partners.add_key(key, _hash(text))
            detail: dict[str, object] = {"name": name, "scopes": list(named), "days": days}
            unit.hq.audit(AuditEntry(who, "api_key.create", str(key.key_id), detail), now)
        return text, key

    def who(self, text: str) -> Partner:
        """Return whose key this is. Fault HQ_TOKEN_WRONG also for one that has ended."""
        tenant = _tenant_of(text)
        now = self.clock.now_ms()
        with as_the_program(), self.units.begin(tenant) as unit:
            key = unit.partners.key(_hash(text))
            if key is not None and key.good(now):
                unit.partners.used(key.key_id, now)
        if key is None or not key.good(now):
            raise Fault(FaultCode.HQ_TOKEN_WRONG)
        return Partner(tenant, key)

    def admit(self, partner: Partner, method: str, address: str, path: str) -> None:
        """Let a key through to an address; whoever looks at people is entered in the audit.

        `address` is the route's own, `path` what was asked. Fault API_SCOPE_MISSING.
        """
        by = opens(method, address, frozenset(partner.key.scopes))
        partner.require(by or KEY_OPENS.get((method, address), frozenset()))
        if not by & SHOWS_PEOPLE:
            return
        entry = AuditEntry(partner.who, "api_key.members", path, {"key": str(partner.key.key_id)})
        with as_the_program(), self.units.begin(partner.tenant) as unit:
            unit.hq.audit(entry, self.clock.now_ms())

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


def is_key(text: str) -> bool:
    """Tell a partner's key from a person's token by how it begins."""
    return text.startswith(PREFIX + ".")


def _check(name: str, scopes: tuple[KeyScope, ...], days: int | None) -> None:
    wrong = [
        what
        for what, fine in (
            ("name", 0 < len(name) <= NAME_CHARS_MAX and name.isprintable()),
            ("scope", bool(scopes)),
            ("days", days is None or 0 < days <= DAYS_MAX),
        )
        if not fine
    ]
    if wrong:
        raise Fault(FaultCode.API_BODY_INVALID, detail=", ".join(wrong))


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
    """Return what is stored: of 32 random bytes, so that comparing by it tells nobody anything."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
