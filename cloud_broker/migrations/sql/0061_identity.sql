-- What says that two names are (not) one person, and who everybody is by it.

-- Each piece of evidence is a row, which is taken back and never rewritten. Ends are in one order.
create table identity_link (
  tenant_id uuid not null references tenant,
  link_id uuid not null,
  first_kind text not null,
  first_value text not null,
  second_kind text not null,
  second_value text not null,
  apart boolean not null,
  source text not null,
  rule text not null,
  at_ms bigint not null,
  heard_at timestamptz not null,
  nth integer not null default 0,
  note text not null default '',
  -- The merge of wallets that says it, where one does.
  merge_id uuid,
  retracted_at timestamptz,
  retracted_by text,
  retracted_why text,
  primary key (tenant_id, link_id),
  check ((retracted_at is null) = (retracted_by is null)),
  check ((first_kind, first_value) <> (second_kind, second_value))
);
-- What a source says again is nothing, also after somebody took its word back.
create unique index identity_link_once on identity_link (tenant_id, first_kind, first_value,
  second_kind, second_value, source, apart, nth);
create index identity_link_second on identity_link (tenant_id, second_kind, second_value)
  where retracted_at is null;
create index identity_link_merge on identity_link (tenant_id, merge_id) where merge_id is not null;

-- Names whose person has to be worked out anew.
create table identity_due (
  tenant_id uuid not null,
  due_id bigint generated always as identity,
  kind text not null,
  value text not null,
  primary key (tenant_id, due_id)
);

-- Whose each name is: a member, or nobody known. A member's name says which of her memberships
-- stands for her.
create table identity_person (
  tenant_id uuid not null,
  kind text not null,
  value text not null,
  member_id uuid,
  person_id uuid,
  changed_at timestamptz not null,
  primary key (tenant_id, kind, value)
);
create index identity_person_of on identity_person (tenant_id, person_id)
  where person_id is not null;
create unique index identity_person_member on identity_person (tenant_id, member_id)
  where member_id is not null;
create index identity_person_changed on identity_person (tenant_id, changed_at);

-- Values that name nobody: a shop's own number, a test account.
create table identity_block (
  tenant_id uuid not null references tenant,
  kind text not null,
  value text not null,
  why text not null,
  blocked_by text not null,
  blocked_at timestamptz not null,
  primary key (tenant_id, kind, value)
);

create table identity_run (
  tenant_id uuid not null references tenant,
  run_id uuid not null,
  asked_by text not null,
  asked_at timestamptz not null,
  state text not null check (state in ('asked', 'running', 'done', 'failed')),
  step text not null default '',
  began_at timestamptz,
  ended_at timestamptz,
  counts jsonb not null default '{}',
  why text not null default '',
  primary key (tenant_id, run_id)
);
create unique index identity_run_one on identity_run (tenant_id)
  where state in ('asked', 'running');
create index identity_run_newest on identity_run (tenant_id, asked_at desc);

-- Pairs that may be one person, by likelihood or because evidence contradicts itself.
create table identity_candidate (
  tenant_id uuid not null,
  candidate_id uuid not null,
  first_kind text not null,
  first_value text not null,
  second_kind text not null,
  second_value text not null,
  likely double precision not null check (likely between 0 and 1),
  signs jsonb not null,
  rule text not null,
  run_id uuid not null,
  state text not null check (state in ('open', 'later', 'linked', 'apart', 'gone')),
  made_at timestamptz not null,
  decided_by text not null default '',
  decided_at timestamptz,
  primary key (tenant_id, candidate_id),
  unique (tenant_id, first_kind, first_value, second_kind, second_value),
  foreign key (tenant_id, run_id) references identity_run
);
create index identity_candidate_open on identity_candidate (tenant_id, likely desc, candidate_id)
  where state in ('open', 'later');

-- A member may let her wallets be joined.
alter table consent drop constraint consent_of_a_known_kind,
  add constraint consent_of_a_known_kind check (kind in ('membership', 'face.local',
    'face.roaming', 'face.walk_up', 'face.minor_guardian', 'marketing', 'sms', 'wechat',
    'personalise', 'tags.sensitive', 'wallet.join'));

