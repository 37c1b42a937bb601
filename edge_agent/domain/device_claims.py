"""Claims as they stand in the box's small document, and the serial numbers found on two devices."""

from collections.abc import Iterable
from typing import Any

from edge_agent.domain.devices import Claim, DeviceKind, Identity, Model, Voice

VERSION = 1
Common = frozenset[tuple[Model, str]]


def claims_document(claims: Iterable[Claim], common: Common) -> dict[str, object]:
    """Return the document."""
    return {
        "v": VERSION,
        "claims": [_written(claim) for claim in claims],
        "common": [[*model, serial] for model, serial in sorted(common)],
    }


def read_claims(document: dict[str, Any]) -> tuple[tuple[Claim, ...], Common]:
    """Read the document; raises ValueError, KeyError or TypeError when it is none of ours."""
    if document["v"] != VERSION:
        raise ValueError("version")
    common = frozenset(
        ((DeviceKind(kind), vendor, product, interface), serial)
        for kind, vendor, product, interface, serial in document["common"]
    )
    return tuple(map(_read, document["claims"])), common


def _written(claim: Claim) -> dict[str, object]:
    identity = claim.identity
    return {
        "name": claim.name,
        "kind": identity.kind.value,
        "vendor": identity.vendor,
        "product": identity.product,
        "serial": identity.serial,
        "interface": identity.interface,
        "socket": identity.socket,
        "hubs": list(identity.hubs),
        "by_socket": claim.by_socket,
        "may_probe": claim.may_probe,
        "voice": claim.voice.value if claim.voice else "",
        "claimed_ms": claim.claimed_ms,
        "claimed_by": claim.claimed_by,
    }


def _read(entry: dict[str, Any]) -> Claim:
    identity = Identity(
        DeviceKind(entry["kind"]),
        *(str(entry[name]) for name in ("vendor", "product", "serial", "interface", "socket")),
        hubs=tuple(map(str, entry["hubs"])),
    )
    return Claim(
        name=str(entry["name"]),
        identity=identity,
        by_socket=bool(entry["by_socket"]),
        may_probe=bool(entry["may_probe"]),
        voice=Voice(entry["voice"]) if entry["voice"] else None,
        claimed_ms=int(entry["claimed_ms"]),
        claimed_by=str(entry["claimed_by"]),
    )
