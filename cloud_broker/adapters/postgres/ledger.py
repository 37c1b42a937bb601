"""The books of points in PostgreSQL."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.domain.points import BookedRefund, Counting, HeldReceipt, NewPosting
from cloud_broker.domain.rule_uses import counted_day
from retail_core.checkout.receipt import (
    TENDER_POINTS,
    Receipt,
    ReceiptLine,
    receipt_of,
)
from retail_core.loyalty.lots import Dated
from retail_core.loyalty.postings import Posting, PostingKey
from retail_core.loyalty.refunds import Standing
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

_POSTING = (
    "p.receipt_id, p.line, p.rule, p.kind, p.nth, p.debit, p.credit, p.points, p.issuer,"
    " p.redeemer, p.business_date, p.happened_ms, p.expires_on"
)
_ADD_POSTINGS = """
insert into posting (
  tenant_id, receipt_id, line, rule, kind, nth, debit, credit, points, issuer, redeemer, event_id,
  wallet_id, posted_at, business_date, happened_ms, expires_on)
select %(tenant)s, n.* from unnest(
  %(receipt)b::uuid[], %(line)b::bigint[], %(rule)b::text[], %(kind)b::text[], %(nth)b::bigint[],
  %(debit)b::text[], %(credit)b::text[], %(points)b::bigint[], %(issuer)b::uuid[],
  %(redeemer)b::uuid[], %(event)b::uuid[], %(wallet)b::uuid[], %(posted)b::timestamptz[],
  %(day)b::date[], %(happened)b::bigint[], %(expires)b::date[]) as n
"""
_ADD_REFUNDS = """
insert into refund (
  tenant_id, refund_id, receipt_id, nth, event_id, store_id, device_id, till_id, operator_id,
  member_id, source, till_receipt_no, business_date, reason, repriced, money_fen, points_fen,
  points_back, points_taken, points_owed, tenders, coupons, happened_ms, received_at)
select %(tenant)s, n.refund, n.receipt, n.nth, n.event, n.store, n.device, n.till, n.operator,
  n.member, n.source, n.number, n.day, n.reason, n.repriced, n.money, n.points_fen, n.back, n.taken,
  n.owed, n.tenders::jsonb,
  coalesce((select array_agg(c) from jsonb_array_elements_text(n.coupons::jsonb) as c), '{}'),
  n.happened, n.received
from unnest(
  %(refund)b::uuid[], %(receipt)b::uuid[], %(nth)b::bigint[], %(event)b::uuid[],
  %(store)b::uuid[], %(device)b::uuid[], %(till)b::uuid[], %(operator)b::uuid[],
  %(member)b::uuid[], %(source)b::text[], %(number)b::text[], %(day)b::date[], %(reason)b::text[],
  %(repriced)b::boolean[], %(money)b::bigint[], %(points_fen)b::bigint[], %(back)b::bigint[],
  %(taken)b::bigint[], %(owed)b::bigint[], %(tenders)b::text[], %(coupons)b::text[],
  %(happened)b::bigint[], %(received)b::timestamptz[]
) as n(refund, receipt, nth, event, store, device, till, operator, member, source, number, day,
  reason, repriced, money, points_fen, back, taken, owed, tenders, coupons, happened, received)
"""
_GROUP = """
with recursive grown(wallet) as (
  select %(wallet)s::uuid
  union
  select case when m.from_wallet_id = g.wallet then m.into_wallet_id else m.from_wallet_id end
  from grown g join member_merge m
    on m.tenant_id = %(tenant)s and g.wallet in (m.from_wallet_id, m.into_wallet_id)
)
select wallet from grown order by wallet
"""
# Points that were merged may be merged on: follow what stands to its end.
_HOLDERS = """
with recursive moved(first, wallet, hops) as (
  select w, w, 0 from unnest(%(wallets)b::uuid[]) as w
  union all
  select v.first, m.into_wallet_id, v.hops + 1
  from moved v join member_merge m
    on m.tenant_id = %(tenant)s and m.from_wallet_id = v.wallet and v.hops < 100
    and not exists (select from member_unmerge u
      where u.tenant_id = m.tenant_id and u.merge_id = m.merge_id)
)
select distinct on (first) first, wallet from moved order by first, hops desc
"""
_DOERS = """
select r.receipt_id as under, coalesce(r.member_id, c.member_id) as member_id from receipt r
left join receipt_claim c on c.tenant_id = r.tenant_id and c.receipt_id = r.receipt_id
where r.tenant_id = %(tenant)s and r.receipt_id = any(%(ids)b::uuid[])
  and coalesce(r.member_id, c.member_id) is not null
