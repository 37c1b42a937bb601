"""The story: sell, back up, sell and redeem on, lose the database, restore, reconnect, compare.

Everything that was rung up after the backup must be booked again, once; nothing more may have been
spent than there was. The control arm restores the same backup without raising the epoch.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

import psycopg

from cloud_broker.adapters.backup_file import make_key
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from cloud_broker.bootstrap.backups import make_backup, restore_backup, verify_backup
from cloud_broker.services.rights.restoring import Restoring
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.loyalty.lease_books import RightBook
from retail_core.loyalty.leases import Right, RightKind
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import MemberEnrolled
from tests.fakes.cloud_box import Person, SimBox, fresh_id
from tests.plugins.cloud import new_box
from tools.restore_rig.cloud import Cloud
from tools.restore_rig.shop import Box

PATIENCE_S = 60.0
OPENING, LENT, LENT_LATER, SPENT = 400, 60, 40, 15
_MS = 1_000


@dataclass(frozen=True, slots=True)
class Database:
    """Where a database is, for the program and for its owner; `drop` loses it."""

    url: str
    owner_url: str
    drop: Callable[[], None]


@dataclass(slots=True)
class Truth:
    """What was rung up at the tills."""

    receipts: set[UUID] = field(default_factory=set)
    earned: Counter[UUID] = field(default_factory=Counter)
    redeemed: Counter[UUID] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; `bad` is empty when nothing was lost, doubled or overspent."""

    bad: tuple[str, ...]
    figures: dict[str, int]


