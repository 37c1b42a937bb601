"""The statements of master data."""

RAISE_VERSION = """
insert into master_version as held values (%(tenant)s, %(kind)s, %(seen)s + 1)
on conflict (tenant_id, kind) do update set version = held.version + 1
where held.version = %(seen)s
"""
# Of one day the row written last says how the article is.
ARTICLES = """
select distinct on (a.sku, r.effective_from)
  a.sku, r.effective_from, r.name, r.unit, r.price_fen, r.cost_fen, r.brand, r.category,
  r.barcodes, r.tags, r.ended
from article_revision r
join article a on a.tenant_id = r.tenant_id and a.article_id = r.article_id
where r.tenant_id = %(tenant)s
order by a.sku, r.effective_from, r.revision desc
"""
PRICES = """
select distinct on (a.sku, p.scope, p.effective_from)
  a.sku, p.scope, p.effective_from, p.price_fen
from article_price p
join article a on a.tenant_id = p.tenant_id and a.article_id = p.article_id
where p.tenant_id = %(tenant)s
order by a.sku, p.scope, p.effective_from, p.revision desc
"""
CHAIN_PRICES = """
select distinct on (a.sku, p.effective_from) a.sku, p.effective_from, p.price_fen
from article_price p
join article a on a.tenant_id = p.tenant_id and a.article_id = p.article_id
where p.tenant_id = %(tenant)s and p.scope = '' and p.price_fen is not null
order by a.sku, p.effective_from, p.revision desc
"""
COUNTED = """
select p.code, l.sku, l.counted_milli, l.counted_on, l.qty_milli
from stock_level l
join (
  select store_id as id, code from store where tenant_id = %(tenant)s and code is not null
  union all select warehouse_id, code from warehouse where tenant_id = %(tenant)s
) p on p.id = l.place_id
where l.tenant_id = %(tenant)s
"""
PLACES = """
select distinct on (code, effective_from) code, effective_from, cells
from master_revision where tenant_id = %(tenant)s and kind = %(kind)s
order by code, effective_from, revision desc
"""
PLACES_ON = """
select distinct on (code) code, cells
from master_revision
where tenant_id = %(tenant)s and kind = %(kind)s and effective_from <= %(day)s
order by code, effective_from desc, revision desc
"""
KNOWN = """
select
  (select array_agg(code) from legal_entity where tenant_id = %(tenant)s and code is not null)
    as entities,
  (select array_agg(code) from store where tenant_id = %(tenant)s and code is not null) as stores,
  (select array_agg(code) from warehouse where tenant_id = %(tenant)s) as warehouses,
  (select array_agg(name) from region where tenant_id = %(tenant)s) as regions,
  (select array_agg(sku) from article where tenant_id = %(tenant)s) as skus
"""
ADD_PRICES = """
insert into article_price (tenant_id, article_id, scope, effective_from, price_fen, created_at)
select %(tenant)s, n.article, n.scope, n.day, n.price, %(now)s
from unnest(%(article)b::uuid[], %(scope)b::text[], %(day)b::date[], %(price)b::bigint[])
  with ordinality as n(article, scope, day, price, nth)
order by n.nth
"""
ADD_PLACES = """
insert into master_revision (tenant_id, kind, code, effective_from, cells, created_at)
select %(tenant)s, %(kind)s, n.code, n.day, n.cells::jsonb, %(now)s
from unnest(%(code)b::text[], %(day)b::date[], %(cells)b::text[])
  with ordinality as n(code, day, cells, nth)
order by n.nth
"""
SAVE_ENTITY = """
update legal_entity set name = %(name)s, tax_no = %(tax)s
where tenant_id = %(tenant)s and code = %(code)s
"""
NAME_ENTITY = """
update legal_entity set code = %(code)s, tax_no = %(tax)s
where tenant_id = %(tenant)s and code is null and name = %(name)s
"""
ADD_ENTITY = """
insert into legal_entity (tenant_id, legal_entity_id, name, code, tax_no)
values (%(tenant)s, %(id)s, %(name)s, %(code)s, %(tax)s)
"""
SAVE_STORE = """
update store set code = %(code)s, name = %(name)s, city = %(city)s, legal_entity_id = %(entity)s,
  region_id = %(region)s, zone = %(zone)s, day_starts_at = %(starts)s,
  closed_at = case when %(closed)s::timestamptz is null then null
    else coalesce(closed_at, %(closed)s::timestamptz) end
where tenant_id = %(tenant)s and store_id = %(store)s
"""
STORES = """
select s.store_id, s.code, s.name, r.name as region, s.closed_at is not null as closed, s.city,
  s.day_starts_at, s.zone, e.code as entity
from store s join region r on r.tenant_id = s.tenant_id and r.region_id = s.region_id
join legal_entity e on e.tenant_id = s.tenant_id and e.legal_entity_id = s.legal_entity_id
where s.tenant_id = %(tenant)s and (%(only)s::uuid is null or s.store_id = %(only)s::uuid)
order by s.name
"""
SAVE_WAREHOUSE = """
insert into warehouse values (%(tenant)s, %(id)s, %(code)s, %(name)s, %(city)s, %(stores)b)
on conflict (tenant_id, code) do update set
  name = excluded.name, city = excluded.city, stores = excluded.stores
"""
PLACE_IDS = """
select code, store_id as id from store where tenant_id = %(tenant)s and code is not null
union all select code, warehouse_id from warehouse where tenant_id = %(tenant)s
"""
UNKNOWN_CODES = """
with sold as (
  select l.sku, count(*) as seen, max(r.sold_ms) as last_ms,
    (array_agg(l.name order by r.sold_ms desc))[1] as name,
    (array_agg(round(l.shelf_fen * 1000.0 / l.qty_milli) order by r.sold_ms desc))[1] as price
  from receipt_line l
  join receipt r on r.tenant_id = l.tenant_id and r.receipt_id = l.receipt_id
  where l.tenant_id = %(tenant)s and l.article_id is null and l.sku <> '' and l.qty_milli > 0
  group by l.sku)
select sku, name, seen, price, last_ms from sold
where not exists (select 1 from article a where a.tenant_id = %(tenant)s and a.sku = sold.sku)
  and not exists (select 1 from article_revision v
    where v.tenant_id = %(tenant)s and sold.sku = any(v.barcodes))
order by seen desc, sku limit %(limit)s
"""
ADD_IMPORT = """
insert into master_import (tenant_id, import_id, kind, name, content, complete, base_version,
  uploaded_by, uploaded_at, counts)
values (%(tenant)s, %(id)s, %(kind)s, %(name)s, %(content)s, %(complete)s, %(base)s, %(who)s,
  %(now)s, %(counts)s::jsonb)
"""
IMPORTS = """
select import_id, kind, name, content, complete, base_version, uploaded_by, uploaded_at,
  applied_by, applied_at, counts, undo, undone_by
from master_import where tenant_id = %(tenant)s
"""
APPLY_IMPORT = """
update master_import set applied_by = %(who)s, applied_at = %(now)s, counts = %(counts)s::jsonb,
  undo = %(undo)s
where tenant_id = %(tenant)s and import_id = %(id)s and applied_at is null
"""
