-- Leaving, and what is left of who left: nothing that says who she was.

-- New kinds of word: what is sent to her and how, guesses about her, what she declares of her skin.
alter table consent drop constraint consent_of_a_known_kind,
  add constraint consent_of_a_known_kind check (kind in ('membership', 'face.local',
    'face.roaming', 'face.walk_up', 'face.minor_guardian', 'marketing', 'sms', 'wechat',
    'personalise', 'tags.sensitive'));
alter table member_profile
  add column birth_year smallint check (birth_year between 1900 and 2100);

-- Who asked that a member be forgotten, and how far it is. `requested` waits for a second person,
-- `open` until `due_at` (she may come back till then), `telling` until her shops have heard.
create table leaving (
  tenant_id uuid not null references tenant,
  leaving_id uuid not null,
  member_id uuid not null,
  channel text not null check (channel in ('phone', 'till', 'hq', 'cli')),
  asked_by text not null,
  why text not null,
  asked_at timestamptz not null,
  grace_days integer not null check (grace_days between 0 and 365),
  state text not null check (state in
    ('requested', 'open', 'telling', 'done', 'back', 'refused')),
  second text not null default '',
  due_at timestamptz,
  told_at timestamptz,
  ended_at timestamptz,
  primary key (tenant_id, leaving_id),
  check (second <> asked_by or second = '')
);
create unique index leaving_once on leaving (tenant_id, member_id)
  where state in ('requested', 'open', 'telling');
create index leaving_due on leaving (tenant_id, due_at) where state in ('open', 'telling');

-- What holds of a person's consents: the newest word of each membership she has, and while several
-- are joined the stricter one. A membership that is parted again has its own words back.
create or replace view analytics.members with (security_invoker = true) as
select m.tenant_id, m.member_id as person_id,
  (m.enrolled_at at time zone coalesce(s.zone, 'Asia/Shanghai'))::date as joined_on,
  m.home_store_id::text as home_store_id, m.tier,
  case when f.calendar = 'solar' then f.birth_month::bigint end as birth_month,
  f.birth_year::bigint as birth_year_declared, m.tags as declared_tags,
  coalesce(c.sms, c.marketing, false) and coalesce(c.marketing, true)
    and m.phone_hash is not null as sms_consent,
  coalesce(c.wechat, c.marketing, false) and coalesce(c.marketing, true) and exists (
    select from identity i where i.tenant_id = m.tenant_id and i.member_id = m.member_id
      and i.kind in ('openid', 'unionid')
  ) as wechat_consent,
  coalesce(f.personal, true) and coalesce(c.personalise, true) as personalise,
  coalesce(c.sensitive, false) as sensitive_consent,
  greatest(0, coalesce(w.points, 0))::bigint as points_spendable,
  'till'::text as source_channel
from member m
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
left join member_profile f on f.tenant_id = m.tenant_id and f.member_id = m.member_id
left join (
  select tenant_id, person_id, array_agg(member_id) as members
  from analytics.person group by tenant_id, person_id
) g on g.tenant_id = m.tenant_id and g.person_id = m.member_id
left join lateral (
  select bool_and(x.given) filter (where x.kind = 'marketing') as marketing,
    bool_and(x.given) filter (where x.kind = 'sms') as sms,
    bool_and(x.given) filter (where x.kind = 'wechat') as wechat,
    bool_and(x.given) filter (where x.kind = 'personalise') as personalise,
    bool_and(x.given) filter (where x.kind = 'tags.sensitive') as sensitive
  from (select distinct on (k.member_id, k.kind) k.kind, k.given from consent k
    where k.tenant_id = m.tenant_id
      and k.member_id = any (coalesce(g.members, '{}') || m.member_id)
    order by k.member_id, k.kind, k.wall_ms desc, k.consent_id desc) x
) c on true
left join lateral (
  -- What is free, owed, and lent to boxes, where she can spend it too.
  select sum(a.balance) as points from account a
  where a.tenant_id = m.tenant_id and a.account = any (
    array['member:' || m.wallet_id || ':free', 'member:' || m.wallet_id || ':owed']
    || array(select distinct 'member:' || m.wallet_id || ':leased:' || l.device_id || ':' || l.epoch
      from lease l where l.tenant_id = m.tenant_id and l.kind = 'points'
        and l.right_id = m.wallet_id))
) w on true
where not exists (
  select from analytics.person p where p.tenant_id = m.tenant_id and p.member_id = m.member_id
) and not exists (
  select from leaving x where x.tenant_id = m.tenant_id and x.member_id = m.member_id
    and x.state = 'done'
);

