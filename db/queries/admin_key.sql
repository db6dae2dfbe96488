-- name: create_admin_key
-- Nothing is returned for a member that is not there.
insert into admin_key (id, member_id, name, secret_digest, pepper_id, secret_hint, created_at, expires_at,
    granted_until)
select $1::uuid, m.id, $3::text, $4::bytea, $5::text, $6::text, $7::timestamptz, $8::timestamptz, $8
from member m
where m.id = $2::uuid and m.deleted_at is null
returning id;

-- name: find_admin_key_by_digest
select k.id, k.member_id, k.secret_digest, k.expires_at, m.role::text
from admin_key k
join member m on m.id = k.member_id
where k.secret_digest = $1::bytea and k.revoked_at is null and m.deleted_at is null;

-- name: list_admin_keys
select id, name, secret_hint, created_at, expires_at, revoked_at, last_used_at
from admin_key
where member_id = $1::uuid and id < $2::uuid
order by id desc
limit $3::int;

-- name: get_admin_key
select id, name, secret_hint, created_at, expires_at, revoked_at, last_used_at, granted_until
from admin_key
where member_id = $1::uuid and id = $2::uuid;

-- name: rotate_admin_key
-- A successor under the same name; nothing is returned if there is no such live key. With $9 it ends when the key was
-- given to end, or sooner: who holds a key cannot make it last.
insert into admin_key (id, member_id, name, secret_digest, pepper_id, secret_hint, created_at, expires_at,
    granted_until, replaces)
select $3::uuid, k.member_id, k.name, $4::bytea, $5::text, $6::text, $7::timestamptz,
    case when $9::bool then least($8::timestamptz, k.granted_until) else $8 end,
    case when $9 then k.granted_until else $8 end, k.id
from admin_key k
where k.member_id = $1::uuid and k.id = $2::uuid and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > $7)
returning id;

-- name: expire_admin_key
-- The end of a rotation's overlap; one that ends earlier keeps its end.
update admin_key set expires_at = least(expires_at, $3::timestamptz)
where member_id = $1::uuid and id = $2::uuid and revoked_at is null;

-- name: revoke_admin_key
update admin_key set revoked_at = coalesce(revoked_at, $3::timestamptz)
where member_id = $1::uuid and id = $2::uuid
returning id;

-- name: count_owner_keys
-- Keys with which an owner can act now.
select count(*)
from admin_key k
join member m on m.id = k.member_id
where m.role = 'owner' and m.deleted_at is null and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > $1::timestamptz);

-- name: note_admin_key_uses
-- Keys $1 were used at $2; as note_secret_uses.
with used as materialized (
    select k.id, u.at
    from unnest($1::uuid[], $2::timestamptz[]) as u (id, at)
    join admin_key k on k.id = u.id
    where k.last_used_at is null or k.last_used_at < u.at
    for no key update of k skip locked
)
update admin_key k
set last_used_at = u.at
from used u
where k.id = u.id;
