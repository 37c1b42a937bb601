"""Where events and orders come from: sources, their write keys, what connectors prove words with.

A write key stands in the page of whoever looks: it lets somebody say things under one source and
nothing else. So a key of a page takes only from the origins entered for it, each source is told
apart for ever, and a key is changed without a gap: the old one ends a day after the new one began.
"""

import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from cloud_broker.domain.sealing import NONCE_BYTES, seal, unseal
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.collection import Source, SourceKind, WriteKey
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from retail_core.errors import Fault
from retail_core.insight.collection import limits
from retail_core.insight.collection.plain import Hashed
from retail_core.texts.faults import FaultCode

PREFIX = "rgw"
SECRET_BYTES = 32
OVERLAP_MS = 24 * 3_600_000
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PARTS = 3
# What each connector proves its words with; the OMS's secret is ours to draw.
SECRETS: Mapping[SourceKind, tuple[str, ...]] = {
    "sdk": (),
    "oms": (),
    "wechat_mini": ("token", "aes_key", "app_id"),
    "douyin": ("app_key", "app_secret"),
}
_secrets = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class Made:
    """A source that was made, with its key or the secret that was drawn for it, shown this once."""

    source: Source
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """Makes sources, changes their keys, ends them."""

    units: Units
    clock: Clock
    ids: IdSource
    keys: KeyRing

    def make(  # noqa: PLR0913 -- a source has these parts, named by the caller
        self,
        tenant: UUID,
        name: str,
        channel: str,
        kind: SourceKind,
        *,
        who: str,
        origins: Sequence[str] = (),
        secrets: Mapping[str, str] | None = None,
    ) -> Made:
        """Make a source. Fault SOURCE_INVALID for what no source can have."""
        name, now = name.strip(), self.clock.now_ms()
        pages = tuple(dict.fromkeys(map(origin_of, origins)))
        _check(name, channel, kind, pages, secrets or {})
        source_id = self.ids.uuid7()
        shown, sealed = self._secret(tenant, source_id, kind, secrets or {})
        source = Source(source_id, name, channel, kind, who, now, pages, sealed)
        with self.units.begin(tenant) as unit:
            if len(unit.collection.sources()) >= limits.SOURCES_MAX:
                raise Fault(
                    FaultCode.SOURCE_INVALID, field="name", reason=f"> {limits.SOURCES_MAX}"
                )
            if not unit.collection.add_source(source):
                raise Fault(FaultCode.SOURCE_INVALID, field="name", reason=name)
            detail: dict[str, object] = {"name": name, "channel": channel, "kind": kind}
            unit.hq.audit(AuditEntry(who, "source.make", str(source_id), detail), now)
            if kind == "sdk":
                shown = self._key(unit, tenant, source_id, who, now)
        return Made(source, shown)

    def rotate(self, tenant: UUID, source_id: UUID, *, who: str, at_once: bool = False) -> str:
        """Draw another write key; the old ones end a day later, or at once."""
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            source = _open(unit, source_id)
            if source.kind != "sdk":
                raise Fault(FaultCode.SOURCE_INVALID, field="kind", reason=source.kind)
            text = self._key(unit, tenant, source_id, who, now)
            ends = now if at_once else now + OVERLAP_MS
            unit.collection.end_keys(source_id, ends, hash_of(text))
            unit.hq.audit(AuditEntry(who, "source.key", str(source_id), {"ends_ms": ends}), now)
        return text

    def let_in(self, tenant: UUID, source_id: UUID, origins: Sequence[str], *, who: str) -> None:
        """Say anew from which pages a source takes. Fault SOURCE_INVALID."""
        pages, now = tuple(dict.fromkeys(map(origin_of, origins))), self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            source = _open(unit, source_id)
            _check(source.name, source.channel, source.kind, pages, None)
            unit.collection.change_source(source_id, pages, source.sealed, source.ended_ms)
            detail: dict[str, object] = {"origins": list(pages)}
            unit.hq.audit(AuditEntry(who, "source.origins", str(source_id), detail), now)

    def end(self, tenant: UUID, source_id: UUID, *, who: str) -> None:
        """End a source and its keys at once; what it said stays."""
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            source = _open(unit, source_id)
            unit.collection.change_source(source_id, source.origins, None, now)
            unit.collection.end_keys(source_id, now)
            unit.hq.audit(AuditEntry(who, "source.end", str(source_id), {}), now)

    def all(self, tenant: UUID) -> tuple[Source, ...]:
        """Return every source by name."""
        with self.units.begin(tenant) as unit:
            return unit.collection.sources()

    def keys_of(self, tenant: UUID, source_id: UUID) -> tuple[WriteKey, ...]:
        """Return a source's keys, newest first."""
        with self.units.begin(tenant) as unit:
            return unit.collection.keys(source_id)

    def origins(self) -> frozenset[str]:
        """Return every origin that any source of any chain takes from."""
        found: set[str] = set()
        for tenant in self.units.tenants():
            with self.units.begin(tenant) as unit:
                found |= {
                    page
                    for source in unit.collection.sources()
                    if source.ended_ms is None
                    for page in source.origins
                }
        return frozenset(found)

    def named(self, tenant: UUID, name: str) -> Source:
        """Return a source by name or id. Fault SOURCE_UNKNOWN."""
        for source in self.all(tenant):
            if name in {source.name, str(source.source_id)}:
                return source
        raise Fault(FaultCode.SOURCE_UNKNOWN, source=name[:80])

    def secrets_of(self, tenant: UUID, source: Source) -> dict[str, str]:
        """Return what a connector proves its words with. Fault SOURCE_INVALID."""
        if source.sealed is None:
            raise Fault(FaultCode.SOURCE_INVALID, field="secret", reason=source.name)
        key = self.keys.keys(tenant).phone_hash_key
        return _secrets.decode(unseal(key, source.source_id, source.sealed))

    def hashed(self, tenant: UUID) -> Hashed:
        """Return how this tenant hashes what names a person; numbers as members' numbers are."""
        key = self.keys.keys(tenant).phone_hash_key

        def hashed(kind: str, text: str) -> bytes:
            said = text if kind == "phone" else f"{kind}:{text}"
            return hmac.digest(key, said.encode("utf-8", "replace"), "sha256")

        return hashed

    # ---- inside ---------------------------------------------------------------------------------

    def _key(self, unit: Unit, tenant: UUID, source_id: UUID, who: str, now_ms: int) -> str:
        good = sum(one.good(now_ms) for one in unit.collection.keys(source_id))
        if good >= limits.KEYS_OF_A_SOURCE_MAX:
            raise Fault(FaultCode.SOURCE_INVALID, field="keys", reason=f"> {good}")
        secret = urlsafe_b64encode(self.ids.random_bytes(SECRET_BYTES)).rstrip(b"=").decode()
        text = f"{PREFIX}.{tenant.hex}.{secret}"
        unit.collection.add_key(WriteKey(hash_of(text), source_id, who, now_ms))
        return text

    def _secret(
        self, tenant: UUID, source_id: UUID, kind: SourceKind, secrets: Mapping[str, str]
    ) -> tuple[str, bytes | None]:
        if kind == "sdk":
            return "", None
        shown, said = "", dict(secrets)
        if kind == "oms":
            shown = "whsec_" + b64encode(self.ids.random_bytes(SECRET_BYTES)).decode()
            said = {"secret": shown}
        key, nonce = self.keys.keys(tenant).phone_hash_key, self.ids.random_bytes(NONCE_BYTES)
        return shown, seal(key, source_id, msgspec.json.encode(said), nonce)


