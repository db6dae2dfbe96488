-- The schema of Subgate: sub-clients and what they own, link sessions, transfers, events, deliveries, attempts.
--
-- Every table of a sub-client has sub_client_id first in its primary key and in each unique and foreign key, so that
-- rows distribute by that column, and forced row-level security, so that a query that forgets the column still sees
-- nothing.

create schema if not exists subgate;
set local search_path = subgate;

-- Three roles: the owner runs migrations, the app serves, the reader looks.
do $$
begin
    if not exists (select from pg_roles where rolname = 'subgate_app') then
        create role subgate_app login nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
    if not exists (select from pg_roles where rolname = 'subgate_reader') then
        create role subgate_reader login nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
exception when duplicate_object or unique_violation then null; -- another database of this cluster migrates right now
end $$;

grant usage on schema subgate to subgate_app, subgate_reader;

create type environment as enum ('sandbox', 'production');
create type sub_client_status as enum ('onboarding', 'active', 'suspended', 'closed');
create type credential_access as enum ('read', 'readWrite');
create type payload_format as enum ('mesh', 'standard');
-- The order of these labels is their rank: a transfer only moves to a greater one.
create type transfer_status as enum ('unknown', 'pending', 'failed', 'succeeded');
create type refund_status as enum ('refundPending', 'refundFailed', 'refundSucceeded');
create type delivery_status as enum
    ('pending', 'delivering', 'retrying', 'delivered', 'held', 'failed', 'cancelled');

-- One merchant of the PSP.
create table sub_client (
    id uuid primary key,
    legal_name text not null,
    display_name text not null,
    country text not null,
    external_id text,
    website text,
    metadata jsonb not null default '{}',
    status sub_client_status not null,
    status_reason text,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint sub_client_legal_name_length check (char_length(legal_name) between 1 and 300),
    constraint sub_client_display_name_length check (char_length(display_name) between 1 and 300),
    constraint sub_client_country_form check (country ~ '^[A-Z]{2}$'),
    constraint sub_client_external_id_length check (char_length(external_id) between 1 and 128),
    constraint sub_client_website_length check (char_length(website) <= 2048),
    constraint sub_client_status_reason_length check (char_length(status_reason) <= 500)
);
create unique index sub_client_external_id_key on sub_client (external_id);

-- A data key seals what we must be able to send again; it is itself wrapped by a master key that is not in here.
-- The platform's own key has the nil UUID as its sub-client.
create table data_key (
    sub_client_id uuid not null,
    id uuid not null,
    wrapped bytea not null,
    created_at timestamptz not null,
    primary key (sub_client_id, id),
    constraint data_key_wrapped_length check (octet_length(wrapped) between 32 and 512)
);

-- A secret of a sub-client, known to us only as a keyed digest.
create table credential (
    sub_client_id uuid not null references sub_client (id),
    id uuid not null,
    client_id uuid not null,
    environment environment not null,
    access credential_access not null,
    name text not null,
    secret_digest bytea not null,
    pepper_id text not null,
    secret_hint text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (sub_client_id, id),
    constraint credential_name_length check (char_length(name) between 1 and 100),
    constraint credential_secret_digest_length check (octet_length(secret_digest) = 32),
    constraint credential_pepper_id_length check (char_length(pepper_id) between 1 and 32),
    constraint credential_secret_hint_length check (char_length(secret_hint) = 4)
);
-- Not unique: uniqueness across sub-clients cannot be held once rows are distributed, and 256 random bits need no help.
create index credential_secret_digest on credential (secret_digest);

-- The PSP's own keys for the admin API.
create table admin_key (
    id uuid primary key,
    name text not null,
    secret_digest bytea not null,
    pepper_id text not null,
    secret_hint text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint admin_key_name_length check (char_length(name) between 1 and 100),
    constraint admin_key_secret_digest_length check (octet_length(secret_digest) = 32),
    constraint admin_key_pepper_id_length check (char_length(pepper_id) between 1 and 32),
    constraint admin_key_secret_hint_length check (char_length(secret_hint) = 4)
);
create index admin_key_secret_digest on admin_key (secret_digest);

-- One Mesh account in one environment.
create table upstream (
    id uuid primary key,
    name text not null,
    environment environment not null,
    base_url text not null,
    admin_base_url text,
    client_id uuid not null,
    data_key_id uuid not null,
    client_secret_sealed bytea not null,
    admin_client_secret_sealed bytea,
    webhook_secrets_sealed bytea[] not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    constraint upstream_name_length check (char_length(name) between 1 and 100),
    constraint upstream_base_url_length check (char_length(base_url) between 8 and 2048),
    constraint upstream_admin_base_url_length check (char_length(admin_base_url) between 8 and 2048),
    constraint upstream_webhook_secrets_count check (cardinality(webhook_secrets_sealed) between 1 and 5)
);
create unique index upstream_environment_key on upstream (environment) where deleted_at is null;

