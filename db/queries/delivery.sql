-- Statements over tables that grow must look rows up by their key even with a plan from when the planner thought these
-- tables empty, which stays until they are analysed: then it takes reading all of one for as cheap as a look, and reads
-- it again for each row of the other side. What a plan cannot turn round: `lateral` with a lock or with `offset 0` for
-- reading, and for writing `on conflict`, which goes through the key. An `insert` over rows that are locked is such an
-- update.

-- name: claim_timed
-- Leases up to $4 deliveries whose time has come to node $1 until $3; rows that another node is claiming are passed
-- over, and so is all that was due before $6, where an earlier look has left nothing.
--
-- What cannot be sent from here is put where it belongs, and comes back without a payload: deliveries of a disabled
-- endpoint are held, those of a deleted one cancelled, and those of an endpoint that has a queue or an open breaker, or
-- of which enough waits in this node ($5), go to its lane.
--
-- Nothing is looked for while the gate is closed; with what was found comes whether it is open.
with gate as materialized (
    select (select g.held_since is null and g.started_at = pg_postmaster_start_time() from delivery_gate g)
        is not false as is_open
), due as (
    select d.sub_client_id, d.id, d.event_id, d.endpoint_id, d.environment, d.event_type, d.attempts, d.failures,
        d.created_at
    from delivery d
    where d.due_at > $6::timestamptz and d.due_at <= $2::timestamptz and (select g.is_open from gate g)
    order by d.due_at
    limit $4::int
    for update skip locked
), judged as (
    select due.*, e.enabled, e.deleted_at is not null as is_deleted,
        e.enabled and (e.is_governed or due.endpoint_id = any ($5::uuid[])
            or (l.ready_at is not null and not l.is_closing) or l.breaker <> 'closed') is true as waits
    from due
    cross join lateral (
        select e.enabled, e.deleted_at, e.is_governed from endpoint e
        where e.sub_client_id = due.sub_client_id and e.id = due.endpoint_id offset 0) as e
    left join lateral (
        select l.ready_at, l.is_closing, l.breaker from lane l
        where l.sub_client_id = due.sub_client_id and l.endpoint_id = due.endpoint_id offset 0) as l on true
), claimed as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, lease_owner, created_at, updated_at)
    select j.sub_client_id, j.id, j.event_id, j.endpoint_id, j.environment, j.event_type,
        case when j.is_deleted then 'cancelled' when not j.enabled then 'held'
            when not j.waits then 'delivering' when j.failures > 0 then 'retrying' else 'pending' end::delivery_status,
        j.attempts + case when j.enabled and not j.waits then 1 else 0 end, j.failures,
        case when j.enabled and not j.waits then $3::timestamptz end,
        case when j.enabled and not j.waits then $1::uuid end, j.created_at, $2
    from judged j
    on conflict (sub_client_id, id) do update
    set status = excluded.status, due_at = excluded.due_at, lease_owner = excluded.lease_owner,
        attempts = excluded.attempts, updated_at = excluded.updated_at
    returning sub_client_id, id, event_id, endpoint_id, environment, event_type, attempts, failures, lease_owner
), opened as (
    select open_lane(p.sub_client_id, p.endpoint_id, p.oldest, $2) is null as is_open
    from (
        select j.sub_client_id, j.endpoint_id, (array_agg(j.id order by j.id))[1] as oldest
        from judged j
        where j.waits
        group by j.sub_client_id, j.endpoint_id
        order by j.sub_client_id, j.endpoint_id) as p
), seen as (
    select count(*) as due, (select count(*) from opened) as lanes from due
)
select c.sub_client_id, c.id, c.event_id, c.endpoint_id, c.event_type, c.attempts, c.failures, e.transaction_id,
    e.user_id, e.transfer_id, e.link_session_id, e.received_at, e.payload, c.environment::text, e.origin::text,
    seen.due, seen.lanes, null::timestamptz, gate.is_open
from seen
cross join gate
left join claimed c on c.lease_owner is not null
left join lateral (
    select * from event e where e.sub_client_id = c.sub_client_id and e.id = c.event_id offset 0) as e on true;

