create table rule_draft (
  tenant_id uuid not null references tenant,
  draft_id uuid not null,
  name text not null,
  base_version bigint not null,
  edit integer not null check (edit > 0),
  state text not null check (state in ('open', 'waiting', 'published', 'dropped')),
  made_by text not null,
  made_at timestamptz not null,
  changed_by text not null,
  changed_at timestamptz not null,
  primary key (tenant_id, draft_id)
);
create index rule_draft_latest on rule_draft (tenant_id, changed_at desc);

-- Every text that somebody saved: nothing that was written is lost to a later one.
create table rule_edit (
  tenant_id uuid not null,
  draft_id uuid not null,
  edit integer not null,
  content text not null,
  said_by text not null,
  said_at timestamptz not null,
  primary key (tenant_id, draft_id, edit),
  foreign key (tenant_id, draft_id) references rule_draft
);

create table rule_order (
  tenant_id uuid not null references tenant,
  order_id uuid not null,
  kind text not null check (kind in ('all', 'stage', 'back')),
  draft_id uuid,
  edit integer not null,
  stores text[] not null,
  regions text[] not null,
  base_version bigint not null,
  reach integer not null,
  state text not null check (state in ('waiting', 'published', 'dropped')),
  author text not null,
  why text not null,
  made_at timestamptz not null,
  second text not null,
  version bigint not null,
  decided_at timestamptz,
  content text not null,
  primary key (tenant_id, order_id),
  foreign key (tenant_id, draft_id) references rule_draft
);
create index rule_order_latest on rule_order (tenant_id, made_at desc);

create table rule_job (
  tenant_id uuid not null,
  job_id uuid not null,
  kind text not null check (kind in ('lint', 'replay')),
  draft_id uuid not null,
  edit integer not null,
  against bigint not null,
  first_day date not null,
  last_day date not null,
  state text not null check (state in ('waiting', 'running', 'done', 'stopped', 'failed')),
  asked_by text not null,
  asked_at timestamptz not null,
  total bigint not null,
  done bigint not null,
  reached_store uuid,
  reached_day date,
  changed_at timestamptz not null,
  reason text not null,
  result bytea not null default '',
  primary key (tenant_id, job_id),
  foreign key (tenant_id, draft_id, edit) references rule_edit
);
create index rule_job_of_draft on rule_job (tenant_id, draft_id, asked_at desc);
create index rule_job_waiting on rule_job (tenant_id, asked_at) where state in ('waiting', 'running');
