-- name: sandbox_insert_link_token
-- Writes nothing for a sub-client ($15) that the account does not have.
insert into sandbox.link_token (auth_code_digest, client_id, user_id, transaction_id, network_id, symbol, address,
    amount, min_amount, amount_in_fiat, client_fee, fee_is_inclusive, created_at, expires_at, sub_client_id,
    transfer_type, integration_id, restricts_accounts, disables_api_keys, funding_is_enabled, destinations,
    verification)
select $1::bytea, $2::uuid, $3::text, $4::text, $5::uuid, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text,
    $12::boolean, $13::timestamptz, $14::timestamptz, $15::uuid, $16::text, $17::uuid, $18::boolean, $19::boolean,
    $20::boolean, $21::jsonb, $22::jsonb
where $15 is null or exists (select from sandbox.sub_client where client_id = $2 and id = $15);

-- name: sandbox_find_link_token
select client_id, user_id, transaction_id, amount_in_fiat, client_fee, fee_is_inclusive, expires_at,
    used_at, opened_at, sub_client_id, transfer_type, integration_id, restricts_accounts,
    disables_api_keys, funding_is_enabled, destinations, verification
from sandbox.link_token
where auth_code_digest = $1::bytea;

-- name: sandbox_open_link_token
-- Uses a token up for a page, and begins the session of it, in one step: of two pages one gets a session.
with opened as (
    update sandbox.link_token
    set opened_at = $2::timestamptz
    where auth_code_digest = $1::bytea and used_at is null and opened_at is null and expires_at > $2
    returning client_id
)
insert into sandbox.link_session (client_id, auth_code_digest, key_digest, opened_at, expires_at)
select client_id, $1, $3::bytea, $2, $4::timestamptz
from opened;

-- name: sandbox_find_link_session
-- The session of a key with its token, the token's columns as in sandbox_find_link_token.
select t.client_id, t.user_id, t.transaction_id, t.amount_in_fiat, t.client_fee, t.fee_is_inclusive, t.expires_at,
    t.used_at, t.opened_at, t.sub_client_id, t.transfer_type, t.integration_id, t.restricts_accounts,
    t.disables_api_keys, t.funding_is_enabled, t.destinations, t.verification,
    s.expires_at, s.closed_at, s.auth_code_digest, s.login_integration_id, s.login_username, s.account_ids
from sandbox.link_session s
join sandbox.link_token t on t.auth_code_digest = s.auth_code_digest
where s.key_digest = $1::bytea;

-- name: sandbox_set_link_login
update sandbox.link_session set login_integration_id = $2::uuid, login_username = $3::text
where key_digest = $1::bytea;

-- name: sandbox_add_link_account
-- Each account once; a sign-in that waited for its code is over.
update sandbox.link_session
set account_ids = array_append(array_remove(account_ids, $2::uuid), $2), login_integration_id = null,
    login_username = null
where key_digest = $1::bytea;

-- name: sandbox_close_link_session
update sandbox.link_session set closed_at = coalesce(closed_at, $2::timestamptz) where key_digest = $1::bytea;

-- name: sandbox_use_link_token
-- Consumes a token and writes its transfer and the webhooks of that, in one step: whoever loses the race for the token
-- writes none. Of a token that a page opened, only its session ($26) can make the transfer, if none came of a preview.
with used as (
    update sandbox.link_token
    set used_at = $2::timestamptz, transfer_id = $3::uuid, network_id = $23::uuid, symbol = $24::text,
        address = $25::text
    where auth_code_digest = $1::bytea and used_at is null and (opened_at is not null) = $26::boolean
        and not exists (select from sandbox.preview where auth_code_digest = $1 and is_executed)
    returning client_id, sub_client_id, user_id, transaction_id, coalesce(transfer_type, 'deposit') as transfer_type,
        network_id, symbol, address, fee_is_inclusive
), played as (
    insert into sandbox.transfer (id, client_id, sub_client_id, user_id, transaction_id, transfer_type, network_id,
        network_name, symbol, source_amount, destination_amount, amount_in_fiat, fee_is_inclusive, source_address,
        destination_address, refund_address, tx_hash, statuses, happens_at, created_at, integration_id, withdrawal_fee,
        processing_fee, gas_fee, gas_symbol, funding)
    select $3, client_id, sub_client_id, user_id, transaction_id, transfer_type, network_id, $7::text, symbol,
        $8::text::numeric, $9::text::numeric, $10::text::numeric, fee_is_inclusive, $11::text, address, $12::text,
        $13::text, $14::text[], $15::timestamptz[], $2, $16::uuid, $17::text::numeric, $18::text::numeric,
        $19::text::numeric, $20::text, $21::jsonb
    from used
), posted as (
    insert into sandbox.webhook (client_id, event_id, event, due_at, transfer_id, wrong_signatures)
    select used.client_id, owed.event_id, owed.event, owed.due_at, $3, owed.wrong_signatures
    from used, unnest($4::uuid[], $5::bytea[], $6::timestamptz[], $22::int[])
        as owed (event_id, event, due_at, wrong_signatures)
)
select count(*) from used;

