-- Erasure: what tells of a sub-client, or of one of its end users, goes; what the books need stays.
--
-- A sub-client's own few rows are erased in the transaction that asks for it (db/queries/erasure.sql). What there can
-- be millions of is erased here, chunk by chunk, each in a transaction of its own: see erase_chunk.

set local search_path = subgate;

alter type sub_client_status add value 'erased';

create type erasure_subject as enum ('subClient', 'endUser');
create type erasure_status as enum ('running', 'done');
-- In the order in which a sweep takes them. A sub-client's takes all, an end user's linkSessions, events and ending.
create type erasure_step as enum
    ('linkSessions', 'deliveries', 'attempts', 'events', 'transfers', 'audit', 'ending');

-- One request to erase, and how far it has come.
create table erasure (
    sub_client_id uuid not null references sub_client (id),
    id uuid not null,
    subject erasure_subject not null,
    -- Of an end user's; null for both.
    environment environment,
    -- Who the end user was, for whoever has the pepper and asks for one user id: a keyed digest.
    user_digest bytea,
    -- The user id, for as long as its link sessions are looked for; null once it is done.
    user_sealed bytea,
    data_key_id uuid,
    status erasure_status not null default 'running',
    step erasure_step not null default 'linkSessions',
    -- The last row that the step has passed.
    position uuid not null default '00000000-0000-0000-0000-000000000000',
    -- Whether this sweep has found every row free: what somebody held was left to the next.
    is_clean boolean not null default true,
    -- From when this sweep sees what there is.
    swept_from timestamptz not null,
    -- When the next chunk may be erased.
    due_at timestamptz not null,
    link_sessions bigint not null default 0,
    transfers bigint not null default 0,
    events bigint not null default 0,
    deliveries bigint not null default 0,
    attempts bigint not null default 0,
    requested_at timestamptz not null,
    completed_at timestamptz,
    primary key (sub_client_id, id),
    constraint erasure_user_digest_length check (octet_length(user_digest) = 32),
    constraint erasure_user_is_known check ((subject = 'endUser') = (user_digest is not null)),
    constraint erasure_end_is_whole check ((status = 'done') = (completed_at is not null)),
    constraint erasure_user_is_forgotten check (status = 'running' or user_sealed is null)
);
create index erasure_due on erasure (due_at) where status = 'running';

