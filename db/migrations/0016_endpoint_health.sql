-- How endpoints fare, shared by all nodes: a breaker with one probe at a time, and the end of those that take nothing
-- for days. Written when something changes, never with each attempt.

set local search_path = subgate;

alter table lane
    -- Closed: it works, as far as is known. Open: nothing is sent until paused_until. Half open: one delivery is out as
    -- a probe, and paused_until is when another may be sent if nothing is heard of it.
    add column breaker text not null default 'closed',
    -- How often it was paused of late: the exponent of the next pause.
    add column pauses int not null default 0,
    -- Counts changes of all this, so that a node sees that there was one.
    add column health_version int not null default 0,
    -- The PSP was told that it is disabled, and is to be told when it takes deliveries again.
    add column owes_recovery boolean not null default false,
    add constraint lane_breaker_known check (breaker in ('closed', 'open', 'halfOpen')),
    add constraint lane_breaker_has_end check (breaker = 'closed' or paused_until is not null);

-- Writes what a node found out of an endpoint. Its breaker is written if `tells_breaker`: a pause lasts until the later
-- of what is known here and there, unless it comes after the one that the node knew of (`replaced`); and a success
-- closes nothing that was opened without the node's knowledge. `recovery_after` is how long an endpoint must have
-- failed for its recovery to be worth telling. Returns the version, or null if there is no such endpoint.
create function tell_health(tenant uuid, endpoint uuid, tells_breaker boolean, new_breaker text,
    new_paused_until timestamptz, replaced timestamptz, new_failing_since timestamptz, new_failures int, new_pauses int,
    recovery_after interval, moment timestamptz) returns int
    language plpgsql
as $$
declare
    known lane;
begin
    insert into lane (sub_client_id, endpoint_id)
    select e.sub_client_id, e.id from endpoint e
    where e.sub_client_id = tenant and e.id = tell_health.endpoint and e.deleted_at is null
    on conflict do nothing;
    select * into known from lane l where l.sub_client_id = tenant and l.endpoint_id = tell_health.endpoint for update;
    if not found then return null; end if;
    if tells_breaker and new_breaker = 'closed' then
        if known.paused_until is null or known.paused_until is not distinct from replaced
            or known.paused_until <= moment then
            known.breaker := 'closed';
            known.paused_until := null;
            known.pauses := new_pauses;
            if known.ready_at is not null then known.ready_at := moment; end if;
        end if;
    elsif tells_breaker then
        known.breaker := new_breaker;
        known.paused_until := case when known.paused_until is not distinct from replaced then new_paused_until
            else greatest(known.paused_until, new_paused_until) end;
        known.pauses := new_pauses;
        if known.ready_at is not null then known.ready_at := greatest(known.paused_until, moment); end if;
    end if;
    if new_failing_since is null then
        if known.owes_recovery or known.failing_since <= moment - recovery_after then
            insert into operator_notice (sub_client_id, type, subject_id, noted_at)
            values (tenant, 'endpoint.recovered', tell_health.endpoint, moment);
        end if;
        known.owes_recovery := false;
        known.failing_since := null;
        known.consecutive_failures := 0;
    else
        known.failing_since := coalesce(known.failing_since, new_failing_since);
        known.consecutive_failures := greatest(known.consecutive_failures, new_failures);
    end if;
    update lane l
    set breaker = known.breaker, paused_until = known.paused_until, pauses = known.pauses, ready_at = known.ready_at,
        failing_since = known.failing_since, consecutive_failures = known.consecutive_failures,
        owes_recovery = known.owes_recovery, health_version = known.health_version + 1
    where l.sub_client_id = tenant and l.endpoint_id = tell_health.endpoint;
    return known.health_version + 1;
end $$;

-- Disables an endpoint that is gone, or that has taken nothing since `failed_before`, and notes it for the PSP. What it
-- is owed is held. Returns whether it did.
create function give_up_endpoint(tenant uuid, endpoint uuid, why text, failed_before timestamptz, moment timestamptz)
    returns boolean
    language plpgsql
as $$
begin
    update endpoint e
    set enabled = false, disabled_reason = why, version = e.version + 1, updated_at = moment
    where e.sub_client_id = tenant and e.id = give_up_endpoint.endpoint and e.enabled and e.deleted_at is null
        and (why = 'gone' or exists (select from lane l
            where l.sub_client_id = tenant and l.endpoint_id = e.id and l.failing_since <= failed_before));
    if not found then return false; end if;
    insert into lane as l (sub_client_id, endpoint_id, owes_recovery)
    values (tenant, give_up_endpoint.endpoint, true)
    on conflict (sub_client_id, endpoint_id) do update set owes_recovery = true;
    insert into operator_notice (sub_client_id, type, subject_id, reason, noted_at)
    values (tenant, 'endpoint.disabled', give_up_endpoint.endpoint, why, moment);
    return true;
end $$;

-- Who enables an endpoint, or sends it elsewhere, says that it is well: what was known of it is forgotten, and what
-- waits is looked at from the start. One delivery goes first as a probe, so that a backlog does not meet a receiver
-- that is still down.
create function revive_lane() returns trigger
    language plpgsql
    -- Whoever changes an endpoint by hand has another.
    set search_path = subgate, pg_catalog
as $$
begin
    insert into lane as l (sub_client_id, endpoint_id, ready_at, breaker, paused_until, health_version)
    values (new.sub_client_id, new.id, new.updated_at, 'open', new.updated_at, 1)
    on conflict (sub_client_id, endpoint_id) do update
    set ready_at = excluded.ready_at, is_closing = false, scan_from = '00000000-0000-0000-0000-000000000000',
        breaker = 'open', paused_until = excluded.paused_until, failing_since = null, consecutive_failures = 0,
        pauses = 0, health_version = l.health_version + 1;
    return null;
end $$;
create trigger endpoint_revived after update of enabled, url on endpoint
    for each row when (new.enabled and (not old.enabled or new.url <> old.url)) execute function revive_lane();
