-- The default partition shows its rows to its owner, that is to the functions below, and to nobody
-- else: the application has no right on it but through the log and its policy.
create policy owners on event_log_default to current_user using (true);

create function event_months_missing(months_ahead integer) returns setof timestamptz
  language sql stable set search_path = pg_catalog, public as $$
  select month from (
    select (date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead))
      at time zone 'UTC' as month
    from generate_series(0, least(greatest(months_ahead, 0), 24)) as ahead
    union
    select date_trunc('month', received_at at time zone 'UTC') at time zone 'UTC'
    from public.event_log_default
  ) m
  where to_regclass('public.event_log_' || to_char(month at time zone 'UTC', 'YYYY_MM')) is null
  order by month
$$;
revoke all on function event_months_missing(integer) from public;

-- Makes the log's partitions of this month and the months ahead, and one for every month of which
-- rows lie in the default partition: what came while no partition was there, or from a restore with
-- another clock, moves into its month. Several ingest workers may call it at once.
create or replace function make_event_partitions(months_ahead integer) returns integer
  language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  month_start timestamptz;
  month_end timestamptz;
  partition_name text;
  made integer := 0;
begin
  perform pg_advisory_xact_lock(1819240559, 0);
  for month_start in select * from event_months_missing(months_ahead) loop
    month_end := ((month_start at time zone 'UTC') + interval '1 month') at time zone 'UTC';
    partition_name := 'event_log_' || to_char(month_start at time zone 'UTC', 'YYYY_MM');
    -- Made apart and attached: the log can be read and written meanwhile.
    execute format(
      'create table public.%I (like public.event_log including all)', partition_name);
    execute format(
      'with gone as (delete from public.event_log_default'
      ' where received_at >= %L and received_at < %L returning *)'
      ' insert into public.%I select * from gone',
      month_start, month_end, partition_name);
    execute format(
      'alter table public.event_log attach partition public.%I for values from (%L) to (%L)',
      partition_name, month_start, month_end);
    -- Rows are reached through the parent and its policy; the partition itself shows nothing.
    execute format('alter table public.%I enable row level security', partition_name);
    execute format('alter table public.%I force row level security', partition_name);
    made := made + 1;
  end loop;
  return made;
end
$$;

-- Months that are over by years go here whole, for whoever keeps the archive; the application sees
-- nothing of it.
create schema event_archive;
revoke all on schema event_archive from public;