-- A URL that a sub-client registered for webhooks.
create table endpoint (
    sub_client_id uuid not null references sub_client (id),
    id uuid not null,
    environment environment not null,
    url text not null,
    event_types text[] not null,
    payload_format payload_format not null,
    description text,
    data_key_id uuid not null,
    headers_sealed bytea,
    secret_sealed bytea not null,
    enabled boolean not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    primary key (sub_client_id, id),
    constraint endpoint_url_length check (char_length(url) between 8 and 2048),
    constraint endpoint_event_types_count check (cardinality(event_types) between 1 and 20),
    constraint endpoint_description_length check (char_length(description) <= 500)
);

-- One link token minted for a sub-client. transaction_id and user_id are the merchant's own.
create table link_session (
    sub_client_id uuid not null,
    id uuid not null,
    environment environment not null,
    upstream_id uuid not null,
    credential_id uuid not null,
    transaction_id text,
    user_id text not null,
    transfer_type text not null,
    amount_in_fiat numeric,
    has_transfer boolean not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    primary key (sub_client_id, id),
    constraint link_session_transaction_id_length check (char_length(transaction_id) between 1 and 128),
    constraint link_session_user_id_length check (char_length(user_id) between 1 and 300),
    constraint link_session_transfer_type_length check (char_length(transfer_type) between 1 and 32)
);

-- What a user did in a link session, as the upstream's events tell it.
create table transfer (
    sub_client_id uuid not null,
    id uuid not null,
    link_session_id uuid not null,
    upstream_id uuid not null,
    upstream_transfer_id uuid not null,
    environment environment not null,
    transaction_id text,
    user_id text not null,
    status transfer_status not null,
    refund_status refund_status,
    symbol text,
    chain text,
    tx_hash text,
    source_amount numeric,
    destination_amount numeric,
    source_address text,
    destination_address text,
    refund_address text,
    source_account_provider text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (sub_client_id, id),
    constraint transfer_upstream_key unique (sub_client_id, link_session_id, upstream_transfer_id)
) with (fillfactor = 80);

-- One fact about a transfer, as received. No foreign keys from here on: the statement that writes these rows has just
-- read their parents, and a key check would lock a busy parent row once per event.
create table event (
    sub_client_id uuid not null,
    id uuid not null,
    environment environment not null,
    type text not null,
    upstream_id uuid,
    upstream_event_id uuid,
    link_session_id uuid,
    transfer_id uuid,
    transaction_id text,
    user_id text,
    occurred_at timestamptz,
    received_at timestamptz not null,
    payload bytea not null,
    primary key (sub_client_id, id)
) partition by range (id);

-- Which of an upstream's events we hold; outlives the partitions of event, so that a late repeat stays a repeat.
create table event_key (
    sub_client_id uuid not null,
    upstream_id uuid not null,
    upstream_event_id uuid not null,
    event_id uuid not null,
    received_at timestamptz not null,
    primary key (sub_client_id, upstream_id, upstream_event_id)
);

-- One event owed to one endpoint. An open delivery has due_at: the time from which any node may claim it. While a node
-- works on it, that time is the end of its lease.
create table delivery (
    sub_client_id uuid not null,
    id uuid not null,
    event_id uuid not null,
    endpoint_id uuid not null,
    environment environment not null,
    event_type text not null,
    status delivery_status not null,
    attempts int not null,
    failures int not null,
    due_at timestamptz,
    lease_owner uuid,
    last_status_code int,
    last_error text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (sub_client_id, id)
) partition by range (id);
create index delivery_due on delivery (due_at) where due_at is not null;
create index delivery_held on delivery (sub_client_id, endpoint_id) where status = 'held';

-- One HTTP request made for a delivery.
create table attempt (
    sub_client_id uuid not null,
    delivery_id uuid not null,
    id uuid not null,
    number int not null,
    started_at timestamptz not null,
    duration_us bigint not null,
    status_code int,
    error_code text,
    response_body bytea,
    primary key (sub_client_id, delivery_id, id),
    constraint attempt_response_body_length check (octet_length(response_body) <= 1024)
) partition by range (delivery_id);

-- Events that no sub-client could be found for: kept, answered 200, looked at by a person.
create table quarantine (
    id uuid primary key,
    upstream_id uuid not null references upstream (id),
    upstream_event_id uuid not null,
    reason text not null,
    payload bytea not null,
    received_at timestamptz not null,
    constraint quarantine_upstream_event_key unique (upstream_id, upstream_event_id),
    constraint quarantine_reason_length check (char_length(reason) between 1 and 100)
);

-- A running node, known to be alive because its session holds the advisory lock lock_key.
create table node (
    id uuid primary key,
    lock_key bigint not null,
    name text not null,
    started_at timestamptz not null,
    constraint node_name_length check (char_length(name) between 1 and 200)
);

