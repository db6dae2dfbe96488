-- name: find_idempotent_answer
select i.request_digest, i.data_key_id, i.response_sealed, k.wrapped
from idempotency i
join data_key k on k.sub_client_id = i.sub_client_id and k.id = i.data_key_id
where i.sub_client_id = $1::uuid and i.route = $2::text and i.key = $3::text and i.created_at > $4::timestamptz;

-- name: store_idempotent_answer
-- Fails on the primary key if another request with this key was faster: its whole unit is then undone.
insert into idempotency (sub_client_id, route, key, request_digest, data_key_id, response_sealed, created_at)
values ($1::uuid, $2::text, $3::text, $4::bytea, $5::uuid, $6::bytea, $7::timestamptz);

-- name: forget_idempotent_answers
delete from idempotency where created_at < $1::timestamptz;
