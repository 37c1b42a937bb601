"""The paired terminals of a box: kept in a small document, looked up at every request.

A token is 256 random bits shown once; here stands its SHA-256. What was revoked is gone when
`revoke` returns, from the disk too.
"""

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from edge_agent.domain.terminals import Kind, Scope, Terminal
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.documents import Documents
from retail_core.errors import Fault
from retail_core.limits import TERMINALS_MAX
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

DOCUMENT = "terminals"
TOKEN_BYTES = 32
SEEN_EVERY_MS = 3_600_000


class Terminals:
    """The list of who was paired; safe to call from any thread, looking up never waits."""

    def __init__(
        self, documents: Documents, clock: Clock, ids: IdSource, tally: FaultTally
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._ids = ids
        self._tally = tally
        self._lock = threading.Lock()
        self._seen: dict[UUID, int] = {}
        self._held = self._read()

    def all(self) -> tuple[Terminal, ...]:
        """Return every terminal with when it was last seen."""
        seen = self._seen
        return tuple(
            replace(one, seen_ms=seen.get(one.terminal_id, one.seen_ms)) for one in self._held
        )

    def origins(self) -> frozenset[str]:
        """Return the pages that a paired terminal may call from."""
        return frozenset(origin for one in self._held for origin in one.origins)

    def holds(self, terminal_id: UUID) -> bool:
        """Tell whether a terminal is still paired."""
        return any(one.terminal_id == terminal_id for one in self._held)

    def holder(self, token_hash: bytes) -> Terminal | None:
        """Return who holds a token; every entry is compared, in constant time."""
        found: Terminal | None = None
        renewed = False
        for one in self._held:
            if hmac.compare_digest(one.token_hash, token_hash):
                found = one
            if one.next_hash is not None and hmac.compare_digest(one.next_hash, token_hash):
                found, renewed = one, True
        if found is None:
            return None
        if renewed:
            found = self._renewed(found)
        self._seen[found.terminal_id] = self._clock.now().wall_ms
        return found

    def add(self, terminal: Terminal) -> tuple[UUID, ...]:
        """Keep a terminal in the place of the same machine's earlier pairing; return those gone.

        Raises Fault PAIRING_FULL, and what the disk says.
        """
        with self._lock:
            gone = tuple(one for one in self._held if terminal.replaces(one))
            kept = tuple(one for one in self._held if one not in gone)
            if len(kept) >= TERMINALS_MAX:
                raise Fault(FaultCode.PAIRING_FULL, limit=TERMINALS_MAX)
            self._write((*kept, terminal))
        return tuple(one.terminal_id for one in gone)

    def revoke(self, terminal_id: UUID) -> Terminal:
        """Take a terminal's token away; raises Fault API_NOT_FOUND."""
        with self._lock:
            found = self._one(terminal_id)
            self._write(tuple(one for one in self._held if one is not found))
        return found

    def renew(self, terminal_id: UUID) -> str:
        """Hand a terminal its next token; the old one counts until the new one is first used."""
        token = new_token(self._ids)
        with self._lock:
            found = self._one(terminal_id)
            self._change(found, replace(found, next_hash=hash_of(token)))
        return token

    def tend(self) -> None:
        """Write down when terminals were last seen, to the hour."""
        with self._lock:
            held = self.all()
            old = {one.terminal_id: one.seen_ms or 0 for one in self._held}
            if any((one.seen_ms or 0) - old[one.terminal_id] >= SEEN_EVERY_MS for one in held):
                self._write(held)

    # ---- inside ---------------------------------------------------------------------------------

    def _renewed(self, found: Terminal) -> Terminal:
        with self._lock:
            current = self._one(found.terminal_id)
            if current.next_hash is None:
                return current
            renewed = replace(current, token_hash=current.next_hash, next_hash=None)
            try:
                self._change(current, renewed)
            except Fault as fault:
                # The till has shown its new token: a full disk must not lock it out.
                self._tally.count(fault.code)
            return renewed

    def _one(self, terminal_id: UUID) -> Terminal:
        for one in self._held:
            if one.terminal_id == terminal_id:
                return one
        raise Fault(FaultCode.API_NOT_FOUND, what=f"terminal {terminal_id}")

    def _change(self, old: Terminal, new: Terminal) -> None:
        self._write(tuple(new if one is old else one for one in self._held))

    def _write(self, held: tuple[Terminal, ...]) -> None:
        self._documents.put(DOCUMENT, {"terminals": [_to_json(one) for one in held]})
        self._held = held

    def _read(self) -> tuple[Terminal, ...]:
        try:
            document = self._documents.get(DOCUMENT) or {}
        except Fault as fault:
            self._tally.count(fault.code)
            return ()
        entries = document.get("terminals")
        return tuple(map(_from_json, entries)) if isinstance(entries, list) else ()


def new_token(ids: IdSource) -> str:
    """Return a token of 256 random bits."""
    return ids.random_bytes(TOKEN_BYTES).hex()


def hash_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _to_json(one: Terminal) -> dict[str, object]:
    return {
        "terminal_id": str(one.terminal_id),
        "kind": one.kind.value,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "token_hash": one.token_hash.hex(),
        "next_hash": None if one.next_hash is None else one.next_hash.hex(),
        "paired_ms": one.paired_ms,
        "paired_by": str(one.paired_by),
        "till": None if one.till is None else str(one.till),
        "lane": one.lane,
        "origins": list(one.origins),
        "seen_ms": one.seen_ms,
    }


_SCOPE: Callable[[str], Scope | None] = {scope.value: scope for scope in Scope}.get


def _from_json(kept: Mapping[str, Any]) -> Terminal:
    """Read one entry; a scope that a newer program knew and this one does not grants nothing."""
    named = (_SCOPE(name) for name in kept["scopes"])
    return Terminal(
        terminal_id=UUID(kept["terminal_id"]),
        kind=Kind(kept["kind"]),
        name=kept["name"],
        scopes=frozenset(scope for scope in named if scope is not None),
        token_hash=bytes.fromhex(kept["token_hash"]),
        next_hash=bytes.fromhex(kept["next_hash"]) if kept["next_hash"] else None,
        paired_ms=kept["paired_ms"],
        paired_by=UUID(kept["paired_by"]),
        till=UUID(kept["till"]) if kept["till"] else None,
        lane=kept["lane"],
        origins=tuple(kept["origins"]),
        seen_ms=kept["seen_ms"],
    )
