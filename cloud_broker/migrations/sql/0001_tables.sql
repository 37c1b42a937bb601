-- Every key begins with the tenant: rows of two tenants never meet in an index, and the tables can
-- later be spread over servers by tenant without a rewrite. Foreign keys stand where rows are few
-- and made by people; what boxes send carries none, because an event must be storable whatever
-- order things arrive in.

-- ---- who -----------------------------------------------------------------------------------------

create table tenant (
  tenant_id uuid not null,
  name text not null,
  created_at timestamptz not null,
  primary key (tenant_id)
);

-- The only table that is readable across tenants: it turns the name typed at sign-in into a tenant.
create table tenant_slug (
  tenant_id uuid not null references tenant,
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  primary key (tenant_id, slug),
  unique (slug)
);

create table legal_entity (
  tenant_id uuid not null references tenant,
  legal_entity_id uuid not null,
  name text not null,
  primary key (tenant_id, legal_entity_id)
);

create table region (
  tenant_id uuid not null references tenant,
  region_id uuid not null,
  parent_id uuid,
  name text not null,
  primary key (tenant_id, region_id),
  unique (tenant_id, name),
  foreign key (tenant_id, parent_id) references region
);

create table store (
  tenant_id uuid not null,
  store_id uuid not null,
  legal_entity_id uuid not null,
  region_id uuid not null,
  name text not null,
  city text not null,
  zone text not null,
  day_starts_at time not null,
  shard smallint not null check (shard >= 0),
  created_at timestamptz not null,
  closed_at timestamptz,
  primary key (tenant_id, store_id),
  unique (tenant_id, name),
  foreign key (tenant_id, legal_entity_id) references legal_entity,
  foreign key (tenant_id, region_id) references region
);

create table device (
  tenant_id uuid not null,
  device_id uuid not null,
  store_id uuid not null,
  slot smallint not null check (slot > 0),
  token_hash bytea not null check (length(token_hash) = 32),
  broker_hash text not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (tenant_id, device_id),
  foreign key (tenant_id, store_id) references store
);
create unique index device_one_in_a_slot on device (tenant_id, store_id, slot)
  where retired_at is null;

create table till (
  tenant_id uuid not null,
  till_id uuid not null,
  store_id uuid not null,
  name text not null,
  kind text not null check (kind in ('api', 'escpos')),
  profile text not null default '',
  created_at timestamptz not null,
  primary key (tenant_id, till_id),
  unique (tenant_id, store_id, name),
  foreign key (tenant_id, store_id) references store
);

create table operator (
  tenant_id uuid not null,
  operator_id uuid not null,
  store_id uuid not null,
  number text not null,
  name text not null,
  pin_hash text not null,
  role text not null check (role in ('clerk', 'manager', 'technician')),
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (tenant_id, operator_id),
  unique (tenant_id, store_id, number),
  foreign key (tenant_id, store_id) references store
);

-- ---- what is sold, and by which rules --------------------------------------------------------------

create table article (
  tenant_id uuid not null references tenant,
  article_id uuid not null,
  sku text not null,
  created_at timestamptz not null,
  primary key (tenant_id, article_id),
  unique (tenant_id, sku)
);

-- One row for each change of an article and the day it takes effect; the newest row whose day has
-- come wins. Withdrawing an article is a row too.
create table article_revision (
  tenant_id uuid not null,
  article_id uuid not null,
  effective_from date not null,
  revision bigint generated always as identity,
  name text not null,
  unit text not null,
  price_fen bigint not null check (price_fen >= 0),
  cost_fen bigint check (cost_fen >= 0),
  brand text not null,
  category text not null,
  barcodes text[] not null,
  tags text[] not null,
  created_at timestamptz not null,
  primary key (tenant_id, article_id, effective_from, revision),
  foreign key (tenant_id, article_id) references article
);

create table catalogue_version (
  tenant_id uuid not null references tenant,
  version bigint not null check (version > 0),
  effective_on date not null,
  articles integer not null,
  sha256 bytea not null,
  content bytea not null,
  created_at timestamptz not null,
  created_by text not null,
  primary key (tenant_id, version)
);

create table rule_bundle (
  tenant_id uuid not null references tenant,
  version bigint not null check (version > 0),
  content bytea not null,
  signed bytea not null,
  sha256 bytea not null,
  created_at timestamptz not null,
  created_by text not null,
  primary key (tenant_id, version)
);

-- What waits to be announced to the stores; ingest announces it and sets the mark.
create table publication (
  tenant_id uuid not null references tenant,
  kind text not null check (kind in ('catalogue', 'bundle')),
  version bigint not null,
  sha256 bytea not null,
  size integer not null,
  created_at timestamptz not null,
  published_at timestamptz,
  primary key (tenant_id, kind, version)
);
create index publication_waiting on publication (tenant_id) where published_at is null;

