"""The chain of what people did: each row's hash covers the row and the hash before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing somebody did; `detail` is JSON."""

    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry as it stands in the chain, numbered from 1 without a gap."""

    number: int
    at_ms: int
    entry: AuditEntry
    before: bytes
    hash: bytes


def said(detail: Mapping[str, object]) -> str:
    """Return an entry's detail as it is kept: JSON with its keys in order."""
    return msgspec.json.encode(dict(detail), order="sorted").decode()


def link(number: int, at_ms: int, entry: AuditEntry, before: bytes) -> bytes:
    """Return a row's hash: SHA-256 over the hash before it and its own content."""
    detail = said(entry.detail)
    content = [number, at_ms, entry.actor, entry.action, entry.subject, detail]
    return sha256(before + msgspec.json.encode(content)).digest()


def broken(rows: Iterable[AuditRow], number: int = 0, before: bytes = NO_HASH) -> int | None:
    """Return the number of the first row that does not follow, None when all of them do.

    `rows` go on after row `number`, whose hash is `before`.
    """
    for row in rows:
        number += 1
        follows = (row.number, row.before) == (number, before)
        if not follows or row.hash != link(number, row.at_ms, row.entry, before):
            return number
        before = row.hash
    return None
