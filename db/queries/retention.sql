-- name: claim_chore
-- Leases the chore $1 to $2 until $4, if it is due and nobody has it. The first to ask makes it.
insert into chore as c (name, due_at, lease, leased_until)
values ($1::text, $3::timestamptz, $2::uuid, $4::timestamptz)
on conflict (name) do update set lease = excluded.lease, leased_until = excluded.leased_until
where c.due_at <= $3 and (c.leased_until is null or c.leased_until <= $3)
returning c.name;

-- name: finish_chore
-- Nothing is returned for a lease that was lost.
update chore set due_at = $3::timestamptz, lease = null, leased_until = null
where name = $1::text and lease = $2::uuid
returning name;

-- name: drop_expired_partition
select month, kept_for from drop_expired_partition($1::timestamptz);

-- name: prune_default_partitions
select prune_default_partitions($1::timestamptz, $2::int);

-- name: forget_quarantined
-- Events from before $1 that nobody has given to a sub-client, up to $2 of them: they are kept as long as other events.
delete from quarantine
where id in (select q.id from quarantine q where q.id < first_uuid($1::timestamptz) order by q.id limit $2::int);

-- name: forget_event_keys
-- Forgets keys from before $1 that lie in $3 blocks of the table from block $2 on; returns how many, and how many
-- blocks there are in all. A walk over the table as it lies, once in a while, costs less than an index that each event
-- would have to be entered in.
with gone as (
    delete from event_key k
    where k.ctid >= format('(%s,0)', $2::bigint)::tid and k.ctid < format('(%s,0)', $2::bigint + $3::bigint)::tid
        and k.received_at < $1::timestamptz
    returning 1
)
select (select count(*) from gone), pg_relation_size('event_key') / current_setting('block_size')::bigint;
