"""What is committed of one (device, epoch), and whether its journal is one unbroken chain.

Frames arrive in any order, because live sales go before a backlog, so a frame's first hash cannot
always be compared with the one before it. Kept are the hashes at the ends of the committed ranges:
whatever frame comes to lie beside a range later must agree there. Inside a range everything was
compared already, so what is kept stays as small as the number of gaps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from retail_core.sync.ranges import Ranges, clamp, covers, normalise
from retail_core.wire.codec import GENESIS_HASH

_SEQ_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class DeviceChain:
    """`edges` maps a sequence to the hash after it; the journal begins after 0 with zeros."""

    ranges: Ranges = ()
    edges: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({0: GENESIS_HASH}))
    breaks: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """The chain with a frame in it; `broken` are the sequences whose hashes contradict."""

    chain: DeviceChain
    broken: tuple[int, ...]


def join(chain: DeviceChain, first_seq: int, hashes: Sequence[bytes]) -> Joined:
    """Add a frame: `hashes[0]` is the hash before `first_seq`, `hashes[i]` after its i-th event."""
    low, high = first_seq, first_seq + len(hashes) - 2
    if any(start <= low and high <= end for start, end in chain.ranges):
        return Joined(chain, ())
    said = {low - 1 + place: hash_ for place, hash_ in enumerate(hashes)}
    broken = tuple(
        seq for seq, known in sorted(chain.edges.items()) if said.get(seq, known) != known
    )
    ranges = normalise((*chain.ranges, (low, high)))
    known = {**chain.edges, low - 1: said[low - 1], high: said[high]}
    ends = {0} | {start - 1 for start, _ in ranges} | {end for _, end in ranges}
    edges = {seq: hash_ for seq, hash_ in known.items() if seq in ends}
    return Joined(DeviceChain(ranges, edges, chain.breaks + len(broken)), broken)


@dataclass(frozen=True, slots=True)
class Piece:
    """A frame's place in its journal: the hash it follows and the hash it ends with."""

    low: int
    high: int
    prev: bytes
    end: bytes


def threads(pieces: Sequence[Piece]) -> tuple[tuple[Piece, ...], ...]:
    """Merge frames that follow each other, and part those that cannot be told in one ack.

    Ranges of one ack ascend and each is proven by its last hash, so only what is one chain may be
    merged: two copies of a card may send other events under the same sequences.
    """
    merged: list[Piece] = []
    for piece in sorted(pieces, key=lambda one: (one.low, one.high)):
        last = merged[-1] if merged else None
        if last is not None and piece.low == last.high + 1 and piece.prev == last.end:
            merged[-1] = Piece(last.low, piece.high, last.prev, piece.end)
        elif piece != last:
            merged.append(piece)
    told: list[list[Piece]] = []
    for piece in merged:
        room = next((some for some in told if some[-1].high < piece.low), None)
        if room is None:
            told.append([piece])
        else:
            room.append(piece)
    return tuple(tuple(some) for some in told)


def proof_for(
    chain: DeviceChain, lowest: int, next_seq: int
) -> tuple[tuple[tuple[int, int], bytes], ...]:
    """Return what to answer a hello: committed ranges from `lowest` on, each with its end's hash.

    A journal that contradicted itself came from two copies of a card: a range may then hold one
    copy's events and end with the other's. It is answered with what no box can have, so that the
    box leaves this journal epoch and tells everything again under a new one.
    """
    if chain.breaks:
        return (((lowest, next_seq), GENESIS_HASH),)
    return tuple((span, chain.edges[span[1]]) for span in clamp(chain.ranges, lowest, _SEQ_MAX))


def used_before(chain: DeviceChain, seq: int) -> bool:
    """Return whether a sequence was committed before; with a new event it means a copied disk."""
    return covers(chain.ranges, seq)
