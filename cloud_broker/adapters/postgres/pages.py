"""Read models of HQ's pages: sales, members, ledgers, and what waits for a person."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import LEASED_OF, Repository, ms_of
from cloud_broker.adapters.postgres.benefits import PostgresBenefits
from cloud_broker.adapters.postgres.catalogue import PostgresCatalogue
from cloud_broker.adapters.postgres.growth import PostgresGrowth
from cloud_broker.adapters.postgres.journal import PostgresJournal
from cloud_broker.adapters.postgres.profiles import PostgresProfiles
from cloud_broker.adapters.postgres.tags import TagRows
from cloud_broker.domain.records import accounts_of, spendable
from cloud_broker.domain.sync_doctor import REPLAYABLE
from cloud_broker.ports.growth import StandingRow, TierChange
from cloud_broker.ports.journal import LedgerLine
from cloud_broker.services.access.overview import (
    ConsentRow,
    LedgerRow,
    LedgerTotals,
    MemberPage,
    MemberRow,
    NameReview,
    PostingRow,
    RepairRow,
    SaleLineRow,
    SaleRow,
    TierRow,
)
from cloud_broker.services.access.worked_tags import worked_tags
from cloud_broker.services.members.member_desk import tier_names
from retail_core.checkout.business_date import as_int
from retail_core.growth.account import Said, explain

PAGE_ROWS = 50

_SALES = """
select r.receipt_id, r.store_id, s.name as store_name, r.source, r.till_receipt_no,
  r.business_date, r.sold_ms, r.received_at, r.sync_ms, r.shelf_fen, r.total_fen, r.points,
  r.member_id, coalesce(m.name, '') as member_name
from receipt r
join store s on s.tenant_id = r.tenant_id and s.store_id = r.store_id
left join member m on m.tenant_id = r.tenant_id and m.member_id = r.member_id
where r.tenant_id = %(tenant)s
"""
_LEASED = LEASED_OF.format(wallet="m.wallet_id")
_MEMBERS = f"""
select m.member_id, m.name, m.tier, m.phone_masked, s.name as store_name, l.sold_ms,
  coalesce(a.balance, 0) as free, coalesce(o.balance, 0) as owed, coalesce(({_LEASED}), 0) as leased
from member m
join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
left join account a on a.tenant_id = m.tenant_id and a.account = 'member:' || m.wallet_id || ':free'
left join account o on o.tenant_id = m.tenant_id and o.account = 'member:' || m.wallet_id || ':owed'
left join lateral (
  select sold_ms from receipt r where r.tenant_id = m.tenant_id and r.member_id = m.member_id
  order by r.received_at desc, r.receipt_id desc limit 1
) l on true
where m.tenant_id = %(tenant)s and (
  %(query)s = '' or strpos(m.name, %(query)s) > 0 or strpos(m.phone_masked, %(query)s) > 0
  or m.member_id::text = %(query)s)
order by m.enrolled_at desc limit %(limit)s
"""  # noqa: S608 -- constants
_MEMBER = """
select m.*, s.name as store_name,
  (select count(*) from credential c where c.tenant_id = m.tenant_id
    and c.member_id = m.member_id and c.kind = 'phone_key' and c.revoked_at is null) as phones,
  (select count(*) from credential c where c.tenant_id = m.tenant_id
    and c.member_id = m.member_id and c.kind = 'card' and c.revoked_at is null) as cards,
  array(select h.name from interest i
    join store h on h.tenant_id = i.tenant_id and h.store_id = i.store_id
    where i.tenant_id = m.tenant_id and i.member_id = m.member_id order by h.name) as held_by,
  array(select distinct o.member_id from member o
    where o.tenant_id = m.tenant_id and o.phone_hash = m.phone_hash
    and o.member_id <> m.member_id) as doubles
