-- Who is told of what. A message is written by the statement that makes what it tells of so: no
-- code path can forget it, and what is rolled back was never told.

create table hook (
  tenant_id uuid not null references tenant,
  hook_id uuid not null,
  name text not null,
  target text not null,
  kinds text[] not null,
  generation integer not null default 1,
  rotated_at timestamptz,
  made_by text not null,
  made_at timestamptz not null,
  ended_at timestamptz,
  failing_since timestamptz,
  paused_at timestamptz,
  pause_reason text not null default '',
  primary key (tenant_id, hook_id)
);

create table hook_post (
  tenant_id uuid not null,
  post_id uuid not null,
  hook_id uuid not null,
  kind text not null,
  body text not null,
  made_at timestamptz not null,
  -- When the next try is due: what triggers write is due at once, whatever clock is asked.
  next_at timestamptz not null default 'epoch',
  tries integer not null default 0,
  sent_at timestamptz,
  given_up_at timestamptz,
  reason text not null default '',
  primary key (tenant_id, post_id),
  foreign key (tenant_id, hook_id) references hook
);
create index hook_post_due on hook_post (tenant_id, next_at, made_at)
  where sent_at is null and given_up_at is null;
create index hook_post_of on hook_post (tenant_id, hook_id, made_at desc);
create index hook_post_sent on hook_post (tenant_id, sent_at) where sent_at is not null;

-- Whose transaction it is; a restore has none, so nothing is told of what a backup brings back.
create function hook_tenant() returns uuid language sql stable set search_path = pg_catalog as $$
  select nullif(current_setting('app.tenant', true), '')::uuid
$$;

-- Asked first in every trigger: a chain without partners pays one look at an empty table.
create function hook_wanted(kind text) returns boolean
language sql stable security definer set search_path = pg_catalog, public as $$
  select exists (select from public.hook h where h.tenant_id = public.hook_tenant()
    and h.ended_at is null and h.paused_at is null and kind = any(h.kinds))
$$;

