"""`make bench-leases`: what share of redemptions a store could serve with its line cut.

Members with a home store, a second one near work, and now and then another; a fifth moved house
during the history. Each policy places the same points by the same history; then she comes once more
and redeems. "Served" is the whole wish out of the store's own lease, without asking anybody.
"""

import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from retail_core.loyalty.lease_placement import PlacementRule, Visit, affinity, place
from tools.bench.report import Bench, Row

SEED = 20_261_122
MEMBERS = 20_000
STORES = 300
DAYS = 180
MOVED = 0.2
HOME, SECOND = 0.72, 0.18

Placed = Mapping[UUID, int]
Policy = Callable[[int, list[Visit]], Placed]


@dataclass(frozen=True, slots=True)
class Member:
    """A member's past, what she has, and what she asks for next, where."""

    visits: list[Visit]
    balance: int
    store: UUID
    wish: int


def main() -> int:
    """Measure and report."""
    bench = Bench("leases")
    rng = random.Random(SEED)  # noqa: S311  # a bench repeats, it keeps no secret
    members = [_member(rng) for _ in range(MEMBERS)]
    served = {name: _served(policy, members) for name, policy in POLICIES.items()}
    for name, ours in ((RESERVED, served.pop(RESERVED)), (UNRESERVED, served.pop(UNRESERVED))):
        for kind, share in ours.items():
            peers = ", ".join(f"{other} {of[kind]:.1f}" for other, of in served.items())
            bench.add(Row(f"{name}: {kind}", share, "%", None, "higher", peer=peers))
    times = []
    for one in members[:2_000]:
        started = time.perf_counter()
        place(one.balance, one.visits)
        times.append((time.perf_counter() - started) * 1_000)
    bench.add_times("place one member's points", times, p95_bar=None)
    return bench.finish()


def _served(policy: Policy, members: list[Member]) -> dict[str, float]:
    """Return the shares in percent: by how much was asked for, and of all points asked for."""
    whole: dict[str, list[bool]] = {"a part of the points": [], "all she has": []}
    asked = given = 0
    for one in members:
        lease = policy(one.balance, one.visits).get(one.store, 0)
        kind = "all she has" if one.wish >= one.balance * 9 // 10 else "a part of the points"
        whole[kind].append(one.wish <= lease)
        asked, given = asked + one.wish, given + min(one.wish, lease)
    shares = {kind: 100 * sum(some) / len(some) for kind, some in whole.items()}
    both = [said for some in whole.values() for said in some]
    return shares | {
        "any wish": 100 * sum(both) / len(both),
        "points given of points asked": 100 * given / asked,
    }


def _home(balance: int, visits: list[Visit]) -> Placed:
    """Lend everything to the store she came to most, however long ago."""
    counts: dict[UUID, int] = {}
    for visit in visits:
        counts[visit.store] = counts.get(visit.store, 0) + 1
    return {max(counts, key=lambda store: (counts[store], store.int)): balance} if counts else {}


def _equal(balance: int, visits: list[Visit]) -> Placed:
    """Lend the same to every store she ever came to."""
    stores = [store for store, _ in affinity(visits)]
    return {store: balance // len(stores) for store in stores}


def _unreserved(balance: int, visits: list[Visit]) -> Placed:
    """Place everything, nothing stays in the cloud."""
    return place(balance, visits, PlacementRule(reserve_permille=0))


RESERVED, UNRESERVED = "a tenth kept free", "nothing kept free"
POLICIES: dict[str, Policy] = {
    RESERVED: place,
    UNRESERVED: _unreserved,
    "all to the home store": _home,
    "equal split": _equal,
}


def _member(rng: random.Random) -> Member:
    old, new = _haunts(rng), _haunts(rng)
    moved_ago = rng.randrange(20, 120) if rng.random() < MOVED else DAYS + 1
    every = rng.choice((7, 10, 14, 21, 30))
    visits, day = [], rng.randrange(1, every + 1)
    while day <= DAYS:
        visits.append(Visit(_store(rng, new if day < moved_ago else old), day))
        day += max(1, round(rng.expovariate(1 / every)))
    balance = sum(rng.randrange(30, 160) for _ in visits) or rng.randrange(30, 160)
    wish = balance if rng.random() < 0.3 else max(1, balance * rng.randrange(10, 60) // 100)  # noqa: PLR2004
    return Member(visits, balance, _store(rng, new), wish)


def _haunts(rng: random.Random) -> tuple[UUID, UUID]:
    one, two = rng.sample(range(STORES), 2)
    return UUID(int=one + 1), UUID(int=two + 1)


def _store(rng: random.Random, haunts: tuple[UUID, UUID]) -> UUID:
    where = rng.random()
    if where < HOME:
        return haunts[0]
    return haunts[1] if where < HOME + SECOND else UUID(int=rng.randrange(STORES) + 1)


if __name__ == "__main__":
    sys.exit(main())
