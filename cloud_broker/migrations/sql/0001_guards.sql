-- Rows that are the record of what happened are never changed, not even by the tables' owner.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

-- Makes the log's partitions of this month and the months ahead; ingest calls it at its start and
-- daily. It runs as the owner, because the application's role may not create tables.
create function make_event_partitions(months_ahead integer) returns integer
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  first_day date;
  partition_name text;
  made integer := 0;
begin
  for ahead in 0..least(greatest(months_ahead, 0), 24) loop
    first_day := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead))::date;
    partition_name := 'event_log_' || to_char(first_day, 'YYYY_MM');
    if to_regclass('public.' || partition_name) is null then
      execute format(
        'create table public.%I partition of public.event_log for values from (%L) to (%L)',
        partition_name,
        first_day::timestamp at time zone 'UTC',
        (first_day + interval '1 month')::timestamp at time zone 'UTC'
      );
      -- Rows are reached through the parent and its policy; the partition itself shows nothing.
      execute format('alter table public.%I enable row level security', partition_name);
      execute format('alter table public.%I force row level security', partition_name);
      made := made + 1;
    end if;
  end loop;
  return made;
end
$$;
revoke all on function make_event_partitions(integer) from public;

alter table event_log_default enable row level security;
alter table event_log_default force row level security;
