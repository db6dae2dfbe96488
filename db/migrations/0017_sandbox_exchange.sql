-- The exchanges and wallets of the Mesh stand-in: what their users own, the accounts that were connected, and transfers
-- between a preview and its execution. What is not here (who the users are, prices, fees) is the program's.

-- What one test user or wallet owns, as this client sees it. The row comes when it is first looked at; deleting it
-- gives everything back. Amounts are decimals in the plain spelling; every change counts the version up.
create table sandbox.portfolio (
    client_id uuid not null,
    holder text not null,
    symbols text[] not null,
    amounts text[] not null,
    cash text not null,
    -- What will be paid in, and when: of transfers that fail.
    credit_symbols text[] not null default '{}',
    credit_amounts text[] not null default '{}',
    credit_due_at timestamptz[] not null default '{}',
    version bigint not null default 0,
    primary key (client_id, holder),
    constraint portfolio_holder_length check (char_length(holder) between 1 and 128),
    constraint portfolio_balances_match check (cardinality(symbols) = cardinality(amounts)),
    constraint portfolio_credits_match check (
        cardinality(credit_symbols) = cardinality(credit_amounts)
        and cardinality(credit_symbols) = cardinality(credit_due_at))
);

-- One account that a client's user connected. Its tokens are known by their digests: reading this table gives nobody a
-- usable one.
create table sandbox.connected_account (
    client_id uuid not null,
    user_id text not null,
    id uuid not null,
    integration_id uuid not null,
    holder text not null,
    -- Of a wallet.
    network_type text,
    -- The token that never changes; wallets have none.
    token_digest bytea,
    -- The token that is exchanged for another now and then; the same as the other at first.
    access_digest bytea not null,
    access_expires_at timestamptz not null,
    created_at timestamptz not null,
    primary key (client_id, user_id, id),
    constraint connected_account_user_id_length check (char_length(user_id) between 1 and 300),
    constraint connected_account_holder_length check (char_length(holder) between 1 and 128),
    constraint connected_account_network_type_length check (char_length(network_type) between 1 and 32),
    constraint connected_account_token_digest_length check (octet_length(token_digest) = 32),
    constraint connected_account_access_digest_length check (octet_length(access_digest) = 32)
);
create unique index connected_account_token on sandbox.connected_account (client_id, token_digest);
create unique index connected_account_access on sandbox.connected_account (client_id, access_digest);

-- One transfer as it was previewed; the transfer it becomes has its id.
create table sandbox.preview (
    client_id uuid not null,
    user_id text not null,
    id uuid not null,
    account_id uuid not null,
    -- Written by the stand-in from what it decided.
    quote jsonb not null,
    transaction_id text,
    sub_client_id uuid,
    transfer_type text not null,
    -- Of the session it was made in, if it was made in one.
    auth_code_digest bytea,
    expires_at timestamptz not null,
    is_executed boolean not null default false,
    primary key (client_id, user_id, id),
    constraint preview_user_id_length check (char_length(user_id) between 1 and 300),
    constraint preview_transaction_id_length check (char_length(transaction_id) between 1 and 128),
    constraint preview_transfer_type_length check (char_length(transfer_type) between 1 and 32)
);
create unique index preview_id on sandbox.preview (client_id, id);
-- A session makes one transfer.
create unique index preview_of_link_token on sandbox.preview (auth_code_digest) where is_executed;
create index preview_expires_at on sandbox.preview (expires_at);

-- One message that a wallet's owner signed.
create table sandbox.wallet_verification (
    client_id uuid not null,
    user_id text not null,
    id uuid not null,
    address text not null,
    network_type text not null,
    message text not null,
    signed_message_hash text not null,
    verified_at timestamptz not null,
    primary key (client_id, user_id, id),
    constraint wallet_verification_user_id_length check (char_length(user_id) between 1 and 300),
    constraint wallet_verification_address_length check (char_length(address) between 1 and 256),
    constraint wallet_verification_network_type_length check (char_length(network_type) between 1 and 32),
    constraint wallet_verification_message_length check (char_length(message) <= 2048),
    constraint wallet_verification_hash_length check (char_length(signed_message_hash) between 1 and 512)
);

-- Which integration paid, what the difference between the amounts is made of, and what was converted. The transfers
-- there are were all played by Mesh's sandbox Coinbase, whose one fee this was.
alter table sandbox.transfer
    add column integration_id uuid not null default '721a5035-029f-4e05-bf3c-009da2fe381b',
    add column withdrawal_fee numeric,
    add column processing_fee numeric not null default 0,
    add column gas_fee numeric not null default 0,
    add column gas_symbol text,
    add column funding jsonb not null default '[]',
    add constraint transfer_gas_symbol_length check (char_length(gas_symbol) between 1 and 64);
update sandbox.transfer set withdrawal_fee = source_amount - destination_amount, gas_symbol = symbol;
alter table sandbox.transfer
    alter column integration_id drop default,
    alter column withdrawal_fee set not null,
    alter column processing_fee drop default,
    alter column gas_fee drop default,
    alter column gas_symbol set not null,
    alter column funding drop default;

grant select, insert, update, delete
    on sandbox.portfolio, sandbox.connected_account, sandbox.preview, sandbox.wallet_verification to subgate_sandbox;
