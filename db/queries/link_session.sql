-- name: create_link_session
insert into link_session (sub_client_id, id, environment, upstream_id, credential_id, transaction_id, user_id,
    transfer_type, amount_in_fiat, has_transfer, expires_at, created_at, compliance_revision)
values ($1::uuid, $2::uuid, $3::text::environment, $4::uuid, $5::uuid, $6::text, $7::text, $8::text,
    $9::text::numeric, $10::bool, $11::timestamptz, $12::timestamptz, $13::int);

-- name: get_link_session
select s.id, s.environment::text, s.transaction_id, s.user_id, s.transfer_type, s.amount_in_fiat::text, s.expires_at,
    s.created_at, (select max(t.status)::text from transfer t
        where t.sub_client_id = s.sub_client_id and t.link_session_id = s.id), s.compliance_revision
from link_session s
where s.sub_client_id = $1::uuid and s.id = $2::uuid and ($3::text is null or s.environment = $3::text::environment);

-- name: list_link_sessions
select s.id, s.environment::text, s.transaction_id, s.user_id, s.transfer_type, s.amount_in_fiat::text, s.expires_at,
    s.created_at, (select max(t.status)::text from transfer t
        where t.sub_client_id = s.sub_client_id and t.link_session_id = s.id), s.compliance_revision
from link_session s
where s.sub_client_id = $1::uuid and ($2::text is null or s.environment = $2::text::environment)
    and s.id < $3::uuid
order by s.id desc
limit $4::int;
