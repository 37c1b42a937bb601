"""Orders that are being cleaned, in a file of their own for as long as it takes."""

import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

from cloud_broker.ports.cleaning import SeenOn, Sign
from retail_core.insight.cleaning.decision import Decision
from retail_core.insight.cleaning.seen import TILL, SeenOrder

_SCHEMA: Final = """
pragma journal_mode = off;
pragma synchronous = off;
pragma cache_size = -65536;
pragma temp_store = file;
create table seen (
  n integer primary key, order_id text, channel text, buyer text, at_ms integer, net_fen integer,
  lines text, device text, address text, payer text, undone_ms integer, views integer, day text,
  most_units integer
);
create table sign (
  day text, subject text, rule text, version integer, weight integer, detail text, channel text,
  net_fen integer, primary key (day, subject, rule)
) without rowid;
"""
_COLUMNS: Final = (
    "order_id, channel, buyer, at_ms, net_fen, lines, device, address, payer, undone_ms, views"
)
_ADD: Final = "insert into seen values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NOTE: Final = """
insert or ignore into sign select day, order_id, ?, ?, ?, ?, channel, net_fen from seen
where order_id = ?
"""
# Without a who nobody is alike; lines are left to the layer, which looks at more than this.
_CLOSE: Final = """
n in (
  with told as (
    select n, channel, net_fen, at_ms,
      coalesce(nullif(buyer, ''), nullif(payer, ''), device) as who
    from seen where buyer <> '' or payer <> '' or device <> ''
  ), gaps as (
    select n, at_ms - lag(at_ms) over alike as gap_before,
      lead(at_ms) over alike - at_ms as gap_after
    from told window alike as (partition by who, channel, net_fen order by at_ms)
  )
  select n from gaps where gap_before <= :gap or gap_after <= :gap
)
"""
_UNDOERS: Final = """
buyer in (
  select buyer from seen where buyer <> '' and undone_ms - at_ms <= :quick
  group by buyer having count(*) >= :least
)
"""
# A pair tells by two buyers, one alone by many.
_SHARED: Final = """
n in (
  with own as (select * from seen where buyer <> '' and channel <> :till)
  select n from own where
    device in (select device from own where device <> ''
      group by device having count(distinct buyer) >= :many)
    or payer in (select payer from own where payer <> ''
      group by payer having count(distinct buyer) >= :many)
    or (device, address) in (select device, address from own where device <> '' and address <> ''
      group by device, address having min(buyer) <> max(buyer))
    or (device, payer) in (select device, payer from own where device <> '' and payer <> ''
      group by device, payer having min(buyer) <> max(buyer))
    or (address, payer) in (select address, payer from own where address <> '' and payer <> ''
      group by address, payer having min(buyer) <> max(buyer))
)
"""
_LOOKED: Final = """
select channel, count(*), count(*) filter (where views > 0) from seen
where views is not null group by channel order by channel
"""


class FileOrderPile:
    """Fulfils `CleaningPile` in SQLite: memory stays the same however many orders there are."""

    def __init__(self, folder: Path | None = None) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="cleaning-", dir=folder)
        self._file = sqlite3.connect(Path(self._place.name) / "orders", isolation_level=None)
        self._file.executescript(_SCHEMA)
        self._bought: Counter[tuple[str, int]] = Counter()

    def add(self, orders: Iterable[SeenOn]) -> int:
        """Take orders in, of which none comes twice; return how many lie there."""
        self._file.execute("begin")
        self._file.executemany(_ADD, map(self._row, orders))
        self._file.execute("commit")
        (many,) = self._file.execute("select count(*) from seen").fetchone()
        return int(many)

    def note(self, decisions: Iterable[Decision]) -> None:
        """Keep signs of orders that lie there."""
        # Made when all are there: kept up meanwhile it would be written all over, again and again.
        self._file.execute("create index if not exists seen_by_id on seen (order_id)")
        self._file.execute("begin")
        self._file.executemany(
            _NOTE,
            (
                (one.rule.value, one.version, one.weight, json.dumps(dict(one.detail)), one.subject)
                for one in decisions
            ),
        )
        self._file.execute("commit")

    def signs(self, since: date) -> Iterator[Sign]:
        """Yield what was noted of a day and those after it, by day."""
        rows = self._file.execute(
            "select * from sign where day >= ? order by day, subject, rule", (since.isoformat(),)
        )
        for day, subject, rule, version, weight, detail, channel, net_fen in rows:
            days = (date.fromisoformat(day),)
            said = json.loads(detail)
            yield Sign("order", subject, rule, version, weight, said, channel, days, net_fen)

    def close_together(self, gap_ms: int) -> Iterator[SeenOrder]:
        """Tell those that another like them follows or precedes within a gap."""
        return self._orders(_CLOSE, gap=gap_ms)

    def of_undoers(self, quick_ms: int, least: int) -> Iterator[SeenOrder]:
        """Tell all orders of buyers with so many undone in so short a time."""
        return self._orders(_UNDOERS, quick=quick_ms, least=least)

    def shared(self, many: int) -> Iterator[SeenOrder]:
        """Tell orders by what buyers share."""
        return self._orders(_SHARED, many=many, till=TILL)

    def crowded(self, most: Sequence[tuple[int, int]]) -> Iterator[SeenOrder]:
        """Tell all orders of a buyer, device or payer who crowds them."""
        nth = range(len(most))
        leads = ", ".join(f"lead(at_ms, :many{n}) over own - at_ms as span{n}" for n in nth)
        short = " or ".join(f"span{n} <= :within{n}" for n in nth)
        chosen = " or ".join(
            f"{kind} in (select {kind} from (select {kind}, {leads} from seen"  # noqa: S608 - our names
            f" where channel <> :till and {kind} <> ''"
            f" window own as (partition by {kind} order by at_ms)) where {short})"
            for kind in ("buyer", "device", "payer")
        )
        bound = {f"within{n}": within for n, (within, _) in enumerate(most)}
        bound |= {f"many{n}": many for n, (_, many) in enumerate(most)}
        return self._orders(f"channel <> :till and ({chosen})", till=TILL, **bound)

    def bought(self) -> Iterator[tuple[str, int, int]]:
        """Tell each article, units of a line, and of how many lines."""
        return ((sku, units, many) for (sku, units), many in self._bought.items())

    def of_many_units(self, least: int) -> Iterator[SeenOrder]:
        """Tell those with so many units of something."""
        return self._orders("most_units >= :least", least=least)

    def looked(self) -> Iterable[tuple[str, int, int]]:
        """Tell channels that tell of looks, with how many orders, and how many after a look."""
        return self._file.execute(_LOOKED).fetchall()

    def unlooked(self, channel: str) -> Iterator[str]:
        """Tell a channel's orders without a look at anything, by id."""
        rows = self._file.execute(
            "select order_id from seen where channel = ? and views = 0", (channel,)
        )
        return (name for (name,) in rows)

    def close(self) -> None:
        """Take the file away."""
        self._file.close()
        self._place.cleanup()

    def _row(self, seen: SeenOn) -> tuple[Any, ...]:
        one = seen.order
        self._bought.update(one.lines)
        most = max((units for _, units in one.lines), default=0)
        told = (one.order_id, one.channel, one.buyer, one.at_ms, one.net_fen, json.dumps(one.lines))
        names = (one.device, one.address, one.payer, one.undone_ms, one.views)
        return *told, *names, seen.day.isoformat(), most

    def _orders(self, chosen: str, **values: object) -> Iterator[SeenOrder]:
        query = f"select {_COLUMNS} from seen where {chosen}"  # noqa: S608 - our statements
        for name, channel, buyer, at_ms, net_fen, lines, *names in self._file.execute(
            query, values
        ):
            told = tuple((sku, units) for sku, units in json.loads(lines))
            yield SeenOrder(name, channel, buyer, at_ms, net_fen, told, *names)


@contextmanager
def order_pile(folder: Path | None = None) -> Iterator[FileOrderPile]:
    """Give a pile, and take it away afterwards."""
    pile = FileOrderPile(folder)
    try:
        yield pile
    finally:
        pile.close()