-- The signed certificate of an erasure: places and counts, and no word of whose they were.
create table erasure (
  tenant_id uuid not null references tenant,
  erasure_id uuid not null,
  erased_at timestamptz not null,
  content bytea not null,
  signature bytea not null,
  public_key bytea not null,
  primary key (tenant_id, erasure_id)
);
-- Receipts that stay for the books alone, and events whose bodies were blanked: neither says whose.
create table erased_receipt (
  tenant_id uuid not null,
  receipt_id uuid not null,
  primary key (tenant_id, receipt_id)
);
create table erased_event (
  tenant_id uuid not null,
  event_id uuid not null,
  primary key (tenant_id, event_id)
);

-- What happened is changed by nobody but the function that erases a person, and by nobody's order
-- but its own: a setting alone opens nothing to the application's role.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  if current_setting('app.erasing', true) = 'on' and tg_op <> 'TRUNCATE'
    and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
    return null;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create or replace function refuse_change_but_forgetting() returns trigger language plpgsql as $$
begin
  if ((tg_op = 'DELETE' and current_setting('app.forgetting', true) = 'on')
      or (tg_op <> 'TRUNCATE' and current_setting('app.erasing', true) = 'on'))
    and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
    return null;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

-- Bytes, texts and lists with each needle replaced by what is as long, so that every frame, document
-- and JSON text around it stays what it is.
create function erase_bytes(content bytea, needles bytea[], fillers bytea[]) returns bytea
  language plpgsql immutable set search_path = pg_catalog as $$
declare
  at integer;
begin
  for n in 1..cardinality(needles) loop
    continue when needles[n] = fillers[n];
    loop
      at := position(needles[n] in content);
      exit when at = 0;
      content := overlay(content placing fillers[n] from at);
    end loop;
  end loop;
  return content;
end
$$;
create function erase_text(content text, needles text[], fillers text[]) returns text
  language plpgsql immutable set search_path = pg_catalog as $$
begin
  for n in 1..cardinality(needles) loop
    content := replace(content, needles[n], fillers[n]);
  end loop;
  return content;
end
$$;
create function has_bytes(content bytea, needles bytea[]) returns boolean
  language sql immutable set search_path = pg_catalog as $$
  select exists (select from unnest(needles) n where position(n in content) > 0)
$$;
create function has_text(content text, needles text[]) returns boolean
  language sql immutable set search_path = pg_catalog as $$
  select exists (select from unnest(needles) n where strpos(content, n) > 0)
$$;
create function swap_ids(ids uuid[], olds uuid[], news uuid[]) returns uuid[]
  language sql immutable set search_path = pg_catalog as $$
  select array_agg(coalesce(news[array_position(olds, i)], i) order by n)
  from unnest(ids) with ordinality as u(i, n)
$$;

