"""Walks over all books: the month's liability and clearing, and the proof that nothing is wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.points.runs import PAGE, Progress
from retail_core.loyalty.chain import walk
from retail_core.loyalty.closing import Liability, clearing, liability
from retail_core.loyalty.lots import LotBook, Pool, fold, pool_of
from retail_core.loyalty.policy import Policies

_DECEMBER = 12


@dataclass(frozen=True, slots=True)
class Month:
    """What each legal entity owes members, and the others, over a month."""

    first: date
    last: date
    names: dict[UUID, str]
    liability: dict[UUID, Liability]
    clearing: dict[tuple[UUID, UUID], int]

    def name(self, entity: UUID) -> str:
        """Return an entity's name, its id when it has none here."""
        return self.names.get(entity, str(entity))


@dataclass(slots=True)
class Verified:
    """What a verification looked at, and what is wrong, one line each."""

    wallets: int = 0
    chains: int = 0
    events: int = 0
    total: int = 0
    wrong: list[str] = field(default_factory=list)


def month_of(year: int, month: int) -> tuple[date, date]:
    """Return a month's first and last day."""
    first = date(year, month, 1)
    after = date(year + 1, 1, 1) if month == _DECEMBER else date(year, month + 1, 1)
    return first, after - timedelta(days=1)


class LedgerWalks:
    """Reads everything and changes nothing."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def month(self, tenant: UUID, year: int, month: int, progress: Progress) -> Month:
        """Work out a month from the lots of every wallet."""
        first, last = month_of(year, month)
        rows: dict[UUID, Liability] = {}
        owed: Counter[tuple[UUID, UUID]] = Counter()
        with self._units.begin(tenant) as unit:
            names = unit.closing.entities()
        for _, book in self._books(tenant, progress):
            liability(book.movements, first, last, rows)
            clearing(book.movements, first, last, owed)
        return Month(first, last, names, rows, {pair: n for pair, n in owed.items() if n})

    def verify(self, tenant: UUID, progress: Progress) -> Verified:
        """Prove that all accounts add up, no purse is below 0, lots are balances, chains whole."""
        found = Verified()
        with self._units.begin(tenant) as unit:
            self._accounts(unit, found)
            for device, epoch in unit.closing.chains():
                self._chain(unit, device, epoch, found)
        for group, book in self._books(tenant, progress):
            found.wallets += len(group)
            with self._units.begin(tenant) as unit:
                found.wrong += self._lots(unit, group, book)
        return found

    def _books(
        self, tenant: UUID, progress: Progress
    ) -> Iterator[tuple[tuple[UUID, ...], LotBook]]:
        """Return the lots of every group of wallets that were ever merged, each group once."""
        after: UUID | None = None
        seen = 0
        with self._units.begin(tenant) as unit:
            total, policies = unit.closing.wallet_count(), unit.points_desk.policies()
        while True:
            with self._units.begin(tenant) as unit:
                page = unit.closing.wallets(after=after, limit=PAGE)
                made = [one for wallet in page if (one := _folded(unit, wallet, policies))]
            yield from made
            seen += len(page)
            progress(seen, total)
            if len(page) < PAGE:
                return
            after = page[-1]

    def _accounts(self, unit: Unit, found: Verified) -> None:
        found.total = unit.closing.total()
        if found.total:
            found.wrong.append(f"all accounts add up to {found.total}, not 0")
        found.wrong += [
            f"{one.account}: balance {one.balance}, postings {one.posted}"
            for one in unit.closing.wrong_accounts()
        ]
        found.wrong += [
            f"{one.account}: {one.balance} is below 0" for one in unit.closing.negative_purses()
        ]

    def _chain(self, unit: Unit, device: UUID, epoch: int, found: Verified) -> None:
        seen = walk(
            unit.closing.links(device, epoch), lambda seq: unit.closing.hashes_at(device, seq)
        )
        found.chains += 1
        found.events += seen.events
        found.wrong += [f"device {device} epoch {epoch}: hash of {seq}" for seq in seen.broken]
        if seen.gaps:
            known = unit.closing.in_repair(device, epoch)
            for low, high in seen.gaps:
                missing = [seq for seq in range(low, high + 1) if seq not in known]
                if missing:
                    said = f"{missing[0]}..{missing[-1]}"
                    found.wrong.append(f"device {device} epoch {epoch}: {said} not here")

    def _lots(self, unit: Unit, group: tuple[UUID, ...], book: LotBook) -> list[str]:
        """Compare lots with balances; shops sell meanwhile, so a difference is looked at again."""
        balances = unit.closing.balances(group)
        wrong = _compare(book, balances)
        if wrong:
            unit.ledger.locked(balances)
            policies = unit.points_desk.policies()
            again = fold(unit.ledger.dated(group), policies)
            wrong = _compare(again, unit.closing.balances(group))
        return wrong


def _compare(book: LotBook, balances: dict[str, int]) -> list[str]:
    held: Counter[Pool] = Counter()
    for account, points in balances.items():
        pool = pool_of(account)
        if pool is not None:
            held[pool] += points
    lots = book.pools()
    return [
        f"wallet {pool.wallet} {pool.kind}: lots {lots.get(pool, 0)}, accounts {held[pool]}"
        for pool in sorted(held.keys() | lots.keys())
        if lots.get(pool, 0) != held[pool]
    ]


def _folded(
    unit: Unit, wallet: UUID, policies: Policies
) -> tuple[tuple[UUID, ...], LotBook] | None:
    """Return a group with its lots at its lowest wallet, None at the others."""
    group = unit.ledger.group(wallet)
    if wallet != group[0]:
        return None
    return group, fold(unit.ledger.dated(group), policies)
