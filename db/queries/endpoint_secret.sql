-- name: create_endpoint_secret
-- Nothing is returned if endpoint $2 is not there, if $9 of its secrets still sign once all are to end at $10, or if
-- one signs that is not among $11, with which this one was compared.
insert into endpoint_secret (sub_client_id, endpoint_id, id, secret_sealed, seed_sealed, public_key, created_at)
select e.sub_client_id, e.id, $4::uuid, $5::bytea, $6::bytea, $7::bytea, $8::timestamptz
from endpoint e
where e.sub_client_id = $1::uuid and e.id = $2::uuid and e.deleted_at is null
    and ($3::text is null or e.environment = $3::text::environment)
    and (select count(*) from endpoint_secret k
        where k.sub_client_id = $1 and k.endpoint_id = $2 and least(k.expires_at, $10::timestamptz) > $8) < $9::int
    and not exists (select from endpoint_secret k
        where k.sub_client_id = $1 and k.endpoint_id = $2 and (k.expires_at > $8) is not false
            and k.id <> all ($11::uuid[]))
returning id;

-- name: end_earlier_endpoint_secrets
-- Those before the secret $3, if that was made: they sign until $4, or end earlier as they were to, and the endpoint is
-- another than it was.
with ending as (
    update endpoint_secret k
    set expires_at = $4::timestamptz
    where k.sub_client_id = $1::uuid and k.endpoint_id = $2::uuid and k.id <> $3::uuid
        and (k.expires_at is null or k.expires_at > $4)
        and exists (select from endpoint_secret made
            where made.sub_client_id = $1 and made.endpoint_id = $2 and made.id = $3)
)
update endpoint e set version = e.version + 1, updated_at = $5::timestamptz
where e.sub_client_id = $1::uuid and e.id = $2::uuid
    and exists (select from endpoint_secret made
        where made.sub_client_id = $1 and made.endpoint_id = $2 and made.id = $3);

-- name: forget_ended_endpoint_secrets
-- Of one endpoint.
delete from endpoint_secret
where sub_client_id = $1::uuid and endpoint_id = $2::uuid and expires_at <= $3::timestamptz;

-- name: forget_all_ended_endpoint_secrets
delete from endpoint_secret where expires_at <= $1::timestamptz;

-- name: revoke_previous_endpoint_secrets
-- All but the current one. Changes nothing, not even the version, if there are none.
with ended as (
    delete from endpoint_secret k
    using endpoint e
    where e.sub_client_id = $1::uuid and e.id = $2::uuid and e.deleted_at is null
        and ($3::text is null or e.environment = $3::text::environment)
        and k.sub_client_id = e.sub_client_id and k.endpoint_id = e.id and k.expires_at is not null
    returning k.expires_at
)
update endpoint e set version = e.version + 1, updated_at = $4::timestamptz
where e.sub_client_id = $1::uuid and e.id = $2::uuid and exists (select from ended where expires_at > $4);

-- name: give_endpoint_key_pair
-- To a secret that has none yet, of an endpoint that wants signatures by one.
update endpoint_secret k
set seed_sealed = $4::bytea, public_key = $5::bytea
from endpoint e
where k.sub_client_id = $1::uuid and k.endpoint_id = $2::uuid and k.id = $3::uuid and k.seed_sealed is null
    and e.sub_client_id = k.sub_client_id and e.id = k.endpoint_id and 'v1a' = any (e.signatures);

-- name: forget_removed_endpoint_secrets
-- Those of endpoint $2, if it was removed.
delete from endpoint_secret k
using endpoint e
where k.sub_client_id = $1::uuid and k.endpoint_id = $2::uuid and e.sub_client_id = k.sub_client_id
    and e.id = k.endpoint_id and e.deleted_at is not null;

-- name: list_webhook_keys
-- The public keys by which a sub-client's webhooks are verified at $2: for anyone to see.
select e.id, e.environment::text, k.id, k.public_key, k.created_at, k.expires_at
from endpoint e
join endpoint_secret k on k.sub_client_id = e.sub_client_id and k.endpoint_id = e.id
where e.sub_client_id = $1::uuid and e.deleted_at is null and k.public_key is not null
    and (k.expires_at is null or k.expires_at > $2::timestamptz)
order by e.id desc, k.expires_at is not null, k.id desc;

-- name: erase_endpoint_secrets
delete from endpoint_secret where sub_client_id = $1::uuid;
