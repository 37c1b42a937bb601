"""How templates are sealed: a data key a member, wrapped under the box's key.

A row copied to another member, model, epoch or box does not open, because all of them are
authenticated; and where the wrapped key is gone nothing opens, neither here nor in a backup.
ChaCha20-Poly1305, because the smaller boards have no AES instructions. Numbers rest as float16:
half the bytes to read at a start, and cosines change by less than 0.0001.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID, SafeUUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent.adapters.keys import KEY_BYTES, derive_key
from edge_agent.ports.arrays import Float16s, Float32s, np
from edge_agent.ports.clock import IdSource

NONCE_BYTES = 12
_MEMBER = b"member"
_STORED = "<f2"
_WIDTH_BYTES = 2
Rows = Float32s
Place = tuple[bytes, str, int, bytes]
"""Where rows belong: member, model, epoch, the ids of the templates one after the other."""
SealedRow = tuple[bytes, int, bytes, bytes]
"""Member, epoch, ids, what is sealed."""
OpenedRow = tuple[bytes, bytes, int, memoryview]
"""Member, ids, width, numbers as they rest."""


class Seal:
    """Seals and opens for one box."""

    def __init__(self, key: bytes, device: UUID, ids: IdSource) -> None:
        self._kek = ChaCha20Poly1305(derive_key(key, "gallery-kek"))
        self._device = device.bytes
        self._ids = ids

    def new_key(self, member: bytes) -> tuple[ChaCha20Poly1305, bytes]:
        """Return a fresh data key for a member, ready and wrapped."""
        raw = self._ids.random_bytes(KEY_BYTES)
        return ChaCha20Poly1305(raw), self.keep(_MEMBER + member, raw)

    def member_key(self, member: bytes, wrapped: bytes) -> ChaCha20Poly1305:
        """Return a member's data key; InvalidTag when it is not hers or not this box's."""
        return ChaCha20Poly1305(self.kept(_MEMBER + member, wrapped))

    def keep(self, name: bytes, secret: bytes) -> bytes:
        """Seal a small secret of the box under the box's key."""
        nonce = self._ids.random_bytes(NONCE_BYTES)
        return nonce + self._kek.encrypt(nonce, secret, self._device + name)

    def kept(self, name: bytes, sealed: bytes) -> bytes:
        """Open a small secret; InvalidTag when it is not this box's."""
        return self._kek.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._device + name)

    def seal(self, key: ChaCha20Poly1305, place: Place, rows: Rows) -> bytes:
        """Seal a member's rows: width, then the numbers."""
        nonce = self._ids.random_bytes(NONCE_BYTES)
        plain = rows.shape[1].to_bytes(_WIDTH_BYTES, "little") + rows.astype(_STORED).tobytes()
        return nonce + key.encrypt(nonce, plain, self._bound_to(place))

    def open(self, key: ChaCha20Poly1305, place: Place, sealed: bytes) -> Rows:
        """Open a member's rows; InvalidTag when they belong elsewhere."""
        width, numbers = self.opened(key, place, sealed)
        return numbers_of(numbers, width)

    def opened(self, key: ChaCha20Poly1305, place: Place, sealed: bytes) -> tuple[int, bytes]:
        """Return width and numbers as they rest, for who puts many members' into one array."""
        plain = key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound_to(place))
        return int.from_bytes(plain[:_WIDTH_BYTES], "little"), plain[_WIDTH_BYTES:]

    def opened_all(
        self, model: str, rows: Iterable[SealedRow], wrapped: Mapping[bytes, bytes]
    ) -> Iterator[OpenedRow | None]:
        """Open members' rows as `opened` does; None for one that does not open.

        A start does this for every member: what is the same for all of them is made once.
        """
        unwrap, name, cut = self._kek.decrypt, self._device + _MEMBER, NONCE_BYTES
        for member, epoch, ids, sealed in rows:
            key, bound = wrapped.get(member, b""), self._bound_to((member, model, epoch, ids))
            try:
                raw = unwrap(key[:cut], key[cut:], name + member)
                plain = ChaCha20Poly1305(raw).decrypt(sealed[:cut], sealed[cut:], bound)
            except (InvalidTag, ValueError):
                yield None
            else:
                width = int.from_bytes(plain[:_WIDTH_BYTES], "little")
                yield member, ids, width, memoryview(plain)[_WIDTH_BYTES:]

    def _bound_to(self, place: Place) -> bytes:
        member, model, epoch, ids = place
        return b"|".join((self._device, member, model.encode(), epoch.to_bytes(4, "big"), ids))


def numbers_of(rest: bytes | memoryview, width: int) -> Rows:
    """Return resting numbers as rows of a width."""
    return resting(rest, width).astype(np.float32)


def resting(rest: bytes | memoryview, width: int) -> Float16s:
    """Return rows of a width in the precision in which they rest, not copied."""
    return np.frombuffer(rest, _STORED).reshape(-1, width)


def split_ids(joined: bytes) -> tuple[UUID, ...]:
    """Return the ids that stand one after the other."""
    return tuple(_uuid(joined[at : at + 16]) for at in range(0, len(joined), 16))


def _uuid(raw: bytes) -> UUID:
    """Make an id as `UUID(bytes=raw)` does, without its checks: a start makes 100,000 of them."""
    made = object.__new__(UUID)
    object.__setattr__(made, "int", int.from_bytes(raw, "big"))
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made


def join_ids(ids: Sequence[UUID]) -> bytes:
    """Return ids one after the other."""
    return b"".join(one.bytes for one in ids)


__all__ = [
    "InvalidTag",
    "OpenedRow",
    "Place",
    "Rows",
    "Seal",
    "join_ids",
    "numbers_of",
    "resting",
    "split_ids",
]
