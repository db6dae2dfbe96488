-- What people see of deliveries and do about them: recoveries, statistics of endpoints, and what the PSP is told.

set local search_path = subgate;

create type recovery_status as enum ('running', 'done', 'cancelled');

-- A request to send an endpoint again what was received for it in a span of time, and how far it has come.
create table recovery (
    sub_client_id uuid not null,
    id uuid not null,
    endpoint_id uuid not null,
    environment environment not null,
    -- Of the times of receipt: this one included, that one not.
    since timestamptz not null,
    until timestamptz not null,
    -- Whether what was delivered is left alone.
    only_failed boolean not null,
    -- Deliveries that become due in a second.
    rate_per_second int not null,
    status recovery_status not null default 'running',
    -- The last event that was examined.
    position uuid not null,
    -- When the next chunk may be taken.
    due_at timestamptz not null,
    examined bigint not null default 0,
    -- Deliveries that are due again, and those that were made because the endpoint had none of the event.
    reopened bigint not null default 0,
    created bigint not null default 0,
    requested_at timestamptz not null,
    completed_at timestamptz,
    primary key (sub_client_id, id),
    constraint recovery_endpoint_fkey foreign key (sub_client_id, endpoint_id) references endpoint (sub_client_id, id),
    constraint recovery_span_is_forward check (since < until),
    constraint recovery_rate_range check (rate_per_second between 1 and 10000),
    constraint recovery_end_is_whole check ((status = 'running') = (completed_at is null))
);
-- Two at a time could send one delivery twice.
create unique index recovery_running on recovery (sub_client_id, endpoint_id) where status = 'running';
create index recovery_due on recovery (due_at) where status = 'running';
create index recovery_endpoint on recovery (sub_client_id, endpoint_id, id);

-- Attempts to an endpoint, counted by five minutes, by what came of them and by how long they took. What adds to a row
-- adds to its count, so that any number of nodes may.
create table endpoint_statistic (
    sub_client_id uuid not null,
    endpoint_id uuid not null,
    -- When the five minutes began.
    slot timestamptz not null,
    -- 'succeeded', or the reason why not.
    outcome text not null,
    -- Of the duration: see DurationHistogram.
    bucket smallint not null,
    attempts bigint not null,
    primary key (sub_client_id, endpoint_id, slot, outcome, bucket),
    constraint endpoint_statistic_outcome_length check (char_length(outcome) between 1 and 64)
) with (fillfactor = 70);
create index endpoint_statistic_slot on endpoint_statistic (slot);

-- Something that the PSP is to be told, written in the commit of its cause, one row a subject and statement. Rows are
-- only added and taken away, so that no cause waits for another.
create table operator_notice (
    -- Whom it is about; the nil UUID for what is about no sub-client.
    sub_client_id uuid not null,
    id uuid not null default gen_random_uuid(),
    type text not null,
    -- The endpoint; of quarantine.added the upstream.
    subject_id uuid not null,
    reason text,
    -- Of delivery.exhausted, one of those it was.
    delivery_id uuid,
    occurrences bigint not null default 1,
    noted_at timestamptz not null,
    primary key (sub_client_id, id),
    constraint operator_notice_type_known check (type in
        ('endpoint.disabled', 'endpoint.recovered', 'delivery.exhausted', 'quarantine.added'))
);
create index operator_notice_noted_at on operator_notice (noted_at);

-- What the PSP was told of a subject a moment ago: more of the same waits.
create table operator_pulse (
    type text not null,
    -- The subject's.
    id uuid not null,
    told_at timestamptz not null,
    primary key (type, id)
);

do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['recovery', 'endpoint_statistic', 'operator_notice']
    loop
        execute format('alter table %I enable row level security', tenant_table);
        execute format('alter table %I force row level security', tenant_table);
        execute format(
            $policy$create policy app on %I for all to subgate_app using (
                sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
                or (select current_setting('subgate.platform', true)) = 'on')$policy$, tenant_table);
        execute format('create policy reader on %I for select to subgate_reader using (true)', tenant_table);
    end loop;
