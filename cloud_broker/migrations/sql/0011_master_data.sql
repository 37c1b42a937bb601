-- The chain's own codes for what it has; a store or entity made by a command has none at first.
alter table legal_entity add column code text, add column tax_no text not null default '';
create unique index legal_entity_by_code on legal_entity (tenant_id, code) where code is not null;
alter table store add column code text;
create unique index store_by_code on store (tenant_id, code) where code is not null;

-- An article that is not sold from a day on.
alter table article_revision add column ended boolean not null default false;

-- What an article costs from a day on: everywhere (''), in a region ('r:…') or a store ('s:…').
-- The newest row whose day has come wins; no price means that the wider one holds again.
create table article_price (
  tenant_id uuid not null,
  article_id uuid not null,
  scope text not null,
  effective_from date not null,
  revision bigint generated always as identity,
  price_fen bigint check (price_fen >= 0),
  created_at timestamptz not null,
  primary key (tenant_id, article_id, scope, effective_from, revision),
  foreign key (tenant_id, article_id) references article
);

-- Entities, stores and warehouses as they are from a day on, in the words of the file.
create table master_revision (
  tenant_id uuid not null references tenant,
  kind text not null check (kind in ('entities', 'stores', 'warehouses')),
  code text not null,
  effective_from date not null,
  revision bigint generated always as identity,
  cells jsonb not null,
  created_at timestamptz not null,
  primary key (tenant_id, kind, code, effective_from, revision)
);

create table warehouse (
  tenant_id uuid not null references tenant,
  warehouse_id uuid not null,
  code text not null,
  name text not null,
  city text not null,
  stores text[] not null,
  primary key (tenant_id, warehouse_id),
  unique (tenant_id, code)
);

-- What lies in a store or warehouse: as counted, less what was sold since.
create table stock_level (
  tenant_id uuid not null references tenant,
  place_id uuid not null,
  sku text not null,
  qty_milli bigint not null,
  counted_milli bigint not null check (counted_milli >= 0),
  counted_on date not null,
  counted_ms bigint not null,
  updated_at timestamptz not null,
  primary key (tenant_id, place_id, sku)
);

-- Receipts and refunds whose goods still have to be taken off, or put back: ingest only notes them.
create table stock_due (
  tenant_id uuid not null,
  store_id uuid not null,
  document_id uuid not null,
  kind text not null check (kind in ('sale', 'refund')),
  moved_ms bigint not null,
  primary key (tenant_id, document_id)
);

-- One number for each table, raised by every change: a preview of an older state is not applied.
create table master_version (
  tenant_id uuid not null references tenant,
  kind text not null,
  version bigint not null,
  primary key (tenant_id, kind)
);

create table master_import (
  tenant_id uuid not null references tenant,
  import_id uuid not null,
  kind text not null,
  name text not null,
  content bytea not null,
  complete boolean not null,
  base_version bigint not null,
  uploaded_by text not null,
  uploaded_at timestamptz not null,
  applied_by text,
  applied_at timestamptz,
  counts jsonb not null,
  undo text,
  undone_by uuid,
  primary key (tenant_id, import_id)
);
create index master_import_latest on master_import (tenant_id, uploaded_at desc);

-- Keys of partner systems; only hashes are kept.
create table api_key (
  tenant_id uuid not null references tenant,
  key_id uuid not null,
  key_hash bytea not null check (length(key_hash) = 32),
  name text not null,
  scopes text[] not null,
  created_by text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, key_id),
  unique (tenant_id, key_hash)
);

create table recommendation_table (
  tenant_id uuid not null references tenant,
  version bigint not null check (version > 0),
  sha256 bytea not null,
  content bytea not null,
  receipts bigint not null,
  articles integer not null,
  created_at timestamptz not null,
  created_by text not null,
  primary key (tenant_id, version)
);
