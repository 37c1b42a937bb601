"""The shop's copy of what the cloud knows: an encrypted SQLite file in WAL mode, not synced.

It may be lost: losing its tail only means that the feed is read again from an older position,
because the position is written in the transaction of its changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self
from uuid import UUID

import apsw
import msgspec

from edge_agent.adapters.sqlite_file import Manner, Row, SqliteFile, put_aside, script
from edge_agent.ports.replica import AS_THEY_SAY, HeldMember, InForce
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.stock_table import StockTable
from retail_core.errors import Fault
from retail_core.identity.digit_code import reference_of
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_member, encode_body
from retail_core.wire.kinds import ChangeKind
from retail_core.wire.member import MemberRecord
from retail_core.wire.messages import Change

MIGRATIONS = (
    script(
        """
        CREATE TABLE feed (
          one INTEGER PRIMARY KEY CHECK (one = 1),
          epoch INTEGER NOT NULL, pos INTEGER NOT NULL
        ) STRICT;
        INSERT INTO feed VALUES (1, 0, 0);
        -- a member who is gone keeps her version, so that an older change cannot bring her back
        CREATE TABLE member (
          member_id BLOB PRIMARY KEY, ver INTEGER NOT NULL, record BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE lookup (
          kind TEXT NOT NULL, value BLOB NOT NULL, member_id BLOB NOT NULL,
          PRIMARY KEY (kind, value)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lookup_member ON lookup (member_id);
        CREATE TABLE article (sku TEXT PRIMARY KEY, name TEXT NOT NULL, data BLOB NOT NULL)
          STRICT, WITHOUT ROWID;
        CREATE INDEX article_name ON article (name);
        CREATE TABLE barcode (barcode TEXT PRIMARY KEY, sku TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE name_map (name TEXT PRIMARY KEY, sku TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE published (
          kind TEXT PRIMARY KEY, version INTEGER NOT NULL, content BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
    ),
    script(
        """
        CREATE TABLE earlier_bundle (version INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;
        """
    ),
    script(
        """
        CREATE TABLE list_price (
          sku TEXT NOT NULL, scope TEXT NOT NULL, day INTEGER NOT NULL, price_fen INTEGER,
          PRIMARY KEY (sku, scope, day)
        ) STRICT, WITHOUT ROWID;
        -- what costs something else today than the catalogue says
        CREATE TABLE price_now (sku TEXT PRIMARY KEY, price_fen INTEGER NOT NULL)
          STRICT, WITHOUT ROWID;
        CREATE TABLE priced_on (
          one INTEGER PRIMARY KEY CHECK (one = 1), day INTEGER NOT NULL
        ) STRICT;
        INSERT INTO priced_on VALUES (1, 0);
        CREATE TABLE stock (sku TEXT PRIMARY KEY, milli INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE stock_told (
          one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL,
          as_of_ms INTEGER NOT NULL
        ) STRICT;
        INSERT INTO stock_told VALUES (1, 0, 0);
        """
    ),
)

PHONE_KEY = "phone_key"
CARD = "card"
PHONE = "phone"
DIGITS = "digits"
TABLE = "recommendations"
_MILLI = 1000
_ARTICLE = "SELECT data, price_now.price_fen FROM article LEFT JOIN price_now USING (sku)"
_AFTER_ANY_MEMBER = b"\xff" * 17

_articles = msgspec.msgpack.Decoder(Article)


class SqliteReplica:
    """Fulfils `Replica`; safe to call from any thread."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = SqliteFile(path, key, MIGRATIONS, Manner("NORMAL"))
        self._stock: dict[str, int] | None = None

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

    # ---- members --------------------------------------------------------------------------------

    def feed_position(self) -> tuple[int, int]:
        """Return (feed epoch, position applied so far); (0, 0) when nothing was applied."""
        row = self._file.row("SELECT epoch, pos FROM feed")
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def apply_changes(
        self, *, feed_epoch: int, pos: int, changes: Sequence[Change]
    ) -> tuple[UUID, ...]:
        """Apply changes and the new position in one transaction; return the members changed.

        A change that is not newer, of an unknown kind or unreadable is passed over.
        """
        changed: dict[UUID, None] = {}
        with self._file.transaction() as db:
            for change in changes:
                if self._apply(db, change):
                    changed[UUID(bytes=change.key)] = None
            db.execute("UPDATE feed SET epoch = ?, pos = ?", (feed_epoch, pos))
        return tuple(changed)

    def put_member(self, member_id: UUID, ver: int, record: MemberRecord) -> bool:
        """Hold one member fetched on a miss or enrolled here (`ver` 0); False when older."""
        with self._file.transaction() as db:
            return self._hold(db, member_id.bytes, ver, record, newer_than=ver)

    def member(self, member_id: UUID) -> HeldMember | None:
        """Return a member by id."""
        return _held(
            self._file.row(
                "SELECT member_id, ver, record FROM member WHERE member_id = ?", (member_id.bytes,)
            )
        )

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
        return tuple(held for held in map(_held, rows) if held is not None)

    def member_count(self) -> int:
        """Return how many members are held."""
        row = self._file.row("SELECT count(*) FROM member WHERE record IS NOT NULL")
        return 0 if row is None else int(row[0])

    # ---- articles and rules ---------------------------------------------------------------------

    def catalogue_version(self) -> int:
        """Return the version of the catalogue held, 0 for none."""
        row = self._file.row("SELECT version FROM published WHERE kind = 'catalogue'")
        return 0 if row is None else int(row[0])

    def replace_catalogue(
        self,
        version: int,
        articles: Sequence[Article],
        prices: Sequence[ListPrice] = (),
        in_force: InForce = AS_THEY_SAY,
    ) -> None:
        """Swap the whole catalogue in one transaction; `prices` are those that change by day."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM article; DELETE FROM barcode")
            db.execute("DELETE FROM list_price")
            _put_in_force(db, in_force)
            db.executemany(
                "REPLACE INTO list_price VALUES (?, ?, ?, ?)",
                [(one.sku, one.scope, one.day, one.price_fen) for one in prices],
            )
            db.executemany(
                "INSERT INTO article VALUES (?, ?, ?)",
                [(one.sku, one.name, msgspec.msgpack.encode(one)) for one in articles],
            )
            db.executemany(
                "INSERT OR IGNORE INTO barcode VALUES (?, ?)",
                [(barcode, one.sku) for one in articles for barcode in one.barcodes],
            )
            db.execute("REPLACE INTO published VALUES ('catalogue', ?, x'')", (version,))

    def list_prices(self) -> tuple[ListPrice, ...]:
        """Return the prices that change by day."""
        rows = self._file.rows("SELECT sku, scope, day, price_fen FROM list_price")
        return tuple(ListPrice(sku, scope, day, price) for sku, scope, day, price in rows)

    def priced_on(self) -> int:
        """Return the business day whose prices are in force, 0 for the catalogue's own."""
        row = self._file.row("SELECT day FROM priced_on")
        return 0 if row is None else int(row[0])

    def put_prices_in_force(self, in_force: InForce) -> None:
        """Let articles cost what they cost on a day; those not named cost what they say."""
        with self._file.transaction() as db:
            _put_in_force(db, in_force)

    def replace_stock(self, table: StockTable) -> None:
        """Swap what lies in this store."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM stock")
            db.executemany("INSERT INTO stock VALUES (?, ?)", list(table.milli.items()))
            db.execute(
                "UPDATE stock_told SET version = ?, as_of_ms = ?", (table.version, table.as_of_ms)
            )
        self._stock = None

    def stock(self) -> Mapping[str, int]:
        """Return whole units by sku; an article that nobody counted is absent."""
        held = self._stock
        if held is None:
            rows = self._file.rows("SELECT sku, milli FROM stock")
            held = self._stock = {sku: milli // _MILLI for sku, milli in rows}
        return held

    def stock_as_of(self) -> tuple[int, int]:
        """Return (version, wall ms) of what lies here; (0, 0) while nobody said."""
        row = self._file.row("SELECT version, as_of_ms FROM stock_told")
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def recommendations(self) -> tuple[int, bytes] | None:
        """Return (version, bytes) of the table of recommendations held."""
        row = self._file.row("SELECT version, content FROM published WHERE kind = ?", (TABLE,))
        return None if row is None else (int(row[0]), bytes(row[1]))

    def replace_recommendations(self, version: int, content: bytes) -> None:
        """Swap the table of recommendations."""
        with self._file.transaction() as db:
            db.execute("REPLACE INTO published VALUES (?, ?, ?)", (TABLE, version, content))

    def article_by_sku(self, sku: str) -> Article | None:
        """Return the article with this sku."""
        return self._article(f"{_ARTICLE} WHERE article.sku = ?", sku)

    def article_by_barcode(self, barcode: str) -> Article | None:
        """Return the article with this bar code."""
        return self._article(f"{_ARTICLE} JOIN barcode USING (sku) WHERE barcode = ?", barcode)

    def article_by_receipt_name(self, name: str) -> Article | None:
        """Return the article a printed name is mapped to; a reviewed mapping beats a namesake."""
        return self._article(
            f"{_ARTICLE} JOIN name_map USING (sku) WHERE name_map.name = ?", name
        ) or self._article(f"{_ARTICLE} WHERE name = ? ORDER BY sku LIMIT 1", name)

    def replace_name_map(self, mapping: dict[str, str]) -> None:
        """Swap the reviewed mapping: printed name → sku."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM name_map")
            db.executemany("INSERT INTO name_map VALUES (?, ?)", list(mapping.items()))

    def bundle(self) -> tuple[int, bytes] | None:
        """Return (version, bytes) of the rule bundle held."""
        row = self._file.row("SELECT version, content FROM published WHERE kind = 'bundle'")
        return None if row is None else (int(row[0]), bytes(row[1]))

    def earlier_bundles(self) -> tuple[tuple[int, bytes], ...]:
        """Return the bundles held before, newest first: one may hold until the next begins."""
        rows = self._file.rows("SELECT version, content FROM earlier_bundle ORDER BY version DESC")
        return tuple((int(version), bytes(content)) for version, content in rows)

    def replace_bundle(self, version: int, content: bytes) -> None:
        """Swap the rule bundle; the last few (`BUNDLES_KEPT`) stay as earlier ones."""
        with self._file.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO earlier_bundle"
                " SELECT version, content FROM published WHERE kind = 'bundle' AND version <> ?",
                (version,),
            )
            db.execute("DELETE FROM earlier_bundle WHERE version = ?", (version,))
            db.execute(
                "DELETE FROM earlier_bundle WHERE version NOT IN"
                " (SELECT version FROM earlier_bundle ORDER BY version DESC LIMIT ?)",
                (limits.BUNDLES_KEPT,),
            )
            db.execute("REPLACE INTO published VALUES ('bundle', ?, ?)", (version, content))

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    # ---- inside ---------------------------------------------------------------------------------

    def _apply(self, db: apsw.Connection, change: Change) -> bool:
        if change.kind == ChangeKind.MEMBER_GONE:
            return self._hold(db, change.key, change.ver, None, newer_than=change.ver - 1)
        if change.kind != ChangeKind.MEMBER:
            return False
        try:
            record = decode_member(change.body)
        except Fault:
            return False
        return self._hold(db, change.key, change.ver, record, newer_than=change.ver - 1)

    def _hold(
        self,
        db: apsw.Connection,
        member_id: bytes,
        ver: int,
        record: MemberRecord | None,
        *,
        newer_than: int,
    ) -> bool:
        raw = None if record is None else encode_body(record)
        db.execute(
            "INSERT INTO member VALUES (?1, ?2, ?3) ON CONFLICT (member_id) DO UPDATE"
            " SET ver = excluded.ver, record = excluded.record WHERE ver <= ?4",
            (member_id, ver, raw, newer_than),
        )
        if not db.changes():
            return False
        db.execute("DELETE FROM lookup WHERE member_id = ?", (member_id,))
        if record is not None:
            db.executemany(
                "REPLACE INTO lookup VALUES (?, ?, ?)",
                [(kind, value, member_id) for kind, value in _lookups(member_id, record)],
            )
        return True

    def _by(self, kind: str, value: bytes) -> HeldMember | None:
        return _held(
            self._file.row(
                "SELECT member_id, ver, record FROM member JOIN lookup USING (member_id)"
                " WHERE kind = ? AND value = ?",
                (kind, value),
            )
        )

    def _article(self, sql: str, wanted: str) -> Article | None:
        row = self._file.row(sql, (wanted,))
        if row is None:
            return None
        article = _articles.decode(row[0])
        return article if row[1] is None else replace(article, price_fen=row[1])


def _put_in_force(db: apsw.Connection, in_force: InForce) -> None:
    db.execute("DELETE FROM price_now")
    db.executemany("INSERT INTO price_now VALUES (?, ?)", list(in_force.prices.items()))
    db.execute("UPDATE priced_on SET day = ?", (in_force.day,))


def _lookups(member_id: bytes, record: MemberRecord) -> list[tuple[str, bytes]]:
    found = [(PHONE_KEY, key.key_id) for key in record.phone_keys]
    found += [(CARD, card) for card in record.cards]
    if record.phone_hash is not None:
        found.append((PHONE, record.phone_hash))
    if record.digit_secret:
        # Two members may have one reference, so the key goes on with who she is.
        found.append((DIGITS, reference_of(member_id).encode() + member_id))
    return found


def _held(row: Row | None) -> HeldMember | None:
    if row is None or row[2] is None:
        return None
    return HeldMember(UUID(bytes=row[0]), int(row[1]), decode_member(row[2]))
