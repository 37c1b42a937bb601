"""Orders of other channels in PostgreSQL: words in whole arrays, orders written over."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.channel_orders import PlacedOrder
from retail_core.insight.channel_orders.words import (
    Buyer,
    Order,
    OrderLine,
    Said,
    decode_word,
    digest_of,
    encode_word,
)

_ADD_WORDS = """
with said as (select n.* from unnest(%(orders)b::uuid[], %(origins)b::uuid[],
    %(versions)b::bigint[], %(parts)b::bigint[], %(digests)b::bytea[], %(words)b::text[])
    with ordinality as n(order_id, origin, version, part, digest, word, nth)),
added as (
  insert into channel_order_word select %(tenant)s, order_id, origin, version, part, digest,
    word::jsonb, %(now)s from said order by order_id, origin, version, part
  on conflict do nothing returning order_id)
select s.nth from said s join channel_order_word w on w.tenant_id = %(tenant)s
  and w.order_id = s.order_id and w.origin = s.origin and w.version = s.version
  and w.part = s.part where w.digest <> s.digest order by s.nth
"""
# What a file said that was taken back is no word any more.
_WORDS = """
select w.order_id, w.origin, w.word::text as word from channel_order_word w
where w.tenant_id = %(tenant)s and w.order_id = any(%(orders)b::uuid[]) and not exists (
  select from file_import f where f.tenant_id = w.tenant_id and f.import_id = w.origin
  and f.state in ('undoing', 'undone'))
"""
_SAVE = """
insert into channel_order select %(tenant)s, n.order_id, n.channel, n.order_no, n.version, n.status,
  n.ordered, n.day, n.hour, n.store, n.member, nullif(n.account, ''::bytea),
  nullif(n.phone, ''::bytea), nullif(n.address, ''::bytea), nullif(n.payer, ''::bytea),
  nullif(n.device, ''::bytea), n.list, n.net, n.refunded, n.points, n.coupons, n.units, %(now)s
from unnest(%(orders)b::uuid[], %(channels)b::text[], %(numbers)b::text[], %(versions)b::bigint[],
  %(statuses)b::text[], %(ordered)b::timestamptz[], %(days)b::date[], %(hours)b::smallint[],
  %(stores)b::uuid[], %(members)b::uuid[], %(accounts)b::bytea[], %(phones)b::bytea[],
  %(addresses)b::bytea[], %(payers)b::bytea[], %(devices)b::bytea[], %(list)b::bigint[],
  %(net)b::bigint[], %(refunded)b::bigint[], %(points)b::bigint[], %(coupons)b::int[],
  %(units)b::bigint[]) as n(order_id, channel, order_no, version, status, ordered, day, hour, store,
  member, account, phone, address, payer, device, list, net, refunded, points, coupons, units)
order by n.order_id
on conflict (tenant_id, order_id) do update set version = excluded.version,
  status = excluded.status, ordered_at = excluded.ordered_at,
  business_date = excluded.business_date, hour_local = excluded.hour_local,
  store_id = excluded.store_id, member_id = excluded.member_id, buyer_hash = excluded.buyer_hash,
  phone_hash = excluded.phone_hash, address_hash = excluded.address_hash,
  payer_hash = excluded.payer_hash, device_hash = excluded.device_hash,
  list_fen = excluded.list_fen, net_fen = excluded.net_fen, refunded_fen = excluded.refunded_fen,
  points_used = excluded.points_used, coupons = excluded.coupons,
  units_milli = excluded.units_milli, updated_at = excluded.updated_at
"""
_SAVE_LINES = """
insert into channel_order_line select %(tenant)s, n.* from unnest(%(orders)b::uuid[],
  %(nos)b::int[], %(skus)b::text[], %(names)b::text[], %(articles)b::uuid[], %(qty)b::bigint[],
  %(list)b::bigint[], %(net)b::bigint[], %(promoted)b::boolean[]) as n
"""
# An order that goes, or moves to another day, leaves a day: copies of that day are out of date.
_LEAVE = """
insert into channel_day_left as held
select distinct o.tenant_id, o.business_date, now() from channel_order o
left join unnest(%(orders)b::uuid[], %(days)b::date[]) as n(order_id, day)
  on n.order_id = o.order_id
