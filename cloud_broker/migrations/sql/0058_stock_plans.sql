-- What to bring where, what to buy and what to sell off, as it was worked out, and who decided.

create table stock_policy (
  tenant_id uuid not null references tenant,
  name text not null,
  value bigint not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (tenant_id, name)
);

create table stock_run (
  tenant_id uuid not null references tenant,
  run_no bigint generated always as identity,
  as_of date not null,
  articles bigint not null,
  suggestions bigint not null,
  model jsonb not null,
  ended_at timestamptz not null,
  primary key (tenant_id, run_no)
);

-- `source` and `target` are places; a slow article's target is its region. One of a key is open at
-- a time: the next night's word on it takes the place of the last one's.
create table stock_plan (
  tenant_id uuid not null references tenant,
  plan_id uuid not null,
  kind text not null check (kind in ('buy', 'supply', 'transfer', 'slow')),
  sku text not null,
  source text not null,
  target text not null,
  units bigint not null check (units > 0),
  value_fen bigint not null,
  cost_fen bigint not null,
  confidence_permille integer not null check (confidence_permille between 0 and 1000),
  partner text not null,
  segment text not null,
  bundle_fen bigint not null,
  why_zh text not null,
  why_en text not null,
  as_of date not null,
  made_at timestamptz not null,
  state text not null default 'open'
    check (state in ('open', 'accepted', 'rejected', 'expired')),
  decided_by text not null default '',
  decided_at timestamptz,
  -- Until when an accepted one's goods are on their way.
  due_on date,
  draft_id uuid,
  primary key (tenant_id, plan_id),
  check ((state in ('open', 'expired')) = (decided_by = ''))
);
create unique index stock_plan_open on stock_plan (tenant_id, kind, sku, source, target)
  where state = 'open';
create index stock_plan_newest on stock_plan (tenant_id, state, decided_at desc);
create index stock_plan_on_its_way on stock_plan (tenant_id, due_on) where state = 'accepted';

-- What is to come of an article, for its page.
create table stock_outlook (
  tenant_id uuid not null references tenant,
  sku text not null,
  as_of date not null,
  outlook jsonb not null,
  primary key (tenant_id, sku)
);

-- What will not last in a store until more could come; over when more than `short_at` is there.
create table stock_short (
  tenant_id uuid not null references tenant,
  store_id uuid not null,
  sku text not null,
  units bigint not null,
  short_at bigint not null,
  chance_permille integer not null,
  days_milli bigint,
  since_at timestamptz not null,
  primary key (tenant_id, store_id, sku)
);

-- An accepted movement is an order for the ERP; one from nowhere is a purchase.
create function tell_of_stock_plans() returns trigger language plpgsql
set search_path = pg_catalog, public as $$
declare
  word text;
begin
  foreach word in array array['stock.transfer_order', 'stock.purchase_request'] loop
    if hook_wanted(word) then
      perform hook_tell(word, array(select jsonb_build_object(
        'order', n.plan_id, 'sku', n.sku, 'qty_milli', n.units * 1000,
        'from', a.said, 'to', b.said, 'due_on', n.due_on, 'value_fen', n.value_fen,
        'cost_fen', n.cost_fen, 'confidence_permille', n.confidence_permille)
        from changed n
        join before o using (tenant_id, plan_id)
        left join lateral (select jsonb_build_object('place', p.id, 'code', p.code, 'name', p.name)
          as said from (
            select s.tenant_id, s.store_id as id, s.code, s.name from store s
            union all select w.tenant_id, w.warehouse_id, w.code, w.name from warehouse w) p
          where p.tenant_id = n.tenant_id and p.id::text = n.source) a on true
        left join lateral (select jsonb_build_object('place', p.id, 'code', p.code, 'name', p.name)
          as said from (
            select s.tenant_id, s.store_id as id, s.code, s.name from store s
            union all select w.tenant_id, w.warehouse_id, w.code, w.name from warehouse w) p
          where p.tenant_id = n.tenant_id and p.id::text = n.target) b on true
        where n.state = 'accepted' and o.state = 'open' and case word
          when 'stock.transfer_order' then n.kind in ('supply', 'transfer')
          else n.kind = 'buy' end));
    end if;
  end loop;
  return null;
end $$;
create trigger stock_plan_is_told after update on stock_plan
  referencing old table as before new table as changed
  for each statement execute function tell_of_stock_plans();
