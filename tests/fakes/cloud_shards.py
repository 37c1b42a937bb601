"""Seats and shards in memory, shared by as many desks as there are workers."""

from collections.abc import Collection
from itertools import count
from uuid import UUID

from cloud_broker.domain.shard_plan import free_slots
from cloud_broker.ports.shards import Roster, Seat
from retail_core import limits
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


class FakeShardRoom:
    """What the desks share; `dead` are workers whose connection is gone."""

    def __init__(self) -> None:
        self.seats: dict[int, Seat] = {}
        self.owners: dict[int, int] = {}
        self.dead: set[int] = set()
        self.tokens = count(1)
        self.moved = 0

    def drop(self, token: int) -> None:
        """Take a worker's seat and its shards away."""
        self.seats.pop(token, None)
        self.owners = {shard: owner for shard, owner in self.owners.items() if owner != token}


class FakeShardDesk:
    """A `ShardDesk` of one worker; `down` makes it fail as an unreachable database does."""

    def __init__(self, room: FakeShardRoom) -> None:
        self.room = room
        self.down = False

    def sit(self, boot_id: UUID) -> Seat:
        self._check()
        assert boot_id.version
        slots = free_slots(self.room.moved, {seat.slot for seat in self.room.seats.values()})
        if not slots:
            raise Fault(FaultCode.SHARD_SEATS_TAKEN, limit=limits.INGEST_WORKERS_MAX)
        seat = Seat(next(self.room.tokens), slots[0])
        self.room.seats[seat.token] = seat
        return seat

    def beat(self, seat: Seat, *, reap: bool) -> Roster | None:
        self._check()
        if seat.token not in self.room.seats:
            return None
        for token in self.room.dead - {seat.token} if reap else ():
            self.room.drop(token)
        return Roster(tuple(sorted(self.room.seats)), dict(self.room.owners))

    def move(self, seat: Seat, take: Collection[int], leave: Collection[int]) -> frozenset[int]:
        self._check()
        for shard in leave:
            if self.room.owners.get(shard) == seat.token:
                del self.room.owners[shard]
        for shard in take:
            if shard not in self.room.owners:
                self.room.owners[shard] = seat.token
                self.room.moved += 1
        mine = (shard for shard, owner in self.room.owners.items() if owner == seat.token)
        return frozenset(mine)

    def stand_up(self, seat: Seat) -> None:
        self._check()
        self.room.drop(seat.token)

    def _check(self) -> None:
        if self.down:
            raise Fault(FaultCode.SYNC_LINK_DOWN)