from member m
join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
where m.tenant_id = %(tenant)s and m.member_id = %(member)s
"""
CHANGES_MAX = 50
_REPAIRS = """
select q.*, coalesce(s.name, '') as store_name from repair_queue q
left join store s on s.tenant_id = q.tenant_id and s.store_id = q.store_id
where q.tenant_id = %(tenant)s
"""
_NAMES = """
select n.name, n.seen, n.last_seen_at, (
  select a.sku from article a
  join article_revision r on r.tenant_id = a.tenant_id and r.article_id = a.article_id
  where a.tenant_id = n.tenant_id and r.name = n.name order by r.revision desc limit 1
) as suggestion
from name_review n where n.tenant_id = %(tenant)s
order by n.seen desc, n.name limit %(limit)s
"""


class PostgresPages(Repository):
    """The pages' rows."""

    def sales(self, *, limit: int, store: UUID | None) -> tuple[SaleRow, ...]:
        """Return the latest sales with their lines, newest first."""
        if store is None:
            rows = self._rows(
                _SALES + " order by r.received_at desc, r.receipt_id desc limit %(limit)s",
                limit=limit,
            )
        else:
            rows = self._rows(
                _SALES + " and r.store_id = %(store)s"
                " order by r.received_at desc, r.receipt_id desc limit %(limit)s",
                store=store,
                limit=limit,
            )
        return self._with_lines(rows)

    def members(self, query: str, *, limit: int) -> tuple[MemberRow, ...]:
        """Find members by a part of the name, the masked number, or the id."""
        rows = self._rows(_MEMBERS, query=query.strip(), limit=limit)
        return tuple(
            MemberRow(
                row.member_id,
                row.name,
                row.tier,
                row.phone_masked,
                spendable(row.free, row.leased, row.owed),
                row.store_name,
                row.sold_ms,
            )
            for row in rows
        )

    def member(self, member_id: UUID) -> MemberPage | None:
        """Return one member's page, or None."""
        row = self._row(_MEMBER, member=member_id)
        if row is None:
            return None
        journal = PostgresJournal(self._connection, self._tenant)
        accounts = accounts_of(row.wallet_id)
        balances = journal.balances(accounts)
        free, pending, qualifying, owed = (balances.get(account, 0) for account in accounts)
        lent = self._row(LEASED_OF.format(wallet="%(wallet)s::uuid"), wallet=row.wallet_id)
        growth = PostgresGrowth(self._connection, self._tenant)
        benefits = PostgresBenefits(self._connection, self._tenant)
        person = benefits.persons([member_id])[member_id]
        profile = (
            PostgresProfiles(self._connection, self._tenant).profiles([member_id]).get(member_id)
        )
        tagged = TagRows(self._connection, self._tenant).tags_of(member_id)
        why = self._why(growth.standings([member_id]).get(member_id))
        return MemberPage(
            member_id=row.member_id,
            wallet_id=row.wallet_id,
            ver=row.ver,
            name=row.name,
            tier=row.tier,
            tags=tuple(row.tags),
            phone_masked=row.phone_masked,
            home_store_name=row.store_name,
            enrolled_ms=ms_of(row.enrolled_at),
            points_free=spendable(free, 0 if lent is None else lent.points or 0, owed),
            points_pending=pending,
            points_qualifying=qualifying,
            points_owed=-owed,
            phones=row.phones,
            cards=row.cards,
            held_by=tuple(row.held_by),
            possible_duplicates=tuple(row.doubles),
            consents=self._consents(member_id),
            sales=self._sales_of(member_id),
            postings=self._postings(row.wallet_id),
            tier_why_zh=why.zh,
            tier_why_en=why.en,
            tier_changes=tuple(map(_tier_row, growth.changes_of(person, CHANGES_MAX))),
            coupons=benefits.coupons_of(person),
            gifts=benefits.gifts_of(person),
            groups=() if profile is None else profile.groups,
            personal=profile is None or profile.personal,
            worked=() if tagged is None else worked_tags(*tagged),
            worked_on=None if tagged is None else tagged[0].as_of,
        )

    def _why(self, standing: StandingRow | None) -> Said:
        """Return the account of her tier, as the rules in force call the tiers."""
        if standing is None:
            return Said("", "")
        names = tier_names(PostgresCatalogue(self._connection, self._tenant))
        return explain(standing.account, standing.tier, names)

    def ledger(self, store: UUID) -> tuple[tuple[LedgerRow, ...], LedgerTotals]:
        """Return a store's receipts and their sums."""
        lines = PostgresJournal(self._connection, self._tenant).ledger(store)
        totals = LedgerTotals(
            len(lines), sum(line.total_fen for line in lines), sum(line.points for line in lines)
        )
        return tuple(map(_ledger_row, lines)), totals

    def repairs(self, *, limit: int) -> tuple[RepairRow, ...]:
        """Return the repair queue, open ones first."""
        rows = self._rows(
            _REPAIRS + " order by q.state desc, q.received_at desc limit %(limit)s", limit=limit
        )
        return tuple(map(_repair_row, rows))

    def repair(self, repair_id: UUID) -> RepairRow | None:
        """Return one row of the repair queue."""
        row = self._row(_REPAIRS + " and q.repair_id = %(id)s", id=repair_id)
        return None if row is None else _repair_row(row)

    def names_to_review(self, *, limit: int) -> tuple[NameReview, ...]:
        """Return printed names without an article, most seen first."""
        rows = self._rows(_NAMES, limit=limit)
        return tuple(
            NameReview(row.name, row.seen, ms_of(row.last_seen_at), row.suggestion) for row in rows
        )

    def _sales_of(self, member_id: UUID) -> tuple[SaleRow, ...]:
        rows = self._rows(
            _SALES + " and r.member_id = %(member)s"
            " order by r.received_at desc, r.receipt_id desc limit %(limit)s",
            member=member_id,
            limit=PAGE_ROWS,
        )
        return self._with_lines(rows)

    def _with_lines(self, rows: Sequence[Row[Any]]) -> tuple[SaleRow, ...]:
        lines: dict[UUID, list[SaleLineRow]] = defaultdict(list)
        for line in self._rows(
            "select receipt_id, line, sku, name, qty_milli, shelf_fen, net_fen from receipt_line"
            " where tenant_id = %(tenant)s and receipt_id = any(%(receipts)b)"
            " order by receipt_id, line",
            receipts=[row.receipt_id for row in rows],
        ):
            lines[line.receipt_id].append(
                SaleLineRow(
                    line.line, line.sku, line.name, line.qty_milli, line.shelf_fen, line.net_fen
                )
            )
        return tuple(_sale_row(row, tuple(lines[row.receipt_id])) for row in rows)

    def _consents(self, member_id: UUID) -> tuple[ConsentRow, ...]:
        rows = self._rows(
            "select c.kind, c.given, c.text_version, c.language, c.channel, c.wall_ms,"
            " coalesce(s.name, '') as store_name from consent c"
            " left join store s on s.tenant_id = c.tenant_id and s.store_id = c.store_id"
            " where c.tenant_id = %(tenant)s and c.member_id = %(member)s"
            " order by c.received_at desc, c.consent_id desc",
            member=member_id,
        )
        return tuple(
            ConsentRow(
                row.kind,
                row.given,
                row.text_version,
                row.language,
                row.channel,
                row.wall_ms,
                row.store_name,
            )
            for row in rows
        )

    def _postings(self, wallet: UUID) -> tuple[PostingRow, ...]:
        rows = self._rows(
            "select receipt_id, line, rule, kind, debit, credit, points, posted_at from posting"
            " where tenant_id = %(tenant)s and wallet_id = %(wallet)s"
            " order by posted_at desc, receipt_id, line, kind limit %(limit)s",
            wallet=wallet,
            limit=PAGE_ROWS,
        )
        return tuple(
            PostingRow(
                row.receipt_id,
                row.line,
                row.rule,
                row.kind,
                row.debit,
                row.credit,
                row.points,
                ms_of(row.posted_at),
            )
            for row in rows
        )


