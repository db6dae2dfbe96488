-- name: hold_keys
select kind, id, state, holder
from hold_keys($1::uuid, $2::text, $3::text[], $4::text[], $5::bytea[], $6::bool, $7::timestamptz);

-- name: release_keys
delete from key_holder where node_id = $1::uuid;

-- name: list_key_holders
-- The nodes that run.
select name, held, current from key_holder where seen_at > clock_timestamp() - holder_grace() order by name, node_id;

-- name: list_keys
-- Every key that was ever held, with what needs it.
select coalesce(c.kind, u.kind), coalesce(c.id, u.id), coalesce(u.users, 0), u.last_used_at, c.created_at
from key_check c
full join keys_in_use($1::timestamptz) u on u.kind = c.kind and u.id = c.id
order by 1, 2;

-- name: list_data_keys
-- A page of all, whoever's they are.
select sub_client_id, id, wrapped
from data_key
where (sub_client_id, id) > ($1::uuid, $2::uuid)
order by sub_client_id, id
limit $3::int;

-- name: rewrap_data_keys
-- Data keys $2 of $1 from $3 to $4. One that was changed since it was read, or erased, is left as it is.
update data_key d
set wrapped = u.after
from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) as u (sub_client_id, id, before, after)
where d.sub_client_id = u.sub_client_id and d.id = u.id and d.wrapped = u.before;

-- name: redigest_secrets
-- Secrets $3 of credentials $2 of sub-clients $1 from digest $4 to $5 under pepper $6. A row that another transaction
-- has is left out, as in note_secret_uses.
with used as materialized (
    select k.sub_client_id, k.credential_id, k.id, u.after, u.pepper_id
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[], $6::text[])
        as u (sub_client_id, credential_id, id, before, after, pepper_id)
    join credential_secret k on k.sub_client_id = u.sub_client_id and k.credential_id = u.credential_id and k.id = u.id
        and k.digest = u.before
    for no key update of k skip locked
)
update credential_secret k
set digest = u.after, pepper_id = u.pepper_id
from used u
where k.sub_client_id = u.sub_client_id and k.credential_id = u.credential_id and k.id = u.id;

-- name: redigest_admin_keys
-- Keys $1 from digest $2 to $3 under pepper $4; as redigest_secrets.
with used as materialized (
    select k.id, u.after, u.pepper_id
    from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[]) as u (id, before, after, pepper_id)
    join admin_key k on k.id = u.id and k.secret_digest = u.before
    for no key update of k skip locked
)
update admin_key k
set secret_digest = u.after, pepper_id = u.pepper_id
from used u
where k.id = u.id;

-- name: list_peppered_secrets
-- Some of what still works under pepper $1, for its end.
select k.sub_client_id, k.credential_id, k.id
from credential_secret k
where k.pepper_id = $1::text and k.revoked_at is null
limit $2::int;

-- name: list_peppered_admin_keys
select k.member_id, k.id
from admin_key k
join member m on m.id = k.member_id
where k.pepper_id = $1::text and k.revoked_at is null and m.deleted_at is null
limit $2::int;
