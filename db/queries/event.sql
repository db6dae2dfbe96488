-- name: accept_events
-- Everything an upstream's verified webhooks change, for many at once: the events (new ones only), the transfers they
-- move, the deliveries they owe, and quarantine for those that no link session explains. One row per event and
-- delivery.
--
-- Deliveries are handed over to the node that accepts ($24): they are its own until $25, in its memory and in the
-- handover $27, and become rows when it has tried them, or when it is found dead. With no room in its memory it names
-- no node. Those of an endpoint that has a queue or an open breaker, or of which enough waits in the node already
-- ($26), become rows at once, in the endpoint's lane; so do all while the gate is closed; a disabled endpoint's are
-- held.
--
-- Of an event for a link session that was erased only its key is kept.
--
-- `lateral` with a limit or an offset says how the planner must go: event by event, by key. Otherwise it may plan,
-- while the tables are small, to read all endpoints each time; or, for too few events, to compare each with each.
with input as (
    select *
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[],
        $8::text[]::transfer_status[], $9::text[]::refund_status[], $10::timestamptz[], $11::bytea[], $12::text[],
        $13::text[], $14::text[], $15::text[]::numeric[], $16::text[]::numeric[], $17::text[], $18::text[], $19::text[],
        $20::text[], $21::uuid[], $22::text[])
        with ordinality as i (upstream_id, event_id, sub_client_id, link_session_id, upstream_event_id,
        upstream_transfer_id, type, status, refund_status, occurred_at, payload, symbol, chain, tx_hash, source_amount,
        destination_amount, source_address, destination_address, refund_address, source_account_provider, transfer_id,
        unroutable_reason, position)
), routed as (
    select i.*, s.environment, s.transaction_id, s.user_id, s.erasure_id is not null as is_erased
    from input i
    cross join lateral (
        select l.environment, l.transaction_id, l.user_id, l.erasure_id
        from link_session l
        where i.unroutable_reason is null and l.sub_client_id = i.sub_client_id and l.id = i.link_session_id
            and l.upstream_id = i.upstream_id
        limit 1) as s
), fresh as (
    insert into event_key (sub_client_id, upstream_id, upstream_event_id, event_id, received_at)
    select distinct on (r.sub_client_id, r.upstream_id, r.upstream_event_id)
        r.sub_client_id, r.upstream_id, r.upstream_event_id, r.event_id, $23::timestamptz
    from routed r
    order by r.sub_client_id, r.upstream_id, r.upstream_event_id, r.position
    on conflict do nothing
    returning event_id
), accepted as (
    select r.* from routed r join fresh f on f.event_id = r.event_id where not r.is_erased
), moved as (
    insert into transfer as t (sub_client_id, id, link_session_id, upstream_id, upstream_transfer_id, environment,
        transaction_id, user_id, status, refund_status, symbol, chain, tx_hash, source_amount, destination_amount,
        source_address, destination_address, refund_address, source_account_provider, created_at, updated_at)
    select distinct on (a.sub_client_id, a.link_session_id, a.upstream_transfer_id)
        a.sub_client_id, a.transfer_id, a.link_session_id, a.upstream_id, a.upstream_transfer_id, a.environment,
        a.transaction_id, a.user_id, coalesce(a.status, 'unknown'),
        max(a.refund_status) over (partition by a.sub_client_id, a.link_session_id, a.upstream_transfer_id),
        a.symbol, a.chain, a.tx_hash, a.source_amount, a.destination_amount, a.source_address, a.destination_address,
        a.refund_address, a.source_account_provider, $23, $23
    from accepted a
    order by a.sub_client_id, a.link_session_id, a.upstream_transfer_id, coalesce(a.status, 'unknown') desc,
        a.position desc
    on conflict (sub_client_id, link_session_id, upstream_transfer_id) do update
    set status = greatest(t.status, excluded.status),
        refund_status = greatest(t.refund_status, excluded.refund_status),
        symbol = coalesce(excluded.symbol, t.symbol),
        chain = coalesce(excluded.chain, t.chain),
        tx_hash = coalesce(excluded.tx_hash, t.tx_hash),
        source_amount = coalesce(excluded.source_amount, t.source_amount),
        destination_amount = coalesce(excluded.destination_amount, t.destination_amount),
        source_address = coalesce(excluded.source_address, t.source_address),
        destination_address = coalesce(excluded.destination_address, t.destination_address),
        refund_address = coalesce(excluded.refund_address, t.refund_address),
        source_account_provider = coalesce(excluded.source_account_provider, t.source_account_provider),
        updated_at = excluded.updated_at
    returning t.sub_client_id, t.id, t.link_session_id, t.upstream_transfer_id, t.reconciled_types
), stored as (
    insert into event (sub_client_id, id, environment, type, upstream_id, upstream_event_id, link_session_id,
        transfer_id, transaction_id, user_id, occurred_at, received_at, payload)
    select a.sub_client_id, a.event_id, a.environment, a.type, a.upstream_id, a.upstream_event_id, a.link_session_id,
        m.id, a.transaction_id, a.user_id, a.occurred_at, $23, a.payload
    from accepted a
    join moved m on m.sub_client_id = a.sub_client_id and m.link_session_id = a.link_session_id
        and m.upstream_transfer_id = a.upstream_transfer_id
    -- What was reconciled has its event.
    where a.type <> all (coalesce(m.reconciled_types, '{}'))
    returning id, transfer_id
), owed as materialized (
    select a.sub_client_id, delivery_uuid(a.event_id, e.id) as id, a.event_id, e.id as endpoint_id, a.environment,
        a.type, e.enabled, l.ready_at is not null and not l.is_closing as is_queued,
        e.enabled and $24::uuid is not null and not e.is_governed and e.id <> all ($26::uuid[])
            and (l.ready_at is null or l.is_closing) and (l.breaker <> 'closed') is not true
            and (select g.held_since is null and g.started_at = pg_postmaster_start_time()
                from delivery_gate g) is not false as is_handed_over
    from accepted a
    join stored s on s.id = a.event_id
    cross join lateral (
        select e.id, e.enabled, e.is_governed
        from endpoint e
        where e.sub_client_id = a.sub_client_id and e.environment = a.environment and e.deleted_at is null
            and e.event_types && array['*', 'transfer.*', a.type]
        offset 0) as e
    left join lateral (
        select l.ready_at, l.is_closing, l.paused_until, l.breaker
        from lane l
        where l.sub_client_id = a.sub_client_id and l.endpoint_id = e.id
        offset 0) as l on true
), handed as (
    insert into handover (id, node_id, lease_end, sub_client_ids, event_ids, endpoint_ids)
    select $27::uuid, $24, $25::timestamptz, array_agg(o.sub_client_id), array_agg(o.event_id),
        array_agg(o.endpoint_id)
    from owed o
    where o.is_handed_over
    having count(*) > 0
), queued as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        created_at, updated_at)
    select o.sub_client_id, o.id, o.event_id, o.endpoint_id, o.environment, o.type,
        case when o.enabled then 'pending' else 'held' end::delivery_status, 0, 0, $23, $23
    from owed o
    where not o.is_handed_over
), opened as (
    select open_lane(p.sub_client_id, p.endpoint_id, null, $23) is null
    from (
        select distinct o.sub_client_id, o.endpoint_id
        from owed o
        where o.enabled and not o.is_handed_over and not o.is_queued
        order by o.sub_client_id, o.endpoint_id) as p
), quarantined as (
    insert into quarantine (id, upstream_id, upstream_event_id, reason, payload, received_at)
    select distinct on (i.upstream_id, i.upstream_event_id) i.event_id, i.upstream_id, i.upstream_event_id,
        coalesce(i.unroutable_reason, 'unknownTransactionId'), i.payload, $23
    from input i
    where not exists (select from routed r where r.position = i.position)
    order by i.upstream_id, i.upstream_event_id, i.position
    on conflict do nothing
    returning id, upstream_id, reason
), noted as (
    insert into operator_notice (sub_client_id, type, subject_id, reason, occurrences, noted_at)
    select '00000000-0000-0000-0000-000000000000', 'quarantine.added', q.upstream_id, max(q.reason), count(*), $23
    from quarantined q
    group by q.upstream_id
)
select i.position, r.position is not null, f.event_id is not null and (s.id is not null or r.is_erased),
    q.id is not null, r.transaction_id, r.user_id, s.transfer_id, o.id, o.endpoint_id,
    coalesce(o.is_handed_over, false), coalesce(r.is_erased, false), r.environment::text,
    (select count(*) from opened), (select count(*) from owed w where w.enabled and not w.is_handed_over)