end $$;
alter table operator_pulse enable row level security;
alter table operator_pulse force row level security;
create policy app on operator_pulse for all to subgate_app using (
    (select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on recovery, endpoint_statistic, operator_notice, operator_pulse to subgate_app;
grant select on recovery, endpoint_statistic to subgate_reader;

-- The PSP's own endpoints stand under the nil UUID, as its data keys do: it is no sub-client, so there is no row of it,
-- and nothing that lists sub-clients must leave one out. All others need theirs, as before.
alter table endpoint drop constraint endpoint_sub_client_id_fkey;
create function require_sub_client() returns trigger
    language plpgsql
    set search_path = subgate, pg_catalog
as $$
begin
    if new.sub_client_id <> '00000000-0000-0000-0000-000000000000'
        and not exists (select from sub_client s where s.id = new.sub_client_id) then
        raise foreign_key_violation using constraint = 'endpoint_sub_client_id_fkey';
    end if;
    return null;
end $$;
create trigger endpoint_sub_client after insert or update of sub_client_id on endpoint
    for each row execute function require_sub_client();

-- What an audit entry shows of a replay and a recovery.
create function audit_event(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('type', e.type, 'deliveries', (
        select jsonb_object_agg(d.id, jsonb_build_object('endpointId', d.endpoint_id, 'status', d.status, 'attempts',
            d.attempts, 'dueAt', d.due_at))
        from delivery d
        where d.sub_client_id = e.sub_client_id and d.event_id = e.id
            and d.id between first_delivery_uuid(e.id) and last_delivery_uuid(e.id)))
    from event e where e.sub_client_id = $1 and e.id = $2
$$;

create function audit_recovery(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('endpointId', r.endpoint_id, 'environment', r.environment, 'since', r.since, 'until',
        r.until, 'onlyFailed', r.only_failed, 'ratePerSecond', r.rate_per_second, 'cancelled', r.status = 'cancelled')
    from recovery r where r.sub_client_id = $1 and r.id = $2
$$;

-- The patterns of an endpoint's filter that let a type through.
create function event_patterns(type text) returns text[] language sql immutable strict parallel safe as $$
    select array['*', split_part(type, '.', 1) || '.*', type]
$$;

-- Takes the next events of one recovery, up to `size`, or until it has re-opened so many deliveries as its rate allows
-- for one chunk. Says what is to be done next: 'going' (the next chunk, from its due_at on), 'waiting' (the last
-- seconds of its span are too young), 'ended', or 'busy' (nothing: another node has it, or it has ended).
--
-- Its row is locked meanwhile, and what it did and how far it came are one commit: one node at a time works on it, any
-- node goes on where one was killed, and it passes every event once.
--
-- Made due are deliveries that failed or were cancelled (but not those that a later event made old news), those that
-- wait for another attempt, and those the endpoint never had of events that its filter lets through. What is being
-- attempted, waits for its turn, or is held goes its way by itself; so does what a node has in its memory, and a row
-- that somebody holds.
create function recover_chunk(tenant uuid, recovering uuid, moment timestamptz, settling_seconds int, size int)
    returns text
    language plpgsql
as $$
declare
    job recovery;
    target endpoint;
    horizon timestamptz;
    seen int;
    examined_now int;
    last_seen uuid;
    again uuid[];
    missing uuid[];
    reopened_now int;
    created_now int;
begin
    select * into job from recovery r
    where r.sub_client_id = tenant and r.id = recovering and r.status = 'running' and r.due_at <= moment
    for update skip locked;
    if not found then return 'busy'; end if;
    select * into target from endpoint e
    where e.sub_client_id = tenant and e.id = job.endpoint_id and e.deleted_at is null;
    if not found then
        update recovery r set status = 'cancelled', completed_at = moment
        where r.sub_client_id = tenant and r.id = recovering;
        return 'ended';
    end if;
    horizon := least(job.until, moment - make_interval(secs => settling_seconds));
    with batch as materialized (
        select e.id, e.type, e.environment
        from event e
        where e.sub_client_id = tenant and e.id > job.position and e.id < first_uuid(horizon)
        order by e.id
        limit size
    ), judged as materialized (
        select b.id, d.id as delivery_id,
            b.environment = job.environment and case
                when d.id is null then b.type <> 'webhook.test' and target.event_types && event_patterns(b.type)
                    and not exists (select from handover h where b.id = any (h.event_ids))
                when d.status in ('failed', 'cancelled') then d.last_error is distinct from 'superseded'
                when d.status = 'retrying' then d.due_at > moment
                else d.status = 'delivered' and not job.only_failed end as is_wanted
        from batch b
        left join lateral (
            select x.id, x.status, x.due_at, x.last_error from delivery x
            where x.sub_client_id = tenant and x.id = delivery_uuid(b.id, job.endpoint_id)
            limit 1) as d on true
    ), counted as (
        select j.*, count(*) filter (where j.is_wanted) over (order by j.id) as wanted from judged j
    ), taken as (
        select * from counted where wanted <= least(size, job.rate_per_second)
    )
    select (select count(*) from batch), count(*), (array_agg(t.id order by t.id desc))[1],
        array_agg(t.delivery_id) filter (where t.is_wanted and t.delivery_id is not null),
        array_agg(t.id) filter (where t.is_wanted and t.delivery_id is null)
    into seen, examined_now, last_seen, again, missing
    from taken t;

    update delivery d
    set status = case when target.enabled then 'pending' else 'held' end::delivery_status, failures = 0,
        due_at = case when target.enabled then moment end, lease_owner = null, updated_at = moment
    where d.sub_client_id = tenant and d.id in (
        select c.id from delivery c
        where c.sub_client_id = tenant and c.id = any (again)
            and c.status in ('failed', 'cancelled', 'retrying', 'delivered')
        for update skip locked);
    get diagnostics reopened_now = row_count;
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, created_at, updated_at)
    select tenant, delivery_uuid(e.id, target.id), e.id, target.id, e.environment, e.type,
        case when target.enabled then 'pending' else 'held' end::delivery_status, 0, 0,
        case when target.enabled then moment end, moment, moment
    from event e
    where e.sub_client_id = tenant and e.id = any (missing)
    on conflict do nothing;
    get diagnostics created_now = row_count;

    update recovery r
    set position = coalesce(last_seen, r.position), examined = r.examined + examined_now,
        reopened = r.reopened + reopened_now, created = r.created + created_now,
        -- A second may be caught up, so that the rate holds however late the chunks come.
        due_at = greatest(r.due_at, moment - interval '1 second')
            + (reopened_now + created_now) * interval '1 second' / r.rate_per_second
    where r.sub_client_id = tenant and r.id = recovering;
    if examined_now < seen or seen = size then return 'going'; end if;
    if horizon < job.until then
        update recovery r set due_at = greatest(r.due_at, moment + interval '500 milliseconds')
        where r.sub_client_id = tenant and r.id = recovering;
        return 'waiting';
    end if;
    update recovery r set status = 'done', completed_at = moment where r.sub_client_id = tenant and r.id = recovering;
    return 'ended';
end $$;

-- An identifier as the API writes it: a prefix, and the UUID as 26 digits of Crockford's base32.
create function identifier_text(prefix text, id uuid) returns text language sql immutable strict parallel safe as $$
    select prefix || string_agg(
        substr('0123456789abcdefghjkmnpqrstvwxyz', substring(b.bits from n * 5 + 1 for 5)::bit(5)::int + 1, 1), ''
        order by n)
    from (select B'00' || ('x' || replace(id::text, '-', ''))::bit(128) as bits) as b, generate_series(0, 25) as n
$$;

create function time_text(moment timestamptz) returns text language sql stable strict parallel safe as $$
    select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Makes events of the PSP's notices, with their deliveries to its own endpoints, and returns how many it made. What
-- there can be thousands of in a second is told at once, and then at most once in `pause_seconds` a subject, with its
-- count. An event that no endpoint asks for is not made.
create function make_operator_events(moment timestamptz, pause_seconds int, size int) returns int
    language plpgsql
as $$
declare
    platform constant uuid := '00000000-0000-0000-0000-000000000000';
    made int;
begin
    -- One node at a time: two could tell the same thing twice.
    if not pg_try_advisory_xact_lock(hashtext('subgate.operator_events')) then return 0; end if;
    delete from operator_pulse p where p.told_at <= moment - make_interval(secs => pause_seconds);
    with taken as (
        delete from operator_notice n
        using (
            select r.sub_client_id, r.id from operator_notice r
            where not exists (select from operator_pulse p where p.type = r.type and p.id = r.subject_id)
            order by r.noted_at
            limit size) as ripe
        where n.sub_client_id = ripe.sub_client_id and n.id = ripe.id
        returning n.*
    ), summed as (
        select t.type, t.sub_client_id, t.subject_id, sum(t.occurrences) as occurrences, min(t.noted_at) as first_at,
            max(t.noted_at) as last_at, (array_agg(t.reason order by t.noted_at desc))[1] as reason,
            (array_agg(t.delivery_id order by t.noted_at desc))[1] as delivery_id
        from taken t
        -- What the PSP's own endpoint does not take is not told to it once more.
        where not (t.type = 'delivery.exhausted' and t.sub_client_id = platform)
        group by t.type, t.sub_client_id, t.subject_id, case when t.type like 'endpoint.%' then t.id end
    ), told as (
        insert into operator_pulse (type, id, told_at)
        select distinct s.type, s.subject_id, moment from summed s where s.type not like 'endpoint.%'
        on conflict do nothing
    ), worded as materialized (
        select overlay(gen_random_uuid()::text placing left(first_uuid(moment)::text, 14) || '7' from 1)::uuid as id,
            s.type, convert_to(case when s.type = 'quarantine.added'
                then json_build_object('upstreamId', identifier_text('up_', s.subject_id), 'environment', u.environment,
                    'reason', s.reason, 'count', s.occurrences, 'firstAt', time_text(s.first_at), 'lastAt',
                    time_text(s.last_at))
                when s.type = 'delivery.exhausted'
                then json_build_object('subClientId', identifier_text('sc_', s.sub_client_id), 'endpointId',
                    identifier_text('we_', s.subject_id), 'environment', e.environment, 'reason', s.reason,
                    'deliveryId', identifier_text('dlv_', s.delivery_id), 'count', s.occurrences, 'firstAt',
                    time_text(s.first_at), 'lastAt', time_text(s.last_at))
                else json_build_object('subClientId', identifier_text('sc_', nullif(s.sub_client_id, platform)),
                    'endpointId', identifier_text('we_', s.subject_id), 'environment',
                    case when s.sub_client_id <> platform then e.environment end, 'reason', s.reason, 'at',
                    time_text(s.first_at)) end::text, 'UTF8') as payload
        from summed s
        left join endpoint e on e.sub_client_id = s.sub_client_id and e.id = s.subject_id
        left join upstream u on u.id = s.subject_id
    ), owed as materialized (
        select w.id as event_id, w.type, e.id as endpoint_id, e.enabled, e.environment
        from worded w
        join endpoint e on e.sub_client_id = platform and e.deleted_at is null
            and e.event_types && event_patterns(w.type)
    ), stored as (
        insert into event (sub_client_id, id, environment, type, received_at, payload, origin)
        select platform, w.id, 'production', w.type, moment, w.payload, 'subgate'
        from worded w
        where w.id in (select o.event_id from owed o)
        returning id
    ), deliveries as (
        insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts,
            failures, due_at, created_at, updated_at)
        select platform, delivery_uuid(o.event_id, o.endpoint_id), o.event_id, o.endpoint_id, o.environment, o.type,
            case when o.enabled then 'pending' else 'held' end::delivery_status, 0, 0,
            case when o.enabled then moment end, moment, moment
        from owed o
    )
    select count(*) into made from stored;
    return made;
end $$;
