-- name: look_at_gate
-- What the server is, and what was written of the one that served last.
select s.system_identifier, s.timeline, s.started_at, s.has_recovery_target, g.pulse, g.pulsed_at, g.system_identifier,
    g.timeline, g.started_at, g.held_since, g.held_for, g.discarded, g.discarded_before
from server_identity() as s
left join delivery_gate g on g.only_row;

-- name: pass_gate
-- Deliveries go out of the server that was looked at ($3 to $5), unless that has been replaced, something is held, or
-- another node has written since the look that saw the pulse $1. Nothing is returned then.
insert into delivery_gate as g (pulse, pulsed_at, system_identifier, timeline, started_at)
select 1, $2::timestamptz, $3::bigint, $4::int, $5::timestamptz
where pg_postmaster_start_time() = $5
on conflict (only_row) do update
set pulse = g.pulse + 1, pulsed_at = greatest(g.pulsed_at, excluded.pulsed_at),
    system_identifier = excluded.system_identifier, timeline = excluded.timeline, started_at = excluded.started_at
where g.pulse = $1::bigint and g.held_since is null
returning g.pulse;

-- name: hold_gate
-- Nothing goes out until somebody releases it. A node says what it looked at: the pulse $1 and the server's start $5;
-- a person asks with both null. What is held already stays as it is.
insert into delivery_gate as g (pulse, pulsed_at, system_identifier, timeline, started_at, held_since, held_for)
select 1, $2::timestamptz, s.system_identifier, s.timeline, s.started_at, $3::timestamptz, $4::text
from server_identity() as s
where $5::timestamptz is null or s.started_at = $5
on conflict (only_row) do update
set pulse = g.pulse + 1, held_since = excluded.held_since, held_for = excluded.held_for, discarded = 0,
    discarded_before = null
where ($1::bigint is null or g.pulse = $1) and g.held_since is null
returning g.pulse;

-- name: release_gate
-- Deliveries go out of this server, whatever it is and however much more of it any node remembers.
update delivery_gate g
set pulse = g.pulse + 1000000000, pulsed_at = $1::timestamptz, system_identifier = s.system_identifier,
    timeline = s.timeline, started_at = s.started_at, held_since = null, held_for = null
from server_identity() as s
where g.held_since is not null
returning g.discarded;

-- name: discard_owed
select discard_owed($1::timestamptz, $2::int, $3::timestamptz);

-- name: count_owed
-- What is owed, by when its event was received: since $2, in the minute before $1 and until then, the hour, the day, or
-- earlier; and how much of that has failed before. What nodes had in their memories counts too: a handover is there
-- while something of it may not have been tried.
with owed as (
    select d.created_at as since, d.failures > 0 as was_tried
    from delivery d
    where d.due_at is not null
    union all
    select d.created_at, d.failures > 0
    from delivery d
    where d.due_at is null and d.status in ('pending', 'retrying')
    union all
    select e.received_at, false
    from handover h
    cross join lateral unnest(h.sub_client_ids, h.event_ids, h.endpoint_ids) as x (sub_client_id, event_id, endpoint_id)
    cross join lateral (
        select e.received_at from event e where e.sub_client_id = x.sub_client_id and e.id = x.event_id offset 0) as e
    where not exists (
        select from delivery d
        where d.sub_client_id = x.sub_client_id and d.id = delivery_uuid(x.event_id, x.endpoint_id)
        offset 0)
), aged as (
    select case when o.since > $2::timestamptz then 'held'
            when o.since > $1::timestamptz - interval '1 minute' then 'minute'
            when o.since > $1 - interval '1 hour' then 'hour' when o.since > $1 - interval '1 day' then 'day'
            else 'earlier' end as age, o.was_tried
    from owed o
)
select a.age, count(*), count(*) filter (where a.was_tried)
from aged a
group by a.age;
