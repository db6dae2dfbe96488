-- name: find_idempotent_answer
select i.request_digest, i.data_key_id, i.response_sealed, k.wrapped
from idempotency i
join data_key k on k.sub_client_id = i.sub_client_id and k.id = i.data_key_id
where i.sub_client_id = $1::uuid and i.route = $2::text and i.key = $3::text and i.created_at > $4::timestamptz;

-- name: store_idempotent_answer
-- Fails on the primary key if another request with this key was faster: its whole unit is then undone. An answer is
-- kept only if this unit made the endpoint, credential or secret $9 of sub-client $8; $9 is null for what is always
-- made. $8 is also whom the answer tells of.
insert into idempotency (sub_client_id, route, key, request_digest, data_key_id, response_sealed, created_at,
    about_sub_client)
select $1::uuid, $2::text, $3::text, $4::bytea, $5::uuid, $6::bytea, $7::timestamptz, $8::uuid
where $9::uuid is null or exists (select from endpoint where sub_client_id = $8::uuid and id = $9)
    or exists (select from credential where sub_client_id = $8 and id = $9)
    or exists (select from credential_secret where sub_client_id = $8 and id = $9)
    or exists (select from endpoint_secret where sub_client_id = $8 and id = $9);

-- name: forget_expired_answer
-- Makes room for a key whose answer is kept no longer.
delete from idempotency
where sub_client_id = $1::uuid and route = $2::text and key = $3::text and created_at <= $4::timestamptz;

-- name: forget_idempotent_answers
delete from idempotency where created_at < $1::timestamptz;
