-- Tasks, the points mall, shared links and invitations; gifts that were handed over.

-- Members about whom a task may have something new to say. Only added and taken off, never changed:
-- whoever books a sale does not wait for whoever works this off.
create table task_due (
  tenant_id uuid not null,
  due_id bigint generated always as identity,
  member_id uuid not null,
  due_at timestamptz not null,
  primary key (tenant_id, due_id)
);

-- Since when a task is known here: one that was published today does not reward last year.
create table task_known (
  tenant_id uuid not null,
  task text not null,
  since date not null,
  primary key (tenant_id, task)
);

-- Check-ins that a counter showed; the check-in itself is forgotten after a month.
create table checkin_day (
  tenant_id uuid not null,
  member_id uuid not null,
  day date not null,
  store_id uuid not null,
  primary key (tenant_id, member_id, day, store_id)
);

create table task_progress (
  tenant_id uuid not null,
  member_id uuid not null,
  task text not null,
  period text not null,
  has bigint[] not null,
  last_day date,
  done boolean not null,
  primary key (tenant_id, member_id, task)
);

-- A completion with what was given for it; a rollback ends it, another completion is another turn.
create table task_completion (
  tenant_id uuid not null,
  member_id uuid not null,
  cause text not null,
  turn integer not null check (turn > 0),
  stands boolean not null,
  reward jsonb not null,
  issuer uuid not null,
  day date not null,
  updated_at timestamptz not null,
  primary key (tenant_id, member_id, cause)
);

create table share_token (
  tenant_id uuid not null,
  link_id uuid not null,
  member_id uuid not null,
  about text not null,
  device_hash bytea not null,
  made_at timestamptz not null,
  primary key (tenant_id, link_id),
  unique (tenant_id, member_id, about),
  foreign key (tenant_id, member_id) references member
);

-- Somebody who opened a link on a phone of her own: once for each who shared.
create table share_open (
  tenant_id uuid not null,
  inviter_id uuid not null,
  member_id uuid not null,
  link_id uuid not null,
  opened_on date not null,
  joined boolean not null,
  device_hash bytea not null,
  opened_at timestamptz not null,
  primary key (tenant_id, inviter_id, member_id),
  check (inviter_id <> member_id)
);
create index share_open_of_member on share_open (tenant_id, member_id);

-- A person is invited once, by one person; `check_on` is when something about it may change.
create table referral (
  tenant_id uuid not null,
  friend_id uuid not null,
  inviter_id uuid not null,
  link_id uuid not null,
  joined_on date not null,
  device_hash bytea not null,
  check_on date,
  noted_at timestamptz not null,
  primary key (tenant_id, friend_id),
  check (inviter_id <> friend_id)
);
create index referral_of_inviter on referral (tenant_id, inviter_id);
create index referral_device on referral (tenant_id, device_hash);
create index referral_check on referral (tenant_id, check_on) where check_on is not null;

create table mall_stock (
  tenant_id uuid not null,
  item text not null,
  store_id uuid not null,
  stock bigint not null check (stock >= 0),
  reserved bigint not null default 0 check (reserved >= 0 and reserved <= stock),
  updated_at timestamptz not null,
  primary key (tenant_id, item, store_id),
  foreign key (tenant_id, store_id) references store
);

create table mall_order (
  tenant_id uuid not null,
  order_id uuid not null,
  member_id uuid not null,
  wallet_id uuid not null,
  item text not null,
  sku text not null,
  name text not null,
  points bigint not null check (points > 0),
  store_id uuid not null,
  redeemer uuid not null,
  gift_id uuid not null,
  state text not null check (state in ('open', 'cancelling', 'expiring', 'handed', 'cancelled', 'expired')),
  ordered_on date not null,
  last_day date not null,
  ordered_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, order_id),
  unique (tenant_id, gift_id),
  foreign key (tenant_id, member_id) references member
);
create index mall_order_of_member on mall_order (tenant_id, member_id, ordered_at desc);
create index mall_order_moving on mall_order (tenant_id, last_day)
  where state in ('open', 'cancelling', 'expiring');

create table gift_handed (
  tenant_id uuid not null,
  handed_id uuid not null,
  gift_id uuid not null,
  member_id uuid not null,
  store_id uuid not null,
  device_id uuid not null,
  operator_id uuid,
  kind text not null,
  sku text not null,
  name text not null,
  business_date date not null,
  happened_ms bigint not null,
  received_at timestamptz not null,
  primary key (tenant_id, handed_id)
);
create index gift_handed_of_store on gift_handed (tenant_id, store_id, business_date);
