"""The books at a day's or month's end, in PostgreSQL."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, replace
from datetime import date
from uuid import UUID

import msgspec

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.ledger import DayClosed, WrongAccount
from retail_core.loyalty.chain import Link
from retail_core.loyalty.closing import DayTotals
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import Event

LINKS_PAGE = 5_000

_SALES_OF_DAY = """
select coalesce(t.name, '') as till, count(*) as sales, sum(r.shelf_fen)::bigint as gross_fen,
  sum(r.total_fen)::bigint as net_fen, sum(r.points)::bigint as points_earned,
  coalesce(sum(spent.points), 0)::bigint as points_redeemed
from receipt r
left join till t on t.tenant_id = r.tenant_id and t.till_id = r.till_id
left join lateral (
  select sum(p.points) as points from posting p
  where p.tenant_id = r.tenant_id and p.receipt_id = r.receipt_id and p.kind = 'redeem'
) as spent on true
where r.tenant_id = %(tenant)s and r.store_id = %(store)s and r.business_date = %(day)s
group by 1
"""
_REFUNDS_OF_DAY = """
select coalesce(t.name, '') as till, count(*) as refunds,
  sum(f.money_fen)::bigint as refund_fen
from refund f left join till t on t.tenant_id = f.tenant_id and t.till_id = f.till_id
where f.tenant_id = %(tenant)s and f.store_id = %(store)s and f.business_date = %(day)s
group by 1
"""
_WRONG = """
with posted as (
  select account, sum(points)::bigint as points from (
    select credit as account, points from posting where tenant_id = %(tenant)s
    union all
    select debit, -points from posting where tenant_id = %(tenant)s
  ) as moved group by account
)
select coalesce(a.account, p.account) as account, coalesce(a.balance, 0) as balance,
  coalesce(p.points, 0) as posted
