-- What is worked out of members, and the tables it is worked out from.

-- How a chain draws its lines; what is not here is as the catalogue has it.
create table tag_threshold (
  tenant_id uuid not null references tenant,
  name text not null,
  value bigint not null check (value >= 0),
  set_by text not null,
  set_at timestamptz not null,
  primary key (tenant_id, name)
);

-- What the tags of a version are called: rows of an older one are still read with their own words.
create table tag_catalogue (
  tenant_id uuid not null references tenant,
  version text not null,
  words jsonb not null,
  made_at timestamptz not null,
  primary key (tenant_id, version)
);

-- One row a member, apart from the tags that people give by hand. No foreign key: members come and
-- go while a run writes, and the next run drops what it no longer finds.
create table member_tags (
  tenant_id uuid not null,
  member_id uuid not null,
  catalogue text not null,
  as_of date not null,
  tags jsonb not null,
  primary key (tenant_id, member_id)
);

create table tag_run (
  tenant_id uuid not null,
  run_no bigint generated always as identity,
  catalogue text not null,
  as_of date not null,
  members bigint not null,
  ended_at timestamptz not null,
  primary key (tenant_id, run_no)
);

-- How far the copy for analysis has followed: everything booked before `until` is in it.
create table analytic_copy (
  tenant_id uuid not null,
  place text not null,
  until timestamptz not null,
  primary key (tenant_id, place)
);

-- ---- the tables that the catalogue reads ------------------------------------------------------------

-- Views with the rights of whoever asks: row security of the tables below holds. None of them is
-- written through.
create schema analytics;

-- Whose acts a merged membership's are, followed to the end of what stands.
create view analytics.person with (security_invoker = true) as
with recursive moved(tenant_id, member_id, person_id, hops) as (
  select tenant_id, from_member_id, into_member_id, 1 from member_merge m
  where not exists (select from member_unmerge u
    where u.tenant_id = m.tenant_id and u.merge_id = m.merge_id)
  union all
  select v.tenant_id, v.member_id, m.into_member_id, v.hops + 1
  from moved v join member_merge m on m.tenant_id = v.tenant_id and m.from_member_id = v.person_id
    and v.hops < 100
    and not exists (select from member_unmerge u
      where u.tenant_id = m.tenant_id and u.merge_id = m.merge_id)
)
select distinct on (tenant_id, member_id) tenant_id, member_id, person_id
from moved order by tenant_id, member_id, hops desc;

create view analytics.till_line with (security_invoker = true) as
select r.tenant_id, r.receipt_id, r.store_id, r.business_date, r.total_fen,
  coalesce(p.person_id, r.member_id, c.member_id) as person_id,
  l.line, l.sku, nullif(a.brand, '') as brand, nullif(a.category, '') as category,
  greatest(1, round(l.qty_milli / 1000.0))::bigint as units, l.shelf_fen, l.net_fen,
  round(a.cost_fen * l.qty_milli / 1000.0)::bigint as cost_fen,
  l.offers::text not in ('[]', '{}', 'null') as promoted
from receipt r
join receipt_line l on l.tenant_id = r.tenant_id and l.receipt_id = r.receipt_id
left join receipt_claim c on c.tenant_id = r.tenant_id and c.receipt_id = r.receipt_id
left join analytics.person p
  on p.tenant_id = r.tenant_id and p.member_id = coalesce(r.member_id, c.member_id)
left join lateral (
  select v.brand, v.category, v.cost_fen from article_revision v
  where v.tenant_id = l.tenant_id and v.article_id = l.article_id
    and v.effective_from <= r.business_date
  order by v.effective_from desc, v.revision desc limit 1
) a on true;

create view analytics.till_order with (security_invoker = true) as
select r.tenant_id, r.receipt_id, coalesce(p.person_id, r.member_id, c.member_id) as person_id,
  r.store_id, g.name as region, r.business_date,
  to_timestamp(r.sold_ms / 1000.0) at time zone 'UTC' as ordered_at,
  extract(hour from to_timestamp(r.sold_ms / 1000.0) at time zone s.zone)::bigint as hour_local,
  r.shelf_fen as list_fen, r.total_fen as net_fen, coalesce(b.fen, 0) as refunded_fen,
  n.cost_fen, coalesce(u.points, 0) as points_used, coalesce(u.coupons, 0) as coupons,
  coalesce(n.units, 0) as units,
  case when b.fen is null then 'paid'
    when b.fen >= r.total_fen then 'refunded' else 'part_refunded' end as status,
  r.operator_id
from receipt r
join store s on s.tenant_id = r.tenant_id and s.store_id = r.store_id
join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
left join receipt_claim c on c.tenant_id = r.tenant_id and c.receipt_id = r.receipt_id
left join analytics.person p
  on p.tenant_id = r.tenant_id and p.member_id = coalesce(r.member_id, c.member_id)
left join lateral (
  -- Least passes a null over: what was not given back would be given back whole.
  select case when count(*) > 0 then least(sum(f.money_fen + f.points_fen), r.total_fen) end::bigint
    as fen from refund f
  where f.tenant_id = r.tenant_id and f.receipt_id = r.receipt_id
) b on true
left join lateral (
  select sum(x.amount) filter (where x.kind = 'points')::bigint as points,
    count(*) filter (where x.kind = 'coupon') as coupons
  from lease_spend x where x.tenant_id = r.tenant_id and x.receipt_id = r.receipt_id
) u on true
left join lateral (
  -- A cost only where every line has one: half of it would be a margin too good.
  select sum(t.units)::bigint as units,
    case when bool_and(t.cost_fen is not null) then sum(t.cost_fen)::bigint end as cost_fen
  from analytics.till_line t where t.tenant_id = r.tenant_id and t.receipt_id = r.receipt_id
) n on true;

