"""The cloud: the services of the product over a store in memory that can lose its program.

`Ingest`, `Greeter`, `Announcer` and `Members` are the production classes, with everything they call
of the domain. Of the worker's loop only the order is repeated here: book, publish, remember marks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import is_dataclass, replace
from datetime import time
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.fleet import NewDevice, NewStore
from cloud_broker.ports.restores import Restore
from cloud_broker.services.booking.greeting import Greeter
from cloud_broker.services.booking.ingest import Ingest, Outcome
from cloud_broker.services.line import downlink
from cloud_broker.services.line.announcing import Announcer
from cloud_broker.services.line.downlink import Outbound
from cloud_broker.services.line.frames import Inbound
from cloud_broker.services.members.members import Members
from cloud_broker.services.rights.restoring import Restoring
from cloud_broker.services.stores.snapshots import Snapshots
from cloud_broker.services.stores.store_sets import StoreSets
from retail_core.tally import FaultTally
from retail_core.wire.messages import ChangeFrame
from retail_core.wire.restored import BoxStanding, CloudHolds
from retail_core.wire.topics import shard_of, tail_of
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import WALL_MS, Person, SimBox
from tests.fakes.cloud_state import State
from tests.fakes.cloud_units import FakeUnit, FakeUnits

TENANT = UUID(int=1)
ENTITY = UUID(int=2)
# By the clock, as the restore command takes it: no member changes that often between two restores.
RESTORE_EPOCH = 1_000_000
STORES = (UUID(int=0x11), UUID(int=0x12))
BOXES_PER_STORE = (2, 1)
PERSONS = tuple(
    Person(UUID(int=0x100 + n), UUID(int=0x200 + n), phone=f"861380013800{n}") for n in range(6)
)

Value = TypeVar("Value")


class KilledError(Exception):
    """The program ended here."""


def forked(value: Value) -> Value:
    """Copy what a transaction may change; values themselves are never changed."""
    made: object = value
    if isinstance(value, dict):
        nested = isinstance(next(iter(value.values()), None), list)
        made = {k: one.copy() for k, one in value.items()} if nested else value.copy()
    elif isinstance(value, list | set):
        made = value.copy()
    elif is_dataclass(value) and hasattr(value, "__dict__"):
        made = copy(value)
        for name, one in vars(value).items():
            setattr(made, name, forked(one))
    return made  # type: ignore[return-value]  # the same shape, copied


class Draft(State):
    """A state in a transaction: what is looked at is copied first, the rest is shared."""

    def __init__(self, base: State) -> None:
        self.__dict__["base"] = base
        self.reckoned_ms = base.reckoned_ms

    def __getattr__(self, name: str) -> Any:
        """Copy a table at the first look."""
        made = forked(vars(self.base)[name])
        self.__dict__[name] = made
        return made

    def whole(self) -> State:
        """Return the state after the transaction."""
        made = State.__new__(State)
        mine = {name: one for name, one in vars(self).items() if name != "base"}
        made.__dict__.update(vars(self.base) | mine)
        return made


class ForkingUnits(FakeUnits):
    """`Units` in memory; a kill before the commit leaves nothing of a transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.kill_before_commit = False

    @contextmanager
    def begin(self, tenant: UUID) -> Iterator[FakeUnit]:
        """Open a transaction."""
        draft = Draft(self.states[tenant])
        yield FakeUnit(draft)
        if self.kill_before_commit:
            self.kill_before_commit = False
            raise KilledError
        self.states[tenant] = draft.whole()