-- name: claim_waiting
-- Leases up to $4 deliveries that wait in lanes to node $1 until $3. One lane of each sub-client comes before the
-- second of any, those that were looked at longest ago first, up to $6 lanes; each gives its share of $4, and $9 at
-- most. Lanes that another node is working on are passed over, and so are those of which enough waits in this one ($5).
-- If $11 names endpoints, and $10 the sub-client of each, only lanes of theirs are taken from.
--
-- Each lane is locked, so what its endpoint asked for holds over all nodes: its rate, its concurrency, its order. For a
-- disabled endpoint the deliveries are held instead, for a deleted one they are cancelled, and one that a later event
-- has made old news is cancelled if the endpoint wants that; these come back without a payload. Of an endpoint whose
-- breaker is not closed one delivery is taken, as the only probe for $8 seconds; the end of these comes back with it.
--
-- An endpoint's deliveries are asked for as a range of pairs, which only the lanes' index can give in order: with two
-- equalities the planner may walk the primary key past all that the sub-client ever had. `offset 0` keeps it from
-- answering for all events at once what is asked of a few.
--
-- With them comes how many of the lanes have room only when what was taken from them before is recorded, whether the
-- gate is open, and whether there were more lanes than it might take from.
--
-- `is true` keeps an index that has just the rows that are due, or wait, from being walked whole for each that is
-- looked up.
--
-- Nothing that was to be looked at before $7 is looked for, where an earlier look has left nothing: while somebody's
-- transaction stays open, each look leaves a dead version of its lane there. Nor is anything while the gate is closed.
with gate as materialized (
    select (select g.held_since is null and g.started_at = pg_postmaster_start_time() from delivery_gate g)
        is not false as is_open
), due as materialized (
    (select l.sub_client_id, l.endpoint_id, l.ready_at, l.paused_until
    from lane l
    where $11::uuid[] is null and l.ready_at > $7::timestamptz and l.ready_at <= $2::timestamptz
    order by l.ready_at
    -- However few may give something: of what is not seen, nobody's turn comes.
    limit 2000 + cardinality($5::uuid[]))
    union all
    (select l.sub_client_id, l.endpoint_id, l.ready_at, l.paused_until
    from unnest($10::uuid[], $11) as n (sub_client_id, endpoint_id)
    cross join lateral (
        select * from lane l
        where l.sub_client_id = n.sub_client_id and l.endpoint_id = n.endpoint_id and (l.ready_at <= $2) is true
        offset 0) as l)
), seen as materialized (
    select d.*
    from due d
    where (select g.is_open from gate g)
), ready as materialized (
    select r.sub_client_id, r.endpoint_id, r.ready_at,
        row_number() over (partition by r.sub_client_id order by r.ready_at) as turn
    from seen r
    where r.endpoint_id <> all ($5) and (r.paused_until > $2) is not true
), chosen as materialized (
    select l.*
    from (select sub_client_id, endpoint_id from ready order by turn, ready_at limit $6::int) as r
    cross join lateral (
        select * from lane l
        where l.sub_client_id = r.sub_client_id and l.endpoint_id = r.endpoint_id and (l.ready_at <= $2) is true
            and (l.paused_until > $2) is not true
        for update skip locked) as l
), granted as materialized (
    select c.sub_client_id, c.endpoint_id, c.scan_from, c.is_closing, c.closing_since, c.breaker, c.paused_until,
        c.health_version, c.next_slot_at,
        case when c.breaker <> 'closed' and e.enabled then $2 + make_interval(secs => $8::int) end as probe_end,
        e.enabled, e.deleted_at is not null as is_deleted,
        e.ordering = 'transfer' as is_ordered, e.max_concurrency is not null as is_narrow, e.supersede,
        e.rate_limit_per_second as rate, slot.base,
        case when not e.enabled then $4::int
            else greatest(0, least(
                case when c.breaker <> 'closed' then 1 end,
                $4 / (select greatest(count(*), 1) from chosen)::int, $9::int,
                e.max_concurrency - case when e.max_concurrency is not null then (
                    select count(*)
                    from (
                        select from delivery d
                        where d.sub_client_id = e.sub_client_id and d.endpoint_id = e.id and d.due_at > $2
                            and d.due_at <= $3::timestamptz + interval '1 minute' and d.status = 'delivering'
                        order by d.endpoint_id, d.due_at
                        limit e.max_concurrency) as taken)::int end,
                floor(extract(epoch from $2 - slot.base) * e.rate_limit_per_second + 0.001)::int)) end as quantum
    from chosen c
    cross join lateral (
        select * from endpoint e where e.sub_client_id = c.sub_client_id and e.id = c.endpoint_id offset 0) as e
    cross join lateral (
        -- A tenth of a second may be saved up, or the time of one request.
        select greatest(c.next_slot_at, $2 - greatest(interval '100 milliseconds',
            interval '1 second' / e.rate_limit_per_second)) as base) as slot
), candidates as materialized (
    select g.sub_client_id, g.endpoint_id, g.enabled, g.is_deleted, w.id, w.is_old_news
    from granted g
    cross join lateral (
        select d.id, g.supersede and exists (
                select from event e
                join event later on later.sub_client_id = e.sub_client_id and later.transfer_id = e.transfer_id
                    and later.id > e.id
                where e.sub_client_id = d.sub_client_id and e.id = d.event_id
                    and supersedes(later.type, e.type)
                offset 0) as is_old_news
        from delivery d
        where d.sub_client_id = g.sub_client_id and (d.endpoint_id, d.id) >= (g.endpoint_id, g.scan_from)
            and (d.endpoint_id, d.id) <= (g.endpoint_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            and d.due_at is null and d.status in ('pending', 'retrying', 'held')
            and (d.status <> 'held' or g.enabled or g.is_deleted)
            and (not g.is_ordered or not g.enabled or not exists (
                select from event e
                join event earlier on earlier.sub_client_id = e.sub_client_id and earlier.transfer_id = e.transfer_id
                    and earlier.id < e.id
                cross join lateral (
                    select before.status from delivery before
                    where before.sub_client_id = e.sub_client_id
                        and before.id = delivery_uuid(earlier.id, g.endpoint_id)
                        and before.status in ('pending', 'delivering', 'retrying', 'held')
                    offset 0) as before
                where e.sub_client_id = d.sub_client_id and e.id = d.event_id and not (
                    g.supersede and before.status <> 'delivering' and supersedes(e.type, earlier.type))
                offset 0))
        order by d.endpoint_id, d.id
        limit g.quantum) as w
), locked as (
    select c.sub_client_id, c.endpoint_id, c.enabled, c.is_deleted, c.is_old_news, d.*
    from candidates c
    cross join lateral (
        select d.id, d.event_id, d.environment, d.event_type, d.attempts, d.failures, d.last_error, d.created_at
        from delivery d
        where d.sub_client_id = c.sub_client_id and d.id = c.id
            and (d.due_at is null and d.status in ('pending', 'retrying', 'held')) is true
        for update skip locked) as d
), judged as materialized (
    select k.*,
        case when k.is_deleted or k.is_old_news then 'cancelled' when k.enabled then 'delivering' else 'held' end
            ::delivery_status as status,
        case when k.is_old_news then 'superseded' else k.last_error end as error
    from locked k
), claimed as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, lease_owner, last_error, created_at, updated_at)
    select j.sub_client_id, j.id, j.event_id, j.endpoint_id, j.environment, j.event_type, j.status,
        j.attempts + case when j.status = 'delivering' then 1 else 0 end, j.failures,
        case when j.status = 'delivering' then $3 end, case when j.status = 'delivering' then $1::uuid end, j.error,
        j.created_at, $2
    from judged j
    on conflict (sub_client_id, id) do update
    set status = excluded.status, due_at = excluded.due_at, lease_owner = excluded.lease_owner,
        attempts = excluded.attempts, last_error = excluded.last_error, updated_at = excluded.updated_at
    returning sub_client_id, id, event_id, endpoint_id, environment, event_type, attempts, failures, lease_owner
), looked_at as (
    insert into lane (sub_client_id, endpoint_id, scan_from, is_closing, closing_since, breaker, paused_until,
        health_version, ready_at, next_slot_at)
    select g.sub_client_id, g.endpoint_id, least(first_left.id, first_uuid($2 - interval '1 minute')),
        first_left.id is null, case when g.is_closing and sent.rows = 0 then g.closing_since else $2 end,
        case when g.probe_end is not null and sent.requests > 0 then 'halfOpen' else g.breaker end,
        case when sent.requests > 0 then coalesce(g.probe_end, g.paused_until) else g.paused_until end,
        g.health_version + case when g.probe_end is not null and sent.requests > 0 then 1 else 0 end,
        case
            when first_left.id is not null and sent.requests > 0 and g.probe_end is not null then g.probe_end
            when first_left.id is not null and sent.requests >= g.quantum and g.rate is not null
                then greatest($2, next.slot + interval '1 second' / g.rate - interval '1 millisecond')
            when first_left.id is not null then $2
            when not g.is_closing or sent.rows > 0
                then greatest($2 + interval '1 second', case when sent.requests > 0 then g.probe_end end)
            when g.closing_since > $2 - interval '30 seconds' then $2 + interval '30 seconds' end,
        coalesce(next.slot, g.next_slot_at)
    from granted g
    cross join lateral (
        select count(*) as rows, count(*) filter (where j.status = 'delivering') as requests
        from judged j
        where j.sub_client_id = g.sub_client_id and j.endpoint_id = g.endpoint_id) as sent
    cross join lateral (select g.base + sent.requests * interval '1 second' / g.rate as slot) as next
    left join lateral (
        select d.id
        from delivery d
        where d.sub_client_id = g.sub_client_id and (d.endpoint_id, d.id) >= (g.endpoint_id, g.scan_from)
            and (d.endpoint_id, d.id) <= (g.endpoint_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            and d.due_at is null and d.status in ('pending', 'retrying', 'held')
            and (d.status <> 'held' or g.enabled or g.is_deleted)
            and d.id not in (select j.id from judged j)
        order by d.endpoint_id, d.id
        limit 1) as first_left on true
    on conflict (sub_client_id, endpoint_id) do update
    set scan_from = excluded.scan_from, is_closing = excluded.is_closing, closing_since = excluded.closing_since,
        breaker = excluded.breaker, paused_until = excluded.paused_until, health_version = excluded.health_version,
        ready_at = excluded.ready_at, next_slot_at = excluded.next_slot_at
)
select c.sub_client_id, c.id, c.event_id, c.endpoint_id, c.event_type, c.attempts, c.failures, e.transaction_id,
    e.user_id, e.transfer_id, e.link_session_id, e.received_at, e.payload, c.environment::text, e.origin::text, l.lanes,
    l.left_from, g.probe_end, l.is_open, l.are_left
from (
    select (select g.is_open from gate g), (select count(*) > $6 from ready) as are_left,
        (select count(*) from granted g where g.is_ordered or g.is_narrow) as lanes,
        (select min(s.ready_at) from seen s where (s.sub_client_id, s.endpoint_id) not in (
            select g.sub_client_id, g.endpoint_id from granted g)) as left_from) as l
left join claimed c on c.lease_owner is not null
left join granted g on g.sub_client_id = c.sub_client_id and g.endpoint_id = c.endpoint_id
left join lateral (
    select * from event e where e.sub_client_id = c.sub_client_id and e.id = c.event_id offset 0) as e on true;

-- name: next_wake
-- When something comes due that is not due at $1: a lane, or a delivery on the clock. Of lanes only those of endpoints
-- $3, and the sub-client of each in $2, if any are named.
select least(
    (select l.ready_at from lane l
    where $3::uuid[] is null and l.ready_at > $1::timestamptz order by l.ready_at limit 1),
    (select min(l.ready_at)
    from unnest($2::uuid[], $3) as n (sub_client_id, endpoint_id)
    cross join lateral (
        select * from lane l
        where l.sub_client_id = n.sub_client_id and l.endpoint_id = n.endpoint_id and (l.ready_at > $1) is true
        offset 0) as l),
    (select d.due_at from delivery d where d.due_at > $1 order by d.due_at limit 1));

-- name: advance_deliveries
-- What became of deliveries that node $1 held, with the attempts that were made. Those from its memory ($9 names their
-- handover) are written here for the first time, while their handover is still there; the others are rows that it
-- leased, and a row that another node has claimed since is left to that node. The attempt is kept either way, if the
-- delivery was not erased. $21 are handovers of which nothing is left after this.
with input as (
    select *
    from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[]::environment[], $7::text[], $8::int[],
        $9::uuid[], $10::timestamptz[], $11::text[]::delivery_status[], $12::timestamptz[], $13::int[], $14::uuid[],
        $15::timestamptz[], $16::bigint[], $17::int[], $18::text[], $19::bytea[], $20::bytea[])
        as i (sub_client_id, delivery_id, event_id, endpoint_id, environment, event_type, number, handover_id,
        created_at, next_status, next_due_at, failed, attempt_id, started_at, duration_us, status_code, error_code,
        response_body, exchange)
), ours as materialized (
    -- Locked: whoever removes it to take the deliveries over waits for us, or we see it gone.
    select h.id
    from (select distinct i.handover_id from input i) as i
    cross join lateral (select h.id from handover h where h.id = i.handover_id for key share) as h
), born as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, lease_owner, last_status_code, last_error, created_at, updated_at)
    select i.sub_client_id, i.delivery_id, i.event_id, i.endpoint_id, i.environment, i.event_type, i.next_status,
        case when i.attempt_id is null and i.next_status <> 'delivering' then 0 else 1 end, i.failed, i.next_due_at,
        case when i.next_status = 'delivering' then $1::uuid end, i.status_code, i.error_code, i.created_at, $22
    from input i
    -- Hashed, whatever the planner expects of either.
    where (i.handover_id in (select o.id from ours o)) is true
    on conflict do nothing
    returning sub_client_id, id
), moved as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, last_status_code, last_error, created_at, updated_at)
    select i.sub_client_id, i.delivery_id, i.event_id, i.endpoint_id, i.environment, i.event_type, i.next_status,
        i.number - case when i.attempt_id is null then 1 else 0 end, d.failures + i.failed, i.next_due_at,
        case when i.attempt_id is null then d.last_status_code else i.status_code end,
        case when i.attempt_id is null then d.last_error else i.error_code end, i.created_at, $22::timestamptz
    from input i
    cross join lateral (
        select d.failures, d.last_status_code, d.last_error from delivery d
        where d.sub_client_id = i.sub_client_id and d.id = i.delivery_id and d.lease_owner = $1::uuid
            and d.attempts = i.number
        for no key update) as d
    where i.handover_id is null
    on conflict (sub_client_id, id) do update
    set status = excluded.status, due_at = excluded.due_at, lease_owner = null, failures = excluded.failures,
        attempts = excluded.attempts, last_status_code = excluded.last_status_code, last_error = excluded.last_error,
        updated_at = excluded.updated_at
    returning sub_client_id, id
), advanced as (
    select sub_client_id, id from born union all select sub_client_id, id from moved
), others as (
    -- Locked, so that none can be erased between this look and the end of the transaction.
    select d.id
    from input i
    cross join lateral (
        select d.id from delivery d where d.sub_client_id = i.sub_client_id and d.id = i.delivery_id for key share) as d
    where i.attempt_id is not null and i.delivery_id not in (select a.id from advanced a)
), kept as (
    insert into attempt (sub_client_id, delivery_id, id, number, started_at, duration_us, status_code, error_code,
        response_body, node_id, exchange)
    select i.sub_client_id, i.delivery_id, i.attempt_id, i.number, i.started_at, i.duration_us, i.status_code,
        i.error_code, i.response_body, $1, i.exchange
    from input i
    where i.attempt_id is not null
        and (i.delivery_id in (select a.id from advanced a) or i.delivery_id in (select o.id from others o))
    on conflict do nothing
), opened as (
    select open_lane(p.sub_client_id, p.endpoint_id, p.oldest, $22) is null
    from (
        select i.sub_client_id, i.endpoint_id, (array_agg(i.delivery_id order by i.delivery_id))[1] as oldest
        from input i
        where i.next_due_at is null and i.next_status in ('pending', 'retrying', 'held')
            and (i.delivery_id in (select a.id from advanced a)) is true
        group by i.sub_client_id, i.endpoint_id
        order by i.sub_client_id, i.endpoint_id) as p
), noted as (
    insert into operator_notice (sub_client_id, type, subject_id, reason, delivery_id, occurrences, noted_at)
    select i.sub_client_id, 'delivery.exhausted', i.endpoint_id, max(i.error_code), (array_agg(i.delivery_id))[1],
        count(*), $22
    from input i
    where i.next_status = 'failed' and (i.delivery_id in (select a.id from advanced a)) is true
    group by i.sub_client_id, i.endpoint_id
), done as (
    delete from handover h where h.id = any ($21::uuid[])
)
select (select count(*) from advanced), (select count(*) from opened);

