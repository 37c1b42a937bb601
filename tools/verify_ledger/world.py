"""The world of the simulator: boxes, a cloud, a line between them, and everything that goes wrong.

A run is a list of steps, each plain data; a step that has nothing to act on does nothing. So a list
stays meaningful when steps are taken out of it, which is how a failure is made small.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple
from uuid import UUID

from retail_core.clock import Instant
from retail_core.loyalty import lease_box
from retail_core.loyalty.lease_box import BoxLeases
from retail_core.loyalty.leases import LeaseState, Right, RightKind
from tools.verify_ledger.card import Box, Disk, KilledError, Luck, Redeemed, try_redeem
from tools.verify_ledger.cloud import Cloud, uid

LASTS_MS = 300_000
POINTS = (Right(RightKind.POINTS, uid(1)), Right(RightKind.POINTS, uid(2)))
COUPONS = (Right(RightKind.COUPON, uid(3)), Right(RightKind.COUPON, uid(4)))
BUDGET = Right(RightKind.BUDGET, uid(5))
RIGHTS = (*POINTS, *COUPONS, BUDGET)
LIMITS = {COUPONS[0]: 1, COUPONS[1]: 1, BUDGET: 300}
OPENING_POINTS = 200


class Step(NamedTuple):
    """What happens next; the three numbers mean what the step makes of them."""

    name: str
    a: int
    b: int
    c: int
    kill: int = 0


class ViolationError(Exception):
    """Something that must always hold did not."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What really happened at a till: nobody in the simulated world can look here."""

    device: UUID
    sale: Redeemed
    event_id: int


