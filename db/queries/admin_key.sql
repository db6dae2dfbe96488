-- name: create_admin_key
insert into admin_key (id, name, secret_digest, pepper_id, secret_hint, created_at, expires_at)
values ($1::uuid, $2::text, $3::bytea, $4::text, $5::text, $6::timestamptz, $7::timestamptz);

-- name: find_admin_key_by_digest
select id, name, secret_digest, expires_at
from admin_key
where secret_digest = $1::bytea and revoked_at is null;

-- name: count_admin_keys
select count(*) from admin_key where revoked_at is null;
