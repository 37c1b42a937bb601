"""Coupons and gifts in PostgreSQL. What was used is read from the spends of their leases."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.benefits import Coupon, Ending, Gift, Lendable

_STANDS = (
    "not exists (select from member_unmerge u"
    " where u.tenant_id = m.tenant_id and u.merge_id = m.merge_id)"
)
# Up to the wallet everything was merged into, then down to all that were merged into it.
PERSONS = f"""
with recursive up(member_id, wallet, hops) as (
  select member_id, wallet_id, 0 from member
  where tenant_id = %(tenant)s and member_id = any(%(members)b::uuid[])
  union all
  select v.member_id, m.into_wallet_id, v.hops + 1 from up v join member_merge m
    on m.tenant_id = %(tenant)s and m.from_wallet_id = v.wallet and v.hops < 100 and {_STANDS}
), top as (
  select distinct on (member_id) member_id, wallet from up order by member_id, hops desc
), down(top, wallet, hops) as (
  select distinct wallet, wallet, 0 from top
  union all
  select d.top, m.from_wallet_id, d.hops + 1 from down d join member_merge m
    on m.tenant_id = %(tenant)s and m.into_wallet_id = d.wallet and d.hops < 100 and {_STANDS}
)
select distinct t.member_id, p.member_id as other from top t
join down d on d.top = t.wallet
join member p on p.tenant_id = %(tenant)s and p.wallet_id = d.wallet
order by t.member_id, other
"""  # noqa: S608 -- constants
_UNUSED = (
    "not exists (select from lease_spend s where s.tenant_id = b.tenant_id and s.kind = 'coupon'"
    " and s.right_id = b.{id})"
)
COUPON_UNUSED = _UNUSED.format(id="coupon_id")
GIFT_UNUSED = _UNUSED.format(id="gift_id")
_ADD_COUPON = f"""
insert into member_coupon as b values (%(tenant)s, %(right)s, %(member)s, %(rule)s, %(source)s,
  %(first)s, %(last)s, %(now)s, null)
on conflict (tenant_id, member_id, source) do update
  set ended = null, rule = excluded.rule, first_day = excluded.first_day,
  last_day = excluded.last_day
  where b.ended in ('taken', 'merged') and {COUPON_UNUSED}
"""  # noqa: S608 -- constants
_ADD_GIFT = f"""
insert into member_gift as b values (%(tenant)s, %(right)s, %(member)s, %(kind)s, %(sku)s,
  %(name)s, %(source)s, %(store)s, %(last)s, %(ready)s, %(now)s, null)
on conflict (tenant_id, member_id, source) do update
  set ended = null, kind = excluded.kind, sku = excluded.sku, name = excluded.name,
  store_id = excluded.store_id, last_day = excluded.last_day, ready = excluded.ready
  where b.ended in ('taken', 'merged') and {GIFT_UNUSED}
