"""A history played twice: with its merges, all taken back at the end, and without any."""

from dataclasses import dataclass
from typing import Any

from cloud_broker.bootstrap.office import Office
from cloud_broker.ports.unit import StoreRefusedError
from cloud_broker.services.points.walk import LedgerWalks
from retail_core.errors import Fault
from tools.verify_identity.history import history
from tools.verify_identity.world import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed came to; `other` says where the two differ, and what each holds."""

    seed: int
    steps: int
    merges: int
    other: tuple[tuple[str, Any, Any], ...]


def play(office: Office, seed: int, steps: int) -> Outcome:
    """Play a seed's history in two worlds and compare them; the books of both have to add up."""
    told = history(seed, steps)
    worlds = World(office, merging=True), World(office, merging=False)
    try:
        for world in worlds:
            for step in told:
                world.do(step)
            world.end()
    except (Fault, StoreRefusedError, AssertionError) as error:
        return Outcome(seed, len(told), worlds[0].merged, (("raised", repr(error)[:200], ""),))
    one, two = (world.state() for world in worlds)
    other = [(name, one[name], two[name]) for name in one if one[name] != two[name]]
    for world in worlds:
        wrong = LedgerWalks(office.units).verify(world.tenant, lambda _done, _all: None).wrong
        if wrong:
            other.append(("books", wrong, []))
    return Outcome(seed, len(told), worlds[0].merged, tuple(other))