alter table erasure enable row level security;
alter table erasure force row level security;
create policy app on erasure for all to subgate_app using (
    sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
create policy reader on erasure for select to subgate_reader using (true);
grant select, insert, update, delete on erasure to subgate_app;

-- By which erasure a link session was erased; events that come for it later are not kept.
alter table link_session add column erasure_id uuid;
create index link_session_user on link_session (sub_client_id, user_id, id);
create index link_session_erasure on link_session (sub_client_id, erasure_id, id) where erasure_id is not null;
-- Events that came by another way than a link session.
create index event_unlinked on event (sub_client_id, id) where link_session_id is null;
-- From a transfer to its events, and from them by computed keys to their deliveries and attempts.
create index event_transfer on event (sub_client_id, transfer_id) where transfer_id is not null;

-- Whom an admin's kept answer tells of, so that it can be erased with them.
alter table idempotency add column about_sub_client uuid;
create index idempotency_about on idempotency (about_sub_client) where about_sub_client is not null;

-- What an audit entry shows of an erasure: nothing that was erased.
create function audit_erasure(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('subject', e.subject, 'environment', e.environment,
        'userDigest', encode(e.user_digest, 'hex'), 'requestedAt', e.requested_at)
    from erasure e where e.sub_client_id = $1 and e.id = $2
$$;

-- Opens the erasure of a closed sub-client; of any other it undoes the transaction.
create function begin_sub_client_erasure(tenant uuid, erasing uuid, moment timestamptz) returns void
    language plpgsql
as $$
declare
    standing text;
begin
    select s.status::text into standing from sub_client s where s.id = tenant for update;
    if standing is null then
        raise foreign_key_violation using constraint = 'erasure_sub_client_id_fkey';
    elsif standing = 'erased' then
        raise unique_violation using constraint = 'sub_client_erased';
    elsif standing <> 'closed' then
        raise check_violation using constraint = 'sub_client_not_closed';
    end if;
    insert into erasure (sub_client_id, id, subject, swept_from, due_at, requested_at)
    values (tenant, erasing, 'subClient', moment, moment, moment);
end $$;

-- Opens the erasure of an end user, unless the same one runs; of an erased sub-client it undoes the transaction.
create function begin_end_user_erasure(tenant uuid, erasing uuid, world environment, digest bytea, sealed bytea,
    sealed_with uuid, moment timestamptz) returns void
    language plpgsql
as $$
declare
    standing text;
begin
    select s.status::text into standing from sub_client s where s.id = tenant;
    if standing is null then
        raise foreign_key_violation using constraint = 'erasure_sub_client_id_fkey';
    elsif standing = 'erased' then
        raise unique_violation using constraint = 'sub_client_erased';
    end if;
    insert into erasure (sub_client_id, id, subject, environment, user_digest, user_sealed, data_key_id, swept_from,
        due_at, requested_at)
    select tenant, erasing, 'endUser', world, digest, sealed, sealed_with, moment, moment, moment
    where not exists (select from erasure e
        where e.sub_client_id = tenant and e.user_digest = digest and e.status = 'running');
end $$;

-- Takes the values before and after out of a sub-client's audit entries, some at a time; returns how many it took. The
-- chain holds only their digest, so it still verifies. The app may not change entries by itself, and this much only
-- once the chain says that the sub-client was erased.
create function erase_audit_details(tenant uuid, size int) returns bigint
    language plpgsql security definer
    set search_path = subgate, pg_catalog, pg_temp
as $$
declare
    taken bigint;
begin
    if not exists (select from audit_entry e where e.about_sub_client = tenant and e.action = 'subClient.erased') then
        return 0;
    end if;
    update audit_entry e set details = null
    where e.seq in (select c.seq from audit_entry c
        where c.about_sub_client = tenant and c.details is not null and c.body::jsonb ->> 'targetType' <> 'erasure'
        order by c.seq limit size);
    get diagnostics taken = row_count;
    return taken;
end $$;
revoke all on function erase_audit_details(uuid, int) from public;
grant execute on function erase_audit_details(uuid, int) to subgate_app;

-- What one chunk did.
create type erased_chunk as (
    -- How far the step has come; null when it is through.
    position uuid,
    is_clean boolean,
    link_sessions bigint,
    transfers bigint,
    events bigint,
    deliveries bigint,
    attempts bigint
);

-- Between these lie the identifiers of an event's deliveries, and those of other events of its millisecond.
create function first_delivery_uuid(event_id uuid) returns uuid language sql immutable strict parallel safe as $$
    select (left(event_id::text, 15) || '000-0000-000000000000')::uuid
$$;
create function last_delivery_uuid(event_id uuid) returns uuid language sql immutable strict parallel safe as $$
    select (left(event_id::text, 15) || 'fff-ffff-ffffffffffff')::uuid
$$;

-- Removes events with their deliveries and attempts. A delivery that somebody holds at this moment is left, and its
-- event with it: waiting for rows that others hold in another order could end in a deadlock.
--
-- One statement after another, because each sees what was committed before it: an attempt that was recorded just before
-- its delivery was locked here is found, and none is recorded afterwards.
create function erase_events(tenant uuid, doomed uuid[], out events bigint, out deliveries bigint, out attempts bigint)
    language plpgsql
as $$
declare
    mine uuid[];
begin
    mine := array(
        select d.id
        from unnest(doomed) as x (id)
        join delivery d on d.sub_client_id = tenant and d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id)
        for update of d skip locked);
    delete from attempt a using unnest(mine) as m (id) where a.sub_client_id = tenant and a.delivery_id = m.id;
    get diagnostics attempts = row_count;
    delete from delivery d using unnest(mine) as m (id) where d.sub_client_id = tenant and d.id = m.id;
    get diagnostics deliveries = row_count;
    delete from event e using unnest(doomed) as x (id)
    where e.sub_client_id = tenant and e.id = x.id and not exists (select from delivery d
        where d.sub_client_id = tenant and d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id));
    get diagnostics events = row_count;
end $$;

-- Whether there is anything to clear in a transfer. Its user id alone would not tell: a merchant may have called a user
-- '(erased)'.
create function tells_of_person(t transfer) returns boolean language sql immutable as $$
    select t.user_id <> '(erased)' or num_nonnulls(t.transaction_id, t.tx_hash, t.source_address, t.destination_address,
        t.refund_address, t.source_account_provider) > 0
$$;

-- Removes what has no link session to be found by and holds the end user's name at the upstream: events that were given
-- to the sub-client from quarantine, and those that are still there.
create function erase_unlinked(tenant uuid, erasing uuid, upstream_user bytea, size int) returns bigint
    language plpgsql
as $$
declare
    job erasure;
    gone record;
begin
    select * into job from erasure e
    where e.sub_client_id = tenant and e.id = erasing and e.status = 'running' for update skip locked;
    if not found then return 0; end if;
    delete from quarantine q using upstream u
    where u.id = q.upstream_id and (job.environment is null or u.environment = job.environment)
        and position(upstream_user in q.payload) > 0;
    select * into gone from erase_events(tenant, array(select e.id from event e
        where e.sub_client_id = tenant and e.link_session_id is null
            and (job.environment is null or e.environment = job.environment)
            and position(upstream_user in e.payload) > 0
        limit size));
    update erasure e
    set events = e.events + gone.events, deliveries = e.deliveries + gone.deliveries,
        attempts = e.attempts + gone.attempts
    where e.sub_client_id = tenant and e.id = erasing and gone.events > 0;
    return gone.events;
end $$;

-- Clears what tells of a person in transfers. What somebody holds is left.
create function erase_transfers(tenant uuid, doomed uuid[], out erased bigint, out is_clean boolean)
    language plpgsql
