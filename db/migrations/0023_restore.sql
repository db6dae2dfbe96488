-- A database that was restored from a backup owes again what was sent after that backup: nothing goes out of it until
-- a person has looked.

set local search_path = subgate;

-- Whether deliveries may go out, and of which server. A backup takes this row with it, and whatever restores it starts
-- a server, whose start is then not the one that stands here: so nothing is handed over or claimed, by any node, until
-- one has looked at what the server is and either let it pass or held it. One row at most: none, before the first look.
create table delivery_gate (
    only_row boolean primary key default true,
    -- Rises while nodes serve this database: who remembers a greater one knows that commits were lost.
    pulse bigint not null,
    -- When a node last served it.
    pulsed_at timestamptz not null,
    -- The cluster and the branch of its history, 0 where the server does not tell; and the start of the server.
    system_identifier bigint not null,
    timeline int not null,
    started_at timestamptz not null,
    -- Since when nothing goes out, and why.
    held_since timestamptz,
    held_for text,
    -- What was discarded since then: deliveries of events received before the moment.
    discarded bigint not null default 0,
    discarded_before timestamptz,
    constraint delivery_gate_is_one check (only_row),
    constraint delivery_gate_held_for_known
        check (held_for in ('recoveryTarget', 'lostCommits', 'otherServer', 'longOutage', 'asked')),
    constraint delivery_gate_hold_is_whole check ((held_since is null) = (held_for is null))
) with (fillfactor = 50);
alter table delivery_gate enable row level security;
alter table delivery_gate force row level security;
create policy app on delivery_gate for all to subgate_app using (
    (select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on delivery_gate to subgate_app;

-- What the server says of itself. Some hosts of PostgreSQL keep it to themselves; then its start and the times decide.
create function server_identity(out system_identifier bigint, out timeline int, out started_at timestamptz,
    out has_recovery_target boolean)
    language plpgsql stable
as $$
begin
    started_at := pg_postmaster_start_time();
    has_recovery_target := concat(current_setting('recovery_target', true),
        current_setting('recovery_target_name', true), current_setting('recovery_target_time', true),
        current_setting('recovery_target_xid', true), current_setting('recovery_target_lsn', true)) <> '';
    begin
        system_identifier := (select c.system_identifier from pg_control_system() as c);
        timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int;
    exception when insufficient_privilege or feature_not_supported or undefined_function then
        system_identifier := 0;
        timeline := 0;
    end;
end $$;

create function audit_delivery_gate(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('heldSince', g.held_since, 'heldFor', g.held_for, 'discarded', g.discarded,
        'discardedBefore', g.discarded_before)
    from delivery_gate g
$$;

-- Cancels up to `size` deliveries of events received before `cutoff` that are owed and that no node is sending, and
-- counts them in the gate's row. Returns how many; null if nothing is held.
create function discard_owed(cutoff timestamptz, size int, moment timestamptz) returns int language plpgsql as $$
declare
    done int;
begin
    perform from delivery_gate g where g.held_since is not null for update;
    if not found then return null; end if;
    with timed as (
        select d.sub_client_id, d.id
        from delivery d
        where d.due_at is not null and (d.status <> 'delivering' or d.due_at <= moment) and d.created_at < cutoff
        limit size
        for update skip locked
    ), waiting as (
        select d.sub_client_id, d.id
        from delivery d
        where d.due_at is null and d.status in ('pending', 'retrying') and d.created_at < cutoff
        limit size
        for update skip locked
    )
    update delivery d
    set status = 'cancelled', due_at = null, lease_owner = null, last_error = 'discarded', updated_at = moment
    from (select * from timed union all select * from waiting limit size) as c
    where d.sub_client_id = c.sub_client_id and d.id = c.id;
    get diagnostics done = row_count;
    update delivery_gate set discarded = discarded + done, discarded_before = greatest(discarded_before, cutoff);
    return done;
end $$;

-- What each sub-client used, by the day in UTC: counted by nodes and added every few seconds. It outlives what it
-- counts, and an erasure: there is nothing personal in it.
create table usage_count (
    sub_client_id uuid not null,
    environment environment not null,
    day date not null,
    link_tokens bigint not null,
    events bigint not null,
    deliveries bigint not null,
    attempts bigint not null,
    primary key (sub_client_id, environment, day)
) with (fillfactor = 70);
alter table usage_count enable row level security;
alter table usage_count force row level security;
create policy app on usage_count for all to subgate_app using (
    sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
create policy reader on usage_count for select to subgate_reader using (true);
grant select, insert, update, delete on usage_count to subgate_app;
grant select on usage_count to subgate_reader;
