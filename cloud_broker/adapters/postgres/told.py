"""What shops are told of members' tiers, birthdays, coupons and gifts, read for many at once."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

import msgspec

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.adapters.postgres.benefits import PostgresBenefits
from cloud_broker.domain.benefits import coupon_told, gift_told
from cloud_broker.domain.records import Told
from cloud_broker.domain.rule_uses import told_uses
from retail_core.growth.account import day_number
from retail_core.wire.standing import CouponHeld, GiftDue, TaskReached, TierStanding

_OWN = """
select m.member_id, p.told, p.personal, p.groups, h.account,
  (m.enrolled_at at time zone coalesce(s.zone, 'UTC'))::date as joined
from member m
left join member_profile p on p.tenant_id = m.tenant_id and p.member_id = m.member_id
left join member_standing h on h.tenant_id = m.tenant_id and h.member_id = m.member_id
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
where m.tenant_id = %(tenant)s and m.member_id = any(%(members)b::uuid[])
"""
_TASKS = """
select member_id, task, period, has, last_day from task_progress
where tenant_id = %(tenant)s and member_id = any(%(members)b::uuid[]) order by member_id, task
"""
_USES = """
select member_id, rule, business_date, uses from rule_use
where tenant_id = %(tenant)s and member_id = any(%(members)b::uuid[])
"""
_account = msgspec.msgpack.Decoder(TierStanding)


class PostgresTold(Repository):
    """Reads."""

    def of(self, members: Collection[UUID]) -> dict[UUID, Told]:
        """Return what is told of members that exist."""
        benefits = PostgresBenefits(self._connection, self._tenant)
        coupons: dict[UUID, list[CouponHeld]] = defaultdict(list)
        for coupon in benefits.coupons_of(members):
            coupons[coupon.member].append(coupon_told(coupon))
        gifts: dict[UUID, list[GiftDue]] = defaultdict(list)
        for gift in benefits.gifts_of(members):
            gifts[gift.member].append(gift_told(gift))
        tasks: dict[UUID, list[TaskReached]] = defaultdict(list)
        for row in self._rows(_TASKS, members=list(members)):
            last = 0 if row.last_day is None else day_number(row.last_day)
            reached = TaskReached(row.task, row.period, tuple(row.has), last)
            tasks[row.member_id].append(reached)
        uses: dict[UUID, dict[tuple[str, date], int]] = defaultdict(dict)
        for row in self._rows(_USES, members=list(members)):
            uses[row.member_id][row.rule, row.business_date] = row.uses
        used = {member: told_uses(by_day) for member, by_day in uses.items()}
        return {
            row.member_id: Told(
                joined=day_number(row.joined),
                birthday=row.told or 0,
                groups=tuple(row.groups or ()),
                personal=row.personal is not False,
                standing=None if row.account is None else _account.decode(row.account),
                coupons=tuple(coupons[row.member_id]),
                gifts=tuple(gifts[row.member_id]),
                tasks=tuple(tasks[row.member_id]),
                used=used.get(row.member_id, ((), 0))[0],
                used_on=used.get(row.member_id, ((), 0))[1],
            )
            for row in self._rows(_OWN, members=list(members))
        }