-- name: release_probes
-- Deliveries that were taken as the one probe of their endpoint, until $3 each, are given back unsent: another may be
-- sent at once, unless something was heard of the endpoint since.
with mine as (
    select l.sub_client_id, l.endpoint_id
    from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as p (sub_client_id, endpoint_id, probe_end)
    join lane l on l.sub_client_id = p.sub_client_id and l.endpoint_id = p.endpoint_id
    where l.breaker = 'halfOpen' and l.paused_until = p.probe_end
    order by l.sub_client_id, l.endpoint_id
    for update of l
)
update lane l
set breaker = 'open', paused_until = $4::timestamptz, health_version = l.health_version + 1,
    ready_at = case when l.is_closing then l.ready_at else least(l.ready_at, $4) end
from mine m
where l.sub_client_id = m.sub_client_id and l.endpoint_id = m.endpoint_id;

-- name: get_delivery
select id, event_id, event_type, endpoint_id, status::text, attempts, due_at, last_status_code, last_error, created_at,
    updated_at
from delivery
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment);

-- name: list_deliveries
-- A page, newest first, of what lies below $3 and not below $4. It looks at $6 rows at most, however few of them the
-- filters let through: if these do not fill the page of $5, the last row has nothing but an id and says how far it
-- looked.
with page as (
    select d.*
    from (
        select id, event_id, event_type, endpoint_id, status, attempts, due_at, last_status_code, last_error,
            created_at, updated_at, environment
        from delivery
        where sub_client_id = $1::uuid and id < $3::uuid and id >= $4::uuid
        order by id desc
        limit $6::int
    ) as d
    where ($2::text is null or d.environment = $2::text::environment)
        and ($7::text is null or d.status = $7::text::delivery_status)
        and ($8::text is null or d.event_type = $8)
        and ($9::uuid is null or d.endpoint_id = $9)
        and ($10::int is null or d.last_status_code between $10 and $11::int)
    order by d.id desc
    limit $5::int
), bound as (
    select b.id
    from (
        select id from delivery
        where sub_client_id = $1::uuid and id < $3::uuid and id >= $4::uuid
        order by id desc
        offset $6::int - 1
        limit 1
    ) as b
    where (select count(*) from page) < $5::int
)
select id, event_id, event_type, endpoint_id, status::text, attempts, due_at, last_status_code, last_error, created_at,
    updated_at, false as is_bound
