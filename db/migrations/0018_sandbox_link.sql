-- What the Link page of the stand-in needs: all of a link token's options, and the session that opens with it.

alter table sandbox.link_token
    add column integration_id uuid,
    add column restricts_accounts boolean not null default true,
    add column disables_api_keys boolean not null default false,
    add column funding_is_enabled boolean not null default false,
    -- Every entry of toAddresses and the wallet verification, written by the stand-in from what it checked; the columns
    -- of one destination are those of the first.
    add column destinations jsonb not null default '[]',
    add column verification jsonb,
    -- When a page used it up; the transfer may come later, or never.
    add column opened_at timestamptz;

update sandbox.link_token
set destinations = jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('networkId', network_id, 'symbol', symbol,
    'address', address, 'amount', amount, 'minAmount', min_amount)))
where network_id is not null;

-- One visit of a user to the Link page, known by the digest of its key: reading this table gives nobody a usable one.
create table sandbox.link_session (
    client_id uuid not null,
    auth_code_digest bytea not null references sandbox.link_token (auth_code_digest) on delete cascade,
    key_digest bytea not null unique,
    opened_at timestamptz not null,
    expires_at timestamptz not null,
    closed_at timestamptz,
    -- A sign-in that waits for its code.
    login_integration_id uuid,
    login_username text,
    -- The accounts that were connected or resumed in it: it may use no others.
    account_ids uuid[] not null default '{}',
    primary key (client_id, auth_code_digest),
    constraint link_session_key_digest_length check (octet_length(key_digest) = 32),
    constraint link_session_login_is_whole check (num_nulls(login_integration_id, login_username) in (0, 2)),
    constraint link_session_login_username_length check (char_length(login_username) between 1 and 64),
    constraint link_session_account_ids_count check (cardinality(account_ids) <= 100)
);

grant select, insert, update, delete on sandbox.link_session to subgate_sandbox;