from input i
left join routed r on r.position = i.position
left join fresh f on f.event_id = i.event_id
left join stored s on s.id = i.event_id
left join owed o on o.event_id = i.event_id and f.event_id is not null
left join quarantined q on q.id = i.event_id
order by i.position;

-- name: get_event
select id, type, transfer_id, link_session_id, upstream_event_id, occurred_at, received_at, payload, transaction_id,
    user_id, origin::text
from event
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment);

-- name: list_events
-- A page, newest first, of what lies below $3 and not below $4; it looks at $6 rows at most, as list_deliveries does.
with page as (
    select e.*
    from (
        select id, type, transfer_id, link_session_id, upstream_event_id, occurred_at, received_at, payload,
            transaction_id, user_id, origin, environment
        from event
        where sub_client_id = $1::uuid and id < $3::uuid and id >= $4::uuid
        order by id desc
        limit $6::int
    ) as e
    where ($2::text is null or e.environment = $2::text::environment) and ($7::text is null or e.type = $7)
    order by e.id desc
    limit $5::int
), bound as (
    select b.id
    from (
        select id from event
        where sub_client_id = $1::uuid and id < $3::uuid and id >= $4::uuid
        order by id desc
        offset $6::int - 1
        limit 1
    ) as b
    where (select count(*) from page) < $5::int
)
select id, type, transfer_id, link_session_id, upstream_event_id, occurred_at, received_at, payload, transaction_id,
    user_id, origin::text, false as is_bound
