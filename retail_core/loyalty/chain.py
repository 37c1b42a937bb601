"""A device's journal as a chain of hashes: one changed byte anywhere breaks it from there on."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from retail_core.wire.codec import GENESIS_HASH, event_hash
from retail_core.wire.messages import Event


@dataclass(frozen=True, slots=True)
class Link:
    """One stored event with its place and the hash that was stored beside it.

    `erased`: what it said of a person was blanked since, so its hash is believed, not worked out.
    """

    seq: int
    event: Event
    hash: bytes
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found: events seen, sequences absent, and sequences whose hash does not fit."""

    events: int
    gaps: tuple[tuple[int, int], ...]
    broken: tuple[int, ...]


def _nowhere(_seq: int) -> Collection[bytes]:
    return ()


def walk(links: Iterable[Link], elsewhere: Callable[[int], Collection[bytes]] = _nowhere) -> Walk:
    """Follow one epoch's chain in sequence; after a gap the next link is taken on trust.

    `elsewhere` says which hashes the device's other epochs have at a sequence: a journal that began
    a new epoch goes on with its chain, so a link that follows one of them leaves no gap.
    """
    events, gaps, broken = 0, [], []
    prev_seq, prev_hash = 0, GENESIS_HASH
    for link in links:
        events += 1
        if link.seq != prev_seq + 1:
            before = elsewhere(link.seq - 1)
            if not any(link.erased or event_hash(one, link.event) == link.hash for one in before):
                gaps.append((prev_seq + 1, link.seq - 1))
        elif not link.erased and event_hash(prev_hash, link.event) != link.hash:
            broken.append(link.seq)
        prev_seq, prev_hash = link.seq, link.hash
    return Walk(events, tuple(gaps), tuple(broken))