-- ---- what other tables say of who is who ----------------------------------------------------------

-- Rows that a backup puts back say nothing: their evidence comes with it.
create function identity_hears(tenant uuid) returns boolean language sql stable
set search_path = pg_catalog, public as $$
  select tenant::text = current_setting('app.tenant', true)
$$;

-- Whoever speaks may say so for the transaction; what says nothing comes from a shop.
create function identity_source() returns text language sql stable
set search_path = pg_catalog, public as $$
  select coalesce(nullif(current_setting('app.evidence', true), ''), 'till')
$$;

create function identity_rule() returns text language sql immutable
set search_path = pg_catalog, public as $$ select 'names/1' $$;

create function hear_names(tenants uuid[], kinds text[], names text[], members uuid[],
  times timestamptz[]) returns void language sql
set search_path = pg_catalog, public as $$
  insert into identity_link (tenant_id, link_id, first_kind, first_value, second_kind,
    second_value, apart, source, rule, at_ms, heard_at, nth)
  select e.tenant_id, gen_random_uuid(), e.k1, e.v1, e.k2, e.v2, false, identity_source(),
    identity_rule(), e.at_ms, now(), coalesce(held.again, 0)
  from (select n.tenant_id,
      case when n.kind < 'member' collate "C" then n.kind else 'member' end as k1,
      case when n.kind < 'member' collate "C" then n.name else n.member::text end as v1,
      case when n.kind < 'member' collate "C" then 'member' else n.kind end as k2,
      case when n.kind < 'member' collate "C" then n.member::text else n.name end as v2,
      (extract(epoch from n.at) * 1000)::bigint as at_ms
    from unnest(tenants, kinds, names, members, times) as n(tenant_id, kind, name, member, at)) e
  left join lateral (
    select max(l.nth) + 1 as again, bool_or(l.retracted_at is null) as stands
    from identity_link l where l.tenant_id = e.tenant_id and l.first_kind = e.k1
      and l.first_value = e.v1 and l.second_kind = e.k2 and l.second_value = e.v2
      and l.source = identity_source() and not l.apart) held on true
  where not coalesce(held.stands, false) and identity_hears(e.tenant_id)
  order by e.k1, e.v1, e.k2, e.v2
  on conflict do nothing
$$;

create function hear_identities() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  perform hear_names(array_agg(tenant_id), array_agg(kind),
    array_agg(encode(keyed_hash, 'hex')), array_agg(member_id), array_agg(created_at)) from added;
  return null;
end $$;
create trigger identity_is_evidence after insert on identity referencing new table as added
  for each statement execute function hear_identities();

create function forget_identities() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  update identity_link l set retracted_at = now(), retracted_by = identity_source(),
    retracted_why = 'the name was taken off'
  from gone g where l.tenant_id = g.tenant_id and l.retracted_at is null and not l.apart
    and l.rule = identity_rule()
    and ((l.first_kind, l.first_value, l.second_kind, l.second_value)
        = (g.kind, encode(g.keyed_hash, 'hex'), 'member', g.member_id::text)
      or (l.first_kind, l.first_value, l.second_kind, l.second_value)
        = ('member', g.member_id::text, g.kind, encode(g.keyed_hash, 'hex')));
  return null;
end $$;
create trigger identity_was_evidence after delete on identity referencing old table as gone
  for each statement execute function forget_identities();

create function hear_cards() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  perform hear_names(array_agg(tenant_id), array_agg(kind), array_agg(encode(key, 'hex')),
    array_agg(member_id), array_agg(created_at))
  from added where kind = 'card' and revoked_at is null;
  return null;
end $$;
create trigger card_is_evidence after insert on credential referencing new table as added
  for each statement execute function hear_cards();