def _sale_row(row: Row[Any], lines: tuple[SaleLineRow, ...]) -> SaleRow:
    return SaleRow(
        receipt_id=row.receipt_id,
        store_id=row.store_id,
        store_name=row.store_name,
        source=row.source,
        till_receipt_no=row.till_receipt_no,
        business_date=as_int(row.business_date),
        wall_ms=row.sold_ms,
        received_ms=ms_of(row.received_at),
        sync_ms=row.sync_ms,
        shelf_fen=row.shelf_fen,
        total_fen=row.total_fen,
        points=row.points,
        member_id=row.member_id,
        member_name=row.member_name,
        lines=lines,
    )


def _repair_row(row: Row[Any]) -> RepairRow:
    return RepairRow(
        repair_id=row.repair_id,
        code=row.code,
        kind=row.kind,
        detail=row.detail,
        store_name=row.store_name,
        device_id=row.device_id,
        seq=row.seq,
        received_ms=ms_of(row.received_at),
        state=row.state,
        replayable=row.state == "open" and row.kind in REPLAYABLE,
    )


def _tier_row(change: TierChange) -> TierRow:
    return TierRow(
        change.day,
        change.change,
        change.before,
        change.after,
        change.until,
        change.account.spend_fen,
        change.account.visits,
        change.by,
        change.reason,
    )


def _ledger_row(line: LedgerLine) -> LedgerRow:
    return LedgerRow(
        line.receipt_id,
        as_int(line.day),
        line.total_fen,
        line.points,
        line.member,
        line.source,
    )
