-- The accounts of the Mesh stand-in: the sub-clients that Mesh's Account Management API keeps. No foreign keys between
-- accounts and sub-clients: which accounts there are is the stand-in's configuration.

-- What an account set for itself; one that set nothing has no row.
create table sandbox.account (
    client_id uuid primary key,
    callback_urls text[] not null default '{}',
    -- Written by the stand-in from what it checked.
    catalog_configuration jsonb,
    constraint account_callback_urls_count check (cardinality(callback_urls) <= 50)
);

create table sandbox.sub_client (
    client_id uuid not null,
    id uuid not null,
    -- Lists are in the order of creation.
    number bigint generated always as identity,
    business_legal_name text not null,
    display_name text not null,
    -- Null and empty are told apart as Mesh tells them apart: by giving back what it was given.
    callback_urls text[],
    catalog_configuration jsonb,
    logo_media_type text,
    logo bytea,
    primary key (client_id, id),
    constraint sub_client_business_legal_name_length check (char_length(business_legal_name) between 1 and 300),
    constraint sub_client_display_name_length check (char_length(display_name) between 1 and 300),
    constraint sub_client_callback_urls_count check (cardinality(callback_urls) <= 50),
    constraint sub_client_logo_is_whole check (num_nulls(logo_media_type, logo) in (0, 2)),
    constraint sub_client_logo_length check (octet_length(logo) between 1 and 5242880)
);
create index sub_client_number on sandbox.sub_client (client_id, number);

-- The sub-client a link token was minted for, if it named one.
alter table sandbox.link_token add column sub_client_id uuid;

grant select, insert, update, delete on sandbox.account, sandbox.sub_client to subgate_sandbox;