create function hear_card_changes() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  update identity_link l set retracted_at = now(), retracted_by = identity_source(),
    retracted_why = 'the card was taken off'
  from before o join added n using (tenant_id, kind, key)
  where o.kind = 'card' and o.revoked_at is null
    and (n.revoked_at is not null or n.member_id <> o.member_id)
    and l.tenant_id = o.tenant_id and l.retracted_at is null and l.rule = identity_rule()
    and l.first_kind = 'card' and l.first_value = encode(o.key, 'hex')
    and l.second_kind = 'member' and l.second_value = o.member_id::text;
  perform hear_names(array_agg(n.tenant_id), array_agg(n.kind), array_agg(encode(n.key, 'hex')),
    array_agg(n.member_id), array_agg(n.created_at))
  from added n join before o using (tenant_id, kind, key)
  where n.kind = 'card' and n.revoked_at is null
    and (o.revoked_at is not null or o.member_id <> n.member_id);
  return null;
end $$;
create trigger card_change_is_evidence after update on credential
  referencing old table as before new table as added
  for each statement execute function hear_card_changes();

-- Wallets that a person or a shop joined say so; those joined because of evidence say nothing new.
create function hear_merges() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  insert into identity_link (tenant_id, link_id, first_kind, first_value, second_kind,
    second_value, apart, source, rule, at_ms, heard_at, nth, note, merge_id)
  select a.tenant_id, gen_random_uuid(), 'member',
    least(a.from_member_id, a.into_member_id)::text, 'member',
    greatest(a.from_member_id, a.into_member_id)::text, false,
    case when a.merged_by = 'ingest' then 'till' else 'hq:' || a.merged_by end, 'wallets/1',
    (extract(epoch from a.merged_at) * 1000)::bigint, now(),
    coalesce((select max(l.nth) + 1 from identity_link l where l.tenant_id = a.tenant_id
      and l.first_kind = 'member' and l.second_kind = 'member' and not l.apart
      and l.first_value = least(a.from_member_id, a.into_member_id)::text
      and l.second_value = greatest(a.from_member_id, a.into_member_id)::text), 0),
    a.reason, a.merge_id
  from added a where a.merged_by <> 'identity' and identity_hears(a.tenant_id);
  return null;
end $$;
create trigger merge_is_evidence after insert on member_merge referencing new table as added
  for each statement execute function hear_merges();

create function hear_unmerges() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  update identity_link l set retracted_at = now(), retracted_by = a.unmerged_by,
    retracted_why = a.reason
  from added a where l.tenant_id = a.tenant_id and l.merge_id = a.merge_id
    and l.retracted_at is null and identity_hears(a.tenant_id);
  return null;
end $$;
create trigger unmerge_takes_evidence_back after insert on member_unmerge
  referencing new table as added for each statement execute function hear_unmerges();

-- ---- what has to be worked out anew ---------------------------------------------------------------

create function identity_is_due() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  insert into identity_due (tenant_id, kind, value)
  select tenant_id, first_kind, first_value from changed where identity_hears(tenant_id)
  union select tenant_id, second_kind, second_value from changed where identity_hears(tenant_id);
  return null;
end $$;
create trigger link_added_is_due after insert on identity_link referencing new table as changed
  for each statement execute function identity_is_due();
create trigger link_changed_is_due after update on identity_link referencing new table as changed
  for each statement execute function identity_is_due();
create trigger link_gone_is_due after delete on identity_link referencing old table as changed
  for each statement execute function identity_is_due();

create function block_is_due() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  insert into identity_due (tenant_id, kind, value) select tenant_id, kind, value from changed
  where identity_hears(tenant_id);
  return null;
end $$;
create trigger block_added_is_due after insert on identity_block referencing new table as changed
  for each statement execute function block_is_due();
create trigger block_gone_is_due after delete on identity_block referencing old table as changed
  for each statement execute function block_is_due();

create function join_consent_is_due() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  insert into identity_due (tenant_id, kind, value)
  select distinct tenant_id, 'member', member_id::text from added
  where kind = 'wallet.join' and identity_hears(tenant_id);
  return null;
end $$;
create trigger join_consent_is_due after insert on consent referencing new table as added
  for each statement execute function join_consent_is_due();

-- ---- who acts under which name --------------------------------------------------------------------