from page
union all
select id, null, null, null, null, null, null, null, null, null, null, true
from bound
order by id desc, is_bound;

-- name: list_transfer_events
-- The same of one transfer, which has few: all of them are found by it first, whatever else there is to find them by.
with found as materialized (
    select id, type, transfer_id, link_session_id, upstream_event_id, occurred_at, received_at, payload,
        transaction_id, user_id, origin::text, environment
    from event
    where sub_client_id = $1::uuid and transfer_id = $6::uuid
)
select id, type, transfer_id, link_session_id, upstream_event_id, occurred_at, received_at, payload, transaction_id,
    user_id, origin
from found
where ($2::text is null or environment = $2::text::environment) and id < $3::uuid and id >= $4::uuid
    and ($7::text is null or type = $7)
order by id desc
limit $5::int;

-- name: list_transfer_event_ids
with found as materialized (
    select id from event where sub_client_id = $1::uuid and transfer_id = $2::uuid
)
select id from found order by id desc limit $3::int;

-- name: create_test_event
-- An event of our own for one endpoint, and its delivery, which is held if the endpoint is disabled.
with target as (
    select e.sub_client_id, e.environment, e.enabled
    from endpoint e
    where e.sub_client_id = $1::uuid and e.id = $2::uuid and e.deleted_at is null
        and ($6::text is null or e.environment = $6::text::environment)
), stored as (
    insert into event (sub_client_id, id, environment, type, received_at, payload, origin)
    select sub_client_id, $3::uuid, environment, 'webhook.test', $5::timestamptz, $4::bytea, 'subgate'
    from target
)
insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
    due_at, created_at, updated_at)
select $1, delivery_uuid($3, $2), $3, $2, environment, 'webhook.test',
    case when enabled then 'pending' else 'held' end::delivery_status, 0, 0, case when enabled then $5 end, $5, $5
from target
returning id, event_id, event_type, endpoint_id, status::text, attempts, due_at, last_status_code, last_error,
    created_at, updated_at;

-- name: delivery_identifier
select delivery_uuid($1::uuid, $2::uuid);

-- name: list_quarantine
select id, upstream_id, upstream_event_id, reason, payload, received_at
from quarantine
where id < $1::uuid
order by id desc
limit $2::int;

-- name: get_quarantined
select id, upstream_id, upstream_event_id, reason, payload, received_at from quarantine where id = $1::uuid;

