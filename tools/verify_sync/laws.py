"""What must be reached when luck turns good, and what must hold then."""

from collections import Counter
from uuid import UUID

from retail_core.loyalty.postings import member_account
from tests.fakes.cloud_sets import FakeSetRepo
from tools.verify_sync.cloud import PERSONS
from tools.verify_sync.world import BURST, POINTS, Step, ViolationError, World, booked_ids

ROUNDS_MAX = 60
LIVE_ROUNDS = 2
ROUND_MS = 40_000
LAST_ROUNDS = 2


def settle_down(world: World, *, afresh: bool) -> None:
    """Mend everything, let everybody talk, and check what came of it.

    `afresh` ends every session once more. Without it the boxes must get over the past in the
    sessions that stand, helped only by time.
    """
    _mend(world, afresh=afresh)
    for at in range(len(world.boxes)):
        world.run(Step("sell", at, 0))
    newest = {one.event_id for one in world.sold[-len(world.boxes) :]}
    for turn in range(ROUNDS_MAX):
        exchange(world)
        if afresh and turn + 1 == LIVE_ROUNDS and not newest <= booked_ids(world.cloud):
            raise ViolationError("a sale made now waited behind the backlog")
        if not afresh:
            world.now_ms += ROUND_MS
        if _quiet(world):
            break
    else:
        raise ViolationError(f"does not settle: {_waiting(world)}")
    _converge(world)
    _check_books(world)
    _check_lost(world)
    _check_replicas(world)
    _check_repairs(world)


def _mend(world: World, *, afresh: bool) -> None:
    world.http_up = True
    world.ingest_starts()
    if afresh:
        world.run(Step("broker"))
        world.run(Step("burst", 0, 0, BURST - 1))
    for box in world.boxes:
        world.connect(box)
    if afresh:
        exchange(world)  # hellos are answered; of the backlog nothing has gone yet


def exchange(world: World) -> None:
    """Pass one round, in order and without loss: boxes, ingest, boxes."""
    world.now_ms += 5
    for box in world.boxes:
        box.pump()
        world.collect(box)
    world.cloud.inbox += world.up
    world.up = []
    world.publish(world.cloud.book(world.cloud.inbox))
    world.cloud.inbox = []
    world.cloud.write_marks()
    for box in world.boxes:
        while box.down:
            world.deliver(box)
        for _ in range(len(box.boot.downlink.inbox) + 1):
            box.boot.step()
    world.publish(world.cloud.sweep())
    world.check_let_go()


def _quiet(world: World) -> bool:
    return all(
        box.journal.depth() == 0 and not box.down and not box.boot.downlink.inbox
        for box in world.boxes
    )


def _waiting(world: World) -> str:
    return ", ".join(f"{box.journal.depth()} of box {at}" for at, box in enumerate(world.boxes))


def _converge(world: World) -> None:
    """Let a change reach every store, so that whoever missed the one before it sees the gap.

    It is of one member: the records of all others must be right without another change of theirs.
    """
    world.run(Step("sell", 0, 0))
    for _ in range(ROUNDS_MAX):
        exchange(world)
        world.now_ms += ROUND_MS
        if _quiet(world):
            break
    for _ in range(LAST_ROUNDS):
        exchange(world)


def _check_books(world: World) -> None:
    state = world.cloud.state
    twice = [one for one, times in Counter(map(_id, state.events)).items() if times > 1]
    if twice:
        raise ViolationError(f"{len(twice)} events booked twice")
    for person in PERSONS:
        own = sum(sale.arrival.member == person.member for sale in state.sales.values())
        held = state.balances.get(member_account(person.wallet, "free"), 0)
        if held != own * POINTS or held < 0:
            raise ViolationError(f"balance {held} is not {own} sales of {POINTS} points")


def _id(arrival: object) -> UUID:
    found: UUID = arrival.event_id  # type: ignore[attr-defined]
    return found


def _check_lost(world: World) -> None:
    """Lost is what a till heard "ok" for and the cloud never had, unless the card went with it."""
    booked = booked_ids(world.cloud)
    receipts = world.cloud.state.sales.keys()
    for sold in world.sold:
        box = world.boxes[sold.box]
        owed = not box.set_back or sold.event_id in box.acked | box.journal.event_ids()
        if owed and (sold.event_id not in booked or sold.receipt not in receipts):
            raise ViolationError("a sale was lost")


def _check_replicas(world: World) -> None:
    state = world.cloud.state
    for at, box in enumerate(world.boxes):
        head = state.heads[box.shop.store]
        if box.replica.feed_position() != (head.feed_epoch, head.head):
            where = box.replica.feed_position()
            raise ViolationError(f"box {at} stands at {where}, the feed ends at {head.head}")
        held = box.replica.members()
        theirs = dict(FakeSetRepo(state).held(box.shop.store).members)
        wrong = [key for key, ver in theirs.items() if held.get(key, (-1, None))[0] != ver]
        wrong += [key for key in held if key not in theirs]
        if wrong:
            raise ViolationError(f"box {at} holds {len(wrong)} members otherwise than the cloud")


def _check_repairs(world: World) -> None:
    """Nobody is accused who is honest: a chain breaks only where a card was set back."""
    copied = {box.shop.device for box in world.boxes if box.set_back}
    for item in world.cloud.state.repairs.values():
        if item.kind != "chain" or item.device not in copied:
            raise ViolationError(f"repair queue: {item.kind} {item.code} {item.detail}")
