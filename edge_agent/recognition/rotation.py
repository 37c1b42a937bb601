"""Renewable templates: every embedding is turned by a secret rotation before anything sees it.

Rows on disk, the matrix in memory and the probes of the lane are all turned by the same rotation,
so cosines stay what they were; a template that leaks can neither be compared with one of another
shop or epoch nor be undone without the key. With the key it is undone exactly: this makes templates
cancellable and unlinkable, not irreversible, and therefore they are encrypted as well.

The rotation is drawn uniformly from all rotations and reflections (Stewart 1980: the Q of a
Gaussian matrix, the signs of R's diagonal moved into it). A 512 x 512 product costs 0.06 ms a face.
"""

import threading

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from edge_agent.ports.arrays import Float32s, Float64s, np

KEY_BYTES = 32
_NONCE = bytes(16)
_FRACTION_BITS = 53
Embedding = Float32s
Matrix = Float64s


class Rotation:
    """One epoch's rotation; the matrix of a dimension is made when it is first needed."""

    def __init__(self, key: bytes, epoch: int = 1) -> None:
        if len(key) != KEY_BYTES:
            msg = f"the rotation key has {len(key)} bytes, not {KEY_BYTES}"
            raise ValueError(msg)
        self.epoch = epoch
        self._key = key
        self._lock = threading.Lock()
        self._made: dict[int, Matrix] = {}
        self._single: dict[int, Embedding] = {}

    def become(self, other: "Rotation") -> None:
        """Turn as another from now on; whoever holds this one need not be told."""
        with self._lock:
            self._key, self.epoch = other._key, other.epoch  # noqa: SLF001 - one of its own kind
            self._made, self._single = {}, {}

    def turn(self, embedding: Embedding) -> Embedding:
        """Return one embedding turned: float32, shape (dimension,), length and cosines kept."""
        # Not `@`: the threads of its BLAS spin after each product (see `gallery`).
        return np.asarray(np.einsum("ij,j->i", self.ready(embedding.size), embedding), np.float32)

    def ready(self, size: int) -> Embedding:
        """Make the matrix of a dimension, if it was not made yet: at a start, not at a face."""
        single = self._single.get(size)
        if single is None:
            single = self._single[size] = self.matrix(size).astype(np.float32)
        return single

    def matrix(self, size: int) -> Matrix:
        """Return the orthogonal matrix of a dimension, float64."""
        with self._lock:
            if size not in self._made:
                self._made[size] = _haar(self._key, size)
            return self._made[size]


def between(old: Rotation, new: Rotation, size: int) -> Embedding:
    """Return the float32 matrix that takes rows turned by `old` to rows turned by `new`: row @ it.

    Exact but for rounding, because the inverse of a rotation is its transpose.
    """
    return np.asarray(old.matrix(size) @ new.matrix(size).T, np.float32)


def _haar(key: bytes, size: int) -> Matrix:
    q, r = np.linalg.qr(_gaussian(key, size * size).reshape(size, size))
    return np.asarray(q * np.sign(np.diagonal(r)), np.float64)


def _gaussian(key: bytes, count: int) -> Matrix:
    """Return normal numbers from a ChaCha20 key stream (Box and Muller 1958), the same anywhere.

    The dimension is part of the stream's length only; two models of one size share a rotation.
    """
    stream = Cipher(ChaCha20(key, _NONCE), mode=None).encryptor()
    pairs = (count + 1) // 2
    words = np.frombuffer(stream.update(bytes(16 * pairs)), "<u8") >> np.uint64(64 - _FRACTION_BITS)
    uniform = (words.astype(np.float64) + 0.5) / 2.0**_FRACTION_BITS
    radius = np.sqrt(-2.0 * np.log(uniform[:pairs]))
    angle = 2.0 * np.pi * uniform[pairs:]
    normal = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))
    return np.asarray(normal[:count], np.float64)