from page
union all
select id, null, null, null, null, null, null, null, null, null, null, true
from bound
order by id desc, is_bound;

-- name: list_event_deliveries
-- The same of the events $6, which are few: what they owe is found by their identifiers.
select d.id, d.event_id, d.event_type, d.endpoint_id, d.status::text, d.attempts, d.due_at, d.last_status_code,
    d.last_error, d.created_at, d.updated_at
from unnest($6::uuid[]) as e (id)
cross join lateral (
    select * from delivery
    where sub_client_id = $1::uuid and event_id = e.id
        and id between first_delivery_uuid(e.id) and last_delivery_uuid(e.id)
    limit 1000
) as d
where ($2::text is null or d.environment = $2::text::environment) and d.id < $3::uuid and d.id >= $4::uuid
    and ($7::text is null or d.status = $7::text::delivery_status)
    and ($8::text is null or d.event_type = $8)
    and ($9::uuid is null or d.endpoint_id = $9)
    and ($10::int is null or d.last_status_code between $10 and $11::int)
order by d.id desc
limit $5::int;

-- name: list_latest_attempts
-- The latest hundred, oldest first.
select * from (
    select id, number, started_at, duration_us, status_code, error_code, response_body, node_id, exchange
    from attempt
    where sub_client_id = $1::uuid and delivery_id = $2::uuid
    order by number desc, id desc
    limit 100
) as latest
order by number, id;