-- Erases who `olds` were: all of them one person. The books go on under `news`, ids that nobody
-- else has ever seen. What a table does with her is decided here: rows about her go, in tables made
-- later too; books stay, without her. `unheard` are shops whose box has yet to read that she is
-- gone: that one line of their feed keeps her old id, which names nobody any more.
create function erase_person(olds uuid[], news uuid[], unheard uuid[])
  returns table (place text, done text, n bigint)
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  own uuid := nullif(current_setting('app.tenant', true), '')::uuid;
  books constant text[] := array['adjustment', 'adjustment_decision', 'receipt', 'refund',
    'receipt_claim', 'mall_order', 'gift_handed', 'member_coupon', 'member_gift', 'member_merge',
    'member_unmerge', 'event_log', 'proof_use', 'consent', 'erasure_receipt', 'clerk_alert',
    'moved_member', 'channel_order', 'channel_order_word', 'repair_queue', 'collect_refused',
    'operator', 'feed', 'leaving', 'hook_post', 'alert', 'alert_post', 'tier_grant'];
  -- Two that are done by themselves; books that name a wallet alone; what never said a person; and
  -- the chain of acts, which proves itself by its hashes: a word changed in it would end that.
  passed constant text[] := array['member', 'wallet', 'account', 'posting', 'receipt_line',
    'refund_line', 'lease', 'lease_spend', 'lease_refund', 'lease_right', 'article',
    'article_price', 'article_revision', 'catalogue_version', 'stock_level', 'rule_bundle',
    'rule_edit', 'model_bundle', 'model_file', 'recommendation_table', 'person_filter',
    'snapshot_segment', 'event_key', 'audit', 'erasure', 'erased_receipt', 'erased_event'];
  persons constant text[] := array['member_id', 'person_id', 'friend_id', 'inviter_id',
    'from_member_id', 'into_member_id'];
  marks bytea[]; beside bytea[]; words text[]; says text[]; actors text[];
  needles bytea[]; fillers bytea[]; finds text[]; puts text[]; found bytea[]; named text[];
  t record; c record; mention text; sets text; column_ text; about boolean;
  waiting text[] := '{}'; later text[]; one text; held uuid; shop uuid; since timestamptz;