union all
select adjustment_id, member_id from adjustment
where tenant_id = %(tenant)s and adjustment_id = any(%(ids)b::uuid[])
union all
select order_id, member_id from mall_order
where tenant_id = %(tenant)s and order_id = any(%(ids)b::uuid[])
"""


class PostgresLedger(Repository):
    """Fulfils `LedgerRepo`."""

    def held(self, receipts: Collection[UUID]) -> dict[UUID, HeldReceipt]:
        """Return receipts with all booked for them, locked against another refund."""
        ids = sorted(receipts)
        # The application may not update a receipt, and only who may can lock its row.
        self._rows(
            "select pg_advisory_xact_lock(hashtextextended(r::text, 4))"
            " from (select r from unnest(%(ids)b::uuid[]) as r order by r) as sorted",
            ids=ids,
        )
        heads = self._rows(
            "select r.receipt_id, r.store_id, r.member_id as user_id,"
            " coalesce(r.member_id, c.member_id) as member_id,"
            " r.business_date, r.sold_ms, r.tenders, e.body,"
            " coalesce(p.wallet_id, c.wallet_id, m.wallet_id) as wallet_id from receipt r"
            " left join event_log e on e.tenant_id = r.tenant_id"
            " and e.received_at = r.received_at and e.event_id = r.event_id"
            " left join receipt_claim c on c.tenant_id = r.tenant_id"
            " and c.receipt_id = r.receipt_id"
            " left join member m on m.tenant_id = r.tenant_id and m.member_id = r.member_id"
            " left join lateral (select wallet_id from posting where tenant_id = r.tenant_id"
            " and receipt_id = r.receipt_id and kind in ('earn', 'qualify', 'redeem', 'merge.own',"
            " 'merge.own.owed') and wallet_id is not null"
            # What came home when two members were parted says whose it is now.
            " order by kind like 'merge.own%%' desc, posted_at desc, nth desc limit 1) as p on true"
            " where r.tenant_id = %(tenant)s and r.receipt_id = any(%(ids)b)",
            ids=ids,
        )
        return {row.receipt_id: self._held(row) for row in heads}

    def _held(self, row: Row[Any]) -> HeldReceipt:
        receipt, told = row.receipt_id, _told(row.body)
        lines = self._rows(
            "select l.line, l.qty_milli, l.net_fen, coalesce(sum(b.qty_milli), 0)::bigint as back"
            " from receipt_line l left join refund_line b on b.tenant_id = l.tenant_id"
            " and b.receipt_id = l.receipt_id and b.line = l.line"
            " where l.tenant_id = %(tenant)s and l.receipt_id = %(receipt)s"
            " group by l.line, l.qty_milli, l.net_fen order by l.line",
            receipt=receipt,
        )
        refunds = self._row(
            "select coalesce(sum(money_fen), 0)::bigint as money, count(*) as times,"
            " coalesce(sum(points_fen), 0)::bigint as points_fen from refund"
            " where tenant_id = %(tenant)s and receipt_id = %(receipt)s",
            receipt=receipt,
        )
        assert refunds is not None  # noqa: S101 - an aggregate has one row
        postings = self._rows(
            f"select {_POSTING} from posting p"  # noqa: S608 - a constant
            " where p.tenant_id = %(tenant)s and p.receipt_id = %(receipt)s"
            " order by p.posted_at, p.line, p.rule, p.kind, p.nth",
            receipt=receipt,
        )
        standing = Standing(
            Receipt(
                receipt,
                tuple(ReceiptLine(one.line, one.qty_milli, one.net_fen) for one in lines),
                sum(fen for kind, fen in row.tenders if kind == TENDER_POINTS),
                () if told is None else receipt_of(told).coupons,
                () if told is None else receipt_of(told).uses,
            ),
            tuple(_posting(one) for one in postings),
            {one.line: one.back for one in lines if one.back},
            refunds.money,
            refunds.points_fen,
            refunds.times,
        )
        day = row.business_date
        used_on = day if told is None else counted_day(told, day)
        counting = Counting(row.user_id, used_on, row.store_id)
        return HeldReceipt(
            standing, row.store_id, row.member_id, row.wallet_id, day, row.sold_ms, counting
        )

    def known_refunds(self, refunds: Collection[UUID]) -> set[UUID]:
        """Return which refunds are booked."""
        rows = self._rows(
            "select refund_id from refund"
            " where tenant_id = %(tenant)s and refund_id = any(%(refunds)b)",
            refunds=list(refunds),
        )
        return {row.refund_id for row in rows}

    def locked(self, accounts: Collection[str]) -> dict[str, int]:
        """Return balances, locked until the end; an account never used has 0."""
        self._put(
            "insert into account (tenant_id, account, balance, version, updated_at)"
            " select %(tenant)s, a, 0, 0, now() from unnest(%(accounts)b::text[]) as a"
            " order by a on conflict do nothing",
            accounts=sorted(accounts),
        )
        rows = self._rows(
            "select account, balance from account where tenant_id = %(tenant)s"
            " and account = any(%(accounts)b) order by account for update",
            accounts=list(accounts),
        )
        return {row.account: row.balance for row in rows}

    def add_refunds(self, refunds: Sequence[BookedRefund]) -> None:
        """Append refunds with their lines."""
        if not refunds:
            return
        bodies = [one.body for one in refunds]
        self._put(
            _ADD_REFUNDS,
            refund=[one.refund_id for one in refunds],
            receipt=[one.receipt_id for one in refunds],
            nth=[one.nth for one in refunds],
            event=[one.arrival.event_id for one in refunds],
            store=[one.arrival.place.store for one in refunds],
            device=[one.arrival.place.device for one in refunds],
            till=[_id(one.arrival.event.till) for one in refunds],
            operator=[_id(one.arrival.event.operator) for one in refunds],
            member=[one.member for one in refunds],
            source=[body.source for body in bodies],
            number=[body.till_receipt_no for body in bodies],
            day=[one.day for one in refunds],
            reason=[body.reason for body in bodies],
            repriced=[body.repriced for body in bodies],
            money=[body.money_fen for body in bodies],
            points_fen=[one.made.points_fen for one in refunds],
            back=[one.made.points_back for one in refunds],
            taken=[one.made.points_taken for one in refunds],
            owed=[one.made.points_owed for one in refunds],
            tenders=[_json(body.tenders) for body in bodies],
            coupons=[_json(body.coupons) for body in bodies],
            happened=[one.at_ms for one in refunds],
            received=[at(one.arrival.received_ms) for one in refunds],
        )
        lines = [(one, line, qty) for one in refunds for line, qty in _summed(one).items()]
        self._put(
            "insert into refund_line select %(tenant)s, n.* from unnest(%(refund)b::uuid[],"
            " %(line)b::bigint[], %(receipt)b::uuid[], %(qty)b::bigint[]) as n",
            refund=[one.refund_id for one, _, _ in lines],
            line=[line for _, line, _ in lines],
            receipt=[one.receipt_id for one, _, _ in lines],
            qty=[qty for _, _, qty in lines],
        )

    def add_postings(self, postings: Sequence[NewPosting]) -> None:
        """Append the cloud's own postings."""
        if not postings:
            return
        said = [one.dated.posting for one in postings]
        self._put(
            _ADD_POSTINGS,
            receipt=[one.dated.key.receipt_id for one in postings],
            line=[one.line for one in said],
            rule=[one.rule for one in said],
            kind=[one.kind for one in said],
            nth=[one.nth for one in said],
            debit=[one.debit for one in said],
            credit=[one.credit for one in said],
            points=[one.points for one in said],
            issuer=[one.issuer for one in said],
            redeemer=[one.redeemer for one in said],
            event=[one.because for one in postings],
            wallet=[one.wallet for one in postings],
            posted=[at(one.now_ms) for one in postings],
            day=[one.dated.day for one in postings],
            happened=[one.dated.at_ms for one in postings],
            expires=[one.expires for one in said],
        )

    def holders(self, wallets: Collection[UUID]) -> dict[UUID, UUID]:
        """Return where the points of merged wallets are now; others are absent."""
        rows = self._rows(_HOLDERS, wallets=list(wallets))
        return {row.first: row.wallet for row in rows if row.first != row.wallet}

    def doers(self, under: Collection[UUID]) -> dict[UUID, UUID]:
        """Return which members receipts, claims, adjustments and orders of the mall are."""
        return {row.under: row.member_id for row in self._rows(_DOERS, ids=list(under))}

    def group(self, wallet: UUID) -> tuple[UUID, ...]:
        """Return this wallet and all it was ever merged with, directly or not."""
        return tuple(row.wallet for row in self._rows(_GROUP, wallet=wallet))

    def dated(self, wallets: Collection[UUID]) -> tuple[Dated, ...]:
        """Return every posting that touches these wallets, with its day."""
        rows = self._rows(
            f"select {_POSTING} from posting p"  # noqa: S608 - a constant
            " where p.tenant_id = %(tenant)s and p.wallet_id = any(%(wallets)b)",
            wallets=list(wallets),
        )
        return tuple(
            Dated(
                PostingKey(self._tenant, row.receipt_id, row.line, row.rule, row.kind, row.nth),
                _posting(row),
                row.business_date,
                row.happened_ms,
            )
            for row in rows
        )


def _posting(row: Row[Any]) -> Posting:
    return Posting(
        row.line,
        row.rule,
        row.kind,
        row.nth,
        row.debit,
        row.credit,
        row.points,
        row.issuer,
        row.redeemer,
        row.expires_on,
    )


def _told(body: bytes | None) -> Sale | None:
    """Return a sale as it was told; None when that is not kept any more."""
    sale = None if body is None else decode_body(EventType.SALE, body)
    return sale if isinstance(sale, Sale) else None


def _summed(refund: BookedRefund) -> dict[int, int]:
    """Return what comes back of each line; a box may name a line twice."""
    found: dict[int, int] = {}
    for line in refund.body.lines:
        found[line.line] = found.get(line.line, 0) + line.qty_milli
    return found


def _id(raw: bytes | None) -> UUID | None:
    return None if raw is None else UUID(bytes=raw)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