-- name: list_attempts
-- $5 asks for those that succeeded, or for those that did not.
select id, number, started_at, duration_us, status_code, error_code, response_body, node_id, exchange
from attempt
where sub_client_id = $1::uuid and delivery_id = $2::uuid and id < $3::uuid
    and ($5::bool is null or coalesce(status_code between 200 and 299, false) = $5)
    and ($6::int is null or status_code between $6 and $7::int)
order by id desc
limit $4::int;

-- name: retry_delivery
-- Makes a delivery due at once, even one that was delivered; of a disabled endpoint it is held, of a deleted one
-- cancelled. Nothing is returned for one that is being attempted.
update delivery d
set status = case when e.deleted_at is not null then 'cancelled' when not e.enabled then 'held'
        when d.failures > 0 then 'retrying' else 'pending' end::delivery_status,
    due_at = case when e.enabled then $4::timestamptz end, updated_at = $4
from endpoint e
where d.sub_client_id = $1::uuid and d.id = $2::uuid
    and ($3::text is null or d.environment = $3::text::environment) and d.status <> 'delivering'
    and e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
returning d.id, d.event_id, d.event_type, d.endpoint_id, d.status::text, d.attempts, d.due_at, d.last_status_code,
    d.last_error, d.created_at, d.updated_at;

