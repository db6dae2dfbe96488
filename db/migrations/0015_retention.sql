-- Upkeep: finding transfers whose webhooks never came, and forgetting what is old.

set local search_path = subgate;

-- How an event came: by the upstream's webhook, or by looking at its list of transfers. 'subgate' are our own.
create type event_origin as enum ('webhook', 'reconciliation', 'subgate');
alter table event add column origin event_origin not null default 'webhook';
update event set origin = 'subgate' where upstream_id is null;

-- Types of the events that reconciliation made of this transfer. Of these the upstream's own, should they come after
-- all, are repeats: nobody knows their EventId before. The transfer's row is where both meet, so that one of two that
-- come at the same moment waits for the other and sees what it did.
alter table transfer add column reconciled_types text[];

create type reconciliation_sweep as enum ('recent', 'deep');

-- How far each upstream's list of transfers has been looked at, and who looks.
create table reconciliation (
    upstream_id uuid not null references upstream (id),
    -- 'recent' looks at the last hours again and again; 'deep' at the last days, now and then.
    sweep reconciliation_sweep not null,
    -- The last pass that ended looked at everything made before.
    swept_until timestamptz not null,
    -- The pass under way looks at what was made before; null between passes.
    pass_until timestamptz,
    -- Its next page begins at this time of making, after so many transfers.
    page_from timestamptz,
    page_offset int not null default 0,
    due_at timestamptz not null,
    lease uuid,
    leased_until timestamptz,
    -- In a row.
    failures int not null default 0,
    primary key (upstream_id, sweep),
    constraint reconciliation_pass_is_whole check ((pass_until is null) = (page_from is null))
);

-- Work that one node does for all, now and then.
create table chore (
    name text primary key,
    due_at timestamptz not null,
    lease uuid,
    leased_until timestamptz,
    constraint chore_name_length check (char_length(name) between 1 and 64)
);

do $$
declare
    platform_table text;
begin
    foreach platform_table in array array['reconciliation', 'chore']
    loop
        execute format('alter table %I enable row level security', platform_table);
        execute format('alter table %I force row level security', platform_table);
        execute format(
            $policy$create policy app on %I for all to subgate_app using (
                (select current_setting('subgate.platform', true)) = 'on')$policy$, platform_table);
        execute format('grant select, insert, update, delete on %I to subgate_app', platform_table);
    end loop;
end $$;

-- What dies in these tables must not wait for a fifth of them to die, as is usual. In a month of deliveries those that
-- were tried again leave dead entries in the indexes that every claim looks into. Of lanes and handovers hardly any row
-- lives for long, and a vacuum of them costs nothing.
create function vacuum_early(part regclass) returns void language plpgsql
    set search_path = pg_catalog
as $$
begin
    execute format('alter table %s set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)',
        part);
end $$;
revoke all on function vacuum_early(regclass) from public;
select vacuum_early(i.inhrelid) from pg_inherits i where i.inhparent = 'delivery'::regclass;
alter table lane set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0);
alter table handover set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0);

-- Makes the monthly partitions from the month of first_day on; returns how many were missing. Rows that came before
-- their partition, into the default one, are moved.
--
-- Whoever reads or writes these tables meanwhile makes this wait, and everybody who comes later waits behind it: so not
-- for long. The caller tries again. It gives up well before the server looks for deadlocks (deadlock_timeout, 1 s), so
-- that it is never somebody else who is told of one.
create or replace function ensure_partitions(first_day date, months int) returns int
    language plpgsql security definer
    set search_path = subgate, pg_catalog, pg_temp
    set lock_timeout = '200ms'
as $$
declare
    parent text;
    part text;
    key text;
    month timestamptz;
    low uuid;
    high uuid;
    made int := 0;
begin
    -- Somebody else is at it.
    if not pg_try_advisory_xact_lock(hashtext('subgate.ensure_partitions')) then return 0; end if;
    for offset_months in 0 .. months - 1
    loop
        month := (date_trunc('month', first_day::timestamp) + make_interval(months => offset_months))
            at time zone 'UTC';
        low := first_uuid(month);
        high := first_uuid((month at time zone 'UTC' + interval '1 month') at time zone 'UTC');
        foreach parent in array array['event', 'delivery', 'attempt']
        loop
            part := parent || '_' || to_char(month at time zone 'UTC', 'YYYYMM');
            if to_regclass(format('subgate.%I', part)) is not null then continue; end if;
            key := case parent when 'attempt' then 'delivery_id' else 'id' end;
            execute format('create table %I (like %I including all)', part, parent);
            if parent = 'delivery' then perform vacuum_early(part::regclass); end if;
            execute format('lock table only %I, %I in access exclusive mode', parent, parent || '_default');
            execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) '
                'insert into %I select * from moved', parent || '_default', key, low, key, high, part);
            execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, low, high);
            made := made + 1;
        end loop;
    end loop;
    return made;
