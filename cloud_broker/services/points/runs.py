"""What happens to points by itself, once a day: late refunds, sweeps, maturing, expiry, settling.

Each wallet is a transaction of its own: a run that is stopped has done a part of the work whole,
and the next run finds the rest.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from cloud_broker.domain.points import Moment
from cloud_broker.ports.unit import Units
from cloud_broker.services.points.books import WalletBooks, open_wallet
from cloud_broker.services.points.desk import PointsDesk, post, sweep, tell
from cloud_broker.services.rights.mall_wishes import recall
from retail_core.loyalty.postings import Posting
from retail_core.loyalty.upkeep import expiring, maturing, settling, without

PAGE = 500
Progress = Callable[[int, int], None]
_OWN = ("free", "pending", "owed")


@dataclass(slots=True)
class Ran:
    """What a run did, in points; `wallets` were looked at, `refunds` could be booked at last."""

    day: date
    wallets: int = 0
    refunds: int = 0
    points: Counter[str] = field(default_factory=Counter)


class Replays(Protocol):
    """Whoever can try an item of the repair queue again."""

    def replay(self, tenant: UUID, repair_id: UUID, *, who: str) -> None:
        """Try it again; one that is no longer open is left as it is."""


class PointsRuns:
    """The daily run."""

    def __init__(self, units: Units, desk: PointsDesk, repairs: Replays) -> None:
        self._units = units
        self._desk = desk
        self._repairs = repairs

    def daily(self, tenant: UUID, progress: Progress, on: date | None = None) -> Ran:
        """Do everything that is due on a business day, today when none is named."""
        today = self._desk.moment()
        moment = today if on is None else Moment(on, today.at_ms, today.now_ms)
        ran = Ran(moment.day)
        self._refused(tenant, ran)
        self._sweep(tenant, moment, ran)
        with self._units.begin(tenant) as unit:
            total = unit.closing.wallet_count()
        for page in self.pages(tenant):
            for wallet in self._busy(tenant, page):
                self._wallet(tenant, wallet, moment, ran)
            ran.wallets += len(page)
            progress(ran.wallets, total)
        return ran

    def pages(self, tenant: UUID) -> Iterator[tuple[UUID, ...]]:
        """Return every wallet, page by page."""
        after: UUID | None = None
        while True:
            with self._units.begin(tenant) as unit:
                page = unit.closing.wallets(after=after, limit=PAGE)
            if page:
                yield page
                after = page[-1]
            if len(page) < PAGE:
                return

    def _busy(self, tenant: UUID, page: tuple[UUID, ...]) -> list[UUID]:
        """Return the wallets that hold, await or owe something."""
        with self._units.begin(tenant) as unit:
            balances = unit.closing.balances(page)
        busy = {
            UUID(wallet)
            for account, points in balances.items()
            for _, wallet, purse in (account.split(":", 2),)
            if points and purse in _OWN
        }
        return sorted(busy)

    def _refused(self, tenant: UUID, ran: Ran) -> None:
        """Try refunds again whose receipt came later than they did."""
        with self._units.begin(tenant) as unit:
            waiting = unit.closing.refused_refunds()
        for repair_id in waiting:
            self._repairs.replay(tenant, repair_id, who="ledger")
        with self._units.begin(tenant) as unit:
            ran.refunds = len(waiting) - len(unit.closing.refused_refunds())

    def _sweep(self, tenant: UUID, moment: Moment, ran: Ran) -> None:
        with self._units.begin(tenant) as unit:
            merges = unit.points_desk.merges()
        for merge in merges:
            with self._units.begin(tenant) as unit:
                books = open_wallet(unit, merge.from_wallet)
                # Again: a box that was restarted while a basket held a part forgot the first.
                recall(unit, tenant, merge.from_wallet, moment.now_ms)
                if any(books.purses.values()):
                    ran.points["swept"] += books.free
                    sweep(unit, tenant, merge, books, moment)
                    tell(unit, tenant, {merge.source, merge.target}, moment.now_ms)

    def _wallet(self, tenant: UUID, wallet: UUID, moment: Moment, ran: Ran) -> None:
        with self._units.begin(tenant) as unit:
            books = open_wallet(unit, wallet, list(unit.closing.entities()))
            due = _due(books, moment, ran)
            for under, posting in due:
                post(unit, tenant, under, [(posting, wallet)], moment)
            if due:
                tell(
                    unit, tenant, set(unit.members.wallet_owners([wallet]).values()), moment.now_ms
                )


def _due(books: WalletBooks, moment: Moment, ran: Ran) -> list[tuple[UUID, Posting]]:
    """Return what is due for one wallet.

    What is owed is paid before anything expires: she was shown those points as paid already.
    """
    wallet, free, day = books.wallet, books.free, moment.day
    lots = books.book.lots(wallet)
    made = maturing(books.book.lots(wallet, "pending"), wallet, day, books.policies)
    matured = sum(posting.points for _, posting in made)
    ran.points["matured"] += matured
    paid = settling(wallet, free + matured, -books.purses["owed"], _issuer(books))
    if paid is not None:
        ran.points["settled"] += paid.points
        made.append((_settle_id(books, moment), paid))
        lots, free = without(lots, paid), max(0, free - paid.points)
    over = expiring(lots, wallet, free, day)
    ran.points["expired"] += sum(posting.points for _, posting in over)
    return made + over


def _issuer(books: WalletBooks) -> UUID:
    """Return whose points pay what is owed: those that leave first."""
    lots = books.book.lots(books.wallet) or books.book.lots(books.wallet, "pending")
    return lots[0][0].issuer if lots else books.wallet


def _settle_id(books: WalletBooks, moment: Moment) -> UUID:
    """Return an id of this wallet's settling at this moment."""
    said = f"settle/{books.wallet}/{moment.now_ms}"
    return UUID(bytes=sha256(said.encode()).digest()[:16])