class Play:
    """One run; `databases` makes an empty, migrated database each time it is asked."""

    def __init__(
        self,
        folder: Path,
        cloud: Cloud,
        sims: Sequence[SimBox],
        databases: tuple[Database, Callable[[], Database]],
        seed: int,
    ) -> None:
        self._folder = folder
        self._cloud = cloud
        self._database, self._new = databases
        self._rng = Random(seed)  # noqa: S311 -- a story that can be told again
        self._truth = Truth()
        self._people: list[Person] = []
        self._boxes = [
            Box(folder / f"box{at}", cloud, sim, fresh_id()) for at, sim in enumerate(sims)
        ]
        self._figures: dict[str, int] = {}

    def run(self, rounds: int, *, raises_epoch: bool = True) -> Verdict:
        """Play it and compare."""
        try:
            self._begin()
            self._trade(rounds)
            self._settle()
            backup = self._back_up()
            before = len(self._truth.receipts)
            self._newcomer()
            self._trade(rounds)
            self._settle()
            self._figures["receipts_after_backup"] = len(self._truth.receipts) - before
            self._lose()
            self._sell_in_the_dark()
            self._restore(backup, raises_epoch=raises_epoch)
            return self._compare()
        finally:
            for box in self._boxes:
                box.off()
            self._cloud.close()

    # ---- before ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._cloud.open()
        for box in self._boxes:
            self._earn(box, self._enrol(box), OPENING)
            box.online()
        for box in self._boxes:
            until(box.leases.admitted)
        self._settle()
        for person in self._people:
            self._lend(person, LENT)

    def _enrol(self, box: Box) -> Person:
        person = Person(phone=f"8613800{len(self._people):06d}")
        event = SimBox(box.sim.tenant).enrols(person)
        body = decode_body(EventType.MEMBER_ENROLLED, event.body)
        if not isinstance(body, MemberEnrolled):
            raise TypeError(type(body))
        box.says(EventType.MEMBER_ENROLLED, body, person.member)
        self._people.append(person)
        return person

    def _earn(self, box: Box, person: Person, points: int) -> None:
        self._truth.receipts.add(box.earns(person, points))
        self._truth.earned[person.wallet] += points

    def _lend(self, person: Person, amount: int) -> None:
        """Lend a part to every box, as far as something is free."""
        for box in self._boxes:
            right = points_of(person)
            try:
                self._cloud.office.lend(self._cloud.tenant, right, box.sim.device, amount)
            except Fault as fault:
                if fault.code != FaultCode.LEDGER_OVERDRAWN:
                    raise
        self._cloud.worker.wake()

    def _newcomer(self) -> None:
        """Enrol somebody the backup does not know, lend more, and move what one box holds."""
        person = self._enrol(self._boxes[0])
        self._earn(self._boxes[0], person, OPENING)
        self._settle()
        for each in self._people:
            self._lend(each, LENT_LATER)
        moved = points_of(self._people[0])
        self._cloud.office.recall(self._cloud.tenant, moved, self._boxes[0].sim.device)
        self._cloud.worker.wake()
        until(lambda: self._boxes[0].leases.spendable(moved) == 0)
        self._settle()
        last = self._boxes[-1].sim.device
        self._cloud.office.lend(self._cloud.tenant, moved, last, LENT)
        self._cloud.worker.wake()

    def _trade(self, rounds: int) -> None:
        for _ in range(rounds):
            box, person = self._rng.choice(self._boxes), self._rng.choice(self._people)
            self._earn(box, person, self._rng.randrange(1, 9))
            right = points_of(person)
            if box.leases.spendable(right) >= SPENT:
                self._truth.receipts.add(box.redeems(right, SPENT, person))
                self._truth.redeemed[person.wallet] += SPENT

    def _settle(self) -> None:
        for box in self._boxes:
            until(lambda box=box: box.journal.depth() == 0)  # type: ignore[misc]

    # ---- loss and restore -----------------------------------------------------------------------

    def _settings(self, database: Database) -> Settings:
        urls = {"database_url": database.url, "migrate_url": database.owner_url}
        return Settings.model_validate({**urls, "secrets_dir": self._folder / "secrets"})

    def _back_up(self) -> Path:
        (self._folder / "secrets").mkdir(exist_ok=True)
        make_key(self._folder / "key")
        path = self._folder / "cloud.backup"
        made = make_backup(self._settings(self._database), path, self._folder / "key", silent)
        verify_backup(path, self._folder / "key", silent)
        self._figures |= {"backup_ms": made.took_ms, "rows_in_backup": made.rows}
        self._backed_up_s = time.monotonic()
        return path

    def _lose(self) -> None:
        self._cloud.close()
        self._cloud.units.close()
        self._database.drop()
        age_ms = round((time.monotonic() - self._backed_up_s) * _MS)
        self._figures["age_of_backup_ms"] = age_ms

    def _sell_in_the_dark(self) -> None:
        for box in self._boxes:
            self._earn(box, self._rng.choice(self._people), 3)

    def _restore(self, backup: Path, *, raises_epoch: bool) -> None:
        began_s = time.monotonic()
        fresh = self._new()
        made = restore_backup(self._settings(fresh), backup, self._folder / "key", silent)
        if not raises_epoch:
            with psycopg.connect(fresh.owner_url.replace("+psycopg", "")) as connection:
                connection.execute("alter table cloud_restore no force row level security")
                connection.execute("delete from cloud_restore")
        self._figures["restore_ms"] = made.took_ms
        self._cloud.units = PostgresUnits(make_engine(fresh.url, connections=6))
        self._database = fresh
        if raises_epoch:
            self._refuses_to_lend()
        self._cloud.open()
        self._reconnect(raises_epoch=raises_epoch)
        self._figures["back_ms"] = round((time.monotonic() - began_s) * _MS)

    def _refuses_to_lend(self) -> None:
        right = points_of(self._people[0])
        try:
            self._cloud.office.lend(self._cloud.tenant, right, self._boxes[0].sim.device, 1)
        except Fault as fault:
            refused = fault.code == FaultCode.RESTORE_FROZEN
        else:
            refused = False
        if not refused:
            raise AssertionError("lent before anybody had spoken")

    def _reconnect(self, *, raises_epoch: bool) -> None:
        restoring = Restoring(self._cloud.units, self._cloud.clock)
        deadline_s = time.monotonic() + PATIENCE_S

        def thawed() -> bool:
            for box in self._boxes:
                box.restored.turn(0.01)
            restoring.run(self._cloud.tenant)
            with self._cloud.units.begin(self._cloud.tenant) as unit:
                newest = unit.restores.newest()
            return newest is None or newest.thawed_ms is not None

        while not thawed():
            if time.monotonic() > deadline_s:
                raise AssertionError("boxes did not settle")
            time.sleep(0.02)
        self._settle()
        if not raises_epoch:
            time.sleep(0.5)

    # ---- the comparison -------------------------------------------------------------------------

    def _compare(self) -> Verdict:
        bad: list[str] = []
        cloud, truth = self._cloud, self._truth
        with cloud.units.begin(cloud.tenant) as unit:
            known = unit.journal.known_receipts(truth.receipts)
            lines = [line for box in self._boxes for line in unit.journal.ledger(box.sim.store)]
            books = unit.leases.books([points_of(one) for one in self._people])
        lost = truth.receipts - known
        if lost:
            bad.append(f"{len(lost)} receipts lost")
        if len(lines) != len(truth.receipts):
            bad.append(f"{len(lines)} receipts booked of {len(truth.receipts)}")
        for person in self._people:
            bad += self._of(person, books[points_of(person)])
        self._figures |= {"receipts": len(truth.receipts), "lost": len(lost)}
        return Verdict(tuple(bad), self._figures)

    def _of(self, person: Person, book: RightBook) -> list[str]:
        bad: list[str] = []
        right = points_of(person)
        kept = sum(lease.kept for lease in book.leases.values())
        wanted = self._truth.earned[person.wallet] - self._truth.redeemed[person.wallet]
        if book.balance != wanted:
            bad.append(f"balance {book.balance} instead of {wanted}")
        if kept != self._truth.redeemed[person.wallet]:
            bad.append(f"redeemed {kept} instead of {self._truth.redeemed[person.wallet]}")
        if book.free < 0 or book.late:
            bad.append(f"free {book.free}, late {book.late}")
        for key, lease in book.leases.items():
            if lease.spent > lease.amount:
                bad.append(f"a lease of {lease.amount} bore {lease.spent}: {key}")
        here = sum(box.leases.spendable(right) for box in self._boxes)
        if here > book.held:
            bad.append(f"boxes can spend {here} of {book.held}")
        return bad


def points_of(person: Person) -> Right:
    """Return the right to a person's points."""
    return Right(RightKind.POINTS, person.wallet)


def until(done: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline_s:
            raise AssertionError("it did not happen")
        time.sleep(0.002)


def shops(units: PostgresUnits, tenant: UUID, stores: int) -> list[SimBox]:
    """Enter so many stores with a box each."""
    return [new_box(units, tenant, f"{number} 号店") for number in range(1, stores + 1)]


def silent(_table: str, _rows: int) -> None:
    """Say nothing."""
