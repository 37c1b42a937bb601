"""Which wallets are to be placed anew, in PostgreSQL."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.placements import Visits

# Every purchase is a row of its own: booking never waits for who is placing the same wallet.
# Rows that another process places just now are passed over.
# Materialized: joined as a subquery the limit may be worked out anew for each row, and take all.
_TAKE = """
with due as materialized (
  select due_id, wallet_id from placement_due where tenant_id = %(tenant)s
  order by due_id limit %(rows)s for update skip locked),
taken as materialized (
  select wallet_id from due group by wallet_id order by min(due_id) limit %(limit)s)
delete from placement_due d using due join taken using (wallet_id)
where d.tenant_id = %(tenant)s and d.due_id = due.due_id
returning d.wallet_id
"""
# So many rows are looked at for one that is taken: a wallet stands there once for each purchase.
_ROWS_EACH = 8
_VISITS = """
select distinct m.wallet_id, r.store_id, r.business_date
from member m
join receipt r on r.tenant_id = m.tenant_id and r.member_id = m.member_id
where m.tenant_id = %(tenant)s and m.wallet_id = any(%(wallets)b::uuid[])
  and r.business_date >= %(since)s
order by m.wallet_id, r.business_date, r.store_id
"""


class PostgresPlacements(Repository):
    """Fulfils `PlacementRepo`."""

    def queue(self, wallets: Collection[UUID], now_ms: int) -> None:
        """Put wallets on the list; one that stands there already keeps its place."""
        if wallets:
            self._put(
                "insert into placement_due (tenant_id, wallet_id, since)"
                " select %(tenant)s, w, %(now)s from unnest(%(wallets)b::uuid[]) as w",
                wallets=list(set(wallets)),
                now=at(now_ms),
            )

    def take(self, limit: int) -> tuple[UUID, ...]:
        """Take the oldest off the list; they are back when the transaction fails."""
        rows = self._rows(_TAKE, limit=limit, rows=_ROWS_EACH * limit)
        return tuple(sorted({row.wallet_id for row in rows}))

    def visits(self, wallets: Collection[UUID], since: date) -> Visits:
        """Return where the wallets' owners shopped since a day; who never did is left out."""
        found: dict[UUID, list[tuple[UUID, date]]] = {}
        for row in self._rows(_VISITS, wallets=list(wallets), since=since):
            found.setdefault(row.wallet_id, []).append((row.store_id, row.business_date))
        return {wallet: tuple(days) for wallet, days in found.items()}
