-- name: hold_node
-- The session that holds this lock is the node's life: when it ends, the lock is gone and the node's leases are given
-- back. Asked again and again on one session, so that a session that was replaced holds it soon. Which session that is
-- comes back, and the server's time, by which all nodes go.
select pg_try_advisory_lock($1::bigint), pg_backend_pid(), clock_timestamp();

-- name: register_node
-- A row comes back if the node is new, or others have taken it for dead.
insert into node as n (id, lock_key, name, started_at)
values ($1::uuid, $2::bigint, $3::text, $4::timestamptz)
on conflict (id) do update set dead_since = null where n.dead_since is not null
returning id;

-- name: find_dead_nodes
-- Node $1 asks: it lives, even while its session is being replaced and holds no lock.
select n.id
from node n
where n.id <> $1::uuid and not exists (
    select from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and ((l.classid::bigint << 32) | l.objid::bigint) = n.lock_key);

-- name: release_leases
-- Deliveries leased to nodes that are dead become due now.
update delivery
set due_at = $2::timestamptz, lease_owner = null, updated_at = $2,
    status = case when failures > 0 then 'retrying' else 'pending' end::delivery_status
where lease_owner = any ($1::uuid[]) and due_at is not null;

-- name: mark_dead_nodes
-- Nodes found dead are marked at $2, and stay known: what the server had taken from them before may still be committed.
update node set dead_since = $2::timestamptz where id = any ($1::uuid[]) and dead_since is null;

-- name: forget_dead_nodes
-- Those that were found dead before $2.
delete from node where id = any ($1::uuid[]) and dead_since < $2::timestamptz;

-- name: ensure_partitions
select ensure_partitions($1::text::date, $2::int);
