"""Two devices on twin adapters, replugged and rebooted at random: none is taken for the other.

The world knows which device hangs on which adapter; the broker that ships sees only what a kernel
would show it. A swap is a claim that resolves to a path with another device behind it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from edge_agent.domain.device_presence import STEADY_MS
from edge_agent.domain.devices import ADDRESS, DeviceKind, Identity, Seen
from edge_agent.domain.voices import QUESTION
from edge_agent.services.box.device_broker import ASK_EVERY_MS, DeviceBroker, Wish
from edge_agent.services.box.device_broker import Row as ClaimRow
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from tools.bench.report import Row

Way = Literal["serial", "shared serial", "voice", "plain", "by socket"]
WAYS: tuple[Way, ...] = ("serial", "shared serial", "voice", "plain", "by socket")
STEPS = 12
FIRST_DEVNUM = 3
NAMES = ("till", "printer")
SAYS = {"till": b"\x1b@\x1d!\x00", "printer": b"\x12"}
PORTS = 4
QUIET = 3
HALF = 0.5


@dataclass(slots=True)
class Adapter:
    """One adapter with what hangs on it; `place` is (hub, port) while it is plugged in."""

    device: str
    serial: str
    home: tuple[int, int]
    place: tuple[int, int] | None = None
    number: int = 0
    devnum: int = 0


@dataclass(slots=True)
class World:
    """Two hubs of four ports on two root ports; `at` says which hub hangs on which."""

    chance: random.Random
    way: Way
    alike: bool
    careless: bool = False
    adapters: list[Adapter] = field(default_factory=list)
    at: list[int] = field(default_factory=lambda: [0, 1])
    next_devnum: int = FIRST_DEVNUM
    boot: int = 1
    now_ms: int = 0
    documents: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put the two adapters in: behind one hub, or in the same port of two."""
        port = self.chance.randrange(PORTS)
        places = [
            (0, port),
            (self.chance.choice((0, 1)), (port + self.chance.choice((0, 1))) % PORTS),
        ]
        if places[0] == places[1]:
            places[1] = (1, port)
        for name, place in zip(NAMES, places, strict=True):
            serial = {"serial": f"S-{name}", "shared serial": "0001"}.get(self.way, "")
            self.adapters.append(Adapter(name, serial, place))
            self.plug(self.adapters[-1], place)

    # ---- what happens ---------------------------------------------------------------------------

    def plug(self, adapter: Adapter, place: tuple[int, int]) -> None:
        """Plug an adapter in: the kernel gives it the first free number."""
        taken = {
            one.number for one in self.adapters if one.place is not None and one is not adapter
        }
        adapter.place = place
        adapter.number = min(set(range(len(self.adapters) + 1)) - taken)
        adapter.devnum, self.next_devnum = self.next_devnum, self.next_devnum + 1

    def replug(self) -> None:
        """Pull one or both and put them back, in any order; often not where they were."""
        pulled = self.chance.sample(self.adapters, self.chance.choice((1, 1, 2)))
        for one in pulled:
            one.place = None
        for one in self.chance.sample(pulled, len(pulled)):
            self.plug(one, self.free_place(one))

    def free_place(self, adapter: Adapter) -> tuple[int, int]:
        """Return where a hand puts it: its own socket, or any free one where that may be."""
        taken = {one.place for one in self.adapters}
        free = [(hub, port) for hub in (0, 1) for port in range(PORTS) if (hub, port) not in taken]
        goes_home = self.keeps_sockets or self.chance.random() < HALF
        return adapter.home if goes_home and adapter.home in free else self.chance.choice(free)

    @property
    def keeps_sockets(self) -> bool:
        """Whether people keep what `--by-socket` makes them promise."""
        return self.way == "by socket" and not self.careless

    def lose(self) -> None:
        """Pull one for good, or bring back what was pulled."""
        one = self.chance.choice(self.adapters)
        if one.place is None:
            self.plug(one, self.free_place(one))
        else:
            one.place = None

    def swap_hubs(self) -> None:
        """Two hubs change root ports with all that hangs on them; everything is numbered anew."""
        self.at.reverse()
        self.renumber()

    def reboot(self) -> None:
        """Switch off and on: the kernel counts from the beginning."""
        self.boot, self.next_devnum = self.boot + 1, FIRST_DEVNUM
        self.renumber()

    def renumber(self) -> None:
        """Let the kernel meet the adapters in another order."""
        plugged = [one for one in self.adapters if one.place is not None]
        places = {one.device: one.place for one in plugged}
        for one in plugged:
            one.place = None
        for one in self.chance.sample(plugged, len(plugged)):
            place = places[one.device]
            if place is not None:
                self.plug(one, place)

    # ---- what the kernel shows ------------------------------------------------------------------

    def seen(self, adapter: Adapter) -> Seen:
        """Return what can be known of an adapter from outside."""
        hub, port = adapter.place or (0, 0)
        descriptor = "05e3:0608:" if self.alike else f"05e3:0608:{hub}"
        identity = Identity(
            DeviceKind.LINE, "1a86", "7523", adapter.serial, "00",
            f"1-{self.at.index(hub) + 1}.{port + 1}", (descriptor,),
        )  # fmt: skip
        return Seen(f"/dev/ttyUSB{adapter.number}", identity, str(adapter.devnum))

    def devices(self) -> tuple[Seen, ...]:
        """Fulfil `DeviceBus`."""
        there = [self.seen(one) for one in self.adapters if one.place is not None]
        return tuple(sorted(there, key=lambda one: one.path))

    def wait(self, *, timeout_ms: int) -> bool:
        """Fulfil `DeviceBus`: time passes."""
        self.now_ms += timeout_ms
        return True

    def wake(self) -> None:
        """Fulfil `DeviceBus`."""

    def close(self) -> None:
        """Fulfil `DeviceBus` and `Documents`."""

    def listen(self, path: str, *, question: bytes, timeout_ms: int) -> bytes:
        """Fulfil `LineListener`: a printer speaks when asked, a till when it prints."""
        self.now_ms += timeout_ms
        device = next(
            one.device for one in self.adapters if self.seen(one).path == path and one.place
        )
        speaks = question == QUESTION if device == "printer" else self.chance.random() < HALF
        return SAYS[device] if speaks else b""

    def get(self, name: str) -> dict[str, object] | None:
        """Fulfil `Documents`."""
        return self.documents.get(name)

    def put(self, name: str, document: dict[str, object]) -> None:
        """Fulfil `Documents`."""
        self.documents[name] = document

    def delete(self, name: str) -> bool:
        """Fulfil `Documents`."""
        return self.documents.pop(name, None) is not None

    def now(self) -> Instant:
        """Fulfil `Clock`."""
        return Instant(self.now_ms, self.now_ms, UUID(int=self.boot), TimeQuality.SYNCED)


