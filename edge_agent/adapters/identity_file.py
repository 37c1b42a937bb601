"""The box's key and certificates in one file, so that one rename swaps them all."""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from edge_agent.domain.box_key import (
    BoxIdentity,
    draw_key,
    identity_in,
    late_proof,
    request_for,
    with_chain,
)
from edge_agent.ports.box_identity import LateAsk


class IdentityFile:
    """Fulfils `IdentityStore`; the next key lies beside the present one until it was tried."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.drawn = path.with_name(f"{path.stem}.new{path.suffix}")

    def held(self) -> BoxIdentity | None:
        """Return whose certificate the box holds; None before it has one."""
        try:
            return identity_in(self.path.read_bytes())
        except FileNotFoundError:
            return None

    def draw(self) -> bytes:
        """Make the next key, for its owner alone, and return a DER request for it."""
        key = draw_key()
        write_private(self.drawn, key)
        return request_for(key)

    def take(self, chain: Sequence[bytes]) -> None:
        """Put the certificate of the drawn key beside it; Fault ENROL_ANSWER_WRONG."""
        held = self.held()
        wanted = None if held is None else held.name
        write_private(self.drawn, with_chain(self.drawn.read_bytes(), chain, wanted))

    def swap(self) -> None:
        """Let the drawn key and its certificate take the place of the present ones, at once."""
        self.drawn.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def late_ask(self, request: bytes) -> LateAsk:
        """Return what the present key signs when its certificate has ended."""
        pem = self.path.read_bytes()
        held = identity_in(pem)
        fingerprint = sha256(held.content).digest()
        return LateAsk(held.name, fingerprint, request, late_proof(pem, request))


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file whole or not at all, for its owner alone."""
    fresh = path.with_name(f".{path.name}.writing")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
