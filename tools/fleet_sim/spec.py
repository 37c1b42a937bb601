"""What the processes of a run tell each other: who the stores are, and what is to be done."""

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

SPEC_FILE = "fleet.json"


class MemberSpec(msgspec.Struct, frozen=True):
    """A member: enrolled by her home store, held by others as well."""

    member: UUID
    wallet: UUID
    number: int


class StoreSpec(msgspec.Struct, frozen=True):
    """A store and its box, as a device file would tell it; `members` are enrolled here."""

    number: int
    store: UUID
    device: UUID
    name: str
    region: str
    token: str
    broker_password: str
    members: tuple[MemberSpec, ...]
    visitors: tuple[MemberSpec, ...] = ()


class Fleet(msgspec.Struct, frozen=True):
    """Everything a worker needs; it holds secrets and lies in a 0600 file."""

    tenant: UUID
    legal_entity: UUID
    bundle_public_key: bytes
    storage_key: bytes
    url: str
    broker_host: str
    broker_port: int
    seed: int
    stores: tuple[StoreSpec, ...]
    catalogue: str = ""
    bundle: str = ""
    control: str = ""
    tills: str = ""
    apart: int = 0


class Told(msgspec.Struct, frozen=True):
    """One sale of which the till heard "ok", as the worker noted it outside the journal."""

    receipt: UUID
    event: UUID
    member: UUID
    points: int
    store: int


def part_of(number: int, parts: int, apart: int = 0) -> int:
    """Return which of `parts` processes carries a store.

    Every `apart`-th store (0: none) is in the first process and nobody else: it has a clock and a
    processor's turn of its own, as a shop has, whatever the others have to catch up on.
    """
    if apart == 0 or parts == 1:
        return number % parts
    return 0 if number % apart == 0 else 1 + number % (parts - 1)


def save(fleet: Fleet, path: Path) -> None:
    """Write the fleet for its workers."""
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(fleet))


def load(path: Path) -> Fleet:
    """Read the fleet."""
    return msgspec.json.decode(path.read_bytes(), type=Fleet)


def line(message: dict[str, Any]) -> bytes:
    """Return one message between parent and worker."""
    return msgspec.json.encode(message) + b"\n"
