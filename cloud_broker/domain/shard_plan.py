"""Which shards a worker keeps, gives back and takes, from who is there and who holds what.

Every worker works the plan out for itself, from the same rows. Nobody takes what another holds: a
worker with more than its share gives the rest back, one with less takes what is free. Shares differ
by one at most, so after each has had its turn twice nothing moves any more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from retail_core import limits


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker holds after its turn, and what of it is new."""

    keep: frozenset[int]
    take: frozenset[int]


def share_of(token: int, tokens: Sequence[int], owners: Mapping[int, int]) -> Share:
    """Return the share of the worker `token`; `owners` maps held shards to tokens.

    The lowest shards are kept and taken first: neighbours lie on one broker.
    """
    place = sorted(tokens).index(token)
    base, over = divmod(limits.SHARDS, len(tokens))
    quota = base + (place < over)
    mine = sorted(shard for shard, owner in owners.items() if owner == token)
    free = [shard for shard in range(limits.SHARDS) if shard not in owners]
    return Share(frozenset(mine[:quota]), frozenset(free[: max(0, quota - len(mine))]))


def free_slots(turn: int, taken: Collection[int]) -> tuple[int, ...]:
    """Return the broker accounts nobody uses; `turn` says where to begin.

    It grows with every shard that changed hands, so that the account of a worker that stalled comes
    last: two workers on one account would throw each other off the broker.
    """
    count = limits.INGEST_WORKERS_MAX
    around = ((turn + step) % count for step in range(count))
    return tuple(slot for slot in around if slot not in taken)
