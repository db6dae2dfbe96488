-- name: create_endpoint
-- Nothing is returned when the sub-client is closed, or has $12 endpoints in this environment already. The platform's
-- own stand under the nil UUID, which is no sub-client.
insert into endpoint (sub_client_id, id, environment, url, event_types, payload_format, description, data_key_id,
    headers_sealed, enabled, created_at, updated_at, signatures, ordering, supersede, rate_limit_per_second,
    max_concurrency, retry_schedule)
select o.id, $2::uuid, $3::text::environment, $4::text, $5::text[], $6::text::payload_format, $7::text, $8::uuid,
    $9::bytea, $10::bool, $11::timestamptz, $11, $13::text[], $14::text, $15::bool, $16::int, $17::int, $18::int[]
from (select $1::uuid as id) as o
left join sub_client s on s.id = o.id
where (o.id = '00000000-0000-0000-0000-000000000000' or s.status not in ('closed', 'erased'))
    and (select count(*) from endpoint e
        where e.sub_client_id = $1 and e.environment = $3::text::environment and e.deleted_at is null) < $12::int
returning id;

-- name: get_endpoint
-- With what signs for it at $4, the current one first.
select e.id, e.environment::text, e.url, e.event_types, e.payload_format::text, e.description, e.enabled, e.version,
    e.created_at, e.updated_at, e.headers_sealed, e.data_key_id, k.wrapped, e.signatures, e.ordering, e.supersede,
    e.rate_limit_per_second, e.max_concurrency, e.retry_schedule, e.disabled_reason, s.ids, s.public_keys, s.created,
    s.expires, w.breaker, w.paused_until, w.failing_since, w.consecutive_failures, w.pauses
from endpoint e
join data_key k on k.sub_client_id = e.sub_client_id and k.id = e.data_key_id
left join lane w on w.sub_client_id = e.sub_client_id and w.endpoint_id = e.id
cross join lateral (
    select array_agg(l.id) as ids, array_agg(l.public_key) as public_keys, array_agg(l.created_at) as created,
        array_agg(l.expires_at) as expires
    from (
        select o.* from endpoint_secret o
        where o.sub_client_id = e.sub_client_id and o.endpoint_id = e.id
            and (o.expires_at is null or o.expires_at > $4::timestamptz)
        order by o.expires_at is not null, o.id desc) l) s
where e.sub_client_id = $1::uuid and e.id = $2::uuid and e.deleted_at is null
    and ($3::text is null or e.environment = $3::text::environment);

-- name: list_endpoints
-- With what signs for each at $5, the current one first.
select e.id, e.environment::text, e.url, e.event_types, e.payload_format::text, e.description, e.enabled, e.version,
    e.created_at, e.updated_at, e.headers_sealed, e.data_key_id, k.wrapped, e.signatures, e.ordering, e.supersede,
    e.rate_limit_per_second, e.max_concurrency, e.retry_schedule, e.disabled_reason, s.ids, s.public_keys, s.created,
    s.expires, w.breaker, w.paused_until, w.failing_since, w.consecutive_failures, w.pauses
from endpoint e
join data_key k on k.sub_client_id = e.sub_client_id and k.id = e.data_key_id
left join lane w on w.sub_client_id = e.sub_client_id and w.endpoint_id = e.id
cross join lateral (
    select array_agg(l.id) as ids, array_agg(l.public_key) as public_keys, array_agg(l.created_at) as created,
        array_agg(l.expires_at) as expires
    from (
        select o.* from endpoint_secret o
        where o.sub_client_id = e.sub_client_id and o.endpoint_id = e.id
            and (o.expires_at is null or o.expires_at > $5::timestamptz)
        order by o.expires_at is not null, o.id desc) l) s
where e.sub_client_id = $1::uuid and e.deleted_at is null
    and ($2::text is null or e.environment = $2::text::environment) and e.id < $3::uuid
order by e.id desc
limit $4::int;

