-- name: get_transfer
select id, link_session_id, upstream_transfer_id, environment::text, transaction_id, user_id, status::text,
    refund_status::text, symbol, chain, tx_hash, source_amount::text, destination_amount::text, source_address,
    destination_address, refund_address, source_account_provider, created_at, updated_at
from transfer
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment);

-- name: list_transfers
select id, link_session_id, upstream_transfer_id, environment::text, transaction_id, user_id, status::text,
    refund_status::text, symbol, chain, tx_hash, source_amount::text, destination_amount::text, source_address,
    destination_address, refund_address, source_account_provider, created_at, updated_at
from transfer
where sub_client_id = $1::uuid and ($2::text is null or environment = $2::text::environment)
    and id < $3::uuid
order by id desc
limit $4::int;