@dataclass(slots=True)
class World:
    """One history."""

    cloud: Cloud
    luck: Luck
    boxes: list[Box]
    now_ms: int = 1_000_000
    credited: dict[Right, int] = field(default_factory=dict)
    sales: list[tuple[int, Right, int]] = field(default_factory=list)
    truth: list[Spent] = field(default_factory=list)
    snapshots: dict[int, Disk] = field(default_factory=dict)
    retired: list[Box] = field(default_factory=list)
    refunds: list[tuple[UUID, int, Redeemed]] = field(default_factory=list)
    served: int = 0
    erased: int = 0
    late: int = 0

    # ---- steps ----------------------------------------------------------------------------------

    def run(self, step: Step) -> None:
        """Do one step; a kill in it ends the program or the power."""
        work: Callable[[Step], None] = getattr(self, f"_do_{step.name}")
        self.luck.kill_in = step.kill if step.kill > 0 else None
        try:
            work(step)
        except KilledError:
            self.luck.kill_in = None
            self._restart(self._box(step.a), power=step.c % 2 == 0)
        finally:
            self.luck.kill_in = None

    def _do_tick(self, step: Step) -> None:
        self.now_ms += 1 + step.b % LASTS_MS

    def _do_jump(self, step: Step) -> None:
        self._box(step.a).wall_off_ms += (step.b % 2_000_000) - 1_000_000

    def _do_earn(self, step: Step) -> None:
        box, right = self._box(step.a), POINTS[step.b % 2]
        amount = 1 + step.c % 90
        count = len(box.disk.records)
        try:
            box.earn(right, amount, self._now(box))
        finally:
            for rec in box.disk.records[count:]:
                self.sales.append((rec.event_id, right, amount))

    def _do_web(self, step: Step) -> None:
        right = POINTS[step.a % 2]
        amount = self.cloud.desk.books[right].free * (step.b % 1_001) // 1_000
        if amount:
            self.cloud.credit(right, -amount)
            self.credited[right] -= amount

    def _do_grant(self, step: Step) -> None:
        right = RIGHTS[step.b % len(RIGHTS)]
        free = self.cloud.desk.books[right].free
        whole = right.kind == RightKind.COUPON
        amount = free if whole else free * (200 + step.c % 700) // 1_000
        timed = right.kind == RightKind.POINTS and step.c % 3 == 0
        self.cloud.grant(right, self._box(step.a).device, amount, LASTS_MS if timed else None)

    def _do_redeem(self, step: Step) -> None:
        box = self._box(step.a)
        right = self._wanted(box, step.b)
        receipt, count = uid(1_000 + self.luck.fresh()), len(box.disk.records)
        try:
            try_redeem(box, right, 200 + step.c % 801, receipt, self._now(box))
        finally:
            for rec in box.disk.records[count:]:
                if isinstance(rec.body, Redeemed):
                    self._happened(box, rec.body, rec.event_id)

    def _wanted(self, box: Box, number: int) -> Right:
        """Return a right to ask for: one the box says can be spent, if there is any."""
        turned = [RIGHTS[(number + place) % len(RIGHTS)] for place in range(len(RIGHTS))]
        now = self._now(box)
        can = (one for one in turned if lease_box.spendable(box.disk.leases, one, now))
        return next(can, turned[0])

    def _happened(self, box: Box, sale: Redeemed, event_id: int) -> None:
        """Remember what the till gave: what the customer has, she has."""
        self.served += 1
        self.truth.append(Spent(box.device, sale, event_id))
        for draw in sale.draws:
            lease = self.cloud.desk.books[draw.key.right].leases.get(draw.key)
            if lease is None or lease.state == LeaseState.CLOSED:
                raise ViolationError(f"spent of a lease that is over or was never lent: {draw.key}")
            ends_ms = 0 if lease.term is None else lease.term.reclaim_ms
            if lease.state == LeaseState.RECLAIMED and ends_ms and self.now_ms >= ends_ms:
                raise ViolationError(f"spent after the cloud took the lease back: {draw.key}")

    def _do_give_back(self, step: Step) -> None:
        box = self._box(step.a)
        box.give_back(RIGHTS[step.b % len(RIGHTS)], self._now(box))

    def _do_recall(self, step: Step) -> None:
        right = RIGHTS[step.b % len(RIGHTS)]
        self.cloud.decide("recall", right, self._box(step.a).device)

    def _do_ask(self, step: Step) -> None:
        right = RIGHTS[step.b % len(RIGHTS)]
        book = self.cloud.desk.books[right]
        amount = max(1, book.balance * (200 + step.c % 801) // 1_000)
        self.cloud.ask(right, self._box(step.a).device, amount)

    def _do_reclaim(self, _step: Step) -> None:
        self.cloud.decide("reclaim", self.now_ms)

    def _do_refund(self, step: Step) -> None:
        if self.truth:
            sale = self.truth[step.a % len(self.truth)].sale
            amount = 1 + step.b % sum(draw.amount for draw in sale.draws)
            refund = uid(5_000_000 + self.luck.fresh())
            self.cloud.refund(sale.receipt, refund, sale, amount)
            self.refunds.append((refund, amount, sale))

    def _do_link(self, step: Step) -> None:
        """Turn a box's line on, which ends its twin's session, or off, with what is under way."""
        box = self._box(step.a)
        if box.online:
            box.online = False
            box.down.clear()
            del box.up[step.b % (len(box.up) + 1) :]
            return
        for other in (one for one in self.boxes if one.device == box.device):
            other.online = False
            other.down.clear()
        box.online = True

    def _do_pump(self, step: Step) -> None:
        box = self._box(step.a)
        box.pump(self._now(box))

    def _do_up(self, step: Step) -> None:
        """Deliver one message of a box, in any order within a boot, once or twice."""
        box = self._box(step.a)
        if not box.up:
            return
        first = [up for up in box.up if up.boot == box.up[0].boot]
        up = first[step.b % len(first)]
        if step.c % 4:
            box.up.remove(up)
        lost = step.c % 11 == 0
        answers = self.cloud.take(box.device, up, self.now_ms)
        if box.online and not lost:
            box.down.extend(answers)

    def _do_down(self, step: Step) -> None:
        box = self._box(step.a)
        if box.down and box.online:
            message = box.down[step.b % len(box.down)]
            if step.c % 4:
                box.down.remove(message)
            box.take(message, self._now(box))

    def _do_drop(self, step: Step) -> None:
        box = self._box(step.a)
        queue = box.up if step.b % 2 else box.down
        if queue:
            del queue[step.c % len(queue)]

    def _do_sync(self, step: Step) -> None:
        box = self._box(step.a)
        if not box.online:
            self._do_link(step)
        for _ in range(2 + step.b % 3):
            self.exchange(box)

    def exchange(self, box: Box) -> None:
        """Let a box and the cloud talk for one round, in order and without loss."""
        box.pump(self._now(box))
        while box.up:
            box.down.extend(self.cloud.take(box.device, box.up.pop(0), self.now_ms))
        while box.down:
            box.take(box.down.pop(0), self._now(box))

    def _do_flap(self, step: Step) -> None:
        """Let one message through, and its answer, before the line is gone with the rest."""
        box = self._box(step.a)
        if not box.online:
            self._do_link(step)
        box.pump(self._now(box))
        self._do_up(step)
        while box.down:
            box.take(box.down.pop(0), self._now(box))
        box.online = False
        box.up.clear()

    def _do_restart(self, step: Step) -> None:
        self._restart(self._box(step.a), power=False)

    def _do_reboot(self, step: Step) -> None:
        self._restart(self._box(step.a), power=True)

    def _do_snapshot(self, step: Step) -> None:
        at = step.a % len(self.boxes)
        self.snapshots[at] = self.boxes[at].disk

    def _do_rollback(self, step: Step) -> None:
        """Put an older image on the card: what only the card knew is gone for everybody."""
        at = step.a % len(self.boxes)
        if at in self.snapshots:
            box = self.boxes[at]
            box.disk = self.snapshots[at]
            self._restart(box, power=True)

    def _do_clone(self, step: Step) -> None:
        """Put a copy of the card, or an older image of it, into a second board."""
        at = step.a % len(self.boxes)
        if len(self.boxes) + len(self.retired) > 7:  # noqa: PLR2004
            return
        old = self.boxes[at]
        disk = self.snapshots.get(at, old.disk) if step.b % 2 else old.disk
        number = self.luck.fresh()
        twin = Box(
            old.device, uid(number).bytes, self.luck, disk, uid(self.luck.fresh()), self.now_ms
        )
        self.boxes.append(twin)
        twin.greet(self._now(twin))

    def _do_freeze_over(self, step: Step) -> None:
        """HQ looked at a doubled device: all but one card are destroyed, the one is let in."""
        box = self._box(step.a)
        if step.b % 4 == 0:
            self._retire_twins(box)
            self.cloud.decide("release", box.device)

    def _do_write_off(self, step: Step) -> None:
        """HQ declares what is in doubt lost, after the twins were destroyed."""
        if step.b % 4 == 0:
            box = self._box(step.a)
            self._retire_twins(box)
            self.cloud.decide("write_off", box.device)

    def whole(self, right: Right, found: set[int]) -> int:
        """Return all that ever came in, as far as anybody can still find it."""
        told = (amount for event, of, amount in self.sales if of == right and event in found)
        return self.credited[right] + sum(told)

    # ---- inside ---------------------------------------------------------------------------------

    def _retire_twins(self, box: Box) -> None:
        for other in list(self.boxes):
            if other.device == box.device and other is not box and len(self.boxes) > 1:
                self.retired.append(other)
                other.online = False
        kept = [one for one in self.boxes if one not in self.retired]
        old = {id(one): at for at, one in enumerate(self.boxes)}
        self.snapshots = {
            new: self.snapshots[old[id(one)]]
            for new, one in enumerate(kept)
            if old[id(one)] in self.snapshots
        }
        self.boxes = kept

    def _restart(self, box: Box, *, power: bool) -> None:
        """Begin again with what the card holds; without power the boot is another one."""
        box.online = False
        box.down.clear()
        box.recalled.clear()
        del box.up[len(box.up) // 2 :]
        if power:
            box.boot, box.booted_ms = uid(self.luck.fresh()), self.now_ms
        box.greet(self._now(box))

    def _box(self, number: int) -> Box:
        return self.boxes[number % len(self.boxes)]

    def _now(self, box: Box) -> Instant:
        return box.now(self.now_ms)


def new_world(devices: int, rng: Random, luck: Luck, *, acks_to_highest: bool = False) -> World:
    """Return a world of so many stores with its rights, each box booted and known."""
    cloud = Cloud(acks_to_highest=acks_to_highest)
    cloud.prepare(RIGHTS)
    boxes = []
    for number in range(devices):
        device = uid(100 + number)
        disk = Disk(luck.fresh(), BoxLeases(device))
        board, boot = uid(200 + number).bytes, uid(luck.fresh())
        boxes.append(Box(device, board, luck, disk, boot, 1_000_000, rng.choice((-2, -1, 0, 1))))
    world = World(cloud, luck, boxes)
    for right in RIGHTS:
        amount = LIMITS.get(right, OPENING_POINTS)
        cloud.credit(right, amount)
        world.credited[right] = amount
    for box in boxes:
        box.greet(box.now(world.now_ms))
        world.run(Step("sync", boxes.index(box), 0, 0))
    return world


_WEIGHTS = {
    "tick": 14, "jump": 2, "earn": 10, "web": 2, "grant": 16, "redeem": 36, "give_back": 2,
    "recall": 3, "reclaim": 4, "refund": 3, "link": 7, "pump": 8, "up": 12, "down": 12,
    "drop": 5, "flap": 6, "sync": 24, "restart": 2, "reboot": 2, "snapshot": 3, "rollback": 2,
    "clone": 1, "freeze_over": 1, "write_off": 1,
}  # fmt: skip
ASK_WEIGHT = 20
_KILLABLE = frozenset({"flap", "earn", "redeem", "give_back", "down", "sync"})


def steps_of(rng: Random, count: int, *, asking: bool = False) -> list[Step]:
    """Draw steps, with members who stand elsewhere when `asking`."""
    weights = _WEIGHTS | {"ask": ASK_WEIGHT} if asking else _WEIGHTS
    names = rng.choices(list(weights), list(weights.values()), k=count)
    return [_step(rng, name) for name in names]


def _step(rng: Random, name: str) -> Step:
    numbers = (rng.randrange(64), rng.randrange(1 << 30), rng.randrange(1 << 30))
    strikes = name in _KILLABLE and rng.random() < 0.08  # noqa: PLR2004
    return Step(name, *numbers, rng.randrange(1, 7) if strikes else 0)


def surviving(world: World) -> set[int]:
    """Return the records that anybody can still find: cloud, cards, messages under way."""
    cards = [*world.boxes, *world.retired]
    found = set(world.cloud.seen)
    found |= {rec.event_id for box in cards for rec in box.disk.records}
    found |= {rec.event_id for box in cards for up in box.up for rec in up.records}
    return found