-- name: update_endpoint
-- A null argument leaves its column; $8, $11, $18, $20 and $22 say whether a nullable column is written. $12 is the
-- version the caller saw, null for any. Whoever switches it takes over from us why it is off.
update endpoint
set url = coalesce($4::text, url),
    event_types = coalesce($5::text[], event_types),
    payload_format = coalesce($6::text::payload_format, payload_format),
    description = case when $8::bool then $7::text else description end,
    headers_sealed = case when $11::bool then $10::bytea else headers_sealed end,
    enabled = coalesce($9::bool, enabled),
    disabled_reason = case when $9::bool is null then disabled_reason end,
    signatures = coalesce($14::text[], signatures),
    ordering = coalesce($15::text, ordering),
    supersede = coalesce($16::bool, supersede),
    rate_limit_per_second = case when $18::bool then $17::int else rate_limit_per_second end,
    max_concurrency = case when $20::bool then $19::int else max_concurrency end,
    retry_schedule = case when $22::bool then $21::int[] else retry_schedule end,
    version = version + 1,
    updated_at = $13::timestamptz
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment)
    and deleted_at is null and ($12::int is null or version = $12)
returning id;

-- name: delete_endpoint
update endpoint set deleted_at = $4::timestamptz, enabled = false, version = version + 1, updated_at = $4
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment)
    and deleted_at is null
returning id;

-- name: set_endpoint_enabled
-- Changes nothing, not even the version, when it is so already.
update endpoint set enabled = $4::bool, disabled_reason = null, version = version + 1, updated_at = $5::timestamptz
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment)
    and deleted_at is null and enabled <> $4::bool;

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
    select d.*
    from delivery d
    join endpoint e on e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
    where d.sub_client_id = $1::uuid and d.endpoint_id = $2::uuid and d.due_at is not null and d.status <> 'delivering'
        and e.deleted_at is not null
    order by d.endpoint_id, d.due_at
    limit 2000
    for update of d skip locked
), waiting as (
    select d.*
    from delivery d
    join endpoint e on e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
    where d.sub_client_id = $1 and d.endpoint_id = $2 and d.due_at is null
        and d.status in ('pending', 'retrying', 'held') and e.deleted_at is not null
    order by d.endpoint_id, d.id
    limit 2000
    for update of d skip locked
), cancelled as (
    insert into delivery
    select * from doomed
    union all
    select * from waiting
    on conflict (sub_client_id, id) do update set status = 'cancelled', due_at = null, updated_at = $3::timestamptz
)
select open_lane(e.sub_client_id, e.id, '00000000-0000-0000-0000-000000000000', $3)
from endpoint e
where e.sub_client_id = $1 and e.id = $2 and e.deleted_at is not null;

-- name: load_endpoints
-- What the dispatcher needs of each, and what signs for it at $3, the current one first; sealed. Deleted and disabled
-- ones are told, not left out.
select e.sub_client_id, e.id, e.version, e.url, e.payload_format::text, e.enabled, e.deleted_at is not null,
    e.headers_sealed, e.data_key_id, k.wrapped, e.signatures, e.ordering, e.supersede, e.rate_limit_per_second,
    e.max_concurrency, e.retry_schedule, s.ids, s.secrets, s.seeds, w.breaker,
    w.paused_until, w.failing_since, w.consecutive_failures, w.pauses, w.health_version
from unnest($1::uuid[], $2::uuid[]) as wanted (sub_client_id, id)
cross join lateral (
    select * from endpoint e where e.sub_client_id = wanted.sub_client_id and e.id = wanted.id offset 0) as e
join data_key k on k.sub_client_id = e.sub_client_id and k.id = e.data_key_id
left join lateral (
    select * from lane l where l.sub_client_id = e.sub_client_id and l.endpoint_id = e.id offset 0) as w on true
cross join lateral (
    select array_agg(l.id) as ids, array_agg(l.secret_sealed) as secrets,
        array_agg(case when 'v1a' = any (e.signatures) then l.seed_sealed end) as seeds
    from (
        select o.* from endpoint_secret o
        where o.sub_client_id = e.sub_client_id and o.endpoint_id = e.id
            and (o.expires_at is null or o.expires_at > $3::timestamptz)
        order by o.expires_at is not null, o.id desc) l) s;
