-- Campaigns: for whom, who is held out, what was sent, what came of it.

create table message_template (
  tenant_id uuid not null references tenant,
  template_id uuid not null,
  channel text not null check (channel in ('sms', 'wechat')),
  name text not null check (name <> ''),
  body text not null check (body <> ''),
  provider_code text not null,
  state text not null check (state in ('waiting', 'approved', 'ended')),
  made_by text not null,
  made_ms bigint not null,
  decided_by text not null,
  decided_ms bigint,
  primary key (tenant_id, template_id),
  -- Whoever wrote a text does not approve it.
  check (state <> 'approved' or (decided_by <> '' and decided_by <> made_by))
);

-- Where a member agreed to be written to: sealed under a key outside of the database, and gone with
-- her consent. The hash finds whose a number is that says to stop.
create table contact (
  tenant_id uuid not null,
  member_id uuid not null,
  channel text not null check (channel in ('sms', 'wechat')),
  sealed bytea not null,
  address_hash bytea not null,
  given_ms bigint not null,
  primary key (tenant_id, member_id, channel),
  foreign key (tenant_id, member_id) references member
);
create index contact_address on contact (tenant_id, channel, address_hash);

create table campaign (
  tenant_id uuid not null references tenant,
  campaign_id uuid not null,
  name text not null check (name <> ''),
  plan jsonb not null,
  state text not null check (state in ('draft', 'waiting', 'running', 'stopped', 'ended')),
  made_by text not null,
  made_ms bigint not null,
  asked_by text not null,
  agreed_by text not null,
  started_ms bigint,
  stopped_ms bigint,
  why text not null check (why in ('', 'end', 'budget', 'harm', 'loss', 'by_hand')),
  -- How far the pass through the segment is, and when the last whole one ended.
  reached uuid,
  passed_ms bigint not null,
  looked_ms bigint not null,
  -- Unused coupons are taken back when it was stopped so; groups and calls are, once it is over.
  take_back boolean not null,
  tidied boolean not null,
  primary key (tenant_id, campaign_id),
  check (state in ('draft', 'waiting') or started_ms is not null),
  -- Nobody holds nobody out alone.
  check (state in ('draft', 'waiting') or (plan->>'holdout_permille')::int >= 10
    or (agreed_by <> '' and agreed_by <> asked_by and agreed_by <> made_by))
);

-- Who came in, and on which side the coin fell; never changed and never taken out again.
create table campaign_person (
  tenant_id uuid not null,
  campaign_id uuid not null,
  person_id uuid not null,
  arm text not null check (arm in ('treated', 'held')),
  entered_ms bigint not null,
  grouped boolean not null,
  primary key (tenant_id, campaign_id, person_id),
  foreign key (tenant_id, campaign_id) references campaign
);
create index campaign_person_of on campaign_person (tenant_id, person_id);

create table campaign_message (
  tenant_id uuid not null,
  message_id uuid not null,
  campaign_id uuid not null,
  person_id uuid not null,
  channel text not null check (channel in ('sms', 'wechat')),
  template_id uuid not null,
  fills jsonb not null,
  priority smallint not null,
  state text not null check (state in
    ('due', 'sending', 'sent', 'delivered', 'failed', 'dropped', 'unsure')),
  reason text not null,
  made_ms bigint not null,
  due_ms bigint not null,
  until_ms bigint not null,
  tries int not null,
  taken_ms bigint,
  sent_ms bigint,
  told_ms bigint,
  provider_ref text not null,
  primary key (tenant_id, message_id),
  unique (tenant_id, campaign_id, person_id, channel),
  foreign key (tenant_id, campaign_id) references campaign,
  foreign key (tenant_id, template_id) references message_template
);
create index campaign_message_due on campaign_message (tenant_id, channel, due_ms)
  where state = 'due';
create index campaign_message_taken on campaign_message (tenant_id, channel, taken_ms)
  where taken_ms is not null;
create index campaign_message_person on campaign_message (tenant_id, person_id, taken_ms)
  where taken_ms is not null;
create index campaign_message_ref on campaign_message (tenant_id, channel, provider_ref)
  where provider_ref <> '';

-- What a clerk is to ask her when she stands at a till.
create table call_back (
  tenant_id uuid not null,
  call_id uuid not null,
  campaign_id uuid not null,
  member_id uuid not null,
  note text not null,
  made_ms bigint not null,
  last_day date not null,
  ended_ms bigint,
  primary key (tenant_id, call_id),
  unique (tenant_id, campaign_id, member_id),
  foreign key (tenant_id, campaign_id) references campaign
);
create index call_back_of on call_back (tenant_id, member_id) where ended_ms is null;

-- What was seen of a campaign at the end of each day.
create table campaign_look (
  tenant_id uuid not null,
  campaign_id uuid not null,
  day date not null,
  looked_ms bigint not null,
  figures jsonb not null,
  primary key (tenant_id, campaign_id, day),
  foreign key (tenant_id, campaign_id) references campaign
);

-- How fast a brand writes, how often to one person, and when to nobody.
create table message_pace (
  tenant_id uuid not null references tenant,
  channel text not null check (channel in ('sms', 'wechat')),
  per_minute int not null check (per_minute between 1 and 10000),
  per_day int not null check (per_day between 1 and 10000000),
  person_max int not null check (person_max between 1 and 100),
  person_days int not null check (person_days between 1 and 366),
  quiet_begins time not null,
  quiet_ends time not null,
  set_by text not null,
  set_ms bigint not null,
  primary key (tenant_id, channel)
);

-- What the model expects each person to spend within a year.
create table person_worth (
  tenant_id uuid not null,
  person_id uuid not null,
  expected_fen bigint not null,
  as_of date not null,
  primary key (tenant_id, person_id)
);
