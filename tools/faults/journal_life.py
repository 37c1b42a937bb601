"""One box through many power cuts: what it was told is on disk, compared with what is found.

A life is opened, given random work and cut off; then the file must open, its chain must hold, and
everything the till was told must be there, the leases and the baskets to the last write. Of the
work the power took, all is there or nothing.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any
from uuid import UUID

import apsw
import msgspec

from edge_agent.adapters.journal_sqlite import MANNER, SqliteJournal
from edge_agent.adapters.lease_book_sqlite import SqliteLeaseBook
from edge_agent.adapters.sqlite_file import Manner
from edge_agent.ports.journal import Draft, KeyedAnswer, Record, StoredAnswer
from retail_core.clock import Instant, TimeQuality
from retail_core.errors import Fault
from retail_core.loyalty.lease_box import BoxLeases, Held
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.sync.ranges import Ranges, covers, normalise
from retail_core.wire.kinds import EventType
from tools.faults.crash_vfs import CrashVfs, Medium

KEY = b"k" * 32
DEVICE, WALLET = UUID(int=1), UUID(int=2)
LEASE = LeaseKey(Right(RightKind.POINTS, WALLET), DEVICE, 1, 1)
LENT = 1_000_000_000
WORK_MAX = 60
OPERATIONS_MAX = 600
KEPT_MAX = 40
EPOCH_RATE = 0.02
SEEN_MAX = 10
BODY_MAX = 2_500
# Small enough that folding the log into the file is cut off too.
CHECKPOINT_PAGES = 40


class Chance:
    """Ids by chance, always the same for one seed."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def uuid7(self) -> UUID:
        """Return an id."""
        return UUID(int=self._chance.getrandbits(128))

    def random_bytes(self, count: int) -> bytes:
        """Return bytes."""
        return self._chance.randbytes(count)


@dataclass(slots=True)
class Said:
    """What the box was told is on disk; `maybe` is what the work under way would make of it."""

    records: dict[int, Record] = field(default_factory=dict)
    answers: dict[str, StoredAnswer] = field(default_factory=dict)
    epoch: int = 0
    spent: int = 0
    basket: bytes | None = None
    acked: Ranges = ()
    head: int = 0

    def pruned(self, up_to: int) -> None:
        """Forget what the box was let go."""
        self.records = {seq: one for seq, one in self.records.items() if seq > up_to}


@dataclass(slots=True)
class Toll:
    """What was found after all cuts."""

    cuts: int = 0
    told: int = 0
    lost: int = 0
    broken: int = 0
    work: dict[str, int] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def wrong(self, what: str) -> None:
        """Count a broken promise; the first few are told in words."""
        self.broken += 1
        if len(self.seen) < SEEN_MAX:
            self.seen.append(f"cut {self.cuts}: {what}")


def manner_of(vfs: CrashVfs, *, synced: bool) -> Manner:
    """Return how the production journal keeps its file, on this disk."""
    return replace(
        MANNER,
        vfs=vfs.vfs_name,
        synchronous="FULL" if synced else "NORMAL",
        checkpoint_pages=CHECKPOINT_PAGES,
    )


