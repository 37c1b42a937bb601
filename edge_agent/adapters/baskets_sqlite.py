"""Baskets in the journal's file: a sale and the end of its basket are one write.

Ringing up is not waited for: each change reaches the disk with the next synced one, in order. A
kill of the program loses nothing; a power cut may take the last lines scanned.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import apsw
import msgspec

from edge_agent.adapters.disk_reserve import DiskReserve
from edge_agent.adapters.sqlite_file import SqliteFile
from edge_agent.domain.basket import CounterBasket
from edge_agent.ports.basket_store import KeyedAnswer
from edge_agent.ports.journal import Beside, StoredAnswer
from retail_core.sync.urgency import Urgency
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

_KEEP = """
INSERT INTO basket VALUES (?1, ?2) ON CONFLICT (basket_id) DO UPDATE SET basket = excluded.basket
"""
_ANSWER = "INSERT OR REPLACE INTO basket_answer VALUES (?, ?, ?, ?, ?)"
_decoder = msgspec.msgpack.Decoder(CounterBasket)


class SqliteBaskets:
    """Fulfils `BasketStore` over the journal's file."""

    def __init__(
        self, file: SqliteFile, tally: FaultTally, reserve: DiskReserve | None = None
    ) -> None:
        self._file = file
        self._reserve = reserve
        self._tally = tally

    def load(self) -> tuple[CounterBasket, ...]:
        """Return every basket that can be read, oldest first; the others are counted."""
        found = []
        for (raw,) in self._file.rows("SELECT basket FROM basket ORDER BY basket_id"):
            try:
                found.append(_decoder.decode(raw))
            except msgspec.MsgspecError:
                self._tally.count(FaultCode.BASKET_UNKNOWN)
        return tuple(found)

    def keep(self, basket: CounterBasket, answer: KeyedAnswer | None = None) -> None:
        """Write a basket and the answer under its idempotency key."""
        if self._reserve is None:
            self._keep(basket, answer)
        else:  # without its basket a sale cannot be rung up
            self._reserve.insist(lambda: self._keep(basket, answer), Urgency.MONEY)

    def _keep(self, basket: CounterBasket, answer: KeyedAnswer | None) -> None:
        with self._file.transaction(lazy=True) as db:
            _write(db, basket)
            if answer is not None:
                key, kept = answer
                bindings = (key, basket.basket_id.bytes, kept.body_hash, kept.status, kept.answer)
                db.execute(_ANSWER, bindings)

    def change(self, basket: CounterBasket) -> Beside:
        """Return the same change, for the journal to write together with a sale."""

        def write(transaction: Any) -> None:
            _write(transaction, basket)

        return write

    def answer(self, key: str) -> StoredAnswer | None:
        """Return the answer stored under an idempotency key."""
        row = self._file.row(
            "SELECT body_hash, status, answer FROM basket_answer WHERE key = ?", (key,)
        )
        return None if row is None else StoredAnswer(*row)

    def forget(self, baskets: Collection[UUID]) -> None:
        """Delete baskets with their answers."""
        with self._file.transaction(lazy=True) as db:
            for basket in baskets:
                db.execute("DELETE FROM basket_answer WHERE basket_id = ?", (basket.bytes,))
                db.execute("DELETE FROM basket WHERE basket_id = ?", (basket.bytes,))


def _write(db: apsw.Connection, basket: CounterBasket) -> None:
    db.execute(_KEEP, (basket.basket_id.bytes, msgspec.msgpack.encode(basket)))
