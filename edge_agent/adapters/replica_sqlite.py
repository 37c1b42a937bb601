"""The shop's copy of what the cloud knows: an encrypted SQLite file in WAL mode, not synced.

It may be lost: losing its tail only means that the feed is read again from an older position,
because the position is written in the transaction of its changes. A whole snapshot is written into
a file of its own beside it, which then takes its place; tills read the old one until then.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self
from uuid import UUID

from edge_agent.adapters import replica_members
from edge_agent.adapters.replica_file import ReplicaFile
from edge_agent.adapters.replica_goods import ReplicaGoods
from edge_agent.adapters.replica_members import CARD, DIGITS, PHONE, PHONE_KEY, held_of
from edge_agent.adapters.sqlite_file import put_aside
from edge_agent.ports.replica import HeldMember, unheard
from retail_core.errors import Fault
from retail_core.sync.buckets import bucket_of, sums_of
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_member, decode_uses_gone, encode_body
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change
from retail_core.wire.refund import UsesGone
from retail_core.wire.snapshot import HeldRow

_HELD = "SELECT member_id, ver FROM member WHERE record IS NOT NULL"
_AFTER_ANY_MEMBER = b"\xff" * 17
# Everything that is no member's record, from the file before.
_KEEP = """
DELETE FROM priced_on;
DELETE FROM stock_told;
INSERT INTO article SELECT * FROM old.article;
INSERT INTO barcode SELECT * FROM old.barcode;
INSERT INTO name_map SELECT * FROM old.name_map;
INSERT INTO published SELECT * FROM old.published;
INSERT INTO earlier_bundle SELECT * FROM old.earlier_bundle;
INSERT INTO list_price SELECT * FROM old.list_price;
INSERT INTO price_now SELECT * FROM old.price_now;
INSERT INTO priced_on SELECT * FROM old.priced_on;
INSERT INTO stock SELECT * FROM old.stock;
INSERT INTO stock_told SELECT * FROM old.stock_told;
INSERT INTO uses_back SELECT * FROM old.uses_back;
"""


class SqliteReplica(ReplicaGoods):
    """Fulfils `Replica`; safe to call from any thread."""

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__(ReplicaFile(path, key))
        self._path = path
        self._key = key
        self._position: tuple[int, int] | None = None
        self._next: ReplicaFile | None = None
        self._put_meanwhile: set[bytes] = set()

    @classmethod
    def opened_or_new(cls, path: Path, key: bytes, tally: FaultTally) -> Self:
        """Open the file, or put a damaged one aside and begin anew: the shop must sell.

        The damage is counted; a wrong key of the whole box shows at the journal.
        """
        try:
            replica = cls(path, key)
        except Fault as fault:
            if fault.code not in {FaultCode.DISK_KEY_WRONG, FaultCode.DISK_DOCUMENT_CORRUPT}:
                raise
        else:
            if replica.is_whole():
                return replica
            replica.close()
        tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
        put_aside(path, ".damaged")
        return cls(path, key)

    def is_whole(self) -> bool:
        """Return whether every page can be read and makes sense."""
        try:
            return self._file.row("PRAGMA quick_check(1)") == ("ok",)
        except Fault:
            return False

    def feed_position(self) -> tuple[int, int]:
        """Return (feed epoch, position applied so far); (0, 0) when nothing was applied."""
        held = self._position
        if held is None:
            row = self._file.row("SELECT epoch, pos FROM feed")
            held = self._position = (0, 0) if row is None else (int(row[0]), int(row[1]))
        return held

    def apply_changes(
        self,
        *,
        feed_epoch: int,
        pos: int,
        changes: Sequence[Change],
        unread: Callable[[FaultCode], None] = unheard,
    ) -> tuple[UUID, ...]:
        """Apply changes and the new position in one transaction; return the members changed.

        A change that is not newer, of an unknown kind or unreadable is passed over; `unread` hears
        of members' records that cannot be read, after the rest is written.
        """
        changed: dict[bytes, None] = {}
        broken: list[FaultCode] = []
        with self._file.transaction() as db:
            for change in changes:
                if replica_members.apply(db, change, broken):
                    changed[change.key] = None
            db.execute("UPDATE feed SET epoch = ?, pos = ?", (feed_epoch, pos))
        self._position = (feed_epoch, pos)
        for code in broken:
            unread(code)
        return tuple(UUID(bytes=key) for key in changed)

    def put_member(self, member_id: UUID, ver: int, record: MemberRecord) -> bool:
        """Hold one member fetched on a miss or enrolled here (`ver` 0); False when older."""
        with self._file.transaction() as db:
            self._put_meanwhile.add(member_id.bytes)
            told = (encode_body(record), record)
            return replica_members.hold(db, member_id.bytes, ver, told, ver)

    def member(self, member_id: UUID) -> HeldMember | None:
        """Return a member by id."""
        return held_of(
            self._file.row(
                "SELECT member_id, ver, record FROM member WHERE member_id = ?", (member_id.bytes,)
            )
        )

    def is_gone(self, member_id: UUID) -> bool:
        """Return whether the cloud took a member away from here."""
        found = self._file.row(
            "SELECT record IS NULL FROM member WHERE member_id = ?", (member_id.bytes,)
        )
        return found == (1,)

    def by_phone_key(self, key_id: bytes) -> HeldMember | None:
        """Return the member whose phone has this key id."""
        return self._by(PHONE_KEY, key_id)

    def by_card(self, uid_hash: bytes) -> HeldMember | None:
        """Return the member who holds this card."""
        return self._by(CARD, uid_hash)

    def by_phone_hash(self, phone_hash: bytes) -> HeldMember | None:
        """Return the member with this keyed phone hash."""
        return self._by(PHONE, phone_hash)

    def by_digit_reference(self, reference: str) -> tuple[HeldMember, ...]:
        """Return the members whose digit codes carry this reference: almost always one at most."""
        first = reference.encode()
        rows = self._file.rows(
            "SELECT member_id, ver, record FROM member JOIN lookup USING (member_id)"
            " WHERE kind = ? AND value > ? AND value < ?",
            (DIGITS, first, first + _AFTER_ANY_MEMBER),
        )
        return tuple(held for held in map(held_of, rows) if held is not None)

    def uses_back(self, day: int) -> dict[bytes, UsesGone]:
        """Return what is gone of the uses of this store's receipts of a day, by receipt."""
        rows = self._file.rows("SELECT receipt_id, body FROM uses_back WHERE day = ?", (day,))
        return {receipt: decode_uses_gone(body) for receipt, body in rows}

    def member_count(self) -> int:
        """Return how many members are held."""
        row = self._file.row("SELECT count(*) FROM member WHERE record IS NOT NULL")
        return 0 if row is None else int(row[0])

    # ---- a whole snapshot -----------------------------------------------------------------------

    def begin_load(self, manifest: bytes) -> frozenset[bytes]:
        """Open the file beside for a snapshot; return the segments that lie in it already.

        What is left of another snapshot there is thrown away.
        """
        if self._next is None:
            self._next = self._opened_beside()
            self._put_meanwhile.clear()
        if self._next.row("SELECT manifest FROM loading") != (manifest,):
            self.drop_load()
            self._next = ReplicaFile(self._beside(), self._key)
            with self._next.transaction() as db:
                db.execute("INSERT INTO loading VALUES (1, ?)", (manifest,))
        return frozenset(sha for (sha,) in self._next.rows("SELECT sha256 FROM loaded"))

    def load_segment(self, sha256: bytes, rows: Sequence[HeldRow]) -> None:
        """Put a segment's members into the file beside; Fault WIRE_MALFORMED for a bad record."""
        assert self._next is not None  # noqa: S101 -- begin_load comes first
        with self._next.transaction() as db:
            replica_members.load(db, rows)
            db.execute("INSERT INTO loaded VALUES (?)", (sha256,))

    def finish_load(self, *, feed_epoch: int, base: int) -> None:
        """Let the loaded file take this one's place, with all that is no member's record.

        Members who were enrolled here and are not yet in the cloud come along, and those that were
        put since the load began: they may have come into the store's set after the snapshot.
        """
        loaded = self._next
        assert loaded is not None  # noqa: S101 -- begin_load comes first
        with self._file.write_lock:
            self._file.forget_log()
            loaded.attach(loaded.writer, self._path)
            try:
                with loaded.transaction() as db:
                    db.execute(_KEEP)
                    for key, ver, raw in self._coming_along():
                        replica_members.hold(db, key, ver, (raw, decode_member(raw)), ver)
                    db.execute("DELETE FROM loading")
                    db.execute("DELETE FROM loaded")
                    db.execute("UPDATE feed SET epoch = ?, pos = ?", (feed_epoch, base))
            finally:
                loaded.writer.execute("DETACH old")
            try:
                self._file.taken_by(loaded)
            finally:
                if not loaded.is_open:
                    self._next, self._position = None, None
            self._next, self._position = None, (feed_epoch, base)
            self._put_meanwhile.clear()

    def load_begun(self) -> bool:
        """Return whether a snapshot was begun and not finished, perhaps before a power cut."""
        return self._beside().exists()

    def drop_load(self) -> None:
        """Throw away what was loaded beside; safe to call when there is nothing."""
        loaded, self._next = self._next, None
        if loaded is not None:
            loaded.close()
        for end in ("", "-wal", "-shm"):
            self._beside().with_name(self._beside().name + end).unlink(missing_ok=True)

    # ---- parts of it ----------------------------------------------------------------------------

    def bucket_sums(self) -> tuple[int, int, bytes]:
        """Return (feed epoch, position, sums by bucket) of what lies on the disk now."""
        epoch, pos = self.feed_position()
        rows = self._file.rows(_HELD)
        return epoch, pos, sums_of((key, ver) for key, ver in rows if ver)

    def replace_bucket(self, bucket: int, pos: int, rows: Sequence[HeldRow]) -> tuple[UUID, ...]:
        """Let a bucket hold just these members as of a position; return those that differed.

        Nothing is done when the feed was applied beyond that position: then it is asked again.
        """
        told = {row.key: row for row in rows}
        changed: list[bytes] = []
        with self._file.transaction() as db:
            if next(iter(db.execute("SELECT pos FROM feed")))[0] > pos:
                return ()
            held = {key: ver for key, ver in db.execute(_HELD) if bucket_of(key) == bucket and ver}
            for key in held.keys() - told.keys():
                replica_members.forget(db, key)
                changed.append(key)
            for key, row in told.items():
                if held.get(key) != row.ver:
                    replica_members.forget(db, key)
                    replica_members.load(db, [row])
                    changed.append(key)
        return tuple(UUID(bytes=key) for key in changed)

    def close(self) -> None:
        """Close the files; safe to call twice."""
        loaded, self._next = self._next, None
        if loaded is not None:
            loaded.close()
        self._file.close()

    # ---- inside ---------------------------------------------------------------------------------

    def _by(self, kind: str, value: bytes) -> HeldMember | None:
        return held_of(
            self._file.row(
                "SELECT member_id, ver, record FROM member JOIN lookup USING (member_id)"
                " WHERE kind = ? AND value = ?",
                (kind, value),
            )
        )

    def _beside(self) -> Path:
        return self._path.with_name(self._path.stem + ".next" + self._path.suffix)

    def _opened_beside(self) -> ReplicaFile:
        """Open the file beside; one that a power cut damaged begins anew."""
        with suppress(Fault):
            return ReplicaFile(self._beside(), self._key)
        self.drop_load()
        return ReplicaFile(self._beside(), self._key)

    def _coming_along(self) -> list[tuple[bytes, int, bytes]]:
        rows = self._file.rows("SELECT member_id, ver, record FROM member WHERE ver = 0")
        for key in self._put_meanwhile:
            rows += self._file.rows(
                "SELECT member_id, ver, record FROM member WHERE member_id = ? AND ver > 0", (key,)
            )
        return [(key, ver, record) for key, ver, record in rows if record is not None]