end $$;

-- Why a month's events, deliveries and attempts must be kept, however old: null if they need not. Each question is
-- answered by one look into an index. What is in a node's memory has no row, but that is an event's first minute.
create function partition_keeper(month text) returns text
    language plpgsql
    set search_path = subgate, pg_catalog, pg_temp
    set enable_seqscan = off
as $$
declare
    is_open boolean;
begin
    execute format(
        $look$select exists (select from %1$I where due_at is not null) or exists (
            select from %1$I where due_at is null and status in ('pending', 'retrying', 'held'))$look$,
        'delivery_' || month)
        into is_open;
    return case when is_open then 'openDeliveries' end;
end $$;

-- Drops the oldest month of events, deliveries and attempts that ended before a moment and holds nothing that is still
-- to be delivered: the month's three partitions go together, because a delivery has the time of its event. At most one
-- is dropped in a call. Returns it with a null reason, and before it each older one that was kept, with the reason:
-- 'openDeliveries', or 'busy' if somebody used the tables for longer than we want to wait.
--
-- The app may not run DDL; this much it may, and nothing younger than a week. Locked against everybody, and looked at
-- again: a retry or a replay that made something due meanwhile was either committed and is seen, or comes later and
-- finds nothing. For the time to wait see ensure_partitions.
create function drop_expired_partition(before timestamptz) returns table (month text, kept_for text)
    language plpgsql security definer
    set search_path = subgate, pg_catalog, pg_temp
    set lock_timeout = '200ms'
as $$
begin
    if before > now() - interval '7 days' then
        raise invalid_parameter_value using message = 'too young to be dropped';
    end if;
    for month in
        select right(c.relname, 6)
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'delivery'::regclass and c.relname ~ '^delivery_[0-9]{6}$'
            and (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') at time zone 'UTC' <= before
        order by 1
    loop
        kept_for := partition_keeper(month);
        if kept_for is null then
            begin
                lock table only event, only delivery, only attempt in access exclusive mode;
                kept_for := partition_keeper(month);
                if kept_for is null then
                    execute format('drop table %I, %I, %I', 'attempt_' || month, 'delivery_' || month,
                        'event_' || month);
                    return next;
                    return;
                end if;
            exception when lock_not_available or deadlock_detected then
                kept_for := 'busy';
            end;
        end if;
        return next;
    end loop;
end $$;
revoke all on function drop_expired_partition(timestamptz) from public;
grant execute on function drop_expired_partition(timestamptz) to subgate_app;
revoke all on function partition_keeper(text) from public;

-- Forgets events, deliveries and attempts from before a moment that no monthly partition took: identifiers from a clock
-- that was wrong, some at a time; returns how many events. What is still to be delivered stays, with its event.
create function prune_default_partitions(before timestamptz, size int) returns bigint
    language plpgsql security definer
    set search_path = subgate, pg_catalog, pg_temp
    set lock_timeout = '200ms'
as $$
declare
    doomed uuid[];
    mine uuid[];
    gone bigint;
begin
    if before > now() - interval '7 days' then
        raise invalid_parameter_value using message = 'too young to be forgotten';
    end if;
    doomed := array(
        select e.id from event_default e
        where e.id < first_uuid(before) and not exists (select from delivery_default d
            where d.sub_client_id = e.sub_client_id and d.event_id = e.id
                and d.id between first_delivery_uuid(e.id) and last_delivery_uuid(e.id)
                and d.status in ('pending', 'delivering', 'retrying', 'held'))
        limit size);
    -- Looked at again as they are locked: what was retried meanwhile stays.
    mine := array(
        select d.id
        from unnest(doomed) as x (id)
        join delivery_default d on d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id)
        where d.status not in ('pending', 'delivering', 'retrying', 'held')
        for update of d skip locked);
    delete from attempt_default a where a.delivery_id = any (mine);
    delete from delivery_default d where d.id = any (mine);
    delete from event_default e
    where e.id = any (doomed) and not exists (select from delivery_default d
        where d.event_id = e.id and d.id between first_delivery_uuid(e.id) and last_delivery_uuid(e.id));
    get diagnostics gone = row_count;
    return gone;
end $$;
revoke all on function prune_default_partitions(timestamptz, int) from public;
grant execute on function prune_default_partitions(timestamptz, int) to subgate_app;
