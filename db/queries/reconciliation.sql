-- name: begin_reconciliations
-- Each upstream has its sweeps. What was made before it was first looked at is the overlap's.
insert into reconciliation (upstream_id, sweep, swept_until, due_at)
select u.id, w.sweep, $1::timestamptz, $1
from upstream u
cross join unnest(enum_range(null::reconciliation_sweep)) as w (sweep)
where u.deleted_at is null
    and not exists (select from reconciliation r where r.upstream_id = u.id and r.sweep = w.sweep)
on conflict do nothing;

-- name: claim_reconciliations
-- Leases all due sweeps as $1 until $3; those that another node is claiming are passed over.
with due as (
    select r.upstream_id, r.sweep
    from reconciliation r
    join upstream u on u.id = r.upstream_id and u.deleted_at is null
    where r.due_at <= $2::timestamptz and (r.leased_until is null or r.leased_until <= $2)
    order by r.due_at
    for update of r skip locked
)
update reconciliation r
set lease = $1::uuid, leased_until = $3::timestamptz
from due
where r.upstream_id = due.upstream_id and r.sweep = due.sweep
returning r.upstream_id, r.sweep::text, r.swept_until, r.pass_until, r.page_from, r.page_offset, r.failures;

-- name: turn_reconciliation_page
-- A page was looked at: the next begins at $5, after $6 transfers of that time. Keeps the lease until $7. Nothing is
-- returned for a lease that was lost.
update reconciliation
set pass_until = $4::timestamptz, page_from = $5::timestamptz, page_offset = $6::int, leased_until = $7::timestamptz,
    failures = 0
where upstream_id = $1::uuid and sweep = $2::text::reconciliation_sweep and lease = $3::uuid
returning upstream_id;

-- name: pause_reconciliation
-- Gives the lease back; the pass goes on at $4, after $5 failures in a row.
update reconciliation
set due_at = $4::timestamptz, failures = $5::int, lease = null, leased_until = null
where upstream_id = $1::uuid and sweep = $2::text::reconciliation_sweep and lease = $3::uuid;

-- name: finish_reconciliation
-- Gives the lease back; the pass has ended, and the next begins at $4.
update reconciliation
set swept_until = coalesce(pass_until, swept_until), pass_until = null, page_from = null, page_offset = 0, failures = 0,
    due_at = $4::timestamptz, lease = null, leased_until = null
where upstream_id = $1::uuid and sweep = $2::text::reconciliation_sweep and lease = $3::uuid
returning upstream_id;

-- name: reconciliation_lag
-- From when on transfers have not been looked at, at the upstream that is furthest behind; null without one.
select min(r.swept_until)
from reconciliation r
join upstream u on u.id = r.upstream_id and u.deleted_at is null
where r.sweep = 'recent';

-- name: list_reconciliations
select r.upstream_id, r.sweep::text, r.swept_until, r.due_at, r.failures
from reconciliation r
join upstream u on u.id = r.upstream_id and u.deleted_at is null
order by r.upstream_id desc, r.sweep;

