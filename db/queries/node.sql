-- name: lock_node
-- The session that holds this lock is the node's life: when it ends, the lock is gone and its leases are given back.
select pg_advisory_lock($1::bigint);

-- name: register_node
insert into node (id, lock_key, name, started_at)
values ($1::uuid, $2::bigint, $3::text, $4::timestamptz)
on conflict (id) do nothing;

-- name: rescue_leases
-- Deliveries leased to nodes that are dead become due now. One node at a time does this.
with dead as (
    delete from node n
    where not exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.granted and l.objsubid = 1
            and l.database = (select oid from pg_database where datname = current_database())
            and ((l.classid::bigint << 32) | l.objid::bigint) = n.lock_key)
    returning n.id
)
update delivery d
set due_at = $1::timestamptz, lease_owner = null, updated_at = $1,
    status = case when d.failures > 0 then 'retrying' else 'pending' end::delivery_status
from dead
where d.lease_owner = dead.id and d.due_at is not null;

-- name: ensure_partitions
select ensure_partitions($1::date, $2::int);
