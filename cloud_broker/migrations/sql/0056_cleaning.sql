-- What is set apart and why: every sign is a row that stays; of it only who lifted it is written
-- later. What is set apart now follows from the signs that stand, and copies follow from that.

create table cleaning_decision (
  tenant_id uuid not null references tenant,
  decision_id uuid not null,
  kind text not null check (kind in ('order', 'event', 'person')),
  -- An order's or an event's id; of a person at a source the hash of both names, which names nobody.
  subject text not null check (subject <> ''),
  rule text not null,
  rule_version smallint not null check (rule_version > 0),
  weight integer not null check (weight > 0),
  detail jsonb not null,
  channel text not null,
  business_date date not null,
  net_fen bigint not null,
  decided_at timestamptz not null,
  decided_by text not null check (decided_by <> ''),
  lifted_at timestamptz,
  lifted_by text not null default '',
  lifted_why text not null default '',
  primary key (tenant_id, decision_id),
  check ((lifted_at is null) = (lifted_by = ''))
);
create unique index cleaning_decision_standing
  on cleaning_decision (tenant_id, kind, subject, rule) where lifted_at is null;
create index cleaning_decision_of on cleaning_decision (tenant_id, kind, subject, decided_at desc);
create index cleaning_decision_newest
  on cleaning_decision (tenant_id, business_date desc, decision_id);

create function keep_decision() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.lifted_at is not null
    or to_jsonb(new) - '{lifted_at,lifted_by,lifted_why}'::text[]
      is distinct from to_jsonb(old) - '{lifted_at,lifted_by,lifted_why}'::text[] then
    raise exception 'a decision stays: it is lifted once and never changed or deleted'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger cleaning_decision_stays before update or delete on cleaning_decision
  for each row execute function keep_decision();
create trigger cleaning_decision_is_kept before truncate on cleaning_decision
  for each statement execute function refuse_change();

-- `days` are those on which something of it stands: copies of them are written anew when it changes.
create table quarantine (
  tenant_id uuid not null references tenant,
  kind text not null check (kind in ('order', 'event', 'person')),
  subject text not null,
  apart boolean not null,
  days date[] not null,
  changed_at timestamptz not null,
  primary key (tenant_id, kind, subject)
);
create index quarantine_changed on quarantine (tenant_id, changed_at);

create table cleaning_run (
  tenant_id uuid not null references tenant,
  run_no bigint generated always as identity,
  as_of date not null,
  looked_from date not null,
  decided_from date not null,
  orders bigint not null,
  actors bigint not null,
  raised bigint not null,
  lifted bigint not null,
  apart bigint not null,
  began_at timestamptz not null,
  ended_at timestamptz not null,
  made_by text not null,
  primary key (tenant_id, run_no)
);

-- ---- the tables that reports read: what is set apart says so ---------------------------------------

create or replace view analytics.orders with (security_invoker = true) as
select t.tenant_id, t.receipt_id::text as order_id, t.person_id, 'till'::text as channel,
  t.store_id::text as store_id, t.region, t.business_date, t.ordered_at, t.hour_local, t.list_fen,
  t.net_fen, t.refunded_fen, t.cost_fen, t.points_used, t.coupons, t.units, t.status,
  t.operator_id::text as clerk_id, q.subject is not null as quarantined
from analytics.till_order t
left join quarantine q on q.tenant_id = t.tenant_id and q.kind = 'order' and q.apart
  and q.subject = t.receipt_id::text
union all
select o.tenant_id, o.order_id::text, coalesce(p.person_id, o.member_id), o.channel,
  o.store_id::text, g.name, o.business_date, o.ordered_at at time zone 'UTC',
  o.hour_local::bigint, o.list_fen, o.net_fen, least(o.refunded_fen, o.net_fen), null::bigint,
  o.points_used, o.coupons::bigint, greatest(1, round(o.units_milli / 1000.0))::bigint, o.status,
  null::text, q.subject is not null
from channel_order o
left join store s on s.tenant_id = o.tenant_id and s.store_id = o.store_id
left join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
left join analytics.person p on p.tenant_id = o.tenant_id and p.member_id = o.member_id
left join quarantine q on q.tenant_id = o.tenant_id and q.kind = 'order' and q.apart
  and q.subject = o.order_id::text
where o.status <> 'created';

create or replace view analytics.order_lines with (security_invoker = true) as
select l.tenant_id, l.receipt_id::text as order_id, l.line as line_no, l.person_id,
  'till'::text as channel, l.store_id::text as store_id, l.business_date, l.sku, l.brand,
  l.category, l.units, l.shelf_fen as list_fen, l.net_fen, l.cost_fen, l.promoted,
  q.subject is null and not exists (
    select from refund f where f.tenant_id = l.tenant_id and f.receipt_id = l.receipt_id
    having sum(f.money_fen + f.points_fen) >= l.total_fen
  ) as counts
from analytics.till_line l
left join quarantine q on q.tenant_id = l.tenant_id and q.kind = 'order' and q.apart
  and q.subject = l.receipt_id::text
union all
select l.tenant_id, l.order_id::text, l.line_no::bigint, coalesce(p.person_id, o.member_id),
  o.channel, o.store_id::text, o.business_date, l.sku, nullif(a.brand, ''),
  nullif(a.category, ''), greatest(1, round(l.qty_milli / 1000.0))::bigint, l.list_fen, l.net_fen,
  round(a.cost_fen * l.qty_milli / 1000.0)::bigint, l.promoted,
  o.status in ('paid', 'part_refunded') and q.subject is null
from channel_order o
join channel_order_line l on l.tenant_id = o.tenant_id and l.order_id = o.order_id
left join analytics.person p on p.tenant_id = o.tenant_id and p.member_id = o.member_id
left join quarantine q on q.tenant_id = o.tenant_id and q.kind = 'order' and q.apart
  and q.subject = o.order_id::text
left join lateral (
  select v.brand, v.category, v.cost_fen from article_revision v
  where v.tenant_id = l.tenant_id and v.article_id = l.article_id
    and v.effective_from <= o.business_date
  order by v.effective_from desc, v.revision desc limit 1
) a on true
where o.status <> 'created';

-- Whom a source means by a name, as it stands in decisions: nobody is named by it.
create function analytics.actor(source uuid, user_id text, anonymous_id text) returns text
language sql immutable parallel safe as $$
  select md5(source::text || '/' || coalesce('u:' || user_id, 'a:' || anonymous_id, ''))
$$;

create or replace view analytics.events with (security_invoker = true) as
select e.tenant_id, e.event_id::text as event_id, coalesce(p.person_id, e.member_id) as person_id,
  e.anonymous_id, e.name, e.channel,
  (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date as business_date,
  to_timestamp(e.wall_ms / 1000.0) at time zone 'UTC' as occurred_at, e.sku, e.category,
  e.session_id, q.subject is not null or w.subject is not null as quarantined
from event_log e
left join analytics.person p on p.tenant_id = e.tenant_id and p.member_id = e.member_id
left join quarantine q on q.tenant_id = e.tenant_id and q.kind = 'event' and q.apart
  and q.subject = e.event_id::text
left join quarantine w on w.tenant_id = e.tenant_id and w.kind = 'person' and w.apart
  and w.subject = analytics.actor(e.device_id, e.user_id, e.anonymous_id)
where e.channel is not null and e.name is not null;
