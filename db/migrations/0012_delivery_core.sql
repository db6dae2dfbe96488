-- How a delivery waits. What an accepting node sends at once lives in its memory, and in one handover row per commit:
-- its delivery row is written with its first attempt, finished in the good case, so that a healthy service only
-- appends. What waits longer waits in one of two places: on the clock (due_at: a retry's time or the end of a lease),
-- or, without a time, in its endpoint's lane, from where it is taken by turns.

set local search_path = subgate;

-- What an endpoint may ask for beyond its filter.
alter table endpoint
    add column signatures text[] not null default '{v1}',
    add column ordering text not null default 'none',
    add column supersede boolean not null default false,
    add column rate_limit_per_second int,
    add column max_concurrency int,
    -- Seconds before each retry; null for the platform's schedule.
    add column retry_schedule int[],
    -- Why it was disabled, if no person did it.
    add column disabled_reason text,
    -- Its deliveries must be taken one choice at a time, under the lock of its lane, and never from memory.
    add column is_governed boolean not null generated always as
        (ordering <> 'none' or supersede or rate_limit_per_second is not null or max_concurrency is not null) stored,
    add constraint endpoint_signatures_known
        check (signatures <@ array['v1', 'v1a'] and cardinality(signatures) between 1 and 2),
    add constraint endpoint_ordering_known check (ordering in ('none', 'transfer')),
    add constraint endpoint_rate_limit_per_second_range check (rate_limit_per_second between 1 and 10000),
    add constraint endpoint_max_concurrency_range check (max_concurrency between 1 and 1000),
    add constraint endpoint_retry_schedule_length check (cardinality(retry_schedule) between 1 and 20),
    add constraint endpoint_disabled_reason_known check (disabled_reason in ('gone', 'failing'));

-- What delivery knows of an endpoint beyond what its owner set; there is a row once there was something to know.
create table lane (
    sub_client_id uuid not null,
    endpoint_id uuid not null,
    -- When its waiting deliveries are to be looked at next; null when none waits. While it is not null, new deliveries
    -- queue here behind those that wait, unless it is closing.
    ready_at timestamptz,
    -- It was found empty. One more look follows, after every statement that may have seen it open has ended.
    is_closing boolean not null default false,
    -- No delivery with a smaller identifier waits here: without it a look would pass over all that ever waited.
    scan_from uuid not null default '00000000-0000-0000-0000-000000000000',
    -- The rate limit: when the next request has its place, by the generic cell rate algorithm.
    next_slot_at timestamptz,
    -- The endpoint takes nothing until then: it asked for it, or its breaker is open.
    paused_until timestamptz,
    -- Since when it has taken nothing, and how often in a row it failed; null and 0 while it is well.
    failing_since timestamptz,
    consecutive_failures int not null default 0,
    primary key (sub_client_id, endpoint_id)
) with (fillfactor = 50);
create index lane_ready on lane (ready_at) where ready_at is not null;

-- Deliveries that a node took into its memory in the commit that made them. The row is their lease: while it is there
-- they are that node's, and what removes it writes what became of them in the same commit. It holds identifiers of many
-- sub-clients, so it is the platform's.
create table handover (
    id uuid primary key,
    node_id uuid not null,
    lease_end timestamptz not null,
    sub_client_ids uuid[] not null,
    event_ids uuid[] not null,
    endpoint_ids uuid[] not null,
    constraint handover_is_whole check (cardinality(sub_client_ids) = cardinality(event_ids)
        and cardinality(event_ids) = cardinality(endpoint_ids) and cardinality(event_ids) > 0)
);
create index handover_lease_end on handover (lease_end);

alter table lane enable row level security;
alter table lane force row level security;
create policy app on lane for all to subgate_app using (
    sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
create policy reader on lane for select to subgate_reader using (true);
alter table handover enable row level security;
alter table handover force row level security;
create policy app on handover for all to subgate_app using (
    (select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on lane, handover to subgate_app;
grant select on lane to subgate_reader;

drop index delivery_held;
-- What waits in lanes.
create index delivery_lane on delivery (sub_client_id, endpoint_id, id)
    where due_at is null and status in ('pending', 'retrying', 'held');
-- What is on the clock, by endpoint.
create index delivery_endpoint_due on delivery (sub_client_id, endpoint_id, due_at) where due_at is not null;

alter table attempt
    -- The node that made it.
    add column node_id uuid,
    -- JSON: what was sent and answered besides the bodies, and how long each part took.
    add column exchange bytea,
    add constraint attempt_exchange_length check (octet_length(exchange) <= 16384);

-- Everything that waits now waits in a lane.
update delivery set due_at = null where status = 'pending';
insert into lane (sub_client_id, endpoint_id, ready_at)
select distinct sub_client_id, endpoint_id, now() from delivery where due_at is null and status in ('pending', 'held');

-- Makes sure that what waits in an endpoint's lane is looked at; `oldest` is the smallest identifier of what was put
-- there, null if it is new.
create function open_lane(tenant uuid, endpoint uuid, oldest uuid, moment timestamptz) returns void
    language sql
as $$
    insert into lane as l (sub_client_id, endpoint_id, ready_at)
    values (tenant, endpoint, moment)
    on conflict (sub_client_id, endpoint_id) do update
    set ready_at = case when l.ready_at is null or l.is_closing then greatest(moment, l.paused_until)
            else l.ready_at end,
        is_closing = false,
        scan_from = least(l.scan_from, oldest)
$$;

-- Whether an event of the one type makes one of the other, about the same transfer, old news.
create function supersedes(later text, earlier text) returns boolean language sql immutable strict parallel safe as $$
    select case earlier
        when 'transfer.pending' then later in ('transfer.succeeded', 'transfer.failed')
        when 'transfer.refund_pending' then later in ('transfer.refund_succeeded', 'transfer.refund_failed')
        else false end
$$;

-- As in 0008, but an event whose delivery is in a node's memory is left too: its delivery is still to be written.
create or replace function erase_events(tenant uuid, doomed uuid[], out events bigint, out deliveries bigint,
    out attempts bigint)
    language plpgsql
as $$
declare
    free uuid[];
    mine uuid[];
begin
    free := array(
        select x.id from unnest(doomed) as x (id)
        where not exists (select from handover h where x.id = any (h.event_ids)));
    mine := array(
        select d.id
        from unnest(free) as x (id)
        join delivery d on d.sub_client_id = tenant and d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id)
        for update of d skip locked);
    delete from attempt a using unnest(mine) as m (id) where a.sub_client_id = tenant and a.delivery_id = m.id;
    get diagnostics attempts = row_count;
    delete from delivery d using unnest(mine) as m (id) where d.sub_client_id = tenant and d.id = m.id;
    get diagnostics deliveries = row_count;
    delete from event e using unnest(free) as x (id)
    where e.sub_client_id = tenant and e.id = x.id and not exists (select from delivery d
        where d.sub_client_id = tenant and d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id));
    get diagnostics events = row_count;
end $$;

-- As in 0008, but not clean while a delivery is in a node's memory.
create or replace function erase_sub_client_chunk(job erasure, size int) returns erased_chunk language plpgsql as $$
declare
    tenant uuid := job.sub_client_id;
    done erased_chunk := row(null, true, 0, 0, 0, 0, 0);
    doomed uuid[];
begin
    case job.step
    when 'linkSessions' then
        doomed := array(select s.id from link_session s where s.sub_client_id = tenant and s.id > job.position
            order by s.id limit size);
        update link_session s set erasure_id = job.id, user_id = '(erased)', transaction_id = null
        where s.sub_client_id = tenant and s.id = any (doomed) and s.erasure_id is null;
        get diagnostics done.link_sessions = row_count;
    when 'deliveries' then
        doomed := array(select d.id from delivery d where d.sub_client_id = tenant and d.id > job.position
            order by d.id limit size);
        delete from delivery d where d.sub_client_id = tenant and d.id in (select c.id from delivery c
            where c.sub_client_id = tenant and c.id = any (doomed) for update skip locked);
        get diagnostics done.deliveries = row_count;
        done.is_clean := done.deliveries = cardinality(doomed)
            and not exists (select from handover h where tenant = any (h.sub_client_ids));
    when 'attempts' then
        doomed := array(select a.delivery_id from attempt a
            where a.sub_client_id = tenant and a.delivery_id > job.position order by a.delivery_id limit size);
        delete from attempt a where a.sub_client_id = tenant and a.delivery_id = any (doomed);
        get diagnostics done.attempts = row_count;
    when 'events' then
        doomed := array(select e.id from event e where e.sub_client_id = tenant and e.id > job.position
            order by e.id limit size);
        delete from event e where e.sub_client_id = tenant and e.id = any (doomed);
        get diagnostics done.events = row_count;
    when 'transfers' then
        doomed := array(select t.id from transfer t where t.sub_client_id = tenant and t.id > job.position
            order by t.id limit size);
        select g.erased, g.is_clean into done.transfers, done.is_clean from erase_transfers(tenant, doomed) as g;
    when 'audit' then
        if erase_audit_details(tenant, size) = size then done.position := job.position; end if;
        return done;
    end case;
    if cardinality(doomed) = size then done.position := doomed[size]; end if;
    return done;
end $$;
