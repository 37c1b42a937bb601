-- What channels cost, since when a shop is compared with what, and how long a sale took.

-- From the basket's opening to its end; null where nobody knows.
alter table receipt add column counter_ms bigint;

create table cost_import (
  tenant_id uuid not null references tenant,
  import_id uuid not null,
  name text not null,
  rows_taken integer not null,
  fen bigint not null,
  made_by text not null,
  made_at timestamptz not null,
  undone_at timestamptz,
  undone_by text not null default '',
  primary key (tenant_id, import_id)
);

-- What a channel, or the system in a store, cost over some days; it is spread evenly over them.
create table channel_cost (
  tenant_id uuid not null,
  import_id uuid not null,
  row_no integer not null,
  channel text not null check (channel <> ''),
  store_id uuid,
  first_day date not null,
  last_day date not null check (last_day >= first_day),
  fen bigint not null check (fen > 0),
  note text not null,
  primary key (tenant_id, import_id, row_no),
  foreign key (tenant_id, import_id) references cost_import
);

-- Against which days HQ compares; every change is a row, and the newest one holds.
create table roi_baseline (
  tenant_id uuid not null references tenant,
  change_no bigint generated always as identity,
  first_day date not null,
  last_day date not null check (last_day >= first_day),
  -- What of the net is earned, in thousandths; null: as goods' costs say.
  margin_permille integer check (margin_permille between 0 and 1000),
  set_by text not null,
  set_at timestamptz not null,
  primary key (tenant_id, change_no)
);
