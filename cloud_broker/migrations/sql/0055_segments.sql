-- Segments: conditions over tags and events, and who fits them.

create table segment (
  tenant_id uuid not null references tenant,
  segment_id uuid not null,
  name text not null check (name <> ''),
  note text not null,
  version bigint not null check (version > 0),
  definition jsonb not null,
  made_by text not null,
  made_at timestamptz not null,
  changed_by text not null,
  changed_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, segment_id)
);
create unique index segment_name on segment (tenant_id, name) where ended_at is null;

-- As it was written each time: a campaign says by which version it chose.
create table segment_version (
  tenant_id uuid not null,
  segment_id uuid not null,
  version bigint not null,
  name text not null,
  note text not null,
  definition jsonb not null,
  changed_by text not null,
  changed_at timestamptz not null,
  primary key (tenant_id, segment_id, version),
  foreign key (tenant_id, segment_id) references segment
);

-- Without a foreign key to members: who is erased is taken out by the erasure, or by the next look.
create table segment_member (
  tenant_id uuid not null,
  segment_id uuid not null,
  person_id uuid not null,
  since_ms bigint not null,
  primary key (tenant_id, segment_id, person_id),
  foreign key (tenant_id, segment_id) references segment
);
create index segment_member_person on segment_member (tenant_id, person_id);

create table segment_run (
  tenant_id uuid not null,
  segment_id uuid not null,
  run_no bigint generated always as identity,
  at_ms bigint not null,
  version bigint not null,
  as_of date not null,
  people bigint not null,
  entered bigint not null,
  gone bigint not null,
  primary key (tenant_id, segment_id, run_no),
  foreign key (tenant_id, segment_id) references segment
);

-- Who came and who went, by segment.
create index event_log_segment on event_log (tenant_id, device_id, received_at)
  where type in ('segment.entered', 'segment.exited');

create view analytics.tagged with (security_invoker = true) as
select tenant_id, member_id as person_id, tags from member_tags;

create view analytics.stores with (security_invoker = true) as
select tenant_id, store_id::text as store_id, region_id::text as region_id from store;
