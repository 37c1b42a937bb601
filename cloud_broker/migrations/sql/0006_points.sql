-- Refunds, adjustments by two persons, merges, policies, closed days; and every posting's day.

-- What boxes send carries no foreign key: it must be storable whatever order things arrive in.
create table refund (
  tenant_id uuid not null,
  refund_id uuid not null,
  receipt_id uuid not null,
  nth bigint not null check (nth >= 0),
  event_id uuid not null,
  store_id uuid not null,
  device_id uuid not null,
  till_id uuid,
  operator_id uuid,
  member_id uuid,
  source text not null,
  till_receipt_no text not null,
  business_date date not null,
  reason text not null,
  repriced boolean not null,
  money_fen bigint not null check (money_fen >= 0),
  points_fen bigint not null check (points_fen >= 0),
  points_back bigint not null,
  points_taken bigint not null,
  points_owed bigint not null,
  tenders jsonb not null,
  coupons text[] not null,
  happened_ms bigint not null,
  received_at timestamptz not null,
  primary key (tenant_id, refund_id),
  unique (tenant_id, receipt_id, nth)
);

create index refund_of_day on refund (tenant_id, store_id, business_date);
create table refund_line (
  tenant_id uuid not null,
  refund_id uuid not null,
  line bigint not null,
  receipt_id uuid not null,
  qty_milli bigint not null check (qty_milli > 0),
  primary key (tenant_id, refund_id, line)
);

create index refund_line_of_receipt on refund_line (tenant_id, receipt_id);
create table adjustment (
  tenant_id uuid not null,
  adjustment_id uuid not null,
  member_id uuid not null,
  wallet_id uuid not null,
  legal_entity_id uuid not null,
  points bigint not null check (points <> 0),
  reason text not null check (reason <> ''),
  proposed_by text not null,
  proposed_at timestamptz not null,
  primary key (tenant_id, adjustment_id),
  unique (tenant_id, adjustment_id, proposed_by),
  foreign key (tenant_id, member_id) references member,
  foreign key (tenant_id, legal_entity_id) references legal_entity
);

-- Decided once, and by somebody else: the key and the check hold whatever the program does.
create table adjustment_decision (
  tenant_id uuid not null,
  adjustment_id uuid not null,
  proposed_by text not null,
  decision text not null check (decision in ('approved', 'refused')),
  decided_by text not null,
  decided_at timestamptz not null,
  primary key (tenant_id, adjustment_id),
  foreign key (tenant_id, adjustment_id, proposed_by) references adjustment (tenant_id,
  adjustment_id, proposed_by),
  check (decided_by <> proposed_by)
);

create table member_merge (
  tenant_id uuid not null,
  merge_id uuid not null,
  from_member_id uuid not null,
  into_member_id uuid not null,
  from_wallet_id uuid not null,
  into_wallet_id uuid not null,
  reason text not null check (reason <> ''),
  merged_by text not null,
  merged_at timestamptz not null,
  primary key (tenant_id, merge_id),
  check (from_member_id <> into_member_id),
  foreign key (tenant_id, from_member_id) references member,
  foreign key (tenant_id, into_member_id) references member
);

create index member_merge_from on member_merge (tenant_id, from_wallet_id);
create index member_merge_into on member_merge (tenant_id, into_wallet_id);
create table member_unmerge (
  tenant_id uuid not null,
  merge_id uuid not null,
  reason text not null check (reason <> ''),
  unmerged_by text not null,
  unmerged_at timestamptz not null,
  primary key (tenant_id, merge_id),
  foreign key (tenant_id, merge_id) references member_merge
);

create table points_policy (
  tenant_id uuid not null references tenant,
  effective_from date not null,
  version bigint not null check (version > 0),
  content jsonb not null,
  decided_by text not null,
  decided_at timestamptz not null,
  primary key (tenant_id, version)
);

create table day_close (
  tenant_id uuid not null,
  store_id uuid not null,
  business_date date not null,
  n bigint not null check (n > 0),
  report jsonb not null,
  differences jsonb not null,
  closed_by text not null,
  closed_at timestamptz not null,
  primary key (tenant_id, store_id, business_date, n),
  foreign key (tenant_id, store_id) references store
);

alter table repair_queue drop constraint repair_queue_kind_check, add constraint
  repair_queue_kind_check check (kind in ('frame', 'event', 'chain', 'person', 'member', 'proof', 'books'));
-- The day a posting counts on and the moment it happened: lots are worked out from these and not
-- from when a row came in. Older rows take their receipt's.
alter table posting add column business_date date, add column happened_ms bigint, add column
  expires_on date;
alter table posting disable trigger posting_is_append_only;
alter table posting no force row level security;
alter table receipt no force row level security;
update posting p set business_date = r.business_date, happened_ms = r.sold_ms from receipt r where
  r.tenant_id = p.tenant_id and r.receipt_id = p.receipt_id;
update posting set business_date = (posted_at at time zone 'UTC')::date, happened_ms =
  (extract(epoch from posted_at) * 1000)::bigint where business_date is null;
alter table receipt force row level security;
alter table posting force row level security;
alter table posting enable trigger posting_is_append_only;
alter table posting alter column business_date set not null, alter column happened_ms set not null,
  add check (points > 0);
