"""What must hold after every step, and what must be reached when everything is mended."""

from collections import Counter
from random import Random
from uuid import UUID

from retail_core.loyalty.lease_books import RightBook
from retail_core.loyalty.leases import LeaseKey, LeaseState, Right, RightKind
from retail_core.loyalty.postings import leased_account, member_account
from tools.verify_ledger.card import Up
from tools.verify_ledger.world import LIMITS, RIGHTS, Step, ViolationError, World, surviving

ROUNDS = 12


def check(world: World) -> None:
    """Check a prefix: money and rights are whole, nothing was spent twice."""
    for right, book in world.cloud.desk.books.items():
        if book.free < 0:
            raise ViolationError(f"{right.kind}: free is {book.free}")
        if right.kind == RightKind.POINTS:
            _check_ledger(world, book)
        _check_late(book)
    _check_spends(world)


def _check_ledger(world: World, book: RightBook) -> None:
    """Compare the book with the ledger, which was told only of postings."""
    ledger = world.cloud.ledger
    if ledger.balance(member_account(book.right.id, "free")) != book.free:
        raise ViolationError("free in the ledger is not free in the book")
    held: Counter[tuple[UUID, int]] = Counter()
    for key, lease in book.leases.items():
        held[key.device, key.epoch] += lease.held
    for (device, epoch), amount in held.items():
        account = ledger.balance(leased_account(book.right.id, device, epoch))
        if account != amount:
            raise ViolationError(f"leased {account} in the ledger, {amount} in the book")


def _check_late(book: RightBook) -> None:
    """Only points lent for a time or written off may be spent too late, at the brand's cost."""
    for key, lease in book.leases.items():
        if lease.late and lease.state != LeaseState.RECLAIMED:
            raise ViolationError(f"{lease.late} spent beyond a lease in state {lease.state}: {key}")


def _check_spends(world: World) -> None:
    """No lease bore more than it lent, no right more than there is, by what anybody can find."""
    found = surviving(world)
    by_lease: Counter[LeaseKey] = Counter()
    by_right: Counter[Right] = Counter()
    for one in world.truth:
        if one.event_id in found:
            for draw in one.sale.draws:
                by_lease[draw.key] += draw.amount
                by_right[draw.key.right] += draw.amount
    for key, amount in by_lease.items():
        lease = world.cloud.desk.books[key.right].leases[key]
        if amount > lease.amount:
            raise ViolationError(f"a lease of {lease.amount} bore {amount}: {key}")
    for right, limit in LIMITS.items():
        back = world.cloud.desk.books[right]
        refunded = sum(lease.spent - lease.kept for lease in back.leases.values())
        if by_right[right] > limit + refunded:
            raise ViolationError(f"{right.kind}: {by_right[right]} spent of {limit}")


def settle_down(world: World, rng: Random) -> None:
    """Mend everything, then check that all came home: liveness, and nothing lost or doubled."""
    _mend(world)
    found = surviving(world)
    missing = found - world.cloud.seen
    if missing:
        raise ViolationError(f"{len(missing)} records never reached the cloud")
    world.erased = sum(one.event_id not in found for one in world.truth)
    for book in world.cloud.desk.books.values():
        _check_home(world, book, found)
    world.late = sum(book.late for book in world.cloud.desk.books.values())
    check(world)
    _replay(world, rng)
    _refund_all(world, found)


def _mend(world: World) -> None:
    """Let every card tell what it knows, then give one card of each device its own again."""
    world.cloud.wanted.clear()  # whoever asked has gone home
    world.boxes += world.retired
    world.retired.clear()
    for _ in range(2):
        for at, box in enumerate(world.boxes):
            _talk(world, at)
            world.cloud.decide("release", box.device)
            _talk(world, at)
    for at in range(len(world.boxes)):
        _recall_all(world, at)
    last = {box.device: at for at, box in enumerate(world.boxes)}
    for device, at in last.items():
        world.cloud.decide("release", device)
        world.run(Step("restart", at, 0, 0))
        _talk(world, at)
        _recall_all(world, at)
        world.cloud.decide("write_off", device)


def _recall_all(world: World, at: int) -> None:
    for right in RIGHTS:
        world.cloud.decide("recall", right, world.boxes[at].device)
    _talk(world, at)


def _talk(world: World, at: int) -> None:
    if not world.boxes[at].online:
        world.run(Step("link", at, 0, 0))
    box = world.boxes[at]
    for _ in range(ROUNDS):
        before = box.disk
        world.exchange(box)
        if box.disk == before:
            return


def _check_home(world: World, book: RightBook, found: set[int]) -> None:
    """Compare the book with what really happened."""
    lent = [lease for lease in book.leases.values() if lease.held]
    if any(lease.state != LeaseState.LOST for lease in lent):
        raise ViolationError(f"{book.right.kind}: still lent after everything was mended: {lent}")
    really: Counter[LeaseKey] = Counter()
    for one in world.truth:
        if one.event_id in found:
            really.update({draw.key: draw.amount for draw in one.sale.draws})
    told = Counter({key: lease.spent for key, lease in book.leases.items() if lease.spent})
    if told != Counter({k: n for k, n in really.items() if k.right == book.right}):
        raise ViolationError(f"{book.right.kind}: the cloud has other spends than the tills")
    kept = sum(lease.kept for lease in book.leases.values())
    whole, came = book.balance + kept - book.late, world.whole(book.right, found)
    if whole != came:
        raise ViolationError(f"{book.right.kind}: {whole} accounted of {came}")


def _replay(world: World, rng: Random) -> None:
    """Deliver everything once more, in any order and some of it twice: nothing may change."""
    before, balances = dict(world.cloud.desk.books), world.cloud.ledger.balances()
    for box in world.boxes:
        records = [
            Up(box.boot, box.disk.journal_epoch, seq, (rec,))
            for seq, rec in enumerate(box.disk.records, start=1)
        ]
        for up in rng.sample(records * 2, len(records)):
            world.cloud.take(box.device, up, world.now_ms)
    after = world.cloud.desk.books
    for right, book in before.items():
        if (book.free, book.held, book.late) != _sums(after[right]):
            raise ViolationError(f"{right.kind}: a replay changed {book.free} free")
    if world.cloud.ledger.balances() != balances:
        raise ViolationError("a replay moved the ledger")


def _sums(book: RightBook) -> tuple[int, int, int]:
    return book.free, book.held, book.late


def _refund_all(world: World, found: set[int]) -> None:
    """Refund everything: it is as if nothing had been redeemed."""
    for number, one in enumerate(world.truth):
        amount = sum(draw.amount for draw in one.sale.draws)
        world.cloud.refund(one.sale.receipt, UUID(int=number + 1), one.sale, amount)
    for right, book in world.cloud.desk.books.items():
        if book.late or book.balance != world.whole(right, found):
            raise ViolationError(f"{right.kind}: {book.balance} after all refunds")
    check(world)
