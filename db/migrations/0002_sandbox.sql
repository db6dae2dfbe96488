-- The state of the Mesh stand-in: the link tokens it minted and the webhooks it owes. A schema and a role of their own,
-- because this is somebody else's system as far as Subgate is concerned: neither may read the other's tables.

create schema if not exists sandbox;

do $$
begin
    if not exists (select from pg_roles where rolname = 'subgate_sandbox') then
        create role subgate_sandbox login nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
exception when duplicate_object or unique_violation then null; -- another database of this cluster migrates right now
end $$;

grant usage on schema sandbox to subgate_sandbox;

-- One link token, known by the digest of its auth code: reading this table gives nobody a usable token.
create table sandbox.link_token (
    auth_code_digest bytea primary key,
    client_id uuid not null,
    user_id text not null,
    transaction_id text,
    -- Where the transfer goes; all three are null in a token that only connects an account.
    network_id uuid,
    symbol text,
    address text,
    -- Decimals, in the plain spelling.
    amount text,
    min_amount text,
    amount_in_fiat text,
    client_fee text,
    fee_is_inclusive boolean not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- Set together, once.
    used_at timestamptz,
    transfer_id uuid,
    constraint link_token_auth_code_digest_length check (octet_length(auth_code_digest) = 32),
    constraint link_token_user_id_length check (char_length(user_id) between 1 and 300),
    constraint link_token_transaction_id_length check (char_length(transaction_id) between 1 and 128),
    constraint link_token_symbol_length check (char_length(symbol) between 1 and 64),
    constraint link_token_address_length check (char_length(address) between 1 and 256),
    constraint link_token_destination_is_whole check (num_nulls(network_id, symbol, address) in (0, 3)),
    constraint link_token_amount_length check (char_length(amount) between 1 and 64),
    constraint link_token_min_amount_length check (char_length(min_amount) between 1 and 64),
    constraint link_token_amount_in_fiat_length check (char_length(amount_in_fiat) between 1 and 64),
    constraint link_token_client_fee_length check (char_length(client_fee) between 1 and 64),
    constraint link_token_use_is_whole check (num_nulls(used_at, transfer_id) in (0, 2))
);
-- For the sweep of old tokens.
create index link_token_expires_at on sandbox.link_token (expires_at);

-- One post that is owed to a client's webhook address; deleted when it was answered 200.
create table sandbox.webhook (
    id bigint generated always as identity primary key,
    client_id uuid not null,
    event_id uuid not null,
    -- The body but for the two members that are new in each attempt.
    event bytea not null,
    due_at timestamptz not null,
    -- How often it was claimed; a claim that was lost to another shows in it.
    attempt int not null default 0,
    leased_until timestamptz,
    constraint webhook_event_length check (octet_length(event) between 2 and 16384)
);
create index webhook_due_at on sandbox.webhook (due_at);

grant select, insert, update, delete on all tables in schema sandbox to subgate_sandbox;