-- name: count_due
-- What is due at $1 and was not taken yet, counted up to $2: deliveries on the clock, and endpoints whose lanes are to
-- be looked at; of how many something waits at all, and how many of those have an open breaker; and since when the
-- oldest of what is due is.
with timed as (
    select d.due_at from delivery d where d.due_at <= $1::timestamptz order by d.due_at limit $2::int
), ready as (
    select l.ready_at from lane l where l.ready_at <= $1 and not l.is_closing order by l.ready_at limit $2
), queued as (
    select l.breaker from lane l where l.ready_at is not null and not l.is_closing limit $2
)
select (select count(*) from timed), (select count(*) from ready), (select count(*) from queued),
    least((select min(due_at) from timed), (select min(ready_at) from ready)),
    (select count(*) from queued q where q.breaker <> 'closed');

-- name: count_kept
-- What waits for a person, counted up to $1: deliveries held for endpoints that are disabled, and events in quarantine.
-- What is held has no index of its own, so it is looked for in the lanes of those endpoints, not in all deliveries.
with held as (
    select from endpoint e
    cross join lateral (
        select from delivery d
        where d.sub_client_id = e.sub_client_id and d.endpoint_id = e.id and d.due_at is null
            and d.status in ('pending', 'retrying', 'held') and d.status = 'held'
        limit $1::int
    ) as d
    where not e.enabled and e.deleted_at is null limit $1
), quarantined as (
    select from quarantine limit $1
)
select (select count(*) from held), (select count(*) from quarantined);