begin
  if own is null or cardinality(olds) = 0 or cardinality(olds) <> cardinality(news)
    or exists (select from unnest(olds) o where not exists (select from leaving l
      where l.tenant_id = own and l.member_id = o and l.state = 'telling')) then
    raise exception 'nobody asked for this' using errcode = 'restrict_violation';
  end if;
  perform set_config('app.erasing', 'on', true);

  -- What she is known by, in bytes and in words. `beside` stands in her rows and may be others' too.
  marks := array(select distinct m from (
    select phone_hash as m from member where tenant_id = own and member_id = any(olds)
    union select keyed_hash from identity where tenant_id = own and member_id = any(olds)
    union select key from credential where tenant_id = own and member_id = any(olds)
    union select public_key from credential where tenant_id = own and member_id = any(olds)
    union select secret from digit_secret where tenant_id = own and member_id = any(olds)
    union select claim_hash from claim where tenant_id = own and member_id = any(olds)
    union select buyer_hash from channel_order where tenant_id = own and member_id = any(olds)
  ) k where length(m) >= 8);
  actors := array(select distinct a from (
    select actor as a from channel_person where tenant_id = own and phone_hash = any(marks)
    union select 'u:' || user_id from event_log where tenant_id = own and member_id = any(olds)
    union select 'a:' || anonymous_id from event_log where tenant_id = own and member_id = any(olds)
  ) k where length(a) >= 8);
  marks := marks || array(select distinct email_hash from channel_person
    where tenant_id = own and actor = any(actors) and length(email_hash) >= 8);
  says := array(select distinct substr(a, 3) from unnest(actors) a);
  beside := array(select distinct m from channel_order o,
    lateral (values (address_hash), (payer_hash), (device_hash)) as h(m)
    where o.tenant_id = own and o.member_id = any(olds) and length(m) >= 8);
  words := says || array(select distinct w from (
    select name as w from member where tenant_id = own and member_id = any(olds)
    union select phone_masked from member where tenant_id = own and member_id = any(olds)
  ) k where w <> '');

  -- By `found` and `named` a row is known to be about her; only there the others are looked for.
  found := array(select uuid_send(o) from unnest(olds) o) || marks;
  named := array(select o::text from unnest(olds) o)
    || array(select replace(o::text, '-', '') from unnest(olds) o)
    || array(select encode(m, 'hex') from unnest(marks) m)
    || array(select encode(m, 'base64') from unnest(marks) m) || says;
  needles := found || beside || array(select convert_to(w, 'UTF8') from unnest(words) w);
  fillers := array(select uuid_send(o) from unnest(news) o)
    || array(select decode(repeat('00', length(m)), 'hex') from unnest(marks || beside) m)
    || array(select convert_to(repeat('*', octet_length(w)), 'UTF8') from unnest(words) w);
  finds := named || array(select encode(m, 'hex') from unnest(beside) m)
    || array(select encode(m, 'base64') from unnest(beside) m) || words;
  puts := array(select o::text from unnest(news) o)
    || array(select replace(o::text, '-', '') from unnest(news) o)
    || array(select repeat('0', length(f)) from unnest(finds[2 * cardinality(olds) + 1:]) f);

  -- Days whose copies for analysis hold her, and receipts that are the books' alone from now on.
  insert into channel_day_left
    select own, d.day, now() from (
      select business_date as day from receipt where tenant_id = own and member_id = any(olds)
      union select r.business_date from receipt_claim k
        join receipt r on r.tenant_id = k.tenant_id and r.receipt_id = k.receipt_id
        where k.tenant_id = own and k.member_id = any(olds)
      union select business_date from channel_order where tenant_id = own and member_id = any(olds)
      union select (to_timestamp(wall_ms / 1000.0) at time zone 'Asia/Shanghai')::date
        from event_log where tenant_id = own and channel is not null
        and (member_id = any(olds) or user_id = any(says) or anonymous_id = any(says))
    ) d on conflict (tenant_id, business_date) do update set left_at = excluded.left_at;
  insert into erased_receipt
    select tenant_id, receipt_id from receipt where tenant_id = own and member_id = any(olds)
    union select tenant_id, receipt_id from receipt_claim
      where tenant_id = own and member_id = any(olds) on conflict do nothing;
  update channel_order set buyer_hash = null, phone_hash = null, address_hash = null,
    payer_hash = null, device_hash = null where tenant_id = own and member_id = any(olds);

  -- Lists of whole shops are made anew; what feeds said of her is that she is gone.
  update store_snapshot s set manifest = null where s.tenant_id = own and s.store_id in (
    select f.store_id from feed f where f.tenant_id = own and f.key = any(olds));
  delete from snapshot_segment s where s.tenant_id = own and s.store_id in (
    select f.store_id from feed f where f.tenant_id = own and f.key = any(olds));
  get diagnostics n = row_count;
  place := 'snapshot_segment'; done := 'deleted'; return next;
  update feed set kind = 'member.gone', body = '\xc0'
    where tenant_id = own and key = any(olds) and kind like 'member%';

  -- Somebody who is nobody holds each wallet from now on: the books ask who does.
  for i in 1..cardinality(olds) loop
    select wallet_id, home_store_id, enrolled_at into strict held, shop, since
      from member where tenant_id = own and member_id = olds[i] for update;
    insert into wallet values (own, news[i], since);
    update member set wallet_id = news[i] where tenant_id = own and member_id = olds[i];
    insert into member (tenant_id, member_id, wallet_id, ver, name, tier, tags, phone_masked,
        home_store_id, enrolled_at)
      values (own, news[i], held, 0, '', '', '{}', '', shop, date_trunc('year', since));
  end loop;

  for t in select k.oid, k.relname::text as name from pg_class k
    where k.relnamespace = 'public'::regnamespace and k.relkind in ('r', 'p')
      and not k.relispartition and k.relname <> all(passed)
      and exists (select from pg_attribute a where a.attrelid = k.oid and a.attname = 'tenant_id'
        and not a.attisdropped)
    order by k.relname
  loop
    mention := null; sets := null; about := false;
    for c in select a.attname::text as name, y.typname::text as kind, a.attnotnull as must
      from pg_attribute a join pg_type y on y.oid = a.atttypid
      where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and a.attname <> 'tenant_id' order by a.attnum
    loop
      continue when c.kind not in ('uuid', '_uuid', 'bytea', '_bytea', 'text', '_text', 'jsonb');
      about := about or (c.name = any(persons) and c.kind = 'uuid');
      column_ := format('%I', c.name);
      mention := concat_ws(' or ', mention, format(case c.kind
        when 'uuid' then '%s = any($1)' when '_uuid' then '%s && $1'
        when 'bytea' then 'has_bytes(%s, $3)'
        when '_bytea' then 'exists (select from unnest(%s) b where b = any($3))'
        when 'text' then 'has_text(%s, $4)' else 'has_text(%s::text, $4)' end, column_));
      sets := concat_ws(', ', sets, column_ || ' = ' || replace(case
        when c.kind = 'uuid' and not c.must and c.name = any(persons)
          then 'case when # = any($1) then null else # end'
        when c.kind = 'uuid' then 'case when # = any($1) then ($2)[array_position($1, #)] else # end'
        when c.kind = '_uuid' then 'swap_ids(#, $1, $2)'
        when c.kind = 'bytea' and not c.must
          then 'case when # = any($3) then null else erase_bytes(#, $5, $6) end'
        when c.kind = 'bytea' then 'erase_bytes(#, $5, $6)'
        when c.kind = '_bytea' then 'case when # is null then null else'
          ' array(select erase_bytes(b, $5, $6) from unnest(#) b) end'
        when c.kind = 'text' then 'erase_text(#, $7, $8)'
        when c.kind = '_text' then 'case when # is null then null else'
          ' array(select erase_text(b, $7, $8) from unnest(#) b) end'
        else 'erase_text(#::text, $7, $8)::jsonb' end, '#', column_));
    end loop;
    continue when mention is null;
    mention := format('tenant_id = %L and (%s)', own, mention);
    if t.name = 'feed' then
      mention := mention || format(' and not (store_id = any(%L::uuid[]) and kind = %L)',
        unheard, 'member.gone');
    end if;
    if about and t.name <> all(books) then
      waiting := waiting || format('delete from %I where %s', t.name, mention);
      continue;
    end if;
    if t.name = 'event_log' then
      execute format('insert into erased_event select tenant_id, event_id from event_log where %s'
        ' and channel is null on conflict do nothing', mention)
        using olds, news, found, named, needles, fillers, finds, puts;
    end if;
    begin
      execute format('update %I set %s where %s', t.name, sets, mention)
        using olds, news, found, named, needles, fillers, finds, puts;
      done := 'pseudonymised';
    exception when unique_violation or check_violation or foreign_key_violation then
      -- Two rows that say the same of nobody, or a form that a blanked word breaks: they go.
      execute format('delete from %I where %s', t.name, mention)
        using olds, news, found, named, needles, fillers, finds, puts;
      done := 'deleted';
    end;
    get diagnostics n = row_count;
    place := t.name;
    if n > 0 then return next; end if;
  end loop;

  -- What is about her goes, in whatever order its references let it.
  while cardinality(waiting) > 0 loop
    later := '{}';
    foreach one in array waiting loop
      begin
        execute one using olds, news, found, named, needles, fillers, finds, puts;
        get diagnostics n = row_count;
        place := substring(one from 'delete from "?([a-z0-9_]+)'); done := 'deleted';
        if n > 0 then return next; end if;
      exception when foreign_key_violation then
        later := later || one;
      end;
    end loop;
    if later = waiting then
      raise exception 'rows about her are held by others: %', later[1]
        using errcode = 'foreign_key_violation';
    end if;
    waiting := later;
  end loop;
  delete from member where tenant_id = own and member_id = any(olds);
  get diagnostics n = row_count;
  place := 'member'; done := 'deleted'; return next;
  delete from wallet where tenant_id = own and wallet_id = any(news);
  delete from hook_post p where p.tenant_id = own and p.kind = 'member.enrolled'
    and has_text(p.body, array(select o::text from unnest(news) o));
  perform set_config('app.erasing', '', true);
end
$$;
revoke all on function erase_person(uuid[], uuid[], uuid[]) from public;
grant execute on function erase_person(uuid[], uuid[], uuid[]) to regulars_app;