-- ---- members -----------------------------------------------------------------------------------------

create table wallet (
  tenant_id uuid not null references tenant,
  wallet_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, wallet_id)
);

create table member (
  tenant_id uuid not null,
  member_id uuid not null,
  wallet_id uuid not null,
  ver bigint not null,
  name text not null,
  tier text not null,
  tags text[] not null,
  phone_masked text not null,
  phone_hash bytea,
  home_store_id uuid not null,
  enrolled_at timestamptz not null,
  primary key (tenant_id, member_id),
  unique (tenant_id, wallet_id),
  foreign key (tenant_id, wallet_id) references wallet
);
create index member_by_name on member (tenant_id, name text_pattern_ops);

-- Whatever names a person (phone, card, openid, external id), as a keyed hash, names one member.
create table identity (
  tenant_id uuid not null,
  kind text not null,
  keyed_hash bytea not null,
  member_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, kind, keyed_hash),
  foreign key (tenant_id, member_id) references member
);
create index identity_of_member on identity (tenant_id, member_id);

create table credential (
  tenant_id uuid not null,
  kind text not null check (kind in ('phone_key', 'card')),
  key bytea not null,
  member_id uuid not null,
  public_key bytea,
  created_at timestamptz not null,
  revoked_at timestamptz,
  primary key (tenant_id, kind, key),
  foreign key (tenant_id, member_id) references member
);
create index credential_of_member on credential (tenant_id, member_id);

create table consent (
  tenant_id uuid not null references tenant,
  consent_id uuid not null,
  member_id uuid not null,
  kind text not null,
  given boolean not null,
  text_version text not null,
  text_hash bytea not null,
  language text not null,
  channel text not null,
  store_id uuid not null,
  operator_id uuid,
  wall_ms bigint not null,
  received_at timestamptz not null,
  primary key (tenant_id, consent_id)
);
create index consent_of_member on consent (tenant_id, member_id);

create table claim (
  tenant_id uuid not null references tenant,
  claim_hash bytea not null,
  member_id uuid not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, claim_hash)
);

-- ---- what happened -----------------------------------------------------------------------------------

-- Idempotency of every event, for ever; not partitioned, so that it holds over all of time.
create table event_key (
  tenant_id uuid not null,
  source text not null,
  key bytea not null,
  primary key (tenant_id, source, key)
);

create table event_log (
  tenant_id uuid not null,
  event_id uuid not null,
  received_at timestamptz not null,
  store_id uuid not null,
  device_id uuid not null,
  epoch bigint not null,
  seq bigint not null,
  till_id uuid,
  operator_id uuid,
  member_id uuid,
  type text not null,
  wall_ms bigint not null,
  time_quality smallint not null,
  boot_id uuid not null,
  mono_ms bigint not null,
  hash bytea not null,
  body bytea not null,
  primary key (tenant_id, received_at, event_id)
) partition by range (received_at);
create index event_log_sequence on event_log (tenant_id, device_id, epoch, seq);
create table event_log_default partition of event_log default;

create table receipt (
  tenant_id uuid not null,
  receipt_id uuid not null,
  event_id uuid not null,
  store_id uuid not null,
  device_id uuid not null,
  till_id uuid,
  operator_id uuid,
  member_id uuid,
  source text not null,
  till_receipt_no text not null,
  business_date date not null,
  shelf_fen bigint not null,
  total_fen bigint not null,
  points bigint not null,
  tenders jsonb not null,
  -- When it was sold: the box's clock, or the cloud's where the box did not know the time.
  sold_ms bigint not null,
  received_at timestamptz not null,
  sync_ms bigint,
  bundle_version bigint not null,
  bundle_hash bytea not null,
  certificate_hash bytea not null,
  solver_status text not null,
  primary key (tenant_id, receipt_id)
);
create index receipt_latest on receipt (tenant_id, received_at desc, receipt_id);
create index receipt_of_store on receipt (tenant_id, store_id, received_at desc, receipt_id desc);
create index receipt_of_member on receipt (tenant_id, member_id, received_at desc, receipt_id desc)
  where member_id is not null;
create index receipt_of_day on receipt (tenant_id, store_id, business_date) include (total_fen);
-- A tapped receipt is known by what is printed on it; tills restart their numbers every day.
create unique index receipt_tapped_once
  on receipt (tenant_id, store_id, till_id, business_date, till_receipt_no) nulls not distinct
  where source = 'tap' and till_receipt_no <> '';

create table receipt_line (
  tenant_id uuid not null,
  receipt_id uuid not null,
  line bigint not null,
  article_id uuid,
  sku text not null,
  name text not null,
  qty_milli bigint not null,
  shelf_fen bigint not null,
  net_fen bigint not null,
  offers jsonb not null,
  primary key (tenant_id, receipt_id, line)
);

-- ---- points ------------------------------------------------------------------------------------------