@dataclass(slots=True)
class Score:
    """What came of the simulations: claims asked for after each step, and what was answered."""

    asked: int = 0
    right: int = 0
    refused: int = 0
    swaps: int = 0

    def __add__(self, other: "Score") -> "Score":
        """Return both together."""
        return Score(
            self.asked + other.asked,
            self.right + other.right,
            self.refused + other.refused,
            self.swaps + other.swaps,
        )


def simulate(seed: int, way: Way, steps: int = STEPS, *, careless: bool = False) -> Score:
    """Live through one box's days; `seed` decides everything.

    `careless`: the promise of `--by-socket` is broken, so that swaps must come of it.
    """
    chance = random.Random(seed)  # noqa: S311 -- a simulation, repeatable
    world = World(chance, way, alike=chance.random() < HALF, careless=careless)
    broker = _broker(world)
    _claim_all(world, broker)
    score = Score()
    for _ in range(steps):
        broker = _live(world, broker)
        for _ in range(QUIET):
            broker.turn()
            score += _ask(world, broker)
        world.now_ms += STEADY_MS + ASK_EVERY_MS
        broker.turn()
        score += _ask(world, broker)
    return score


def _live(world: World, broker: DeviceBroker) -> DeviceBroker:
    """Let one thing happen; a reboot also forgets what only memory held."""
    what = world.chance.choice(
        ("replug", "replug", "reboot", "lose", "hubs", "look", "operator", "restart")
    )
    match what:
        case "replug":
            world.replug()
        case "lose":
            world.lose()
        case "operator":
            _claim_all(world, broker)
        case "hubs" if not world.keeps_sockets:
            world.swap_hubs()
            return _broker(world) if world.chance.random() < HALF else broker
        case "restart":
            return _broker(world)
        case "reboot":
            if world.chance.random() < HALF:
                world.replug()
            world.reboot()
            return _broker(world)
        case _:
            pass
    return broker


def _broker(world: World) -> DeviceBroker:
    return DeviceBroker(world, world, world, world, FaultTally(), lambda: 0)


def _claim_all(world: World, broker: DeviceBroker) -> None:
    for one in world.adapters:
        if one.place is None:
            continue
        path = world.seen(one).path
        heard = world.way == "voice"
        wish = Wish(one.device, path, by_socket=world.way == "by socket", may_probe=heard)
        broker.claim(wish, "bench")
        while heard and _row(broker, one.device).claim.voice is None:
            broker.identify(path, ask=True)


def _ask(world: World, broker: DeviceBroker) -> Score:
    """Ask for both claims as their drivers do."""
    score = Score()
    for one in world.adapters:
        score.asked += 1
        try:
            path = broker.resolve(ADDRESS + one.device)
        except Fault:
            score.refused += 1
            continue
        is_right = one.place is not None and world.seen(one).path == path
        score.right += is_right
        score.swaps += not is_right
    return score


def rows(simulations: int = 1_000) -> Iterator[Row]:
    """Run so many simulations over all ways of knowing a device."""
    whole = Score()
    for number, way in enumerate(WAYS):
        score = Score()
        for seed in range(simulations // len(WAYS)):
            score += simulate(number * simulations + seed, way)
        whole += score
        told = f"of {score.asked} questions, {score.refused} refused"
        yield Row(f"twin adapters, {way}: right", score.right, "answers", None, "higher", told)
    yield Row(f"twin adapters, {simulations} simulations: swaps", whole.swaps, "", 0)


def _row(broker: DeviceBroker, name: str) -> ClaimRow:
    return next(row for row in broker.rows() if row.claim.name == name)
