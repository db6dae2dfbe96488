-- name: list_replay_targets
-- The endpoints that an event may be sent to again: those named in $4, or those whose filter lets it through. A test
-- event was meant for the endpoints that have it.
select e.id
from event v
join endpoint e on e.sub_client_id = v.sub_client_id and e.environment = v.environment and e.deleted_at is null
where v.sub_client_id = $1::uuid and v.id = $2::uuid and ($3::text is null or v.environment = $3::text::environment)
    and case when $4::uuid[] is not null then e.id = any ($4)
        when v.type <> 'webhook.test' then e.event_types && event_patterns(v.type)
        else exists (select from delivery d
            where d.sub_client_id = v.sub_client_id and d.id = delivery_uuid(v.id, e.id)) end
order by e.id;

-- name: replay_event
-- Makes the deliveries of one event to the endpoints $4 due, or those that are not there yet: one row of each of these.
-- One that is being attempted, that a node has in its memory, or that somebody holds, is left alone: waiting for rows
-- in another order than those who record them could end in a deadlock.
with target as materialized (
    select v.id as event_id, v.type, v.environment, e.id as endpoint_id, e.enabled, delivery_uuid(v.id, e.id) as id
    from event v
    join endpoint e on e.sub_client_id = v.sub_client_id and e.environment = v.environment and e.deleted_at is null
        and e.id = any ($4::uuid[])
    where v.sub_client_id = $1::uuid and v.id = $2::uuid and ($3::text is null or v.environment = $3::text::environment)
), free as materialized (
    select d.id, d.attempts, d.created_at
    from delivery d
    where d.sub_client_id = $1 and d.id between first_delivery_uuid($2) and last_delivery_uuid($2)
        and d.id in (select t.id from target t) and d.status <> 'delivering'
    for update skip locked
), reopened as (
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, created_at, updated_at)
    select $1, t.id, t.event_id, t.endpoint_id, t.environment, t.type,
        case when t.enabled then 'pending' else 'held' end::delivery_status, f.attempts, 0,
        case when t.enabled then $5::timestamptz end, f.created_at, $5
    from free f
    join target t on t.id = f.id
    on conflict (sub_client_id, id) do update
    set status = excluded.status, failures = 0, due_at = excluded.due_at, lease_owner = null,
        updated_at = excluded.updated_at
)
insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
    due_at, created_at, updated_at)
select $1, t.id, t.event_id, t.endpoint_id, t.environment, t.type,
    case when t.enabled then 'pending' else 'held' end::delivery_status, 0, 0, case when t.enabled then $5 end, $5, $5
from target t
where not is_handed_over(t.event_id)
on conflict do nothing
returning environment::text;