create table posting (
  tenant_id uuid not null,
  receipt_id uuid not null,
  line bigint not null,
  rule text not null,
  kind text not null,
  nth bigint not null,
  debit text not null,
  credit text not null,
  points bigint not null,
  issuer uuid not null,
  redeemer uuid,
  event_id uuid not null,
  wallet_id uuid,
  posted_at timestamptz not null,
  primary key (tenant_id, receipt_id, line, rule, kind, nth),
  check (debit <> credit)
);
create index posting_of_wallet on posting (tenant_id, wallet_id, posted_at desc)
  where wallet_id is not null;

-- Derived from the postings, in the transaction that adds them.
create table account (
  tenant_id uuid not null,
  account text not null,
  balance bigint not null,
  version bigint not null,
  updated_at timestamptz not null,
  primary key (tenant_id, account)
);

-- ---- what goes back to the stores -----------------------------------------------------------------------

create table interest (
  tenant_id uuid not null,
  store_id uuid not null,
  member_id uuid not null,
  since timestamptz not null,
  primary key (tenant_id, store_id, member_id)
);
create index interest_of_member on interest (tenant_id, member_id);

create table store_feed (
  tenant_id uuid not null,
  store_id uuid not null,
  feed_epoch bigint not null,
  head bigint not null default 0,
  published bigint not null default 0,
  primary key (tenant_id, store_id),
  foreign key (tenant_id, store_id) references store,
  check (published <= head)
);

create table feed (
  tenant_id uuid not null,
  store_id uuid not null,
  pos bigint not null,
  prev_pos bigint not null,
  kind text not null,
  key uuid not null,
  ver bigint not null,
  body bytea not null,
  committed_at timestamptz not null,
  primary key (tenant_id, store_id, pos),
  check (prev_pos = pos - 1)
);

-- ---- the fleet -----------------------------------------------------------------------------------------

-- What is committed of each (device, epoch), and the hashes at the ends of those ranges, where
-- frames that arrive later must fit.
create table device_range (
  tenant_id uuid not null,
  device_id uuid not null,
  epoch bigint not null,
  ranges int8multirange not null,
  edges jsonb not null,
  breaks bigint not null default 0,
  first_seen_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, device_id, epoch)
);

create table device_state (
  tenant_id uuid not null,
  device_id uuid not null,
  store_id uuid not null,
  state text not null,
  boot_id uuid not null,
  wall_ms bigint not null,
  software text not null,
  epoch bigint not null,
  outbox_depth bigint not null,
  feed_pos bigint not null,
  can_sell boolean not null,
  devices jsonb not null,
  faults jsonb not null,
  last_seen_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, device_id),
  foreign key (tenant_id, device_id) references device
);
create index device_state_of_store on device_state (tenant_id, store_id);

-- Nothing that was sent is thrown away: what could not be applied waits here, visible.
create table repair_queue (
  tenant_id uuid not null,
  repair_id uuid not null,
  kind text not null check (kind in ('frame', 'event', 'chain', 'person', 'member')),
  code text not null,
  detail text not null,
  store_id uuid,
  device_id uuid,
  epoch bigint,
  seq bigint,
  event_id uuid,
  member_id uuid,
  topic text not null,
  payload bytea not null,
  state text not null default 'open' check (state in ('open', 'done')),
  tries integer not null default 0,
  received_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by text not null default '',
  primary key (tenant_id, repair_id)
);
create index repair_open on repair_queue (tenant_id, received_at desc) where state = 'open';
create unique index repair_event_once on repair_queue (tenant_id, event_id)
  where kind = 'event';

create table name_review (
  tenant_id uuid not null,
  name text not null,
  seen bigint not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (tenant_id, name)
);

create table name_map (
  tenant_id uuid not null references tenant,
  name text not null,
  sku text not null,
  mapped_by text not null,
  mapped_at timestamptz not null,
  primary key (tenant_id, name)
);

-- ---- HQ ------------------------------------------------------------------------------------------------

create table hq_user (
  tenant_id uuid not null references tenant,
  user_id uuid not null,
  login text not null,
  name text not null,
  role text not null check (role in ('admin', 'operations', 'marketing', 'auditor')),
  password_hash text not null,
  failed_tries integer not null default 0,
  locked_until timestamptz,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (tenant_id, user_id),
  unique (tenant_id, login)
);

create table hq_session (
  tenant_id uuid not null,
  token_hash bytea not null check (length(token_hash) = 32),
  user_id uuid not null,
  kind text not null check (kind in ('session', 'token')),
  label text not null default '',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, token_hash),
  foreign key (tenant_id, user_id) references hq_user
);

create table audit (
  tenant_id uuid not null,
  n bigint not null check (n > 0),
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  detail jsonb not null,
  prev_hash bytea not null,
  hash bytea not null,
  primary key (tenant_id, n)
);
