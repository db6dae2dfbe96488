-- name: begin_recovery
-- Nothing is returned for an endpoint that is not there. Two that run at once break recovery_running.
insert into recovery (sub_client_id, id, endpoint_id, environment, since, until, only_failed, rate_per_second, position,
    due_at, requested_at)
select e.sub_client_id, $3::uuid, e.id, e.environment, $5::timestamptz, $6::timestamptz, $7::bool, $8::int,
    first_uuid($5), $9::timestamptz, $9
from endpoint e
where e.sub_client_id = $1::uuid and e.id = $2::uuid and e.deleted_at is null
    and ($4::text is null or e.environment = $4::text::environment)
returning id;

-- name: get_recovery
select id, endpoint_id, environment::text, since, until, only_failed, rate_per_second, status::text, examined, reopened,
    created, position, requested_at, completed_at
from recovery
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment);

-- name: list_recoveries
select id, endpoint_id, environment::text, since, until, only_failed, rate_per_second, status::text, examined, reopened,
    created, position, requested_at, completed_at
from recovery
where sub_client_id = $1::uuid and endpoint_id = $2::uuid and ($3::text is null or environment = $3::text::environment)
    and id < $4::uuid
order by id desc
limit $5::int;

-- name: cancel_recovery
update recovery set status = 'cancelled', completed_at = $4::timestamptz
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment)
    and status = 'running';

-- name: cancel_recoveries
-- Of a sub-client that is erased.
update recovery set status = 'cancelled', completed_at = $2::timestamptz
where sub_client_id = $1::uuid and status = 'running';

-- name: list_due_recoveries
-- Those that wait longest first.
select sub_client_id, id from recovery
where status = 'running' and due_at <= $1::timestamptz
order by due_at
limit $2::int;

-- name: recovery_created
-- How many deliveries it has made; locked, and nothing while somebody else is at it.
select created, environment::text from recovery
where sub_client_id = $1::uuid and id = $2::uuid
for update skip locked;

-- name: recover_chunk
select recover_chunk($1::uuid, $2::uuid, $3::timestamptz, $4::int, $5::int);
