-- name: create_upstream
insert into upstream (id, name, environment, base_url, admin_base_url, client_id, data_key_id, client_secret_sealed,
    admin_client_secret_sealed, webhook_secrets_sealed, created_at, updated_at)
values ($1::uuid, $2::text, $3::text::environment, $4::text, $5::text, $6::uuid, $7::uuid, $8::bytea, $9::bytea,
    $10::bytea[], $11::timestamptz, $11)
returning id;

-- name: get_upstream
select id, name, environment::text, base_url, admin_base_url, client_id, cardinality(webhook_secrets_sealed),
    version, created_at, updated_at
from upstream
where id = $1::uuid and deleted_at is null;

-- name: list_upstreams
select id, name, environment::text, base_url, admin_base_url, client_id, cardinality(webhook_secrets_sealed),
    version, created_at, updated_at
from upstream
where deleted_at is null and id < $1::uuid
order by id desc
limit $2::int;

-- name: update_upstream
-- A null argument leaves its column; $10 and $11 say whether a nullable column is written.
update upstream
set name = coalesce($2::text, name),
    base_url = coalesce($3::text, base_url),
    admin_base_url = case when $10::bool then $4::text else admin_base_url end,
    client_id = coalesce($5::uuid, client_id),
    client_secret_sealed = coalesce($6::bytea, client_secret_sealed),
    admin_client_secret_sealed = case when $11::bool then $7::bytea else admin_client_secret_sealed end,
    webhook_secrets_sealed = coalesce($8::bytea[], webhook_secrets_sealed),
    version = version + 1,
    updated_at = $9::timestamptz
where id = $1::uuid and deleted_at is null
returning id, name, environment::text, base_url, admin_base_url, client_id, cardinality(webhook_secrets_sealed),
    version, created_at, updated_at;

-- name: delete_upstream
-- Nothing is returned for one that minted link sessions: their events will still come.
update upstream set deleted_at = $2::timestamptz, version = version + 1
where id = $1::uuid and deleted_at is null and not exists (select from link_session where upstream_id = $1)
returning id;

-- name: load_upstreams
-- Everything a node needs to call them and to verify their webhooks; the secrets are sealed.
select u.id, u.environment::text, u.base_url, u.client_id, u.version, u.client_secret_sealed,
    u.webhook_secrets_sealed, u.data_key_id, k.wrapped, u.admin_base_url, u.admin_client_secret_sealed
from upstream u
join data_key k on k.sub_client_id = '00000000-0000-0000-0000-000000000000' and k.id = u.data_key_id
where u.deleted_at is null
order by u.id desc;

-- name: upstream_data_key
-- The key that an upstream's columns are sealed with.
select k.id, k.wrapped
from upstream u
join data_key k on k.sub_client_id = '00000000-0000-0000-0000-000000000000' and k.id = u.data_key_id
where u.id = $1::uuid and u.deleted_at is null;