-- name: assign_quarantined
-- Takes an event out of quarantine and makes it one of sub-client $2's: the event $3, its key, and a delivery to each
-- endpoint that asks for its type, due now, or held. It has no link session and so no transfer. Nothing is taken for a
-- sub-client that is closed. An event that the sub-client has by now is only taken out.
with taken as (
    delete from quarantine q using sub_client s, upstream u
    where q.id = $1::uuid and s.id = $2::uuid and s.status not in ('closed', 'erased') and u.id = q.upstream_id
    returning q.upstream_id, q.upstream_event_id, q.payload, u.environment
), fresh as (
    insert into event_key (sub_client_id, upstream_id, upstream_event_id, event_id, received_at)
    select $2, t.upstream_id, t.upstream_event_id, $3::uuid, $6::timestamptz from taken t
    on conflict do nothing
    returning event_id
), stored as (
    insert into event (sub_client_id, id, environment, type, upstream_id, upstream_event_id, occurred_at, received_at,
        payload)
    select $2, f.event_id, t.environment, $4::text, t.upstream_id, t.upstream_event_id, $5::timestamptz, $6, t.payload
    from taken t cross join fresh f
    returning id, environment, type
), owed as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, created_at, updated_at)
    select $2, delivery_uuid(s.id, e.id), s.id, e.id, s.environment, s.type,
        case when e.enabled then 'pending' else 'held' end::delivery_status, 0, 0, case when e.enabled then $6 end,
        $6, $6
    from stored s
    join endpoint e on e.sub_client_id = $2 and e.environment = s.environment and e.deleted_at is null
        and e.event_types && array['*', 'transfer.*', s.type]
    returning id
)
select t.environment::text, (select count(*) from stored), (select count(*) from owed) from taken t;

-- name: get_event_by_key
select e.id, e.type, e.transfer_id, e.link_session_id, e.upstream_event_id, e.occurred_at, e.received_at, e.payload,
    e.transaction_id, e.user_id, e.origin::text
from event_key k
cross join lateral (
    select * from event e where e.sub_client_id = k.sub_client_id and e.id = k.event_id offset 0) as e
where k.sub_client_id = $1::uuid and k.upstream_id = $2::uuid and k.upstream_event_id = $3::uuid;

-- name: read_event_stream
-- A look at what is new for a sub-client since an earlier look, oldest id first; and which transactions had ended when
-- it was taken. The id of an event is made before its commit, so that an event may become visible after a greater one
-- was read: whether one is new is told by the transaction that wrote it. One is new if that had not ended at the
-- earlier look, which is to say that it is $5 or later, or among those that ran ($6). Ids above $4 are new whatever
-- their transaction is: a server that crashed gives the numbers of transactions that came to nothing to others.
--
-- $3 is where to begin: below it nothing can be new. $7 and $8 are a later look, of which this is a further page: what
-- came after it is left for another. A number of 32 bits becomes one of 64 as the last there can be before the next.
with look as (
    select pg_snapshot_xmin(s.snapshot)::text::bigint as oldest, pg_snapshot_xmax(s.snapshot)::text::bigint as next,
        array(select r.xid::text::bigint from pg_snapshot_xip(s.snapshot) as r (xid) order by 1) as running
    from (select pg_current_snapshot() as snapshot) as s
)
select l.oldest, l.next, l.running, n.*
from look l
left join lateral (
    select e.id, e.type, e.transfer_id, e.link_session_id, e.upstream_event_id, e.occurred_at, e.received_at, e.payload,
        e.transaction_id, e.user_id, e.origin::text
    from event e
    cross join lateral (
        select l.next - 1 - ((l.next - 1 - e.xmin::text::bigint) & 4294967295)) as made (xid)
    where e.sub_client_id = $1::uuid and ($2::text is null or e.environment = $2::text::environment)
        and e.id > $3::uuid
        and (e.id > $4::uuid or made.xid >= $5::bigint or made.xid = any ($6::bigint[]))
        and ($7::bigint is null or (made.xid < $7 and made.xid <> all ($8::bigint[])))
        and $9::text[] && array['*', split_part(e.type, '.', 1) || '.*', e.type]
    order by e.id
    limit $10::int
) as n on true
order by n.id;