from (select * from account where tenant_id = %(tenant)s) as a
full join posted p on p.account = a.account
where coalesce(a.balance, 0) <> coalesce(p.points, 0)
order by 1
"""


class PostgresClosing(Repository):
    """Fulfils `ClosingRepo`."""

    def wallets(self, *, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        """Return wallets in the order of their ids."""
        rows = self._rows(
            "select wallet_id from wallet where tenant_id = %(tenant)s"
            " and wallet_id > %(after)s order by wallet_id limit %(limit)s",
            after=after or UUID(int=0),
            limit=limit,
        )
        return tuple(row.wallet_id for row in rows)

    def wallet_count(self) -> int:
        """Return how many there are."""
        row = self._row("select count(*) as wallets from wallet where tenant_id = %(tenant)s")
        return 0 if row is None else int(row.wallets)

    def entities(self) -> dict[UUID, str]:
        """Return the legal entities' names."""
        rows = self._rows(
            "select legal_entity_id, name from legal_entity where tenant_id = %(tenant)s"
        )
        return {row.legal_entity_id: row.name for row in rows}

    def day(self, store: UUID, day: date) -> dict[str, DayTotals]:
        """Return a store's business day, till by till (the till's name, '' for none)."""
        found = {
            row.till: DayTotals(
                row.sales, row.gross_fen, row.net_fen, row.points_earned, row.points_redeemed
            )
            for row in self._rows(_SALES_OF_DAY, store=store, day=day)
        }
        for row in self._rows(_REFUNDS_OF_DAY, store=store, day=day):
            totals = found.get(row.till, DayTotals())
            found[row.till] = replace(totals, refunds=row.refunds, refund_fen=row.refund_fen)
        return found

    def day_receipts(self, store: UUID, day: date) -> dict[str, int]:
        """Return the day's receipts with a number (`till/number`) and their totals in fen."""
        rows = self._rows(
            "select coalesce(t.name, '') || '/' || r.till_receipt_no as number, r.total_fen"
            " from receipt r"
            " left join till t on t.tenant_id = r.tenant_id and t.till_id = r.till_id"
            " where r.tenant_id = %(tenant)s and r.store_id = %(store)s"
            " and r.business_date = %(day)s and r.till_receipt_no <> ''",
            store=store,
            day=day,
        )
        return {row.number: row.total_fen for row in rows}

    def close_day(self, closed: DayClosed) -> int:
        """Append a close; return how often the day was closed now."""
        row = self._row(
            "insert into day_close select %(tenant)s, %(store)s, %(day)s,"
            " coalesce(max(n), 0) + 1, %(report)s::jsonb, %(differences)s::jsonb, %(by)s, %(now)s"
            " from day_close where tenant_id = %(tenant)s and store_id = %(store)s"
            " and business_date = %(day)s returning n",
            store=closed.store,
            day=closed.day,
            report=_json(closed.report),
            differences=_json([asdict(one) for one in closed.differences]),
            by=closed.by,
            now=at(closed.at_ms),
        )
        return 0 if row is None else int(row.n)

    def wrong_accounts(self) -> tuple[WrongAccount, ...]:
        """Return accounts whose balance is not what was posted."""
        return tuple(
            WrongAccount(row.account, row.balance, row.posted) for row in self._rows(_WRONG)
        )

    def balances(self, wallets: Collection[UUID]) -> dict[str, int]:
        """Return every account of these wallets."""
        # A range of the key, so that the index serves: ';' follows ':' in ASCII.
        rows = self._rows(
            "select a.account, a.balance from unnest(%(wallets)b::uuid[]) as w"
            " join account a on a.tenant_id = %(tenant)s"
            " and a.account collate \"C\" >= 'member:' || w || ':'"
            " and a.account collate \"C\" < 'member:' || w || ';'",
            wallets=list(wallets),
        )
        return {row.account: row.balance for row in rows}

    def negative_purses(self) -> tuple[WrongAccount, ...]:
        """Return members' purses below 0, all but what is owed."""
        rows = self._rows(
            "select account, balance from account where tenant_id = %(tenant)s and balance < 0"
            " and account like 'member:%%' and account not like '%%:owed' order by account"
        )
        return tuple(WrongAccount(row.account, row.balance, row.balance) for row in rows)

    def total(self) -> int:
        """Return what all accounts add up to."""
        row = self._row(
            "select coalesce(sum(balance), 0)::bigint as total from account"
            " where tenant_id = %(tenant)s"
        )
        return 0 if row is None else int(row.total)

    def chains(self) -> tuple[tuple[UUID, int], ...]:
        """Return every (device, epoch) that ever sent something."""
        rows = self._rows(
            "select distinct device_id, epoch from event_log where tenant_id = %(tenant)s"
            " and channel is null order by device_id, epoch"
        )
        return tuple((row.device_id, row.epoch) for row in rows)

    def links(self, device: UUID, epoch: int) -> Iterator[Link]:
        """Return the stored events of one chain in sequence."""
        after = 0
        while True:
            rows = self._rows(
                "select event_id, type, wall_ms, time_quality, boot_id, mono_ms, body, till_id,"
                " operator_id, member_id, seq, hash, exists (select from erased_event x"
                " where x.tenant_id = e.tenant_id and x.event_id = e.event_id) as erased"
                " from event_log e where tenant_id = %(tenant)s"
                " and device_id = %(device)s and epoch = %(epoch)s and seq > %(after)s"
                " order by seq limit %(limit)s",
                device=device,
                epoch=epoch,
                after=after,
                limit=LINKS_PAGE,
            )
            for row in rows:
                yield Link(
                    row.seq,
                    Event(
                        row.event_id.bytes,
                        row.type,
                        row.wall_ms,
                        row.time_quality,
                        row.boot_id.bytes,
                        row.mono_ms,
                        msgspec.Raw(row.body),
                        *(
                            None if one is None else one.bytes
                            for one in (row.till_id, row.operator_id, row.member_id)
                        ),
                    ),
                    row.hash,
                    row.erased,
                )
            if len(rows) < LINKS_PAGE:
                return
            after = rows[-1].seq

    def refused_refunds(self) -> tuple[UUID, ...]:
        """Return repairs of refunds whose receipt was not known when they came, oldest first."""
        rows = self._rows(
            "select repair_id from repair_queue where tenant_id = %(tenant)s and state = 'open'"
            " and kind = 'event' and code = %(code)s order by received_at, repair_id",
            code=FaultCode.REFUND_RECEIPT_UNKNOWN.value,
        )
        return tuple(row.repair_id for row in rows)

    def hashes_at(self, device: UUID, seq: int) -> tuple[bytes, ...]:
        """Return the hashes of a device's stored events at a sequence, of whatever epoch."""
        rows = self._rows(
            "select hash from event_log where tenant_id = %(tenant)s"
            " and device_id = %(device)s and seq = %(seq)s order by epoch",
            device=device,
            seq=seq,
        )
        return tuple(row.hash for row in rows)

    def in_repair(self, device: UUID, epoch: int) -> frozenset[int]:
        """Return the sequences that wait to be booked, or wait or waited in the repair queue."""
        rows = self._rows(
            "select seq from repair_queue where tenant_id = %(tenant)s"
            " and device_id = %(device)s and epoch = %(epoch)s and seq is not null"
            " union select generate_series(first_seq, last_seq) from frame_waiting"
            " where tenant_id = %(tenant)s and device_id = %(device)s and epoch = %(epoch)s",
            device=device,
            epoch=epoch,
        )
        return frozenset(row.seq for row in rows)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
