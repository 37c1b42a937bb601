"""Identifiers that count up, so that a failing test shows the same ones every time."""

from hashlib import sha256
from uuid import UUID

from retail_core.ids import RANDOM_BYTES, uuid7
from tests.fakes.clock import NOON_MS


class FakeIdSource:
    """Fulfils `IdSource` without randomness; two sources with other seeds never meet."""

    def __init__(self, seed: int = 0, *, unix_ms: int = NOON_MS) -> None:
        self._seed = seed
        self._unix_ms = unix_ms
        self._count = 0

    def uuid7(self) -> UUID:
        return uuid7(self._unix_ms + self._count, self.random_bytes(RANDOM_BYTES))

    def random_bytes(self, count: int) -> bytes:
        self._count += 1
        out = b""
        while len(out) < count:
            out += sha256(f"{self._seed}/{self._count}/{len(out)}".encode()).digest()
        return out[:count]


def made_ms(uuid: UUID) -> int:
    """Return the milliseconds since 1970 that a version-7 identifier carries."""
    return uuid.int >> 80