def hash_of(text: str) -> bytes:
    """Return what is kept of a write key."""
    return sha256(text.encode("utf-8", "replace")).digest()


def tenant_of(text: str) -> UUID:
    """Return the tenant a write key names. Fault COLLECT_KEY_WRONG."""
    parts = text.split(".")
    try:
        if len(parts) == _PARTS and parts[0] == PREFIX:
            return UUID(hex=parts[1])
    except ValueError:
        pass
    raise Fault(FaultCode.COLLECT_KEY_WRONG)


def origin_of(text: str) -> str:
    """Return an origin as browsers send it. Fault SOURCE_INVALID."""
    split = urlsplit(text.strip().lower())
    if split.scheme not in {"http", "https"} or not split.hostname or split.path not in {"", "/"}:
        raise Fault(FaultCode.SOURCE_INVALID, field="origin", reason=text[:100])
    return f"{split.scheme}://{split.netloc}"


def _open(unit: Unit, source_id: UUID) -> Source:
    source = unit.collection.source(source_id)
    if source is None or source.ended_ms is not None:
        raise Fault(FaultCode.SOURCE_UNKNOWN, source=source_id)
    return source


def _check(
    name: str,
    channel: str,
    kind: SourceKind,
    origins: Sequence[str],
    secrets: Mapping[str, str] | None,
) -> None:
    wrong = {
        "name": not (0 < len(name) <= limits.NAME_CHARS_MAX and name.isprintable()),
        "channel": not _CHANNEL.fullmatch(channel) or channel == "till",
        "kind": kind not in SECRETS,
        "origins": len(origins) > limits.ORIGINS_MAX,
    }
    if secrets is not None:
        wrong["secrets"] = {name for name, text in secrets.items() if text} != set(
            SECRETS.get(kind, ())
        )
    for field, is_wrong in wrong.items():
        if is_wrong:
            raise Fault(
                FaultCode.SOURCE_INVALID, field=field, reason=", ".join(SECRETS.get(kind, ()))
            )