where o.tenant_id = %(tenant)s and o.order_id = any(%(orders)b::uuid[])
  and o.business_date is distinct from n.day order by o.business_date
on conflict (tenant_id, business_date) do update set left_at = excluded.left_at
"""
# The newest revision says which barcodes an article has.
_CODES = """
select a.article_id, a.sku, r.barcodes from article a left join lateral (
  select barcodes from article_revision r where r.tenant_id = a.tenant_id
  and r.article_id = a.article_id and r.effective_from <= current_date
  order by r.effective_from desc, r.revision desc limit 1) r on true
where a.tenant_id = %(tenant)s order by a.created_at, a.article_id
"""


class PostgresChannelOrders(Repository):
    """Fulfils `ChannelOrderRepo`."""

    def add_words(self, words: Sequence[Said], now_ms: int) -> tuple[Said, ...]:
        """Append words; one that stands already is passed over.

        Return those of which the same version stands already with other content.
        """
        rows = self._rows(
            _ADD_WORDS,
            now=at(now_ms),
            orders=[one.word.order_id for one in words],
            origins=[one.origin for one in words],
            versions=[one.word.version for one in words],
            parts=[one.word.part for one in words],
            digests=[digest_of(one.word) for one in words],
            words=[encode_word(one.word) for one in words],
        )
        return tuple(words[row.nth - 1] for row in rows)

    def words(self, orders: Collection[UUID]) -> Mapping[UUID, tuple[Said, ...]]:
        """Return every word of orders; those of files that were taken back do not count."""
        found: dict[UUID, list[Said]] = {}
        for row in self._rows(_WORDS, orders=list(orders)):
            said = Said(row.origin, decode_word(row.word))
            found.setdefault(row.order_id, []).append(said)
        return {order: tuple(some) for order, some in found.items()}

    def lock(self, orders: Collection[UUID]) -> None:
        """Let no other transaction work on these orders until this one ends."""
        # Few locks, in one order: a chunk of a file has thousands of orders.
        keys = sorted({order.int & 0xFF for order in orders})
        self._rows(
            "select pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, k))"
            " from (select k from unnest(%(keys)b::bigint[]) as k order by k) as sorted",
            keys=keys,
        )

    def save(self, orders: Sequence[PlacedOrder], now_ms: int) -> None:
        """Write orders with their lines over what stood there."""
        if not orders:
            return
        made = [one.order for one in orders]
        days = [one.day for one in orders]
        self._put(_LEAVE, orders=[one.order_id for one in made], days=days)
        self._put(
            _SAVE,
            now=at(now_ms),
            orders=[one.order_id for one in made],
            channels=[one.channel for one in made],
            numbers=[one.order_no for one in made],
            versions=[one.version for one in made],
            statuses=[one.status for one in made],
            ordered=[at(one.ordered_ms) for one in made],
            days=days,
            hours=[one.hour for one in orders],
            stores=[one.store for one in orders],
            members=[one.member for one in orders],
            **_buyers([one.buyer for one in made]),
            list=[one.list_fen for one in made],
            net=[one.net_fen for one in made],
            refunded=[one.refunded_fen for one in made],
            points=[one.points_used for one in made],
            coupons=[one.coupons for one in made],
            units=[one.qty_milli for one in made],
        )
        self._drop_lines([one.order_id for one in made])
        self._save_lines(orders)

    def _save_lines(self, orders: Sequence[PlacedOrder]) -> None:
        rows = [
            (one.order.order_id, number, line, article)
            for one in orders
            for number, (line, article) in enumerate(
                zip(one.order.lines, one.articles, strict=True), start=1
            )
        ]
        if not rows:
            return
        self._put(
            _SAVE_LINES,
            orders=[order for order, _, _, _ in rows],
            nos=[number for _, number, _, _ in rows],
            skus=[line.sku for _, _, line, _ in rows],
            names=[line.name for _, _, line, _ in rows],
            articles=[article for _, _, _, article in rows],
            qty=[line.qty_milli for _, _, line, _ in rows],
            list=[line.list_fen for _, _, line, _ in rows],
            net=[line.net_fen for _, _, line, _ in rows],
            promoted=[line.promoted for _, _, line, _ in rows],
        )

    def _drop_lines(self, orders: Collection[UUID]) -> None:
        self._put(
            "delete from channel_order_line where tenant_id = %(tenant)s"
            " and order_id = any(%(orders)b::uuid[])",
            orders=list(orders),
        )

    def drop(self, orders: Collection[UUID]) -> None:
        """Take away orders of which nothing is left."""
        if orders:
            self._put(_LEAVE, orders=list(orders), days=[None] * len(orders))
            self._drop_lines(orders)
            self._put(
                "delete from channel_order where tenant_id = %(tenant)s"
                " and order_id = any(%(orders)b::uuid[])",
                orders=list(orders),
            )

    def of_origin(self, origin: UUID, after: UUID, limit: int) -> tuple[UUID, ...]:
        """Return the orders of which a connector or file said something, by id."""
        rows = self._rows(
            "select distinct order_id from channel_order_word where tenant_id = %(tenant)s"
            " and origin = %(origin)s and order_id > %(after)s order by order_id limit %(limit)s",
            origin=origin,
            after=after,
            limit=limit,
        )
        return tuple(row.order_id for row in rows)

    def order(self, order_id: UUID) -> PlacedOrder | None:
        """Return an order as it stands."""
        row = self._row(
            "select * from channel_order where tenant_id = %(tenant)s and order_id = %(order)s",
            order=order_id,
        )
        if row is None:
            return None
        lines = self._rows(
            "select sku, name, article_id, qty_milli, list_fen, net_fen, promoted"
            " from channel_order_line where tenant_id = %(tenant)s and order_id = %(order)s"
            " order by line_no",
            order=order_id,
        )
        return _placed(row, lines)

    def totals(self) -> Mapping[str, tuple[int, int, int]]:
        """Return (orders, net fen, refunded fen) by channel."""
        rows = self._rows(
            "select channel, count(*) as n, sum(net_fen)::bigint as net,"
            " sum(refunded_fen)::bigint as refunded from channel_order"
            " where tenant_id = %(tenant)s group by channel order by channel"
        )
        return {row.channel: (row.n, row.net, row.refunded) for row in rows}

    def codes(self) -> Mapping[str, UUID]:
        """Return the articles by sku and barcode, as they are named today."""
        found: dict[str, UUID] = {}
        rows = self._rows(_CODES)
        for row in rows:
            for code in row.barcodes or ():
                found.setdefault(code, row.article_id)
        # A sku is the article's own name: it wins over another article's barcode.
        return found | {row.sku: row.article_id for row in rows}


def _buyers(buyers: Sequence[Buyer]) -> dict[str, object]:
    return {
        "accounts": [bytes.fromhex(one.account) for one in buyers],
        "phones": [bytes.fromhex(one.phone) for one in buyers],
        "addresses": [bytes.fromhex(one.address) for one in buyers],
        "payers": [bytes.fromhex(one.payer) for one in buyers],
        "devices": [bytes.fromhex(one.device) for one in buyers],
    }


def _placed(row: Row[Any], lines: Sequence[Row[Any]]) -> PlacedOrder:
    order = Order(
        order_id=row.order_id,
        channel=row.channel,
        order_no=row.order_no,
        version=row.version,
        status=row.status,
        ordered_ms=ms_of(row.ordered_at),
        list_fen=row.list_fen,
        net_fen=row.net_fen,
        refunded_fen=row.refunded_fen,
        points_used=row.points_used,
        coupons=row.coupons,
        store="",
        buyer=Buyer(
            _hex(row.buyer_hash),
            _hex(row.phone_hash),
            _hex(row.address_hash),
            _hex(row.payer_hash),
            _hex(row.device_hash),
        ),
        lines=tuple(
            OrderLine(
                line.sku, line.name, line.qty_milli, line.list_fen, line.net_fen, line.promoted
            )
            for line in lines
        ),
    )
    articles = tuple(line.article_id for line in lines)
    return PlacedOrder(
        order, row.business_date, row.hour_local, row.store_id, row.member_id, articles
    )


def _hex(value: bytes | None) -> str:
    return "" if value is None else bytes(value).hex()
