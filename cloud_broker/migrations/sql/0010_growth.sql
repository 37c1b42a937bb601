-- Tiers, coupons and gifts: who holds what, why, and what is still to be judged.

-- A coupon in a member's hand is the right ('coupon', coupon_id) of one, lent to a box like points.
-- Whether it was used stands in lease_spend and nowhere else.
create table member_coupon (
  tenant_id uuid not null,
  coupon_id uuid not null,
  member_id uuid not null,
  rule text not null,
  source text not null,
  first_day date not null,
  last_day date not null check (last_day >= first_day),
  given_at timestamptz not null,
  ended text check (ended in ('taken', 'expired')),
  primary key (tenant_id, coupon_id),
  unique (tenant_id, member_id, source)
);
create index member_coupon_held on member_coupon (tenant_id, member_id) where ended is null;
create index member_coupon_over on member_coupon (tenant_id, last_day) where ended is null;

create table member_gift (
  tenant_id uuid not null,
  gift_id uuid not null,
  member_id uuid not null,
  kind text not null check (kind in
    ('newcomer', 'birthday', 'tier', 'task', 'mall', 'referral', 'monthly')),
  sku text not null,
  name text not null,
  source text not null,
  store_id uuid,
  last_day date not null,
  ready boolean not null,
  given_at timestamptz not null,
  ended text check (ended in ('taken', 'expired')),
  primary key (tenant_id, gift_id),
  unique (tenant_id, member_id, source)
);
create index member_gift_held on member_gift (tenant_id, member_id) where ended is null;
create index member_gift_over on member_gift (tenant_id, last_day) where ended is null;
create index lease_right_free on lease_right (tenant_id, right_id) where kind = 'coupon' and free > 0;

-- What a member declared of herself, or asked for. A birthday is kept as it was said; which day of
-- a year it is, is worked out for that year.
create table member_profile (
  tenant_id uuid not null,
  member_id uuid not null,
  calendar text check (calendar in ('solar', 'lunar')),
  birth_month smallint check (birth_month between 1 and 12),
  birth_day smallint check (birth_day between 1 and 31),
  birth_leap boolean not null default false,
  birth_set_at timestamptz,
  personal boolean not null default true,
  groups text[] not null default '{}',
  primary key (tenant_id, member_id),
  check ((calendar is null) = (birth_month is null) and (calendar is null) = (birth_day is null))
);
create index member_profile_birthday on member_profile
  (tenant_id, calendar, birth_month, birth_day, member_id) where calendar is not null;

-- The tier a member holds now and the account of it, as it was worked out last.
create table member_standing (
  tenant_id uuid not null,
  member_id uuid not null,
  tier text not null,
  since date not null,
  until date not null,
  account bytea not null,
  judge_on date not null,
  judged_at timestamptz not null,
  primary key (tenant_id, member_id)
);
create index member_standing_due on member_standing (tenant_id, judge_on, member_id);
create index member_standing_tier on member_standing (tenant_id, tier, member_id);

-- Every change of a tier with its reason, for ever.
create table tier_change (
  tenant_id uuid not null,
  change_id uuid not null,
  member_id uuid not null,
  day date not null,
  from_tier text not null,
  to_tier text not null,
  change text not null check (change in ('reached', 'kept', 'lowered', 'granted', 'merged')),
  until date not null,
  account bytea not null,
  by_login text not null,
  reason text not null,
  changed_at timestamptz not null,
  primary key (tenant_id, change_id)
);
create index tier_change_of_member on tier_change (tenant_id, member_id, changed_at desc);

-- Members about whom something was booked since they were judged last.
create table growth_due (
  tenant_id uuid not null,
  member_id uuid not null,
  because text not null,
  due_at timestamptz not null,
  primary key (tenant_id, member_id)
);
create index growth_due_next on growth_due (tenant_id, due_at);

-- The nightly run: where it got to, and what it came to.
create table growth_run (
  tenant_id uuid not null,
  day date not null,
  job text not null,
  after_member uuid,
  done boolean not null,
  counts jsonb not null,
  updated_at timestamptz not null,
  primary key (tenant_id, day, job)
);

create table tier_grant (
  tenant_id uuid not null,
  grant_id uuid not null,
  member_id uuid not null,
  tier text not null,
  until date not null,
  reason text not null check (reason <> ''),
  proposed_by text not null,
  proposed_at timestamptz not null,
  primary key (tenant_id, grant_id),
  unique (tenant_id, grant_id, proposed_by),
  foreign key (tenant_id, member_id) references member
);

-- Decided once, and by somebody else: the key and the check hold whatever the program does.
create table tier_grant_decision (
  tenant_id uuid not null,
  grant_id uuid not null,
  proposed_by text not null,
  decision text not null check (decision in ('approved', 'refused')),
  decided_by text not null,
  decided_at timestamptz not null,
  primary key (tenant_id, grant_id),
  foreign key (tenant_id, grant_id, proposed_by) references tier_grant (tenant_id,
  grant_id, proposed_by),
  check (decided_by <> proposed_by)
);