"""  # noqa: S608 -- constants
_COUPONS = f"""
select * from member_coupon b where b.tenant_id = %(tenant)s
and b.member_id = any(%(members)b::uuid[]) and b.ended is null and {COUPON_UNUSED}
order by b.last_day, b.coupon_id
"""  # noqa: S608 -- constants
_GIFTS = f"""
select * from member_gift b where b.tenant_id = %(tenant)s
and b.member_id = any(%(members)b::uuid[]) and b.ended is null and {GIFT_UNUSED}
order by b.last_day, b.gift_id
"""  # noqa: S608 -- constants
_SOURCED = f"""
select coupon_id as right_id, member_id from member_coupon b where b.tenant_id = %(tenant)s
and b.member_id = any(%(members)b::uuid[]) and source = %(source)s and ended is null
and {COUPON_UNUSED}
union all
select gift_id, member_id from member_gift b where b.tenant_id = %(tenant)s
and b.member_id = any(%(members)b::uuid[]) and source = %(source)s and ended is null
and {GIFT_UNUSED}
"""  # noqa: S608 -- constants
_END = """
update {table} b set ended = %(how)s where b.tenant_id = %(tenant)s
and b.{id} = any(%(rights)b::uuid[]) and b.ended is null and {unused} returning b.member_id
"""
_LENDABLE = """
select r.right_id, b.member_id, d.device_id
from lease_right r
join (
  select tenant_id, coupon_id as right_id, member_id, null::uuid as store_id from member_coupon
  where ended is null
  union all
  select tenant_id, gift_id, member_id, store_id from member_gift where ended is null
) b on b.tenant_id = r.tenant_id and b.right_id = r.right_id
join member m on m.tenant_id = r.tenant_id and m.member_id = b.member_id
cross join lateral (
  select d.device_id from device d
  join lease_tenure t on t.tenant_id = d.tenant_id and t.device_id = d.device_id and not t.frozen
  where d.tenant_id = r.tenant_id and d.store_id = coalesce(b.store_id, m.home_store_id)
  and d.retired_at is null order by d.device_id limit 1
) d
where r.tenant_id = %(tenant)s and r.kind = 'coupon' and r.free > 0
"""
_OVER = f"""
select coupon_id as right_id from member_coupon b where b.tenant_id = %(tenant)s
and b.last_day < %(day)s and b.ended is null and {COUPON_UNUSED}
union all
select gift_id from member_gift b where b.tenant_id = %(tenant)s
and b.last_day < %(day)s and b.ended is null and {GIFT_UNUSED}
order by 1 limit %(limit)s
"""  # noqa: S608 -- constants


_REVIVE = """
update {table} b set ended = null where b.tenant_id = %(tenant)s
and b.member_id = any(%(members)b::uuid[]) and b.ended = 'merged' and b.last_day >= %(day)s
and {unused} returning b.{id} as right_id, b.member_id
"""
# Each table of what is given, its key, and what says that it was not used.
_TABLES = (
    ("member_coupon", "coupon_id", COUPON_UNUSED),
    ("member_gift", "gift_id", GIFT_UNUSED),
)


class PostgresBenefits(Repository):
    """Fulfils `BenefitRepo`."""

    def persons(self, members: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
        """Return all members that are one person with each (herself first); unknown are absent."""
        found: dict[UUID, list[UUID]] = defaultdict(list)
        for row in self._rows(PERSONS, members=sorted(members)):
            same = found[row.member_id]
            same.insert(0 if row.other == row.member_id else len(same), row.other)
        return {member: tuple(same) for member, same in found.items()}

    def add_coupon(self, coupon: Coupon, now_ms: int) -> bool:
        """Give a coupon; False when its source gave her one, unless that was taken back unused."""
        added = self._run(
            _ADD_COUPON,
            right=coupon.right,
            member=coupon.member,
            rule=coupon.rule,
            source=coupon.source,
            first=coupon.first_day,
            last=coupon.last_day,
            now=at(now_ms),
        )
        return added == 1

    def add_gift(self, gift: Gift, now_ms: int) -> bool:
        """Give a gift; False when its source gave her one, unless that was taken back unused."""
        added = self._run(
            _ADD_GIFT,
            right=gift.right,
            member=gift.member,
            kind=gift.kind,
            sku=gift.sku,
            name=gift.name,
            source=gift.source,
            store=gift.store,
            last=gift.last_day,
            ready=gift.ready,
            now=at(now_ms),
        )
        return added == 1

    def given(self, members: Collection[UUID], source: str, what: type[Coupon | Gift]) -> bool:
        """Tell whether a source gave any of these members one and did not take it back."""
        table = "member_coupon" if what is Coupon else "member_gift"
        found = self._row(
            f"select from {table} where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b::uuid[]) and source = %(source)s"
            " and (ended is null or ended = 'expired') limit 1",
            members=list(members),
            source=source,
        )
        return found is not None

    def coupons_of(self, members: Collection[UUID]) -> tuple[Coupon, ...]:
        """Return coupons that are neither used nor ended, the next to end first."""
        rows = self._rows(_COUPONS, members=list(members))
        return tuple(map(_coupon, rows))

    def gifts_of(self, members: Collection[UUID]) -> tuple[Gift, ...]:
        """Return gifts that are neither handed over nor ended, the next to end first."""
        rows = self._rows(_GIFTS, members=list(members))
        return tuple(map(_gift, rows))

    def coupon(self, right: UUID) -> Coupon | None:
        """Return a coupon, whatever became of it."""
        row = self._row(
            "select * from member_coupon where tenant_id = %(tenant)s and coupon_id = %(right)s",
            right=right,
        )
        return None if row is None else _coupon(row)

    def sourced(self, members: Collection[UUID], source: str) -> dict[UUID, UUID]:
        """Return what a source gave these members and is not ended: member by right."""
        rows = self._rows(_SOURCED, members=list(members), source=source)
        return {row.right_id: row.member_id for row in rows}

    def make_ready(self, rights: Collection[UUID]) -> set[UUID]:
        """Let promised gifts be handed over; return those that were only promised."""
        rows = self._rows(
            "update member_gift set ready = true where tenant_id = %(tenant)s"
            " and gift_id = any(%(rights)b::uuid[]) and not ready returning gift_id",
            rights=list(rights),
        )
        return {row.gift_id for row in rows}

    def end(self, rights: Collection[UUID], how: Ending) -> set[UUID]:
        """End what is neither used nor ended; return whose it was."""
        ended: set[UUID] = set()
        for table, key, unused in _TABLES:
            statement = _END.format(table=table, id=key, unused=unused)
            ended |= {row.member_id for row in self._rows(statement, rights=list(rights), how=how)}
        return ended

    def revive(self, members: Collection[UUID], day: date) -> dict[UUID, UUID]:
        """Let what a merge ended and still has days return; return members by right."""
        found: dict[UUID, UUID] = {}
        for table, key, unused in _TABLES:
            statement = _REVIVE.format(table=table, id=key, unused=unused)
            rows = self._rows(statement, members=list(members), day=day)
            found |= {row.right_id: row.member_id for row in rows}
        return found

    def lendable(self, rights: Collection[UUID] | None, limit: int) -> tuple[Lendable, ...]:
        """Return unlent benefits (of these, or any) for which a box can be found now."""
        named = "" if rights is None else " and r.right_id = any(%(rights)b::uuid[])"
        rows = self._rows(
            _LENDABLE + named + " order by r.right_id limit %(limit)s",
            rights=list(rights or ()),
            limit=limit,
        )
        return tuple(Lendable(row.right_id, row.member_id, row.device_id) for row in rows)

    def over(self, day: date, limit: int) -> tuple[UUID, ...]:
        """Return benefits whose last day lies before a day, neither used nor ended."""
        return tuple(row.right_id for row in self._rows(_OVER, day=day, limit=limit))


def _gift(row: Row[Any]) -> Gift:
    return Gift(
        row.gift_id,
        row.member_id,
        row.kind,
        row.sku,
        row.name,
        row.source,
        row.store_id,
        row.last_day,
        row.ready,
    )


def _coupon(row: Row[Any]) -> Coupon:
    return Coupon(row.coupon_id, row.member_id, row.rule, row.source, row.first_day, row.last_day)
