"""A box in the simulator: a card that survives, a memory that does not, and the core between them.

Whatever a box does to its card goes through `write`, where a kill can strike before or after.
"""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.lease_desk import Message
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.loyalty import lease_box
from retail_core.loyalty.lease_box import BoxLeases, Closing, Draw
from retail_core.loyalty.lease_wire import held_of, right_of
from retail_core.loyalty.leases import Right
from retail_core.sync import cursor
from retail_core.sync.ranges import Ranges, clamp, covers, normalise
from retail_core.wire.lease import LeaseEpoch, LeaseGrant

GENESIS = bytes(32)
FRAME = 2


class KilledError(Exception):
    """The program or the power went between two writes."""


@dataclass(frozen=True, slots=True)
class Earned:
    """A sale that earned: it commutes, and must never be lost."""

    right: Right
    points: int


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A sale that spent leases."""

    receipt: UUID
    draws: tuple[Draw, ...]


@dataclass(frozen=True, slots=True)
class Hello:
    """A boot asks to be let in."""

    board: bytes
    boot: UUID


Body = Earned | Redeemed | Hello | Closing


@dataclass(frozen=True, slots=True)
class Rec:
    """A journal record; `mono_ms` and `boot` are the moment it was written."""

    event_id: int
    body: Body
    boot: UUID
    mono_ms: int
    prev: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Disk:
    """Everything a card holds: record i has sequence i + 1."""

    journal_epoch: int
    leases: BoxLeases
    records: tuple[Rec, ...] = ()
    acked: Ranges = ()
    pos: int = 0

    @property
    def head(self) -> bytes:
        """Return the hash the next record follows."""
        return self.records[-1].hash if self.records else GENESIS

    @property
    def next_seq(self) -> int:
        """Return the sequence the next record will get."""
        return len(self.records) + 1

    def lowest_unacked(self) -> int:
        """Return the first sequence the cloud has not acknowledged."""
        first = self.acked[0] if self.acked else (0, 0)
        return first[1] + 1 if first[0] == 1 else 1


@dataclass(frozen=True, slots=True)
class Up:
    """A message to the cloud: a hello or a frame of records; `boot` sent it."""

    boot: UUID
    journal_epoch: int
    first_seq: int
    records: tuple[Rec, ...]
    greeting: bool = False
    pos: int = 0
    next_seq: int = 0


@dataclass(frozen=True, slots=True)
class Ack:
    """Committed ranges with the hashes at their ends."""

    journal_epoch: int
    ranges: Ranges
    ends: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """Messages after `prev` up to `pos`."""

    prev: int
    pos: int
    messages: tuple[Message, ...]


@dataclass(slots=True)
class Luck:
    """What the world gives a box: numbers nobody else has, and where the next kill strikes."""

    counter: int = 0
    kill_in: int | None = None
    puback_commits: bool = False
    trusts_acks: bool = False
    torn_spend: bool = False
    position_first: bool = False

    def fresh(self) -> int:
        """Return a number that was never given out."""
        self.counter += 1
        return self.counter


@dataclass(slots=True)
class Box:
    """A running box."""

    device: UUID
    board: bytes
    luck: Luck
    disk: Disk
    boot: UUID
    booted_ms: int
    permille: int = 0
    wall_off_ms: int = 0
    online: bool = False
    up: list[Up] = field(default_factory=list)
    down: list[Ack | Feed] = field(default_factory=list)
    recalled: set[Right] = field(default_factory=set)

    def now(self, true_ms: int) -> Instant:
        """Return the moment as this box sees it: its count drifts, its wall clock jumps."""
        age = true_ms - self.booted_ms
        wall = true_ms + self.wall_off_ms
        return Instant(wall, age + age * self.permille // 1_000, self.boot, TimeQuality.HOLDOVER)

    def write(self, disk: Disk) -> None:
        """Make a change durable, unless the kill comes first."""
        if self.luck.kill_in is not None:
            self.luck.kill_in -= 1
            if self.luck.kill_in == 0:
                raise KilledError
            if self.luck.kill_in < 0:
                self.disk = disk
                raise KilledError
        self.disk = disk

    # ---- the journal ----------------------------------------------------------------------------

    def with_records(self, disk: Disk, now: Instant, *bodies: Body) -> Disk:
        """Return the disk with records appended."""
        for body in bodies:
            event_id = self.luck.fresh()
            own = sha256(disk.head + event_id.to_bytes(8, "big")).digest()
            rec = Rec(event_id, body, now.boot_id, now.mono_ms, disk.head, own)
            disk = replace(disk, records=(*disk.records, rec))
        return disk

    def greet(self, now: Instant) -> None:
        """After a start: ask to be let in unless this boot is."""
        if not lease_box.admitted(self.disk.leases, now):
            self.write(self.with_records(self.disk, now, Hello(self.board, self.boot)))

    def earn(self, right: Right, points: int, now: Instant) -> None:
        """Book a sale that earns."""
        self.write(self.with_records(self.disk, now, Earned(right, points)))

    def redeem(self, right: Right, amount: int, receipt: UUID, now: Instant) -> tuple[Draw, ...]:
        """Spend leases with a sale: record and counters in one write."""
        draws = lease_box.draw(self.disk.leases, right, amount, now)
        recorded = self.with_records(self.disk, now, Redeemed(receipt, draws))
        if self.luck.torn_spend:
            self.write(recorded)
        self.write(replace(recorded, leases=lease_box.spend(self.disk.leases, draws, now)))
        return draws

    def give_back(self, right: Right, now: Instant) -> None:
        """Return what is held of a right, and what is over."""
        leases = self.disk.leases
        closings = (*lease_box.closing(leases, right, now), *lease_box.expired(leases, now))
        self._close(self.disk, tuple(dict.fromkeys(closings)), now)

    def _close(self, disk: Disk, closings: tuple[Closing, ...], now: Instant) -> None:
        if not closings and disk is self.disk:
            return
        leases = disk.leases
        for one in closings:
            leases = lease_box.given_back(leases, one.key)
        self.write(self.with_records(replace(disk, leases=leases), now, *closings))

    # ---- the line -------------------------------------------------------------------------------

    def pump(self, now: Instant) -> None:
        """Give back what was recalled; send a hello and all that is unacknowledged, newest first.

        Between a recall and this the line may be cut and more may be spent of the lease.
        """
        if not self.online:
            return
        for right in sorted(self.recalled):
            self.give_back(right, now)
            self.recalled.discard(right)
        disk = self.disk
        lowest = disk.lowest_unacked()
        self.up.append(
            Up(
                self.boot,
                disk.journal_epoch,
                lowest,
                (),
                greeting=True,
                pos=disk.pos,
                next_seq=disk.next_seq,
            )
        )
        waiting = [seq for seq in range(lowest, disk.next_seq) if not covers(disk.acked, seq)]
        runs: list[list[int]] = []
        for seq in waiting:
            if not runs or runs[-1][-1] + 1 != seq or len(runs[-1]) == FRAME:
                runs.append([])
            runs[-1].append(seq)
        for run in reversed(runs):
            part = disk.records[run[0] - 1 : run[-1]]
            self.up.append(Up(self.boot, disk.journal_epoch, run[0], part))
        if self.luck.puback_commits and runs:
            self.write(replace(disk, acked=normalise([*disk.acked, (1, disk.next_seq - 1)])))

    def take(self, message: Ack | Feed, now: Instant) -> None:
        """Take a message of the cloud."""
        if isinstance(message, Ack):
            self._acked(message, now)
        else:
            self._fed(message, now)

    def _acked(self, ack: Ack, now: Instant) -> None:
        disk = self.disk
        if ack.journal_epoch != disk.journal_epoch:
            return
        if not self.luck.trusts_acks and not self._proven(ack):
            leases = lease_box.shut_out(disk.leases)
            prefix = clamp(disk.acked, 1, disk.lowest_unacked() - 1) if disk.acked else ()
            anew = replace(disk, journal_epoch=self.luck.fresh(), acked=prefix, leases=leases)
            self.write(anew)
            self.greet(now)
            self.pump(now)
            return
        ranges = clamp(ack.ranges, 1, disk.next_seq - 1)
        self.write(replace(disk, acked=normalise([*disk.acked, *ranges])))

    def _proven(self, ack: Ack) -> bool:
        disk = self.disk
        return all(
            high < disk.next_seq and disk.records[high - 1].hash == end
            for (_, high), end in zip(ack.ranges, ack.ends, strict=True)
            if high >= disk.lowest_unacked()
        )

    def _fed(self, feed: Feed, now: Instant) -> None:
        if cursor.judge(1, feed.prev, feed.pos, 1, self.disk.pos) != cursor.Verdict.APPLY:
            return
        if self.luck.position_first:
            self.write(replace(self.disk, pos=feed.pos))
        for message in feed.messages:
            if message.device == self.device.bytes:
                self._told(message, now)
        self.write(replace(self.disk, pos=feed.pos))

    def _told(self, message: Message, now: Instant) -> None:
        disk = self.disk
        if isinstance(message, LeaseEpoch):
            leases, closings = lease_box.welcomed(
                disk.leases, message.epoch, UUID(bytes=message.boot), now, frozen=message.frozen
            )
            self._close(replace(disk, leases=leases), closings, now)
        elif isinstance(message, LeaseGrant):
            leases = lease_box.granted(disk.leases, held_of(message))
            self.write(replace(disk, leases=leases))
        else:
            self.recalled.add(right_of(message.kind, message.right))


def try_redeem(
    box: Box, right: Right, permille: int, receipt: UUID, now: Instant
) -> tuple[Draw, ...]:
    """Spend a share of what the box says can be spent; nothing when it says nothing can."""
    free = lease_box.spendable(box.disk.leases, right, now)
    amount = max(1, free * permille // 1_000)
    try:
        return box.redeem(right, amount, receipt, now)
    except Fault:
        return ()