-- name: release_lease
-- Gives back what one lease holds on the clock: the answer to the statement that took it was lost, so nobody knows what
-- that is.
update delivery d
set status = case when d.failures > 0 then 'retrying' else 'pending' end::delivery_status, due_at = $3::timestamptz,
    lease_owner = null, attempts = d.attempts - 1, updated_at = $3
where d.due_at = $2::timestamptz and d.lease_owner = $1::uuid;

-- name: rescue_handovers
-- Writes the deliveries of handovers whose node is dead ($1), whose lease has ended between $2 and $3, or which are the
-- one of node $4 whose lease ends at $5: due at once, for any node. What the node had written is left as it is. The
-- first attempt counts as made, because the node may have made it and may still record it; but not if the node itself
-- never got its deliveries, which is what $4 is for.
with gone as (
    delete from handover h
    where h.node_id = any ($1::uuid[]) or (h.lease_end > $2::timestamptz and h.lease_end <= $3::timestamptz)
        or (h.node_id = $4::uuid and h.lease_end = $5::timestamptz)
    returning h.sub_client_ids, h.event_ids, h.endpoint_ids,
        (h.node_id = $4::uuid and h.lease_end = $5::timestamptz) is true as is_given_back
)
insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
    due_at, created_at, updated_at)
select e.sub_client_id, delivery_uuid(e.id, x.endpoint_id), e.id, x.endpoint_id, e.environment, e.type, 'pending',
    case when g.is_given_back then 0 else 1 end, 0, $6::timestamptz, e.received_at, $6
from gone g
cross join lateral unnest(g.sub_client_ids, g.event_ids, g.endpoint_ids) as x (sub_client_id, event_id, endpoint_id)
cross join lateral (
    select * from event e where e.sub_client_id = x.sub_client_id and e.id = x.event_id offset 0) as e
on conflict do nothing;