create view analytics.orders with (security_invoker = true) as
select tenant_id, receipt_id::text as order_id, person_id, 'till'::text as channel,
  store_id::text as store_id, region, business_date, ordered_at, hour_local, list_fen, net_fen,
  refunded_fen, cost_fen, points_used, coupons, units, status, operator_id::text as clerk_id,
  false as quarantined
from analytics.till_order
union all
select o.tenant_id, o.order_id::text, coalesce(p.person_id, o.member_id), o.channel,
  o.store_id::text, g.name, o.business_date, o.ordered_at at time zone 'UTC',
  o.hour_local::bigint, o.list_fen, o.net_fen, least(o.refunded_fen, o.net_fen), null::bigint,
  o.points_used, o.coupons::bigint, greatest(1, round(o.units_milli / 1000.0))::bigint, o.status,
  null::text, false
from channel_order o
left join store s on s.tenant_id = o.tenant_id and s.store_id = o.store_id
left join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
left join analytics.person p on p.tenant_id = o.tenant_id and p.member_id = o.member_id
where o.status <> 'created';

create view analytics.order_lines with (security_invoker = true) as
select l.tenant_id, l.receipt_id::text as order_id, l.line as line_no, l.person_id,
  'till'::text as channel, l.store_id::text as store_id, l.business_date, l.sku, l.brand,
  l.category, l.units, l.shelf_fen as list_fen, l.net_fen, l.cost_fen, l.promoted,
  not exists (
    select from refund f where f.tenant_id = l.tenant_id and f.receipt_id = l.receipt_id
    having sum(f.money_fen + f.points_fen) >= l.total_fen
  ) as counts
from analytics.till_line l
union all
select l.tenant_id, l.order_id::text, l.line_no::bigint, coalesce(p.person_id, o.member_id),
  o.channel, o.store_id::text, o.business_date, l.sku, nullif(a.brand, ''),
  nullif(a.category, ''), greatest(1, round(l.qty_milli / 1000.0))::bigint, l.list_fen, l.net_fen,
  round(a.cost_fen * l.qty_milli / 1000.0)::bigint, l.promoted,
  o.status in ('paid', 'part_refunded')
from channel_order o
join channel_order_line l on l.tenant_id = o.tenant_id and l.order_id = o.order_id
left join analytics.person p on p.tenant_id = o.tenant_id and p.member_id = o.member_id
left join lateral (
  select v.brand, v.category, v.cost_fen from article_revision v
  where v.tenant_id = l.tenant_id and v.article_id = l.article_id
    and v.effective_from <= o.business_date
  order by v.effective_from desc, v.revision desc limit 1
) a on true
where o.status <> 'created';

-- What channels told of; sales and refunds of the tills are orders already.
create view analytics.events with (security_invoker = true) as
select e.tenant_id, e.event_id::text as event_id, coalesce(p.person_id, e.member_id) as person_id,
  e.anonymous_id, e.name, e.channel,
  (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date as business_date,
  to_timestamp(e.wall_ms / 1000.0) at time zone 'UTC' as occurred_at, e.sku, e.category,
  e.session_id, false as quarantined
from event_log e
left join analytics.person p on p.tenant_id = e.tenant_id and p.member_id = e.member_id
where e.channel is not null and e.name is not null;

create view analytics.members with (security_invoker = true) as
select m.tenant_id, m.member_id as person_id,
  (m.enrolled_at at time zone coalesce(s.zone, 'Asia/Shanghai'))::date as joined_on,
  m.home_store_id::text as home_store_id, m.tier,
  case when f.calendar = 'solar' then f.birth_month::bigint end as birth_month,
  null::bigint as birth_year_declared, m.tags as declared_tags,
  coalesce(c.marketing, false) and m.phone_hash is not null as sms_consent,
  coalesce(c.marketing, false) and exists (
    select from identity i where i.tenant_id = m.tenant_id and i.member_id = m.member_id
      and i.kind in ('openid', 'unionid')
  ) as wechat_consent,
  coalesce(f.personal, true) as personalise, coalesce(c.sensitive, false) as sensitive_consent,
  greatest(0, coalesce(w.points, 0))::bigint as points_spendable,
  'till'::text as source_channel
from member m
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
left join member_profile f on f.tenant_id = m.tenant_id and f.member_id = m.member_id
left join lateral (
  -- The newest word on a kind is the one that holds.
  select bool_or(x.given) filter (where x.kind = 'marketing') as marketing,
    bool_or(x.given) filter (where x.kind = 'tags.sensitive') as sensitive
  from (select distinct on (k.kind) k.kind, k.given from consent k
    where k.tenant_id = m.tenant_id and k.member_id = m.member_id
    order by k.kind, k.wall_ms desc, k.consent_id desc) x
) c on true
left join lateral (
  -- What is free, owed, and lent to boxes, where she can spend it too.
  select sum(a.balance) as points from account a
  where a.tenant_id = m.tenant_id and a.account = any (
    array['member:' || m.wallet_id || ':free', 'member:' || m.wallet_id || ':owed']
    || array(select distinct 'member:' || m.wallet_id || ':leased:' || l.device_id || ':' || l.epoch
      from lease l where l.tenant_id = m.tenant_id and l.kind = 'points'
        and l.right_id = m.wallet_id))
) w on true
where not exists (
  select from analytics.person p where p.tenant_id = m.tenant_id and p.member_id = m.member_id
);
