-- What other channels say: sources with their keys, events in the log that tills write into, orders
-- with every word that was said of them, files that were taken in, and what could not be read.

-- Null for what a box sent. What names a person never stands in the log, which cannot forget.
alter table event_log
  add column channel text,
  add column name text,
  add column anonymous_id text,
  add column user_id text,
  add column session_id text,
  add column sku text,
  add column category text;
create index event_log_channel on event_log (tenant_id, received_at, event_id)
  where channel is not null;

create table channel_source (
  tenant_id uuid not null references tenant,
  source_id uuid not null,
  name text not null check (name <> ''),
  channel text not null check (channel ~ '^[a-z][a-z0-9_]{0,31}$' and channel <> 'till'),
  kind text not null check (kind in ('sdk', 'oms', 'wechat_mini', 'douyin')),
  origins text[] not null,
  -- What a connector proves its words with, sealed under a key of the tenant.
  sealed bytea,
  made_by text not null,
  made_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, source_id),
  unique (tenant_id, name)
);

create table write_key (
  tenant_id uuid not null,
  key_hash bytea not null check (length(key_hash) = 32),
  source_id uuid not null,
  made_by text not null,
  made_at timestamptz not null,
  used_at timestamptz,
  ends_at timestamptz,
  primary key (tenant_id, key_hash),
  foreign key (tenant_id, source_id) references channel_source
);
create index write_key_of_source on write_key (tenant_id, source_id);

-- Nothing that was sent is thrown away: what could not be read waits here, with its reason.
create table collect_refused (
  tenant_id uuid not null,
  refused_id uuid not null,
  source_id uuid not null,
  received_at timestamptz not null,
  code text not null,
  detail text not null,
  kind text not null,
  payload bytea not null,
  state text not null default 'open' check (state in ('open', 'taken', 'dropped')),
  decided_by text not null default '',
  decided_at timestamptz,
  primary key (tenant_id, refused_id),
  foreign key (tenant_id, source_id) references channel_source
);
create index collect_refused_open on collect_refused (tenant_id, received_at desc, refused_id)
  where state = 'open';

-- What a source said of a person: apart from the log, so that it can be forgotten.
create table channel_person (
  tenant_id uuid not null,
  source_id uuid not null,
  actor text not null,
  phone_hash bytea,
  email_hash bytea,
  traits jsonb not null,
  updated_at timestamptz not null,
  primary key (tenant_id, source_id, actor),
  foreign key (tenant_id, source_id) references channel_source
);
create index channel_person_phone on channel_person (tenant_id, phone_hash)
  where phone_hash is not null;

create table file_import (
  tenant_id uuid not null references tenant,
  import_id uuid not null,
  kind text not null check (kind in ('orders', 'members')),
  name text not null,
  sha256 bytea not null check (length(sha256) = 32),
  how jsonb not null,
  state text not null check (state in ('running', 'done', 'undoing', 'undone')),
  rows_done bigint not null default 0,
  counts jsonb not null,
  made_by text not null,
  began_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, import_id)
);
create unique index file_import_once on file_import (tenant_id, kind, sha256)
  where state in ('running', 'done');

-- Every word that was said of an order, as it was said; the order is worked out from all of them.
create table channel_order_word (
  tenant_id uuid not null,
  order_id uuid not null,
  origin uuid not null,
  version bigint not null,
  part bigint not null,
  digest bytea not null,
  word jsonb not null,
  received_at timestamptz not null,
  primary key (tenant_id, order_id, origin, version, part)
);
create index channel_order_word_origin on channel_order_word (tenant_id, origin, order_id);

create table channel_order (
  tenant_id uuid not null,
  order_id uuid not null,
  channel text not null,
  order_no text not null,
  version bigint not null,
  status text not null check (status in
    ('created', 'paid', 'cancelled', 'refunded', 'part_refunded')),
  ordered_at timestamptz not null,
  business_date date not null,
  hour_local smallint not null,
  store_id uuid,
  member_id uuid,
  buyer_hash bytea,
  phone_hash bytea,
  address_hash bytea,
  payer_hash bytea,
  device_hash bytea,
  list_fen bigint not null,
  net_fen bigint not null,
  refunded_fen bigint not null,
  points_used bigint not null,
  coupons integer not null,
  units_milli bigint not null,
  updated_at timestamptz not null,
  primary key (tenant_id, order_id),
  unique (tenant_id, channel, order_no)
);
create index channel_order_of_member on channel_order (tenant_id, member_id, ordered_at desc)
  where member_id is not null;
create index channel_order_of_phone on channel_order (tenant_id, phone_hash)
  where phone_hash is not null;
create index channel_order_changed on channel_order (tenant_id, updated_at, order_id);

create table channel_order_line (
  tenant_id uuid not null,
  order_id uuid not null,
  line_no integer not null,
  sku text not null,
  name text not null,
  article_id uuid,
  qty_milli bigint not null,
  list_fen bigint not null,
  net_fen bigint not null,
  promoted boolean not null,
  primary key (tenant_id, order_id, line_no)
);

-- Whom a row of a file became, so that totals can be compared and all of it be taken back.
create table moved_member (
  tenant_id uuid not null,
  import_id uuid not null,
  row_no bigint not null,
  member_id uuid not null,
  made boolean not null,
  tier text not null,
  points bigint not null,
  cards bytea[] not null,
  coupons text[] not null,
  consents text[] not null,
  taken_back bigint,
  primary key (tenant_id, import_id, row_no),
  foreign key (tenant_id, import_id) references file_import,
  foreign key (tenant_id, member_id) references member
);
create index moved_member_of on moved_member (tenant_id, member_id);
