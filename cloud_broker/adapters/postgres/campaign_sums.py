"""What people of a campaign spent since they came in, summed over the orders of a whole chain."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository
from cloud_broker.adapters.postgres.order_pass import one_pass, orders
from cloud_broker.ports.campaigns import Arms
from retail_core.insight.campaigns.uplift import ArmSum

_SOLD: Final = """r.sold_ms >= (select min(since_ms) from drawn)
    and r.sold_ms < (select max(since_ms) from drawn) + %(days)s * 86400000::bigint"""
_ORDERED: Final = """o.ordered_at >= (select to_timestamp(min(since_ms) / 1000.0) from drawn)
    and o.ordered_at < (select to_timestamp(max(since_ms) / 1000.0) from drawn)
      + %(days)s * interval '24 hours'"""
# Members that became one person since count once, in the arm that was drawn first.
_ARMS: Final = f"""
with drawn as materialized (
  select person_id, arm, entered_ms as since_ms from campaign_person
  where tenant_id = %(tenant)s and campaign_id = %(campaign)s
), {orders(_SOLD, _ORDERED)}, people as materialized (
  select distinct on (coalesce(v.person_id, d.person_id))
    coalesce(v.person_id, d.person_id) as person_id, d.arm,
    to_timestamp(d.since_ms / 1000.0) as since
  from drawn d left join persons v on v.member_id = d.person_id
  order by coalesce(v.person_id, d.person_id), d.since_ms, d.person_id
), bought as (
  select p.person_id, sum(o.fen) as whole,
    coalesce(sum(o.fen) filter (where not o.quarantined), 0) as clean
  from people p join orders o on o.person_id = p.person_id and o.ordered_at >= p.since
    and o.ordered_at < p.since + %(days)s * interval '24 hours'
  group by p.person_id
)
select p.arm, count(*) as people,
  count(*) filter (where b.clean > 0) as clean_buyers,
  coalesce(sum(b.clean), 0)::bigint as clean_fen,
  coalesce(sum(b.clean * b.clean), 0)::numeric as clean_squares,
  count(*) filter (where b.whole > 0) as whole_buyers,
  coalesce(sum(b.whole), 0)::bigint as whole_fen,
  coalesce(sum(b.whole * b.whole), 0)::numeric as whole_squares
from people p left join bought b on b.person_id = p.person_id group by p.arm
"""  # noqa: S608 - our own words


class CampaignSums(Repository):
    """The question, in the transaction of whoever asks it."""

    def arms(self, campaign: UUID, measure_days: int) -> Arms:
        """Return both arms, without what was set aside and with it."""
        with one_pass(self._connection):
            asked = self._rows(_ARMS, campaign=campaign, days=measure_days)
        rows = {row.arm: row for row in asked}
        treated, held = rows.get("treated"), rows.get("held")
        return Arms((_clean(treated), _clean(held)), (_whole(treated), _whole(held)))


def _clean(row: Row[Any] | None) -> ArmSum:
    if row is None:
        return ArmSum()
    return ArmSum(row.people, row.clean_buyers, row.clean_fen, int(row.clean_squares))


def _whole(row: Row[Any] | None) -> ArmSum:
    if row is None:
        return ArmSum()
    return ArmSum(row.people, row.whole_buyers, row.whole_fen, int(row.whole_squares))
