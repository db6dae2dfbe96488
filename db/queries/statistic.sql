-- name: add_endpoint_statistics
-- In the order of the key, so that nodes that add to the same rows wait for each other and never in a ring.
insert into endpoint_statistic as s (sub_client_id, endpoint_id, slot, outcome, bucket, attempts)
select i.sub_client_id, i.endpoint_id, i.slot, i.outcome, i.bucket, i.attempts
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::int[], $6::bigint[])
    as i (sub_client_id, endpoint_id, slot, outcome, bucket, attempts)
order by 1, 2, 3, 4, 5
on conflict (sub_client_id, endpoint_id, slot, outcome, bucket) do update
set attempts = s.attempts + excluded.attempts;

-- name: sum_endpoint_statistics
-- Of the slots from $3 on, and those of them from $4 on.
select outcome, bucket::int, sum(attempts)::bigint,
    coalesce(sum(attempts) filter (where slot >= $4::timestamptz), 0)::bigint
from endpoint_statistic
where sub_client_id = $1::uuid and endpoint_id = $2::uuid and slot >= $3::timestamptz
group by outcome, bucket
order by outcome, bucket;

-- name: list_endpoint_statistics
-- Of the slots from $3 on, oldest first.
select slot, outcome, bucket::int, sum(attempts)::bigint
from endpoint_statistic
where sub_client_id = $1::uuid and endpoint_id = $2::uuid and slot >= $3::timestamptz
group by slot, outcome, bucket
order by slot, outcome, bucket;

-- name: endpoint_backlog
-- What an endpoint is still owed, counted up to $3, and since when the oldest of it is due at $4: what waits in its
-- lane since its event was received, what waits on the clock since its time.
with waiting as (
    select created_at as since from delivery
    where sub_client_id = $1::uuid and endpoint_id = $2::uuid and due_at is null
        and status in ('pending', 'retrying', 'held')
    order by id
    limit $3::int
), timed as (
    select due_at as since from delivery
    where sub_client_id = $1 and endpoint_id = $2 and due_at is not null and status <> 'delivering'
    order by due_at
    limit $3
)
select (select count(*) from waiting) + (select count(*) from timed),
    least((select since from waiting limit 1), (select since from timed where since <= $4::timestamptz limit 1));

-- name: forget_endpoint_statistics
delete from endpoint_statistic where slot < $1::timestamptz;

-- name: erase_endpoint_statistics
delete from endpoint_statistic where sub_client_id = $1::uuid;