-- What evidence has not been worked out of yet is as the wallets say.
create or replace view analytics.person with (security_invoker = true) as
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
select i.tenant_id, i.member_id, i.person_id from identity_person i
where i.member_id is not null and i.person_id <> i.member_id
union all
select * from (
  select distinct on (v.tenant_id, v.member_id) v.tenant_id, v.member_id, v.person_id
  from moved v where not exists (select from identity_person i
    where i.tenant_id = v.tenant_id and i.member_id = v.member_id)
  order by v.tenant_id, v.member_id, v.hops desc
) merged;

-- Whoever signed in is whom evidence says; nobody who is known by nothing but what an event said.
create or replace view analytics.events with (security_invoker = true) as
select e.tenant_id, e.event_id::text as event_id,
  case when iu.kind is not null then iu.person_id
    else coalesce(p.person_id, e.member_id, ia.person_id) end as person_id,
  e.anonymous_id, e.name, e.channel,
  (to_timestamp(e.wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date as business_date,
  to_timestamp(e.wall_ms / 1000.0) at time zone 'UTC' as occurred_at, e.sku, e.category,
  e.session_id, q.subject is not null or w.subject is not null as quarantined
from event_log e
left join analytics.person p on p.tenant_id = e.tenant_id and p.member_id = e.member_id
left join identity_person iu on iu.tenant_id = e.tenant_id and iu.kind = 'user'
  and iu.value = e.device_id::text || ':' || e.user_id
left join identity_person ia on ia.tenant_id = e.tenant_id and ia.kind = 'anonymous'
  and ia.value = e.device_id::text || ':' || e.anonymous_id
left join quarantine q on q.tenant_id = e.tenant_id and q.kind = 'event' and q.apart
  and q.subject = e.event_id::text
left join quarantine w on w.tenant_id = e.tenant_id and w.kind = 'person' and w.apart
  and w.subject = analytics.actor(e.device_id, e.user_id, e.anonymous_id)
where e.channel is not null and e.name is not null;

create or replace view analytics.orders with (security_invoker = true) as
select t.tenant_id, t.receipt_id::text as order_id, t.person_id, 'till'::text as channel,
  t.store_id::text as store_id, t.region, t.business_date, t.ordered_at, t.hour_local, t.list_fen,
  t.net_fen, t.refunded_fen, t.cost_fen, t.points_used, t.coupons, t.units, t.status,
  t.operator_id::text as clerk_id, q.subject is not null as quarantined
from analytics.till_order t
left join quarantine q on q.tenant_id = t.tenant_id and q.kind = 'order' and q.apart
  and q.subject = t.receipt_id::text
union all
select o.tenant_id, o.order_id::text,
  case when b.kind is not null then b.person_id else coalesce(p.person_id, o.member_id) end,
  o.channel, o.store_id::text, g.name, o.business_date, o.ordered_at at time zone 'UTC',
  o.hour_local::bigint, o.list_fen, o.net_fen, least(o.refunded_fen, o.net_fen), null::bigint,
  o.points_used, o.coupons::bigint, greatest(1, round(o.units_milli / 1000.0))::bigint, o.status,
  null::text, q.subject is not null
from channel_order o
left join store s on s.tenant_id = o.tenant_id and s.store_id = o.store_id
left join region g on g.tenant_id = s.tenant_id and g.region_id = s.region_id
left join analytics.person p on p.tenant_id = o.tenant_id and p.member_id = o.member_id
left join identity_person b on b.tenant_id = o.tenant_id and b.kind = 'buyer'
  and b.value = o.channel || ':' || encode(o.buyer_hash, 'hex')
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
select l.tenant_id, l.order_id::text, l.line_no::bigint,
  case when b.kind is not null then b.person_id else coalesce(p.person_id, o.member_id) end,
  o.channel, o.store_id::text, o.business_date, l.sku, nullif(a.brand, ''),
  nullif(a.category, ''), greatest(1, round(l.qty_milli / 1000.0))::bigint, l.list_fen, l.net_fen,
  round(a.cost_fen * l.qty_milli / 1000.0)::bigint, l.promoted,
  o.status in ('paid', 'part_refunded') and q.subject is null
from channel_order o
join channel_order_line l on l.tenant_id = o.tenant_id and l.order_id = o.order_id
left join analytics.person p on p.tenant_id = o.tenant_id and p.member_id = o.member_id
left join identity_person b on b.tenant_id = o.tenant_id and b.kind = 'buyer'
  and b.value = o.channel || ':' || encode(o.buyer_hash, 'hex')
left join quarantine q on q.tenant_id = o.tenant_id and q.kind = 'order' and q.apart
  and q.subject = o.order_id::text
left join lateral (
  select v.brand, v.category, v.cost_fen from article_revision v
  where v.tenant_id = l.tenant_id and v.article_id = l.article_id
    and v.effective_from <= o.business_date
  order by v.effective_from desc, v.revision desc limit 1
) a on true
where o.status <> 'created';

-- A person of several memberships: her wallets add up.
create or replace view analytics.members with (security_invoker = true) as
select m.tenant_id, m.member_id as person_id,
  (m.enrolled_at at time zone coalesce(s.zone, 'Asia/Shanghai'))::date as joined_on,
  m.home_store_id::text as home_store_id, m.tier,
  case when f.calendar = 'solar' then f.birth_month::bigint end as birth_month,
  f.birth_year::bigint as birth_year_declared, m.tags as declared_tags,
  coalesce(c.sms, c.marketing, false) and coalesce(c.marketing, true)
    and m.phone_hash is not null as sms_consent,
  coalesce(c.wechat, c.marketing, false) and coalesce(c.marketing, true) and exists (
    select from identity i where i.tenant_id = m.tenant_id and i.member_id = m.member_id
      and i.kind in ('openid', 'unionid')
  ) as wechat_consent,
  coalesce(f.personal, true) and coalesce(c.personalise, true) as personalise,
  coalesce(c.sensitive, false) as sensitive_consent,
  greatest(0, coalesce(w.points, 0))::bigint as points_spendable,
  'till'::text as source_channel
from member m
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
left join member_profile f on f.tenant_id = m.tenant_id and f.member_id = m.member_id
left join (
  select tenant_id, person_id, array_agg(member_id) as members
  from analytics.person group by tenant_id, person_id
) g on g.tenant_id = m.tenant_id and g.person_id = m.member_id
left join lateral (
  select bool_and(x.given) filter (where x.kind = 'marketing') as marketing,
    bool_and(x.given) filter (where x.kind = 'sms') as sms,
    bool_and(x.given) filter (where x.kind = 'wechat') as wechat,
    bool_and(x.given) filter (where x.kind = 'personalise') as personalise,
    bool_and(x.given) filter (where x.kind = 'tags.sensitive') as sensitive
  from (select distinct on (k.member_id, k.kind) k.kind, k.given from consent k
    where k.tenant_id = m.tenant_id
      and k.member_id = any (coalesce(g.members, '{}') || m.member_id)
    order by k.member_id, k.kind, k.wall_ms desc, k.consent_id desc) x
) c on true
left join lateral (
  -- What is free, owed, and lent to boxes, where she can spend it too, of all her memberships.
  select sum(a.balance) as points from account a
  where a.tenant_id = m.tenant_id and a.account = any (array(
    select 'member:' || v.wallet_id || t.tail from (
      select m.wallet_id union select o.wallet_id from member o
        where o.tenant_id = m.tenant_id and o.member_id = any (g.members)) v
    cross join lateral (
      select ':free' as tail union all select ':owed'
      union select distinct ':leased:' || l.device_id || ':' || l.epoch from lease l
        where l.tenant_id = m.tenant_id and l.kind = 'points' and l.right_id = v.wallet_id) t))
) w on true
where not exists (
  select from analytics.person p where p.tenant_id = m.tenant_id and p.member_id = m.member_id
) and not exists (
  select from leaving x where x.tenant_id = m.tenant_id and x.member_id = m.member_id
    and x.state = 'done'
);