-- name: sandbox_open_portfolio
-- What a holder owns; the first look writes it. The no-op update gives the row back when it is there already.
insert into sandbox.portfolio (client_id, holder, symbols, amounts, cash)
values ($1::uuid, $2::text, $3::text[], $4::text[], $5::text)
on conflict (client_id, holder) do update set holder = excluded.holder
returning symbols, amounts, cash, credit_symbols, credit_amounts, credit_due_at, version;

-- name: sandbox_find_portfolio
select symbols, amounts, cash, credit_symbols, credit_amounts, credit_due_at, version
from sandbox.portfolio
where client_id = $1::uuid and holder = $2::text;

-- name: sandbox_credit_portfolio
-- Promises amounts of $3 to a holder at $5. One that was never looked at gets nothing: it is seen at its start anyway.
update sandbox.portfolio
set credit_symbols = credit_symbols || $3::text[], credit_amounts = credit_amounts || $4::text[],
    credit_due_at = credit_due_at || $5::timestamptz[], version = version + 1
where client_id = $1::uuid and holder = $2::text;

-- name: sandbox_insert_connected_account
insert into sandbox.connected_account (client_id, user_id, id, integration_id, holder, network_type, token_digest,
    access_digest, access_expires_at, created_at)
values ($1::uuid, $2::text, $3::uuid, $4::uuid, $5::text, $6::text, $7::bytea, $8::bytea, $9::timestamptz,
    $10::timestamptz);

-- name: sandbox_find_connected_account
select id, user_id, integration_id, holder, network_type, token_digest, access_digest, access_expires_at
from sandbox.connected_account
where client_id = $1::uuid and user_id = $2::text and id = $3::uuid;

-- name: sandbox_find_connected_account_by_token
-- By either token. Two indexes answer it; a token is of one account.
select id, user_id, integration_id, holder, network_type, token_digest, access_digest, access_expires_at
from sandbox.connected_account
where client_id = $1::uuid and token_digest = $2::bytea
union all
select id, user_id, integration_id, holder, network_type, token_digest, access_digest, access_expires_at
from sandbox.connected_account
where client_id = $1::uuid and access_digest = $2::bytea and token_digest is distinct from $2;

-- name: sandbox_renew_access
update sandbox.connected_account
set access_digest = $4::bytea, access_expires_at = $5::timestamptz
where client_id = $1::uuid and user_id = $2::text and id = $3::uuid;

-- name: sandbox_delete_connected_account
delete from sandbox.connected_account where client_id = $1::uuid and user_id = $2::text and id = $3::uuid;

-- name: sandbox_insert_preview
insert into sandbox.preview (client_id, user_id, id, account_id, quote, transaction_id, sub_client_id, transfer_type,
    auth_code_digest, expires_at)
values ($1::uuid, $2::text, $3::uuid, $4::uuid, $5::jsonb, $6::text, $7::uuid, $8::text, $9::bytea, $10::timestamptz);

-- name: sandbox_find_preview
-- A preview with the portfolio it is paid from, of one moment: what is decided from both is written only if the
-- portfolio is still of the same version.
select w.id, w.user_id, w.account_id, w.quote, w.transaction_id, w.sub_client_id, w.transfer_type, w.expires_at,
    w.is_executed or s.id is not null, w.auth_code_digest, p.symbols, p.amounts, p.cash, p.credit_symbols,
    p.credit_amounts, p.credit_due_at, p.version
from sandbox.portfolio p
left join sandbox.preview w on w.client_id = p.client_id and w.id = $3::uuid
left join sandbox.preview s on s.auth_code_digest = w.auth_code_digest and s.is_executed
where p.client_id = $1::uuid and p.holder = $2::text;

