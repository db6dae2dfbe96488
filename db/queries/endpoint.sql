-- name: create_endpoint
-- Nothing is returned when the sub-client has $13 endpoints in this environment already.
insert into endpoint (sub_client_id, id, environment, url, event_types, payload_format, description, data_key_id,
    headers_sealed, secret_sealed, enabled, created_at, updated_at)
select $1::uuid, $2::uuid, $3::text::environment, $4::text, $5::text[], $6::text::payload_format, $7::text, $8::uuid,
    $9::bytea, $10::bytea, $11::bool, $12::timestamptz, $12
where (select count(*) from endpoint
    where sub_client_id = $1 and environment = $3::text::environment and deleted_at is null) < $13::int
returning id;

-- name: get_endpoint
select e.id, e.environment::text, e.url, e.event_types, e.payload_format::text, e.description, e.enabled, e.version,
    e.created_at, e.updated_at, e.headers_sealed, e.data_key_id, k.wrapped
from endpoint e
join data_key k on k.sub_client_id = e.sub_client_id and k.id = e.data_key_id
where e.sub_client_id = $1::uuid and e.id = $2::uuid and e.deleted_at is null
    and ($3::text is null or e.environment = $3::text::environment);

-- name: list_endpoints
select e.id, e.environment::text, e.url, e.event_types, e.payload_format::text, e.description, e.enabled, e.version,
    e.created_at, e.updated_at, e.headers_sealed, e.data_key_id, k.wrapped
from endpoint e
join data_key k on k.sub_client_id = e.sub_client_id and k.id = e.data_key_id
where e.sub_client_id = $1::uuid and e.deleted_at is null
    and ($2::text is null or e.environment = $2::text::environment) and e.id < $3::uuid
order by e.id desc
limit $4::int;

-- name: update_endpoint
-- A null argument leaves its column; $8 and $11 say whether a nullable column is written. $12 is the version the caller
-- saw, null for any.
update endpoint
set url = coalesce($4::text, url),
    event_types = coalesce($5::text[], event_types),
    payload_format = coalesce($6::text::payload_format, payload_format),
    description = case when $8::bool then $7::text else description end,
    headers_sealed = case when $11::bool then $10::bytea else headers_sealed end,
    enabled = coalesce($9::bool, enabled),
    version = version + 1,
    updated_at = $13::timestamptz
where sub_client_id = $1::uuid and id = $2::uuid and environment = $3::text::environment and deleted_at is null
    and ($12::int is null or version = $12)
returning id;

-- name: delete_endpoint
update endpoint set deleted_at = $4::timestamptz, enabled = false, version = version + 1, updated_at = $4
where sub_client_id = $1::uuid and id = $2::uuid and environment = $3::text::environment and deleted_at is null
returning id;

-- name: set_endpoint_enabled
-- Changes nothing, not even the version, when it is so already.
update endpoint set enabled = $4::bool, version = version + 1, updated_at = $5::timestamptz
where sub_client_id = $1::uuid and id = $2::uuid and environment = $3::text::environment and deleted_at is null
    and enabled <> $4::bool;

-- name: disable_sub_client_endpoints
-- If the sub-client has just been closed.
update endpoint set enabled = false, version = version + 1, updated_at = $2::timestamptz
where sub_client_id = $1::uuid and enabled and deleted_at is null
    and exists (select from sub_client s where s.id = $1 and s.status not in ('onboarding', 'active', 'suspended'));

-- name: resume_endpoint
-- What was held while an endpoint was disabled is looked at from the start when it is enabled, and once more later:
-- whoever still knew it as disabled may be holding one just now.
select open_lane(e.sub_client_id, e.id, '00000000-0000-0000-0000-000000000000', $3::timestamptz)
from endpoint e
where e.sub_client_id = $1::uuid and e.id = $2::uuid and e.enabled and e.deleted_at is null
    and e.updated_at = $3;

-- name: cancel_endpoint_deliveries
-- What is still owed to an endpoint that was removed: the first thousands at once, the others by and by. What a node is
-- sending right now is left to that node.
with doomed as (
    select d.id
    from delivery d
    join endpoint e on e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
    where d.sub_client_id = $1::uuid and d.endpoint_id = $2::uuid and d.due_at is not null and d.status <> 'delivering'
        and e.deleted_at is not null
    limit 2000
    for update of d skip locked
), waiting as (
    select d.id
    from delivery d
    join endpoint e on e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
    where d.sub_client_id = $1 and d.endpoint_id = $2 and d.due_at is null
        and d.status in ('pending', 'retrying', 'held') and e.deleted_at is not null
    limit 2000
    for update of d skip locked
), cancelled as (
    update delivery d
    set status = 'cancelled', due_at = null, updated_at = $3::timestamptz
    where d.sub_client_id = $1 and d.id in (select id from doomed union all select id from waiting)
)
select open_lane(e.sub_client_id, e.id, '00000000-0000-0000-0000-000000000000', $3)
from endpoint e
where e.sub_client_id = $1 and e.id = $2 and e.deleted_at is not null;

-- name: load_endpoints
-- What the dispatcher needs of each; the secrets are sealed. Deleted and disabled ones are told, not left out.
select e.sub_client_id, e.id, e.version, e.url, e.payload_format::text, e.enabled, e.deleted_at is not null,
    e.secret_sealed, e.headers_sealed, e.data_key_id, k.wrapped, l.paused_until
from unnest($1::uuid[], $2::uuid[]) as wanted (sub_client_id, id)
join endpoint e on e.sub_client_id = wanted.sub_client_id and e.id = wanted.id
join data_key k on k.sub_client_id = e.sub_client_id and k.id = e.data_key_id
left join lane l on l.sub_client_id = e.sub_client_id and l.endpoint_id = e.id;
