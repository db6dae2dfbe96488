-- name: sandbox_insert_link_token
-- Writes nothing for a sub-client ($15) that the account does not have.
insert into sandbox.link_token (auth_code_digest, client_id, user_id, transaction_id, network_id, symbol, address,
    amount, min_amount, amount_in_fiat, client_fee, fee_is_inclusive, created_at, expires_at, sub_client_id)
select $1::bytea, $2::uuid, $3::text, $4::text, $5::uuid, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text,
    $12::boolean, $13::timestamptz, $14::timestamptz, $15::uuid
where $15 is null or exists (select from sandbox.sub_client where client_id = $2 and id = $15);

-- name: sandbox_find_link_token
select client_id, user_id, transaction_id, network_id, symbol, address, amount, min_amount, amount_in_fiat, client_fee,
    fee_is_inclusive, expires_at, used_at
from sandbox.link_token
where auth_code_digest = $1::bytea;

-- name: sandbox_use_link_token
-- Consumes a token and writes the webhooks of its transfer, in one step: whoever loses the race for the token writes
-- none.
with used as (
    update sandbox.link_token
    set used_at = $2::timestamptz, transfer_id = $3::uuid
    where auth_code_digest = $1::bytea and used_at is null
    returning client_id
), posted as (
    insert into sandbox.webhook (client_id, event_id, event, due_at)
    select used.client_id, owed.event_id, owed.event, owed.due_at
    from used, unnest($4::uuid[], $5::bytea[], $6::timestamptz[]) as owed (event_id, event, due_at)
)
select count(*) from used;

-- name: sandbox_delete_old_link_tokens
delete from sandbox.link_token where expires_at < $1::timestamptz;

-- name: sandbox_claim_webhooks
-- Leases up to $3 due webhooks until $2; rows that another sender is claiming are passed over.
with due as (
    select id
    from sandbox.webhook
    where due_at <= $1::timestamptz and (leased_until is null or leased_until <= $1)
    order by due_at, id
    limit $3::int
    for update skip locked
)
update sandbox.webhook w
set leased_until = $2::timestamptz, attempt = w.attempt + 1
from due
where w.id = due.id
returning w.id, w.client_id, w.event, w.attempt;

-- name: sandbox_next_webhook
-- When the next webhook that nobody works on is due.
select due_at from sandbox.webhook where leased_until is null order by due_at limit 1;

-- name: sandbox_delete_webhook
delete from sandbox.webhook where id = $1::bigint;

-- name: sandbox_retry_webhook
-- Only the claim that is still the latest may say when the next one is.
update sandbox.webhook
set due_at = $3::timestamptz, leased_until = null
where id = $1::bigint and attempt = $2::int;

-- name: sandbox_release_webhooks
-- What a sandbox that was killed had claimed is due again at once.
update sandbox.webhook set leased_until = null where leased_until is not null;

-- name: sandbox_list_sub_clients
select id, business_legal_name, display_name, callback_urls, catalog_configuration, logo_media_type
from sandbox.sub_client
where client_id = $1::uuid
order by number;

-- name: sandbox_get_sub_client
select id, business_legal_name, display_name, callback_urls, catalog_configuration, logo_media_type
from sandbox.sub_client
where client_id = $1::uuid and id = $2::uuid;

-- name: sandbox_insert_sub_client
insert into sandbox.sub_client (client_id, id, business_legal_name, display_name, callback_urls, catalog_configuration)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::text[], $6::jsonb)
returning id, business_legal_name, display_name, callback_urls, catalog_configuration, logo_media_type;

-- name: sandbox_replace_sub_client
-- Everything but the logo.
update sandbox.sub_client
set business_legal_name = $3::text, display_name = $4::text, callback_urls = $5::text[],
    catalog_configuration = $6::jsonb
where client_id = $1::uuid and id = $2::uuid
returning id, business_legal_name, display_name, callback_urls, catalog_configuration, logo_media_type;

-- name: sandbox_delete_sub_client
delete from sandbox.sub_client where client_id = $1::uuid and id = $2::uuid;

-- name: sandbox_set_logo
-- Nulls remove it.
update sandbox.sub_client set logo_media_type = $3::text, logo = $4::bytea
where client_id = $1::uuid and id = $2::uuid;

-- name: sandbox_find_logo
-- Logos are public, as they are at Mesh.
select logo_media_type, logo from sandbox.sub_client where client_id = $1::uuid and id = $2::uuid and logo is not null;

-- name: sandbox_get_account
select callback_urls, catalog_configuration from sandbox.account where client_id = $1::uuid;

-- name: sandbox_set_callback_urls
insert into sandbox.account (client_id, callback_urls) values ($1::uuid, $2::text[])
on conflict (client_id) do update set callback_urls = excluded.callback_urls;

-- name: sandbox_set_catalog_configuration
insert into sandbox.account (client_id, catalog_configuration) values ($1::uuid, $2::jsonb)
on conflict (client_id) do update set catalog_configuration = excluded.catalog_configuration
returning callback_urls, catalog_configuration;
