-- Who is erased leaves no evidence either, and no decision of the cleaning holds the erasure up.

create or replace function keep_decision() returns trigger language plpgsql as $$
begin
  if current_setting('app.erasing', true) = 'on'
    and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
    return coalesce(new, old);
  end if;
  if tg_op <> 'UPDATE' or old.lifted_at is not null
    or to_jsonb(new) - '{lifted_at,lifted_by,lifted_why}'::text[]
      is distinct from to_jsonb(old) - '{lifted_at,lifted_by,lifted_why}'::text[] then
    raise exception 'a decision stays: it is lifted once and never changed or deleted'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- Takes the evidence of a person away, before she is erased: names that others have too are looked
-- at anew by whoever works due names off; her own are not. Returns how many links there were.
create function forget_evidence(olds uuid[]) returns bigint
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  own uuid := nullif(current_setting('app.tenant', true), '')::uuid;
  hers text[]; links bigint;
begin
  if own is null or exists (select from unnest(olds) o where not exists (select from leaving l
      where l.tenant_id = own and l.member_id = o and l.state = 'telling')) then
    raise exception 'nobody asked for this' using errcode = 'restrict_violation';
  end if;
  hers := array(select o::text from unnest(olds) o) || array(select encode(m, 'hex') from (
    select phone_hash as m from member where tenant_id = own and member_id = any(olds)
    union select keyed_hash from identity where tenant_id = own and member_id = any(olds)
    union select key from credential where tenant_id = own and member_id = any(olds)
  ) k where m is not null);
  delete from identity_candidate
    where tenant_id = own and (first_value = any(hers) or second_value = any(hers));
  delete from identity_link
    where tenant_id = own and (first_value = any(hers) or second_value = any(hers));
  get diagnostics links = row_count;
  delete from identity_block where tenant_id = own and value = any(hers);
  delete from identity_due where tenant_id = own and value = any(hers);
  return links;
end
$$;
revoke all on function forget_evidence(uuid[]) from public;
grant execute on function forget_evidence(uuid[]) to regulars_app;