class Box:
    """The journal's file on a card that loses power."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        synced: bool = True,
        keeps_files: bool = True,
        keeps_folder: bool = True,
    ) -> None:
        self._chance = Random(seed)  # noqa: S311 -- a history that can be played again
        self._ids = Chance(self._chance)
        self.medium = Medium(self._chance, keeps_files=keeps_files, keeps_folder=keeps_folder)
        vfs = CrashVfs(f"crash-{seed}-{synced}-{keeps_files}-{keeps_folder}", self.medium)
        self._vfs = vfs
        self._manner = manner_of(vfs, synced=synced)
        self._folder = folder
        self._files = 0
        self._path = folder / "0.db"
        self.said, self.toll = Said(), Toll()
        self._maybe: Callable[[Said], None] | None = None
        self._drafts: list[Draft] = []

    def live(self) -> None:
        """Open, work until the power goes, look at what is left."""
        self.medium.cut_after = self._chance.randrange(1, OPERATIONS_MAX)
        journal: SqliteJournal | None = None
        damage = ""
        try:
            journal = self._opened()
            for _ in range(WORK_MAX):
                self._work(journal)
            self.medium.off = True  # nothing was under way
        except (Fault, apsw.Error) as error:
            if not self.medium.off:  # what an earlier cut left, met only now
                damage = f"what is kept is damaged: {error}"
        self.medium.buried = True
        if journal is not None:
            journal.close()
        else:
            gc.collect()  # connections that could not be closed while it was opened
        self.toll.cuts += 1
        self.medium.power_on()
        if damage:
            self._begin_anew(damage)
        else:
            self._look()

    # ---- the work -------------------------------------------------------------------------------

    def _opened(self) -> SqliteJournal:
        journal = SqliteJournal(self._path, KEY, self._ids, self._manner)
        self.said.epoch = self.said.epoch or journal.epoch
        return journal

    def _work(self, journal: SqliteJournal) -> None:
        kinds = ("sale", "sale", "sale", "several", "spend", "basket", "ack", "ack")
        kind = "epoch" if self._chance.random() < EPOCH_RATE else self._chance.choice(kinds)
        kind = "prune" if len(self.said.records) > KEPT_MAX else kind
        self._maybe = None
        getattr(self, f"_{kind}")(journal)
        self.toll.work[kind] = self.toll.work.get(kind, 0) + 1

    def _sale(self, journal: SqliteJournal) -> None:
        self._append(journal, 1)

    def _several(self, journal: SqliteJournal) -> None:
        self._append(journal, self._chance.randrange(2, 6))

    def _spend(self, journal: SqliteJournal) -> None:
        book = SqliteLeaseBook(journal.file, DEVICE)
        spent = self.said.spent
        before, after = _leases(spent), _leases(spent + 1)
        change = book.change(BoxLeases(DEVICE) if not spent else before, after)
        self._append(journal, 1, beside=change, then=_spent_one)

    def _basket(self, journal: SqliteJournal) -> None:
        raw = self._chance.randbytes(200)

        def write(db: Any) -> None:
            db.execute("INSERT OR REPLACE INTO basket VALUES (x'01', ?)", (raw,))

        def then(said: Said) -> None:
            said.basket = raw

        self._append(journal, 1, beside=write, then=then)

    def _append(
        self,
        journal: SqliteJournal,
        count: int,
        *,
        beside: Callable[[Any], None] | None = None,
        then: Callable[[Said], None] = lambda _said: None,
    ) -> None:
        drafts = [self._draft() for _ in range(count)]
        answers: dict[str, StoredAnswer] = {}

        def answered(seq: int) -> KeyedAnswer:
            kept = StoredAnswer(drafts[0].event_id.bytes, 200, b"%d" % seq + bytes(300))
            answers[f"key-{drafts[0].event_id}"] = kept
            return next(iter(answers.items()))

        records: list[Record] = []

        def done(said: Said) -> None:
            said.answers |= answers
            then(said)

        self._maybe = done
        self._drafts = drafts
        records += journal.append(drafts, answer=answered, beside=beside)
        self.said.records |= {record.seq: record for record in records}
        self.said.head = records[-1].seq
        self.toll.told += count
        done(self.said)
        self._maybe = None

    def _draft(self) -> Draft:
        at = Instant(1_000_000, 5, DEVICE, TimeQuality.SYNCED)
        body = msgspec.msgpack.encode(self._chance.randbytes(self._chance.randrange(50, BODY_MAX)))
        return Draft(self._ids.uuid7(), EventType.SALE, at, body)

    def _ack(self, journal: SqliteJournal) -> None:
        if not self.said.head:
            return
        low = self._chance.randrange(1, self.said.head + 1)
        ranges = ((max(1, low - 30), low),)
        self._mark(journal, ranges)

    def _mark(self, journal: SqliteJournal, ranges: Ranges) -> None:
        self.said.acked = normalise((*self.said.acked, *ranges))
        journal.mark_acked(ranges)

    def _prune(self, journal: SqliteJournal) -> None:
        self._mark(journal, ((1, self.said.head - 5),))
        lowest = journal.lowest_unacked()
        self.said.pruned(lowest - 1)  # it may be gone from here on
        self.said.answers = {}
        journal.prune(acked_before_wall_ms=2**61)

    def _epoch(self, journal: SqliteJournal) -> None:
        epochs: list[int] = []

        def beside(db: Any) -> None:
            epochs.extend(epoch for (epoch,) in db.execute("SELECT epoch FROM chain"))

        def done(said: Said) -> None:
            said.epoch = epochs[-1]

        self._drafts, self._maybe = [], done
        journal.begin_epoch(beside=beside)
        done(self.said)
        self._maybe = None

    # ---- what is found --------------------------------------------------------------------------

    def _look(self) -> None:
        try:
            journal = self._opened()
        except Exception as error:  # noqa: BLE001 -- whatever a damaged file leads to
            self._begin_anew(f"the file does not open: {error}")
            return
        try:
            self._compare(journal)
        except Exception as error:  # noqa: BLE001 -- whatever a damaged file leads to
            self._begin_anew(f"what is kept is damaged: {error}")
        journal.close()

    def _begin_anew(self, why: str) -> None:
        self.toll.wrong(why)
        self.toll.lost += len(self.said.records)
        self._files += 1
        self._path = self._folder / f"{self._files}.db"
        self.said, self._maybe = Said(), None

    def _compare(self, journal: SqliteJournal) -> None:
        if journal.fault is not None:
            raise journal.fault
        journal.verify()
        found = {record.seq: record for record in journal.records()}
        lost = [seq for seq, one in self.said.records.items() if not _same(found.get(seq), one)]
        self.toll.lost += len(lost)
        extra = [seq for seq in found if seq > self.said.head]
        under_way = [one.event_id for one in self._drafts] if self._maybe is not None else []
        arrived = [found[seq].draft.event_id for seq in extra]
        if lost:
            self.toll.wrong(f"{len(lost)} of what the till was told is gone")
        elif arrived and arrived != under_way:
            self.toll.wrong("a part of a write arrived, or what nobody wrote")
        self._beside(journal, wholly=bool(arrived), damaged=bool(lost))
        self._acked(found)
        self._take(journal, found)

    def _beside(self, journal: SqliteJournal, *, wholly: bool, damaged: bool) -> None:
        """Compare answers, leases, basket and epoch with what was told, or what was under way."""
        if damaged:
            return
        expected = [self.said]
        if self._maybe is not None:
            after = replace(self.said, answers=dict(self.said.answers))
            self._maybe(after)
            expected = [after] if wholly else [self.said, after] if not self._drafts else expected
        if all(_differs(journal, one) for one in expected):
            self.toll.wrong("; ".join(_differs(journal, expected[0])))

    def _acked(self, found: dict[int, Record]) -> None:
        believed = [seq for seq, one in found.items() if one.acked]
        if not all(covers(self.said.acked, seq) for seq in believed):
            self.toll.wrong("a record is taken for committed, and nobody said so")

    def _take(self, journal: SqliteJournal, found: dict[int, Record]) -> None:
        """Go on from what is there."""
        held = SqliteLeaseBook(journal.file, DEVICE).load().leases.get(LEASE)
        basket = journal.file.row("SELECT basket FROM basket")
        self.said = Said(
            records=found,
            answers={
                key: kept
                for (key,) in journal.file.rows("SELECT key FROM answer")
                if (kept := journal.answer(key)) is not None
            },
            epoch=journal.epoch,
            spent=0 if held is None else held.spent,
            basket=None if basket is None else basket[0],
            acked=self.said.acked,
            head=journal.next_seq() - 1,
        )
        self._maybe = None


def _spent_one(said: Said) -> None:
    said.spent += 1


def _leases(spent: int) -> BoxLeases:
    return BoxLeases(DEVICE, 1, None, MappingProxyType({LEASE: Held(LEASE, LENT, spent=spent)}))


def _same(found: Record | None, told: Record) -> bool:
    return found is not None and (found.draft, found.hash) == (told.draft, told.hash)


def _differs(journal: SqliteJournal, said: Said) -> list[str]:
    held = SqliteLeaseBook(journal.file, DEVICE).load().leases.get(LEASE)
    basket = journal.file.row("SELECT basket FROM basket")
    wrong = []
    if any(journal.answer(key) != kept for key, kept in said.answers.items()):
        wrong.append("an answer is gone")
    if (0 if held is None else held.spent) != said.spent:
        wrong.append("leases and sales do not fit")
    if (None if basket is None else basket[0]) != said.basket:
        wrong.append("a basket and its sale do not fit")
    if journal.epoch != said.epoch:
        wrong.append("the epoch is another")
    return wrong
