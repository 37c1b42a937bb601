"""What is sold and by which rules, as the shop's copy holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import apsw
import msgspec

from edge_agent.adapters.replica_file import ReplicaFile
from edge_agent.ports.replica import AS_THEY_SAY, CatalogueStep, InForce
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.catalog.price_lists import ListPrice
from retail_core.catalog.stock_table import StockTable

TABLE = "recommendations"
_MILLI = 1000
_ARTICLE = "SELECT data, price_now.price_fen FROM article LEFT JOIN price_now USING (sku)"

_articles = msgspec.msgpack.Decoder(Article)


class ReplicaGoods:
    """The part of `Replica` about articles, prices, rules and stock."""

    def __init__(self, file: ReplicaFile) -> None:
        self._file = file
        self._stock: dict[str, int] | None = None

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
        *,
        sha256: bytes = b"",
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
            db.execute("REPLACE INTO published VALUES ('catalogue', ?, ?)", (version, sha256))

    def step_catalogue(self, step: CatalogueStep) -> bool:
        """Lead the catalogue held to the next version; False when another one is held."""
        with self._file.transaction() as db:
            held = db.execute(
                "SELECT version, content FROM published WHERE kind = 'catalogue'"
            ).fetchone()
            if held != (step.base, step.base_sha256):
                return False
            for sku in step.gone:
                _forget_article(db, sku)
            for article in step.articles:
                _put_article(db, article)
            db.executemany(
                "INSERT INTO list_price VALUES (?, ?, ?, ?)",
                [(one.sku, one.scope, one.day, one.price_fen) for one in step.prices],
            )
            db.executemany("INSERT INTO price_now VALUES (?, ?)", list(step.in_force.items()))
            db.execute(
                "UPDATE published SET version = ?, content = ? WHERE kind = 'catalogue'",
                (step.version, step.sha256),
            )
        return True

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


def _put_article(db: apsw.Connection, article: Article) -> None:
    """Put an article in the place of the one before it, without any price by day."""
    held = db.execute("SELECT data FROM article WHERE sku = ?", (article.sku,)).fetchone()
    if held is None or _articles.decode(held[0]).barcodes != article.barcodes:
        _forget_article(db, article.sku)
        db.executemany(
            "INSERT OR IGNORE INTO barcode VALUES (?, ?)",
            [(barcode, article.sku) for barcode in article.barcodes],
        )
    else:
        _forget_prices(db, article.sku)
    db.execute(
        "REPLACE INTO article VALUES (?, ?, ?)",
        (article.sku, article.name, msgspec.msgpack.encode(article)),
    )


def _forget_article(db: apsw.Connection, sku: str) -> None:
    held = db.execute("SELECT data FROM article WHERE sku = ?", (sku,)).fetchone()
    if held is not None:
        db.executemany(
            "DELETE FROM barcode WHERE barcode = ? AND sku = ?",
            [(barcode, sku) for barcode in _articles.decode(held[0]).barcodes],
        )
        db.execute("DELETE FROM article WHERE sku = ?", (sku,))
    _forget_prices(db, sku)


def _forget_prices(db: apsw.Connection, sku: str) -> None:
    db.execute("DELETE FROM list_price WHERE sku = ?", (sku,))
    db.execute("DELETE FROM price_now WHERE sku = ?", (sku,))