as $$
begin
    update transfer t
    set user_id = '(erased)', transaction_id = null, tx_hash = null, source_address = null, destination_address = null,
        refund_address = null, source_account_provider = null
    where t.sub_client_id = tenant and t.id in (select c.id from transfer c
        where c.sub_client_id = tenant and c.id = any (doomed) and tells_of_person(c) for update skip locked);
    get diagnostics erased = row_count;
    is_clean := not exists (select from transfer c
        where c.sub_client_id = tenant and c.id = any (doomed) and tells_of_person(c));
end $$;

-- A chunk of an end user's: first all link sessions are marked and cleared, then what came of them goes.
create function erase_end_user_chunk(job erasure, user_name text, size int) returns erased_chunk language plpgsql as $$
declare
    done erased_chunk := row(null, true, 0, 0, 0, 0, 0);
    sessions uuid[];
    doomed uuid[];
begin
    if job.step = 'linkSessions' then
        update link_session s set erasure_id = job.id, user_id = '(erased)', transaction_id = null
        where s.sub_client_id = job.sub_client_id and s.id in (select c.id from link_session c
            where c.sub_client_id = job.sub_client_id and c.user_id = user_name and c.erasure_id is null
                and (job.environment is null or c.environment = job.environment) and c.created_at <= job.requested_at
            limit size);
        get diagnostics done.link_sessions = row_count;
        if done.link_sessions = size then done.position := job.position; end if;
        return done;
    end if;
    sessions := array(select s.id from link_session s
        where s.sub_client_id = job.sub_client_id and s.erasure_id = job.id and s.id > job.position
        order by s.id limit greatest(size / 10, 1));
    if cardinality(sessions) = 0 then return done; end if;
    doomed := array(select e.id
        from unnest(sessions) as x (id)
        join transfer t on t.sub_client_id = job.sub_client_id and t.link_session_id = x.id
        join event e on e.sub_client_id = job.sub_client_id and e.transfer_id = t.id
        limit size);
    select * into done.events, done.deliveries, done.attempts from erase_events(job.sub_client_id, doomed) as g;
    done.is_clean := done.events = cardinality(doomed);
    if cardinality(doomed) = size and done.events > 0 then
        done.position := job.position;
        return done;
    end if;
    select g.erased, g.is_clean and done.is_clean into done.transfers, done.is_clean
    from erase_transfers(job.sub_client_id, array(select t.id
        from unnest(sessions) as x (id)
        join transfer t on t.sub_client_id = job.sub_client_id and t.link_session_id = x.id)) as g;
    done.position := sessions[cardinality(sessions)];
    return done;
end $$;

-- A chunk of a sub-client's: each table by its primary key, from one end to the other.
create function erase_sub_client_chunk(job erasure, size int) returns erased_chunk language plpgsql as $$
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
        done.is_clean := done.deliveries = cardinality(doomed);
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

-- Erases the next chunk of one erasure, and says what is to be done next: 'going' (the next chunk), 'waiting' (nothing
-- until its due_at), 'ended' (end it), or 'busy' (nothing: another node has it, or it is done).
--
-- Its row is locked meanwhile, so that one node at a time works on it; what it did and how far it came are one commit,
-- so that any node goes on wherever one was killed.
--
-- Writers that had read the rows as they were before go on for a while: a webhook being accepted, a token being minted.
-- So it ends with a sweep that began settling_seconds after the request and found every row free.
create function erase_chunk(tenant uuid, erasing uuid, user_name text, moment timestamptz, settling_seconds int,
    size int) returns text
    language plpgsql
as $$
declare
    job erasure;
    done erased_chunk;
    settled timestamptz;
begin
    select * into job from erasure e
    where e.sub_client_id = tenant and e.id = erasing and e.status = 'running' for update skip locked;
    if not found then return 'busy'; end if;
    if job.step = 'ending' then
        settled := job.requested_at + make_interval(secs => settling_seconds);
        if job.is_clean and job.swept_from >= settled then return 'ended'; end if;
        settled := greatest(settled, moment + interval '1 second');
        update erasure e
        set step = 'linkSessions', position = default, is_clean = true, swept_from = settled, due_at = settled
        where e.sub_client_id = tenant and e.id = erasing;
        return 'waiting';
    end if;
    if job.subject = 'endUser' then
        done := erase_end_user_chunk(job, user_name, size);
    else
        done := erase_sub_client_chunk(job, size);
    end if;
    update erasure e
    set step = case when done.position is not null then e.step
            when e.subject = 'subClient' then (enum_range(e.step, null))[2]
            when e.step = 'linkSessions' then 'events' else 'ending' end,
        position = coalesce(done.position, '00000000-0000-0000-0000-000000000000'),
        is_clean = e.is_clean and done.is_clean, due_at = moment,
        link_sessions = e.link_sessions + done.link_sessions, transfers = e.transfers + done.transfers,
        events = e.events + done.events, deliveries = e.deliveries + done.deliveries,
        attempts = e.attempts + done.attempts
    where e.sub_client_id = tenant and e.id = erasing;
    return 'going';
end $$;
