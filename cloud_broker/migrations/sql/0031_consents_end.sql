-- Consents and receipts of erasure stay append-only for everybody: only the function below forgets,
-- and it forgets nothing that ended less than three years (1096 days) ago, whatever it is asked.
create or replace function refuse_change_but_forgetting() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('app.forgetting', true) = 'on'
    and current_user = (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
    return null;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

drop trigger consent_is_append_only on consent;
create trigger consent_is_append_only before update or delete or truncate on consent
  for each statement execute function refuse_change_but_forgetting();
drop trigger erasure_receipt_is_append_only on erasure_receipt;
create trigger erasure_receipt_is_append_only before update or delete or truncate
  on erasure_receipt for each statement execute function refuse_change_but_forgetting();

-- What is old enough to be looked at at all; rows come in the order of time.
create index consent_received on consent using brin (received_at);

-- Forgets, of the `page` members after `after` who said anything before `until`, every word that
-- ended before it: a no ends when it is said, any word when the next one on its kind is; a yes to
-- faces also when no template rests on it, counted from the last receipt. A receipt goes with the
-- last word of its member. `last` is null when there are no such members.
create function forget_consents(
  until timestamptz, after uuid, page integer, out last uuid, out words bigint, out receipts bigint
) language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  cutoff timestamptz := least(until, now() - interval '1096 days');
  own uuid := nullif(current_setting('app.tenant', true), '')::uuid;
begin
  perform set_config('app.forgetting', 'on', true);
  with members as (
    select distinct member_id from consent
    where tenant_id = own and received_at <= cutoff and (after is null or member_id > after)
    order by member_id limit page
  ), said as (
    select c.consent_id, c.member_id, c.kind, c.given, c.received_at,
      lead(c.received_at) over (
        partition by c.member_id, c.kind order by c.received_at, c.consent_id) as next_at
    from consent c join members using (member_id) where c.tenant_id = own
  ), ends as (
    select consent_id, case
      when next_at is not null then next_at
      when not given then received_at
      when kind like 'face.%' and not exists (
        select from face_holding h where h.tenant_id = own and h.member_id = said.member_id)
      then greatest(received_at, (
        select max(r.received_at) from erasure_receipt r
        where r.tenant_id = own and r.member_id = said.member_id))
      end as ended_at
    from said
  ), forgotten as (
    delete from consent c using ends
    where c.tenant_id = own and c.consent_id = ends.consent_id and ends.ended_at <= cutoff
    returning c.consent_id
  )
  select (select member_id from members order by member_id desc limit 1),
    (select count(*) from forgotten) into last, words;
  delete from erasure_receipt r where r.tenant_id = own and r.received_at <= cutoff
    and (after is null or r.member_id > after) and r.member_id <= last
    and not exists (
      select from consent c where c.tenant_id = own and c.member_id = r.member_id);
  get diagnostics receipts = row_count;
  perform set_config('app.forgetting', '', true);
end
$$;
revoke all on function forget_consents(timestamptz, uuid, integer) from public;
grant execute on function forget_consents(timestamptz, uuid, integer) to regulars_app;
