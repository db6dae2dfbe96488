-- name: claim_due
-- Leases up to $4 due deliveries to node $1 until $3; rows that another node is claiming are passed over. Deliveries of
-- a disabled endpoint are held and those of a deleted one cancelled; they come back without a payload.
with due as (
    select d.sub_client_id, d.id, d.endpoint_id
    from delivery d
    where d.due_at <= $2::timestamptz and d.endpoint_id <> all ($5::uuid[])
    order by d.due_at
    limit $4::int
    for update skip locked
), claimed as (
    update delivery d
    set status = case when e.deleted_at is not null then 'cancelled' when e.enabled then 'delivering' else 'held' end
            ::delivery_status,
        due_at = case when e.enabled then $3::timestamptz end,
        lease_owner = case when e.enabled then $1::uuid end,
        attempts = d.attempts + case when e.enabled then 1 else 0 end,
        updated_at = $2
    from due
    join endpoint e on e.sub_client_id = due.sub_client_id and e.id = due.endpoint_id
    where d.sub_client_id = due.sub_client_id and d.id = due.id
    returning d.sub_client_id, d.id, d.event_id, d.endpoint_id, d.event_type, d.attempts, d.failures, d.lease_owner
)
select c.sub_client_id, c.id, c.event_id, c.endpoint_id, c.event_type, c.attempts, c.failures, e.transaction_id,
    e.user_id, e.transfer_id, e.link_session_id, e.received_at, e.payload
from claimed c
join event e on e.sub_client_id = c.sub_client_id and e.id = c.event_id
where c.lease_owner is not null;

-- name: record_attempts
-- Attempts that were made, and what comes next for their deliveries. A delivery that another node has claimed since is
-- left to that node: only its attempt is kept. Of one that was erased nothing is.
with input as (
    select *
    from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::timestamptz[], $7::bigint[], $8::int[], $9::text[],
        $10::bytea[], $11::text[]::delivery_status[], $12::timestamptz[], $13::int[])
        as i (sub_client_id, delivery_id, id, number, started_at, duration_us, status_code, error_code, response_body,
        next_status, next_due_at, failed)
    -- Takes all rows, but lets the planner expect one: it must look deliveries up by key, however small it thinks they
    -- are.
    limit $15::bigint
), advanced as (
    update delivery d
    set status = i.next_status, due_at = i.next_due_at, lease_owner = null, failures = d.failures + i.failed,
        last_status_code = i.status_code, last_error = i.error_code, updated_at = $14::timestamptz
    from input i
    where d.sub_client_id = i.sub_client_id and d.id = i.delivery_id and d.lease_owner = $1::uuid
        and d.attempts = i.number
    returning i.id
), others as (
    -- Locked, so that none can be erased between this look and the end of the transaction.
    select i.id
    from input i
    join delivery d on d.sub_client_id = i.sub_client_id and d.id = i.delivery_id
    where i.id not in (select a.id from advanced a)
    for key share of d
), kept as (
    insert into attempt (sub_client_id, delivery_id, id, number, started_at, duration_us, status_code, error_code,
        response_body)
    select sub_client_id, delivery_id, id, number, started_at, duration_us, status_code, error_code, response_body
    from input
    where id in (select a.id from advanced a) or id in (select o.id from others o)
    on conflict do nothing
    returning id
)
select (select count(*) from advanced), (select count(*) from kept);

-- name: release_deliveries
-- Gives back leases that this node will not use: what it had not begun when it was told to stop.
update delivery d
set status = case when d.failures > 0 then 'retrying' else 'pending' end::delivery_status, due_at = $4::timestamptz,
    lease_owner = null, attempts = d.attempts - 1, updated_at = $4
from unnest($2::uuid[], $3::uuid[]) as i (sub_client_id, id)
where d.sub_client_id = i.sub_client_id and d.id = i.id and d.lease_owner = $1::uuid;

-- name: settle_unsendable
-- Deliveries found, just before sending, to belong to a disabled ('held') or deleted ('cancelled') endpoint.
update delivery d
set status = i.status::delivery_status, due_at = null, lease_owner = null, attempts = d.attempts - 1,
    updated_at = $5::timestamptz
from unnest($2::uuid[], $3::uuid[], $4::text[]) as i (sub_client_id, id, status)
where d.sub_client_id = i.sub_client_id and d.id = i.id and d.lease_owner = $1::uuid;

-- name: get_delivery
select id, event_id, event_type, endpoint_id, status::text, attempts, due_at, last_status_code, last_error, created_at,
    updated_at
from delivery
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment);

-- name: list_deliveries
select id, event_id, event_type, endpoint_id, status::text, attempts, due_at, last_status_code, last_error, created_at,
    updated_at
from delivery
where sub_client_id = $1::uuid and ($2::text is null or environment = $2::text::environment)
    and id < $3::uuid
    and ($5::text is null or status = $5::text::delivery_status)
    and ($6::uuid is null or endpoint_id = $6)
order by id desc
limit $4::int;

-- name: list_attempts
select id, number, started_at, duration_us, status_code, error_code, response_body
from attempt
where sub_client_id = $1::uuid and delivery_id = $2::uuid
order by number, id
limit 100;

-- name: retry_delivery
-- Makes a delivery due at once, even one that was delivered; of a disabled endpoint it is held, of a deleted one
-- cancelled. Nothing is returned for one that is being attempted.
update delivery d
set status = case when e.deleted_at is not null then 'cancelled' when not e.enabled then 'held'
        when d.failures > 0 then 'retrying' else 'pending' end::delivery_status,
    due_at = case when e.enabled then $4::timestamptz end, updated_at = $4
from endpoint e
where d.sub_client_id = $1::uuid and d.id = $2::uuid and d.environment = $3::text::environment
    and d.status <> 'delivering' and e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
returning d.id, d.event_id, d.event_type, d.endpoint_id, d.status::text, d.attempts, d.due_at, d.last_status_code,
    d.last_error, d.created_at, d.updated_at;

-- name: count_due
select count(*), min(due_at) from (
    select due_at from delivery where due_at <= $1::timestamptz order by due_at limit 10000
) as due;

-- name: release_lease
-- Gives back one lease as a whole: the answer to the statement that took it was lost, so nobody knows what it holds.
update delivery d
set status = case when d.failures > 0 then 'retrying' else 'pending' end::delivery_status, due_at = $3::timestamptz,
    lease_owner = null, attempts = d.attempts - 1, updated_at = $3
where d.due_at = $2::timestamptz and d.lease_owner = $1::uuid;
