"""Vectors in 24-bit fixed point: a first look over 8 bits, an exact second look over all 24.

A vector x is held as integers v = 65536 q + k with one scale s: x = v s / 65536, and the largest
value of x is 127 s, so it is as fine as float32 is for that value. A product of two vectors is a
product of integers, the same in whatever order it is summed. What q alone says about the product
of x and y is wrong by at most |x| s_y |f_y| + s_x |f_x| s_y |q_y| with f = k / 65536
(Cauchy-Schwarz). Why this form: docs/adr/0028-exact-gallery-in-fixed-point.md.
"""

from dataclasses import dataclass

from edge_agent.ports.arrays import Array, Float32s, Float64s, Int8s, Int16s, Int64s, np

COARSE_MAX = 127
FINE_BITS = 16
FINE = 1 << FINE_BITS
# Covers the rounding of the bound itself, which is computed in float64.
SLACK = 1.0 + 1e-9
# What one rounding of a float32 changes at most, and one more for the root and its unit.
SINGLE = 2.0**-23
_LENGTH_MIN = 1e-30

Floats = Float64s
Integers = Int64s
Vectors = Float32s


@dataclass(frozen=True, slots=True)
class Fixed:
    """Vectors of shape (n, width): `coarse` is q, `fine` is k, `scale` is s, shape (n,)."""

    coarse: Int8s
    fine: Int16s
    scale: Floats

    @classmethod
    def of(cls, vectors: Vectors) -> "Fixed":
        """Round finite vectors to 24 bits of the largest value of each."""
        scale = np.maximum(np.abs(vectors).max(axis=1).astype(np.float64), _LENGTH_MIN) / COARSE_MAX
        # In place where it can be: a start does this 100,000 times, and fresh memory costs most.
        floats = vectors * (FINE / scale)[:, None]
        whole = np.rint(floats, floats).astype(np.int32)
        fine = whole.astype(np.int16)  # its lower 16 bits, with their sign
        whole += FINE // 2
        whole >>= FINE_BITS
        return cls(whole.astype(np.int8), fine, scale)

    def part(self, columns: slice) -> "Fixed":
        """Return some columns of the vectors, in the same scale."""
        coarse = np.ascontiguousarray(self.coarse[:, columns])
        return Fixed(coarse, self.fine[:, columns], self.scale)

    @property
    def whole(self) -> Integers:
        """The vectors as integers v."""
        return joined(self.coarse, self.fine)

    @property
    def length(self) -> Floats:
        """|x|, shape (n,)."""
        whole = self.coarse.astype(np.int32)
        whole <<= FINE_BITS
        whole += self.fine
        return self.scale / FINE * lengths(whole)

    @property
    def lost(self) -> Floats:
        """The length of what `coarse` leaves out, s |f|, shape (n,)."""
        return self.scale / FINE * lengths(self.fine)

    def at_most(self) -> tuple[Floats, Floats]:
        """Return what `length` and `lost` are at most, shape (n,) each; a start asks it of all.

        Summed in float32, in which v and k are exact; squares of one sign, so n of them are off by
        less than n roundings.
        """
        fine = self.fine.astype(np.float32)
        whole = self.coarse.astype(np.float32)
        whole *= FINE
        whole += fine
        unit = self.scale / FINE * (1.0 + self.fine.shape[1] * SINGLE)
        return unit * _singly(whole), unit * _singly(fine)

    def wrong_by(self, length: float, lost: float) -> float:
        """Return how far coarse products of the first vector with rows so long may be off."""
        coarse_length = float(self.scale[0] * lengths(self.coarse)[0])
        return (length * float(self.lost[0]) + lost * coarse_length) * SLACK


def joined(coarse: Int8s, fine: Int16s) -> Integers:
    """Return v = 65536 q + k."""
    return (coarse.astype(np.int64) << FINE_BITS) + fine


def values(whole: Integers, scale: Floats) -> Vectors:
    """Return the vectors that integers stand for, as float32."""
    return (whole * (scale / FINE)[:, None]).astype(np.float32)


def lengths(vectors: Array) -> Floats:
    """Return how long vectors are, shape (n,)."""
    floats = vectors.astype(np.float64)
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", floats, floats)))


def _singly(vectors: Vectors) -> Floats:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors), dtype=np.float64))