-- Answers to requests that carried an Idempotency-Key, sealed because some hold a secret that is shown once.
-- The admin API's own have the nil UUID as their sub-client.
create table idempotency (
    sub_client_id uuid not null,
    route text not null,
    key text not null,
    request_digest bytea not null,
    data_key_id uuid not null,
    response_sealed bytea not null,
    created_at timestamptz not null,
    primary key (sub_client_id, route, key),
    constraint idempotency_route_length check (char_length(route) <= 200),
    constraint idempotency_key_length check (char_length(key) between 1 and 255),
    constraint idempotency_request_digest_length check (octet_length(request_digest) = 32)
);
create index idempotency_created_at on idempotency (created_at);

-- Two walls: each query carries the sub-client, and these policies hold without it. A setting that was never made is
-- NULL, and one that a finished transaction made is '', so nullif; the sub-select is evaluated once per query.
do $$
declare
    tenant_table text;
begin
    foreach tenant_table in array array['data_key', 'credential', 'endpoint', 'link_session', 'transfer', 'event',
        'event_key', 'delivery', 'attempt', 'idempotency']
    loop
        execute format('alter table %I enable row level security', tenant_table);
        execute format('alter table %I force row level security', tenant_table);
        execute format(
            $policy$create policy app on %I for all to subgate_app using (
                sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
                or (select current_setting('subgate.platform', true)) = 'on')$policy$, tenant_table);
        execute format('create policy reader on %I for select to subgate_reader using (true)', tenant_table);
    end loop;
end $$;

alter table sub_client enable row level security;
alter table sub_client force row level security;
create policy app on sub_client for all to subgate_app using (
    id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
create policy reader on sub_client for select to subgate_reader using (true);

-- The platform's own tables: no sub-client has business in them.
do $$
declare
    platform_table text;
begin
    foreach platform_table in array array['admin_key', 'upstream', 'quarantine', 'node']
    loop
        execute format('alter table %I enable row level security', platform_table);
        execute format('alter table %I force row level security', platform_table);
        execute format(
            $policy$create policy app on %I for all to subgate_app using (
                (select current_setting('subgate.platform', true)) = 'on')$policy$, platform_table);
    end loop;
end $$;

grant select, insert, update, delete on all tables in schema subgate to subgate_app;
-- A node looks whether its schema is the one it was made for.
grant select on public.subgate_migration to subgate_app;
grant select on sub_client, link_session, transfer, event, event_key, delivery, attempt to subgate_reader;

-- The first UUIDv7 of a moment: partitions of time are ranges of identifiers.
create function first_uuid(moment timestamptz) returns uuid
    language sql immutable strict parallel safe
    set search_path = pg_catalog
as $$
    select (lpad(to_hex(floor(extract(epoch from moment at time zone 'UTC') * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
$$;

-- The identifier of the delivery of an event to an endpoint: the event's time, then a hash of both, so that fanning an
-- event out twice makes the same rows and the primary key refuses them.
create function delivery_uuid(event_id uuid, endpoint_id uuid) returns uuid
    language sql immutable strict parallel safe
as $$
    select overlay(overlay(md5(event_id::text || endpoint_id::text) placing replace(left(event_id::text, 15), '-', '')
        from 1) placing '8' from 17 for 1)::uuid
$$;

-- Makes the monthly partitions from the month of first_day on. The app may not run DDL; this much it may.
create function ensure_partitions(first_day date, months int) returns int
    language plpgsql security definer
    set search_path = subgate, pg_catalog, pg_temp
as $$
declare
    parent text;
    month timestamptz;
    made int := 0;
begin
    perform pg_advisory_xact_lock(hashtext('subgate.ensure_partitions'));
    foreach parent in array array['event', 'delivery', 'attempt']
    loop
        for offset_months in 0 .. months - 1
        loop
            month := (date_trunc('month', first_day::timestamp) + make_interval(months => offset_months))
                at time zone 'UTC';
            if to_regclass(format('subgate.%I', parent || '_' || to_char(month at time zone 'UTC', 'YYYYMM'))) is null
            then
                execute format('create table %I partition of %I for values from (%L) to (%L)',
                    parent || '_' || to_char(month at time zone 'UTC', 'YYYYMM'), parent,
                    first_uuid(month), first_uuid((month at time zone 'UTC' + interval '1 month') at time zone 'UTC'));
                made := made + 1;
            end if;
        end loop;
    end loop;
    return made;
end $$;
revoke all on function ensure_partitions(date, int) from public;
grant execute on function ensure_partitions(date, int) to subgate_app;

-- What no monthly partition takes: identifiers from a clock that is wrong, or a partition made too late.
create table event_default partition of event default;
create table delivery_default partition of delivery default;
create table attempt_default partition of attempt default;
select ensure_partitions((now() at time zone 'UTC')::date - 31, 6);