-- name: reconcile_transfers
-- What an upstream's list tells of transfers, for many at once and each transfer once, where it is news: an event as
-- its webhook would have been, and a delivery to each endpoint that asks for its type, due now, or held. One row per
-- input.
--
-- Only what moves a transfer forward is news: that is decided on the transfer's row as the last commit left it, with
-- the row locked, so a webhook that says the same at the same moment comes before or after. After, it finds its type
-- among those that were reconciled and is a repeat (accept_events). In the order in which accept_events locks them.
with input as (
    select *
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[],
        $8::text[]::transfer_status[], $9::text[]::refund_status[], $10::timestamptz[], $11::bytea[], $12::text[],
        $13::text[], $14::text[], $15::text[]::numeric[], $16::text[]::numeric[], $17::text[], $18::text[], $19::text[],
        $20::uuid[])
        with ordinality as i (upstream_id, event_id, sub_client_id, link_session_id, upstream_event_id,
        upstream_transfer_id, type, status, refund_status, occurred_at, payload, symbol, chain, tx_hash, source_amount,
        destination_amount, destination_address, refund_address, source_account_provider, transfer_id, position)
), routed as (
    select i.*, s.environment, s.transaction_id, s.user_id, s.erasure_id is not null as is_erased
    from input i
    cross join lateral (
        select * from link_session s
        where s.sub_client_id = i.sub_client_id and s.id = i.link_session_id and s.upstream_id = i.upstream_id
        offset 0) as s
), moved as (
    insert into transfer as t (sub_client_id, id, link_session_id, upstream_id, upstream_transfer_id, environment,
        transaction_id, user_id, status, refund_status, symbol, chain, tx_hash, source_amount, destination_amount,
        destination_address, refund_address, source_account_provider, created_at, updated_at, reconciled_types)
    select distinct on (r.sub_client_id, r.link_session_id, r.upstream_transfer_id)
        r.sub_client_id, r.transfer_id, r.link_session_id, r.upstream_id, r.upstream_transfer_id, r.environment,
        r.transaction_id, r.user_id, coalesce(r.status, 'unknown'), r.refund_status, r.symbol, r.chain, r.tx_hash,
        r.source_amount, r.destination_amount, r.destination_address, r.refund_address, r.source_account_provider,
        $21::timestamptz, $21, array[r.type]
    from routed r
    where not r.is_erased
    order by r.sub_client_id, r.link_session_id, r.upstream_transfer_id, r.position
    on conflict (sub_client_id, link_session_id, upstream_transfer_id) do update
    set status = greatest(t.status, excluded.status),
        refund_status = greatest(t.refund_status, excluded.refund_status),
        symbol = coalesce(excluded.symbol, t.symbol),
        chain = coalesce(excluded.chain, t.chain),
        tx_hash = coalesce(excluded.tx_hash, t.tx_hash),
        source_amount = coalesce(excluded.source_amount, t.source_amount),
        destination_amount = coalesce(excluded.destination_amount, t.destination_amount),
        destination_address = coalesce(excluded.destination_address, t.destination_address),
        refund_address = coalesce(excluded.refund_address, t.refund_address),
        source_account_provider = coalesce(excluded.source_account_provider, t.source_account_provider),
        updated_at = excluded.updated_at,
        reconciled_types = t.reconciled_types || excluded.reconciled_types
    where excluded.status > t.status or excluded.refund_status > t.refund_status
        or (excluded.refund_status is not null and t.refund_status is null)
    returning t.sub_client_id, t.id, t.link_session_id, t.upstream_transfer_id
), news as (
    select distinct on (m.sub_client_id, m.id) r.*, m.id as moved_id
    from moved m
    join routed r on r.sub_client_id = m.sub_client_id and r.link_session_id = m.link_session_id
        and r.upstream_transfer_id = m.upstream_transfer_id
    order by m.sub_client_id, m.id, r.position
), fresh as (
    insert into event_key (sub_client_id, upstream_id, upstream_event_id, event_id, received_at)
    select n.sub_client_id, n.upstream_id, n.upstream_event_id, n.event_id, $21 from news n
    on conflict do nothing
    returning event_id
), stored as (
    insert into event (sub_client_id, id, environment, type, upstream_id, upstream_event_id, link_session_id,
        transfer_id, transaction_id, user_id, occurred_at, received_at, payload, origin)
    select n.sub_client_id, n.event_id, n.environment, n.type, n.upstream_id, n.upstream_event_id, n.link_session_id,
        n.moved_id, n.transaction_id, n.user_id, n.occurred_at, $21, n.payload, 'reconciliation'
    from news n
    join fresh f on f.event_id = n.event_id
), owed as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, created_at, updated_at)
    select n.sub_client_id, delivery_uuid(n.event_id, e.id), n.event_id, e.id, n.environment, n.type,
        case when e.enabled then 'pending' else 'held' end::delivery_status, 0, 0, case when e.enabled then $21 end,
        $21, $21
    from news n
    join fresh f on f.event_id = n.event_id
    cross join lateral (
        select e.id, e.enabled from endpoint e
        where e.sub_client_id = n.sub_client_id and e.environment = n.environment and e.deleted_at is null
            and e.event_types && array['*', 'transfer.*', n.type]
        offset 0) as e
    returning event_id
), counted as (
    select o.event_id, count(*) as deliveries from owed o group by o.event_id
)
select i.position, r.position is not null, coalesce(r.is_erased, false), f.event_id is not null, r.environment::text,
    coalesce(c.deliveries, 0)
from input i
left join routed r on r.position = i.position
left join fresh f on f.event_id = i.event_id
left join counted c on c.event_id = i.event_id
order by i.position;