-- name: sandbox_execute_preview
-- Writes a portfolio of the version it was read at, and with it the execution of a preview: the transfer and the
-- webhooks of that. Whoever loses the race for the portfolio writes nothing.
with paid as (
    update sandbox.portfolio
    set symbols = $4::text[], amounts = $5::text[], cash = $6::text, credit_symbols = $7::text[],
        credit_amounts = $8::text[], credit_due_at = $9::timestamptz[], version = version + 1
    where client_id = $1::uuid and holder = $2::text and version = $3::bigint
    returning client_id
), executed as (
    update sandbox.preview w
    set is_executed = true
    from paid
    where w.client_id = paid.client_id and w.id = $10::uuid
    returning w.client_id, w.user_id, w.transaction_id, w.sub_client_id, w.transfer_type
), played as (
    insert into sandbox.transfer (id, client_id, sub_client_id, user_id, transaction_id, transfer_type, network_id,
        network_name, symbol, source_amount, destination_amount, amount_in_fiat, fee_is_inclusive, source_address,
        destination_address, refund_address, tx_hash, statuses, happens_at, created_at, integration_id, withdrawal_fee,
        processing_fee, gas_fee, gas_symbol, funding)
    select $10, client_id, sub_client_id, user_id, transaction_id, transfer_type, $12::uuid, $13::text, $14::text,
        $15::text::numeric, $16::text::numeric, $17::text::numeric, $18::boolean, $19::text, $20::text, $21::text,
        $22::text, $23::text[], $24::timestamptz[], $11::timestamptz, $25::uuid, $26::text::numeric,
        $27::text::numeric, $28::text::numeric, $29::text, $30::jsonb
    from executed
), posted as (
    insert into sandbox.webhook (client_id, event_id, event, due_at, transfer_id, wrong_signatures)
    select executed.client_id, owed.event_id, owed.event, owed.due_at, $10, owed.wrong_signatures
    from executed, unnest($31::uuid[], $32::bytea[], $33::timestamptz[], $34::int[])
        as owed (event_id, event, due_at, wrong_signatures)
)
select count(*) from executed;

-- name: sandbox_delete_old_previews
delete from sandbox.preview where expires_at < $1::timestamptz;

-- name: sandbox_insert_wallet_verification
insert into sandbox.wallet_verification (client_id, user_id, id, address, network_type, message, signed_message_hash,
    verified_at)
values ($1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::text, $8::timestamptz);

-- name: sandbox_list_wallet_verifications
-- Of one address ($3, without case) or all, the oldest first.
select address, network_type, message, signed_message_hash, verified_at
from sandbox.wallet_verification
where client_id = $1::uuid and user_id = $2::text and ($3::text is null or lower(address) = lower($3))
order by verified_at, id
limit $4::bigint;

-- name: sandbox_list_transfers
-- One page of a client's transfers as they stand at $2, with how many there are in all; one row without a transfer if
-- the page is empty. $18 and $19 say which integration is of which type.
with standing as (
    select t.*, e.status, e.executed_at, e.refund_status
    from sandbox.transfer t
    cross join lateral (
        select coalesce((array['pending', 'failed', 'succeeded'])[
                max(array_position(array['pending', 'failed', 'succeeded'], lower(p.status)))], 'pending') as status,
            min(p.happens_at) filter (where lower(p.status) = 'succeeded') as executed_at,
            (array_agg(p.status order by p.happens_at desc) filter (where lower(p.status) like 'refund%'))[1]
                as refund_status
        from unnest(t.statuses, t.happens_at) as p (status, happens_at)
        where p.happens_at <= $2::timestamptz
    ) as e
    where t.client_id = $1::uuid and ($3::uuid is null or t.id = $3) and ($4::text is null or t.transaction_id = $4)
        and ($6::text is null or t.user_id = $6) and ($8::uuid is null or t.sub_client_id = $8)
        and ($9::timestamptz is null or t.created_at >= $9) and ($10::timestamptz is null or t.created_at <= $10)
        and ($11::text is null or t.amount_in_fiat >= $11::text::numeric)
        and ($12::text is null or t.amount_in_fiat <= $12::text::numeric)
        and ($17::uuid[] is null or t.integration_id = any ($17))
), found as (
    select s.*, row_number() over (order by
        case when not $14::boolean then k.number end, case when $14 then k.number end desc nulls last,
        case when not $14 then k.word end, case when $14 then k.word end desc nulls last, s.id) as place
    from standing s
    cross join lateral (
        select case $13::text when 'amountInFiat' then s.amount_in_fiat
                when 'createdTimestamp' then extract(epoch from s.created_at) end as number,
            case $13 when 'id' then s.id::text when 'clientTransferId' then s.transaction_id
                when 'userId' then s.user_id when 'status' then s.status when 'symbol' then s.symbol
                when 'networkName' then s.network_name
                when 'fromType' then ($19::text[])[array_position($18::uuid[], s.integration_id)] end as word
    ) as k
    where ($5::text[] is null or s.status = any ($5))
        and ($7::text is null or s.executed_at is not null and s.tx_hash = $7)
)
select (select count(*) from found), f.id, f.sub_client_id, f.client_id, f.user_id, f.transaction_id, f.transfer_type,
    f.network_id, f.network_name, f.symbol, f.source_amount::text, f.destination_amount::text, f.amount_in_fiat::text,
    f.fee_is_inclusive, f.source_address, f.destination_address, f.refund_address,
    case when f.executed_at is not null then f.tx_hash end, f.status, f.refund_status, f.created_at, f.executed_at,
    f.integration_id, f.withdrawal_fee::text, f.processing_fee::text, f.gas_fee::text, f.gas_symbol, f.funding