-- By the owner's right: whoever books a sale may see one store, and subscriptions are HQ's.
create function hook_tell(kind text, said jsonb[]) returns void
language sql security definer set search_path = pg_catalog, public as $$
  insert into public.hook_post (tenant_id, post_id, hook_id, kind, body, made_at)
  select h.tenant_id, gen_random_uuid(), h.hook_id, hook_tell.kind, jsonb_build_object(
    'type', hook_tell.kind,
    'timestamp', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', n.data)::text, clock_timestamp()
  from public.hook h, unnest(said) as n(data)
  where h.tenant_id = public.hook_tenant() and h.ended_at is null and h.paused_at is null
    and hook_tell.kind = any(h.kinds) and n.data is not null
$$;

create function tell_of_receipts() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  if hook_wanted('sale.booked') then
    perform hook_tell('sale.booked', array(select jsonb_build_object(
      'receipt', receipt_id, 'store', store_id, 'till', till_id, 'member', member_id,
      'source', source, 'receipt_no', till_receipt_no, 'business_date', business_date,
      'shelf_fen', shelf_fen, 'total_fen', total_fen, 'points', points, 'sold_ms', sold_ms)
      from added));
  end if;
  return null;
end $$;
create trigger receipt_is_told after insert on receipt referencing new table as added
  for each statement execute function tell_of_receipts();

create function tell_of_refunds() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  if hook_wanted('sale.refunded') then
    perform hook_tell('sale.refunded', array(select jsonb_build_object(
      'refund', refund_id, 'receipt', receipt_id, 'nth', nth, 'store', store_id,
      'member', member_id, 'business_date', business_date, 'money_fen', money_fen,
      'points_fen', points_fen, 'points_back', points_back, 'points_taken', points_taken,
      'points_owed', points_owed, 'happened_ms', happened_ms) from added));
  end if;
  return null;
end $$;
create trigger refund_is_told after insert on refund referencing new table as added
  for each statement execute function tell_of_refunds();

create function tell_of_members() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  if hook_wanted('member.enrolled') then
    perform hook_tell('member.enrolled', array(select jsonb_build_object(
      'member', member_id, 'ver', ver, 'tier', tier, 'store', home_store_id) from added));
  end if;
  return null;
end $$;
create trigger member_is_told after insert on member referencing new table as added
  for each statement execute function tell_of_members();

-- What changed is named, not said: who may read it asks for it with a key.
create function tell_of_changes() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  if hook_wanted('member.changed') then
    perform hook_tell('member.changed', array(select jsonb_build_object(
      'member', n.member_id, 'ver', n.ver, 'tier', n.tier, 'store', n.home_store_id,
      'changed', to_jsonb(array_remove(array[
        case when n.name is distinct from o.name then 'name' end,
        case when n.tier is distinct from o.tier then 'tier' end,
        case when n.tags is distinct from o.tags then 'tags' end,
        case when n.phone_hash is distinct from o.phone_hash then 'phone' end,
        case when n.home_store_id is distinct from o.home_store_id then 'store' end], null)))
      from changed n join before o using (tenant_id, member_id)
      where (n.name, n.tier, n.tags, n.phone_hash, n.home_store_id)
        is distinct from (o.name, o.tier, o.tags, o.phone_hash, o.home_store_id)));
  end if;
  return null;
end $$;
create trigger member_change_is_told after update on member
  referencing old table as before new table as changed
  for each statement execute function tell_of_changes();

create function tell_of_consents() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
declare
  word boolean;
begin
  foreach word in array array[true, false] loop
    if hook_wanted(case when word then 'consent.given' else 'consent.withdrawn' end) then
      perform hook_tell(case when word then 'consent.given' else 'consent.withdrawn' end,
        array(select jsonb_build_object('consent', consent_id, 'member', member_id, 'kind', kind,
          'channel', channel, 'store', store_id, 'said_ms', wall_ms)
          from added where given = word));
    end if;
  end loop;
  return null;
end $$;
create trigger consent_is_told after insert on consent referencing new table as added
  for each statement execute function tell_of_consents();

-- One message a place and statement: a count of a whole warehouse is one, with its first rows.
create function tell_of_stock() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  if hook_wanted('stock.changed') then
    perform hook_tell('stock.changed', array(select jsonb_build_object(
      'place', place_id, 'count', count(*), 'rows', jsonb_agg(
        jsonb_build_object('sku', sku, 'qty_milli', qty_milli) order by sku)
        filter (where nth <= 200))
      from (select *, row_number() over (partition by place_id order by sku) as nth
        from changed) n
      group by place_id));
  end if;
  return null;
end $$;
create trigger stock_is_told after insert on stock_level referencing new table as changed
  for each statement execute function tell_of_stock();
create trigger stock_change_is_told after update on stock_level referencing new table as changed
  for each statement execute function tell_of_stock();

create function tell_of_alerts() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  if hook_wanted('alert.raised') then
    perform hook_tell('alert.raised', array(select jsonb_build_object(
      'alert', alert_id, 'store', store_id, 'code', code, 'severity', severity,
      'since_ms', (extract(epoch from raised_at) * 1000)::bigint) from added));
  end if;
  return null;
end $$;
create trigger alert_is_told after insert on alert referencing new table as added
  for each statement execute function tell_of_alerts();

create function tell_of_cleared_alerts() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
begin
  if hook_wanted('alert.cleared') then
    perform hook_tell('alert.cleared', array(select jsonb_build_object(
      'alert', n.alert_id, 'store', n.store_id, 'code', n.code, 'severity', n.severity,
      'cleared_ms', (extract(epoch from n.cleared_at) * 1000)::bigint)
      from changed n join before o using (tenant_id, alert_id)
      where n.cleared_at is not null and o.cleared_at is null));
  end if;
  return null;
end $$;
create trigger alert_end_is_told after update on alert
  referencing old table as before new table as changed
  for each statement execute function tell_of_cleared_alerts();

revoke all on function hook_wanted(text), hook_tell(text, jsonb[]) from public;
grant execute on function hook_wanted(text), hook_tell(text, jsonb[]) to regulars_app;
