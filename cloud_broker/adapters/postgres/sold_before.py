"""Past receipts for rehearsals of rules: a store's day at a time, with articles as of today."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import msgspec

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.ports.drafts import Buyer, ReceiptBefore, SoldBefore

# One JSON array a receipt: a row for each line would carry the receipt's own columns each time.
_RECEIPTS = """
select r.receipt_id, r.till_receipt_no as number, s.name as store, g.name as region, r.total_fen,
  r.member_id, to_timestamp(r.sold_ms / 1000.0) at time zone s.zone as opened,
  (select json_agg(json_build_array(l.sku, l.name, l.qty_milli, l.shelf_fen,
      coalesce(v.brand, ''), coalesce(v.category, ''), coalesce(v.tags, '{}'), v.cost_fen)
      order by l.line)::text
    from receipt_line l
    left join lateral (
      select brand, category, tags, cost_fen from article_revision v
      where v.tenant_id = l.tenant_id and v.article_id = l.article_id
        and v.effective_from <= current_date
      order by v.effective_from desc, v.revision desc limit 1) v on true
    where l.tenant_id = r.tenant_id and l.receipt_id = r.receipt_id) as lines
from receipt r
join store s on s.tenant_id = r.tenant_id and s.store_id = r.store_id
join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
where r.tenant_id = %(tenant)s and r.store_id = %(store)s and r.business_date = %(day)s
order by r.receipt_id
"""
_BUYERS = """
select m.member_id, m.tier, m.tags, coalesce(p.groups, '{}') as groups,
  coalesce(p.personal, true) as personal,
  (m.enrolled_at at time zone coalesce(s.zone, 'UTC'))::date as joined
from member m
left join member_profile p on p.tenant_id = m.tenant_id and p.member_id = m.member_id
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
where m.tenant_id = %(tenant)s and m.member_id = any(%(members)b::uuid[])
"""
_STORE_DAYS = """
select store_id, business_date as day, count(*) as receipts from receipt
where tenant_id = %(tenant)s and business_date between %(first)s and %(last)s
  and (%(store)s::uuid is null or (store_id, business_date) > (%(store)s::uuid, %(day)s::date))
group by store_id, business_date order by store_id, business_date limit %(limit)s
"""


class _Line(msgspec.Struct, array_like=True):
    """A line as the statement packs it."""

    sku: str
    name: str
    qty_milli: int
    shelf_fen: int
    brand: str
    category: str
    tags: tuple[str, ...]
    cost_fen: int | None


_lines = msgspec.json.Decoder(tuple[_Line, ...])


class PostgresSoldBefore(Repository):
    """The part of `DraftRepo` about past sales."""

    def receipts_between(self, first: date, last: date) -> int:
        """Count the receipts of some business days."""
        row = self._row(
            "select count(*) as receipts from receipt where tenant_id = %(tenant)s"
            " and business_date between %(first)s and %(last)s",
            first=first,
            last=last,
        )
        return 0 if row is None else int(row.receipts)

    def receipts_of(self, store: UUID, day: date) -> tuple[ReceiptBefore, ...]:
        """Return a store's receipts of a business day, in the order of their ids."""
        return tuple(
            ReceiptBefore(
                *(row.receipt_id, row.number, row.store, row.region),
                *(row.opened, row.total_fen, row.member_id),
                tuple(
                    SoldBefore(
                        *(one.sku, one.name, one.qty_milli, one.shelf_fen),
                        *(one.brand, one.category, one.tags, one.cost_fen),
                    )
                    for one in (() if row.lines is None else _lines.decode(row.lines))
                ),
            )
            for row in self._rows(_RECEIPTS, store=store, day=day)
        )

    def buyers(self, members: Collection[UUID]) -> dict[UUID, Buyer]:
        """Return members as rules may ask of them."""
        if not members:
            return {}
        return {
            row.member_id: Buyer(
                *(row.tier, frozenset(row.tags), frozenset(row.groups)), row.personal, row.joined
            )
            for row in self._rows(_BUYERS, members=sorted(members))
        }

    def sums(self, first: date, last: date) -> Counter[int]:
        """Count receipts of some business days by what they came to at shelf prices."""
        rows = self._rows(
            "select shelf_fen, count(*) as receipts from receipt where tenant_id = %(tenant)s"
            " and business_date between %(first)s and %(last)s group by shelf_fen",
            first=first,
            last=last,
        )
        return Counter({int(row.shelf_fen): int(row.receipts) for row in rows})

    def store_days(
        self, after: tuple[UUID, date] | None, first: date, last: date, limit: int
    ) -> Sequence[tuple[UUID, date, int]]:
        """Return the next store-days that have receipts, by store and day, with how many."""
        store, day = after or (None, None)
        rows = self._rows(_STORE_DAYS, first=first, last=last, store=store, day=day, limit=limit)
        return [(row.store_id, row.day, int(row.receipts)) for row in rows]
