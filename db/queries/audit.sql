-- name: audit_open
select audit_open($1::text, $2::uuid, $3::uuid);

-- name: audit_close
-- Whether an entry was written: not if nothing changed.
select audit_close($1::uuid, $2::timestamptz, $3::text, $4::uuid, $5::uuid, $6::text, $7::text, $8::text, $9::text,
    $10::uuid, $11::uuid);

-- name: audit_note
select audit_note($1::uuid, $2::timestamptz, $3::text, $4::uuid, $5::uuid, $6::text, $7::text, $8::text, $9::text,
    $10::uuid, $11::uuid, $12::text::jsonb);

-- name: list_audit_entries
-- Newest first, before the entry $1. Each filter may be null: $2 sub-client, $3 actor, $4 action, $5 target, $6 and $7
-- the time it happened, from and before.
select seq, id, at, body, details, previous_hash, hash
from audit_entry
where seq < $1::bigint and ($2::uuid is null or about_sub_client = $2)
    and ($3::uuid is null or actor_id = $3) and ($4::text is null or action = $4)
    and ($5::uuid is null or target_id = $5) and ($6::timestamptz is null or at >= $6)
    and ($7::timestamptz is null or at < $7)
order by seq desc
limit $8::int;

-- name: export_audit_entries
-- Oldest first, after the entry $1.
select seq, id, at, body, details, previous_hash, hash
from audit_entry
where seq > $1::bigint
order by seq
limit $2::int;