class Cloud:
    """Database and ingest; `inbox` is what the broker handed to it and is not acknowledged yet."""

    def __init__(self) -> None:
        self.units = ForkingUnits()
        self.units.states[TENANT] = opening()
        self.clock = FakeCloudClock()
        self.tally = FaultTally()
        self.members = Members(self.units, self.clock)
        self.inbox: list[Inbound] = []
        self.boots = 0
        self.restores = 0
        self._start()

    def _start(self) -> None:
        self.boots += 1
        self._ingest = Ingest(self.units, self.clock, self.tally)
        self._greeter = Greeter(self.units, self.tally)
        self._announcer = Announcer(self.units, self.clock)
        self._restoring = Restoring(self.units, self.clock)
        self._snapshots = Snapshots(self.units, self.clock)
        self._sets = StoreSets(self.units, self.clock)
        self._marks: dict[tuple[UUID, UUID], int] = {}
        self.inbox.clear()

    @property
    def state(self) -> State:
        """What is committed."""
        return self.units.states[TENANT]

    def restart(self) -> None:
        """Kill the program and start it: what was handed to it is forgotten."""
        self._start()

    def says(self, *, up: bool) -> Outbound:
        """Return the retained word on whether ingest is there."""
        return downlink.cloud_state(TENANT, UUID(int=self.boots), up=up)

    def changes_since(self, device: UUID, pos: int) -> ChangeFrame:
        """Answer a box over HTTP."""
        return self.members.changes_since(TENANT, _places()[device], pos)

    def snapshot(self, device: UUID) -> bytes:
        """Return the manifest of a box's store."""
        return self._snapshots.manifest(TENANT, _places()[device].store)

    def snapshot_part(self, device: UUID, sha256: bytes, start: int, size: int) -> bytes:
        """Return a part of what a manifest names."""
        return self._snapshots.part(TENANT, _places()[device].store, sha256, start, size)

    def kept_since(self, device: UUID, pos: int) -> ChangeFrame:
        """Return what of the feed no snapshot holds."""
        return self._sets.kept_since(TENANT, _places()[device].store, pos)

    def stand(self, device: UUID, said: BoxStanding) -> CloudHolds:
        """Answer a box that tells a restored cloud what it holds."""
        return self._restoring.hear(TENANT, _places()[device], said)

    def restored_from(self, older: State) -> None:
        """Put an older database in place, as the restore command leaves it behind."""
        self.restores += 1
        epoch, now_ms = RESTORE_EPOCH * self.restores, self.clock.now_ms()
        draft = Draft(older)
        FakeUnit(draft).restores.begin(Restore(epoch, now_ms, now_ms))
        draft.heads = {
            store: replace(head, feed_epoch=epoch, published=0)
            for store, head in older.heads.items()
        }
        draft.versions = {one: max(ver + 1, epoch) for one, ver in older.versions.items()}
        draft.snapshots, draft.segments = {}, {}
        self.units.states[TENANT] = draft.whole()

    # ---- one turn -------------------------------------------------------------------------------

    def book(self, messages: list[Inbound]) -> list[Outbound]:
        """Book frames and answer hellos, as one turn of the worker does; what to publish."""
        self.clock.advance(1)
        frames = [one for one in messages if tail_of(one.topic) == "up"]
        send: list[Outbound] = []
        if frames:
            send += self._booked(frames)
        for one in messages:
            if tail_of(one.topic) == "hello":
                send += self._greeter.greet(one).send
        return send

    def _booked(self, frames: list[Inbound]) -> list[Outbound]:
        outcome: Outcome = self._ingest.book(frames)
        for key, pos in outcome.marks.items():
            self._marks[key] = max(pos, self._marks.get(key, 0))
        return outcome.send

    def write_marks(self) -> None:
        """Note how far feeds were announced."""
        marks, self._marks = self._marks, {}
        self._announcer.mark(marks)

    def sweep(self) -> list[Outbound]:
        """Announce what was committed but not announced."""
        left = self._announcer.left(TENANT, self._marks)
        self._announcer.written(TENANT, left)
        return list(left.send)


@cache
def opening() -> State:
    """Return the chain as every history finds it: stores, boxes, members known in both stores."""
    units = ForkingUnits()
    units.states[TENANT] = State()
    with units.begin(TENANT) as unit:
        unit.fleet.add_tenant("sim", "sim", WALL_MS)
        unit.fleet.add_legal_entity(ENTITY, "sim")
        region = unit.fleet.add_region(UUID(int=3), "sim")
        for index, store in enumerate(STORES):
            unit.fleet.add_store(
                NewStore(
                    store=store,
                    legal_entity=ENTITY,
                    region=region,
                    name=f"store {index}",
                    city="-",
                    zone="Asia/Shanghai",
                    day_starts_at=time(4),
                    shard=shard_of(store),
                ),
                WALL_MS,
            )
            for slot, device in enumerate((*devices_of(index), office_of(index)), start=1):
                unit.fleet.add_device(
                    NewDevice(device, store, slot, device.bytes * 2, f"$7$1${device}$x"), WALL_MS
                )
    office = SimBox(TENANT, STORES[0], office_of(0), ENTITY, boot=UUID(int=4))
    for person in PERSONS:
        office.enrols(person)
    frame = Inbound(office.topic(), office.frame(), WALL_MS)
    Ingest(units, FakeCloudClock(), FaultTally()).book([frame])
    with units.begin(TENANT) as unit:
        every = {(store, person.member) for store in STORES for person in PERSONS}
        unit.members.add_interests(every, WALL_MS)
    return units.states[TENANT]


@cache
def _places() -> dict[UUID, Place]:
    devices = [device for store in range(len(STORES)) for device in devices_of(store)]
    return FakeUnit(opening()).fleet.places(devices)


def devices_of(store: int) -> tuple[UUID, ...]:
    """Return the boxes of a store."""
    return tuple(UUID(int=0x1000 * (store + 1) + n) for n in range(BOXES_PER_STORE[store]))


def office_of(store: int) -> UUID:
    """Return the box by which the members were enrolled."""
    return UUID(int=0x9000 + store)