from (values (true)) as always
left join found f on f.place > $15::bigint and f.place <= $15 + $16::bigint
order by f.place;

-- name: sandbox_list_webhook_logs
select transfer_id, uri, status_code, message, sent_at, answered_at
from sandbox.webhook_log
where transfer_id = any ($1::uuid[])
order by transfer_id, id;

-- name: sandbox_delete_old_transfers
delete from sandbox.transfer where created_at < $1::timestamptz;

-- name: sandbox_delete_old_link_tokens
delete from sandbox.link_token where expires_at < $1::timestamptz;

-- name: sandbox_claim_webhooks
-- Leases up to $3 webhooks that are due by the stand-in's clock ($1), until $2 by the machine's ($4); rows that another
-- sender is claiming are passed over.
with due as (
    select id
    from sandbox.webhook
    where due_at <= $1::timestamptz and (leased_until is null or leased_until <= $4::timestamptz)
    order by due_at, id
    limit $3::int
    for update skip locked
)
update sandbox.webhook w
set leased_until = $2::timestamptz, attempt = w.attempt + 1
from due
where w.id = due.id
returning w.id, w.client_id, w.event, w.attempt, w.wrong_signatures;

-- name: sandbox_next_webhook
-- When the next webhook that nobody works on is due.
select due_at from sandbox.webhook where leased_until is null order by due_at limit 1;

-- name: sandbox_delete_webhook
delete from sandbox.webhook where id = $1::bigint;

-- name: sandbox_log_webhook
-- Before the webhook is deleted. One whose transfer was forgotten meanwhile leaves no entry.
insert into sandbox.webhook_log (transfer_id, uri, status_code, message, sent_at, answered_at)
select t.id, $2::text, $3::int, $4::text, $5::timestamptz, $6::timestamptz
from sandbox.webhook w
join sandbox.transfer t on t.id = w.transfer_id
where w.id = $1::bigint;

-- name: sandbox_retry_webhook
-- Only the claim that is still the latest may say when the next one is.
update sandbox.webhook
set due_at = $3::timestamptz, leased_until = null
where id = $1::bigint and attempt = $2::int;

-- name: sandbox_release_webhooks
-- What a sandbox that was killed had claimed is due again at once.
update sandbox.webhook set leased_until = null where leased_until is not null;

-- name: sandbox_list_faults
select id, rule, uses_left from sandbox.fault order by position;

-- name: sandbox_insert_fault
insert into sandbox.fault (id, position, rule, uses_left) values ($1::uuid, $2::int, $3::jsonb, $4::bigint);

-- name: sandbox_delete_faults
delete from sandbox.fault;

-- name: sandbox_spend_faults
-- One use of each; the last one removes the rule.
with spent as (
    update sandbox.fault set uses_left = uses_left - 1
    where id = any ($1::uuid[]) and uses_left > 1
)
delete from sandbox.fault where id = any ($1) and uses_left = 1;

-- name: sandbox_get_clock
select offset_microseconds, frozen_at from sandbox.clock;

-- name: sandbox_set_clock
insert into sandbox.clock (offset_microseconds, frozen_at) values ($1::bigint, $2::timestamptz)
on conflict (only_one) do update
set offset_microseconds = excluded.offset_microseconds, frozen_at = excluded.frozen_at;

-- name: sandbox_delete_clock
delete from sandbox.clock;

-- name: sandbox_reset_webhooks
delete from sandbox.webhook;

-- name: sandbox_reset_transfers
-- And with them the log of their posts.
delete from sandbox.transfer;

-- name: sandbox_reset_link_tokens
-- And with them the sessions that opened.
delete from sandbox.link_token;

-- name: sandbox_reset_previews
delete from sandbox.preview;

-- name: sandbox_reset_portfolios
-- Gives everybody back what they had at first.
delete from sandbox.portfolio;

-- name: sandbox_reset_connected_accounts
delete from sandbox.connected_account;

-- name: sandbox_reset_wallet_verifications
delete from sandbox.wallet_verification;

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
