"""Claims as they stand in the box's small document, and what is remembered with them.

Which plugging was known as which claim is good for one boot: the kernel numbers pluggings anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_agent.domain.devices import Claim, DeviceKind, Identity, Model, Voice

VERSION = 1
Common = frozenset[tuple[Model, str]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlives the program: claims, serial numbers found on two devices, who was settled."""

    claims: tuple[Claim, ...] = ()
    common: Common = frozenset()
    boot: str = ""
    settled: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


def claims_document(kept: Kept) -> dict[str, object]:
    """Return the document."""
    return {
        "v": VERSION,
        "claims": [_written(claim) for claim in kept.claims],
        "common": [[*model, serial] for model, serial in sorted(kept.common)],
        "boot": kept.boot,
        "settled": {name: list(plugged) for name, plugged in kept.settled.items()},
    }


def read_claims(document: dict[str, Any]) -> Kept:
    """Read the document; raises ValueError, KeyError or TypeError when it is none of ours."""
    if document["v"] != VERSION:
        raise ValueError("version")
    common = frozenset(
        ((DeviceKind(kind), vendor, product, interface), serial)
        for kind, vendor, product, interface, serial in document["common"]
    )
    settled = {
        str(name): (str(path), str(socket), str(instance))
        for name, (path, socket, instance) in document["settled"].items()
    }
    claims = tuple(map(_read, document["claims"]))
    return Kept(claims, common, str(document["boot"]), settled)


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
        vendor=str(entry["vendor"]),
        product=str(entry["product"]),
        serial=str(entry["serial"]),
        interface=str(entry["interface"]),
        socket=str(entry["socket"]),
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
