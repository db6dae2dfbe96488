-- What Mesh's read calls need: ways to a sub-client's transfers other than their time, and in the stand-in the
-- transfers that were played, with the posts that told of them.

set local search_path = subgate;

-- A merchant's client looks a transfer up by Mesh's id, by its own transaction id and by its user; each ends in the id,
-- so that the newest come first without a sort.
create index transfer_upstream_transfer on transfer (sub_client_id, upstream_transfer_id, id);
create index transfer_transaction on transfer (sub_client_id, transaction_id, id) where transaction_id is not null;
create index transfer_user on transfer (sub_client_id, user_id, id);

alter table sandbox.link_token
    add column transfer_type text,
    add constraint link_token_transfer_type_length check (char_length(transfer_type) between 1 and 32);

-- One transfer that a user of the stand-in made. Its events lie in the future of its creation; where it stands is what
-- has happened of them.
create table sandbox.transfer (
    id uuid primary key,
    client_id uuid not null,
    sub_client_id uuid,
    user_id text not null,
    transaction_id text,
    transfer_type text not null,
    network_id uuid not null,
    network_name text not null,
    symbol text not null,
    source_amount numeric not null,
    destination_amount numeric not null,
    amount_in_fiat numeric not null,
    fee_is_inclusive boolean not null,
    source_address text not null,
    destination_address text not null,
    refund_address text not null,
    -- Of the event that succeeds, if there is one.
    tx_hash text,
    -- Of the events, in their order.
    statuses text[] not null,
    happens_at timestamptz[] not null,
    created_at timestamptz not null,
    constraint transfer_events_match check (cardinality(statuses) = cardinality(happens_at)),
    constraint transfer_events_count check (cardinality(statuses) between 1 and 20)
);
create index transfer_client on sandbox.transfer (client_id, created_at);
create index transfer_created_at on sandbox.transfer (created_at);

alter table sandbox.webhook add column transfer_id uuid;

-- One post of an event to the address of its client, as Mesh's log of webhooks tells it.
create table sandbox.webhook_log (
    id bigint generated always as identity primary key,
    transfer_id uuid not null references sandbox.transfer (id) on delete cascade,
    uri text not null,
    -- Null where no answer came.
    status_code int,
    message text,
    sent_at timestamptz not null,
    answered_at timestamptz,
    constraint webhook_log_uri_length check (char_length(uri) <= 2048),
    constraint webhook_log_message_length check (char_length(message) <= 200)
);
create index webhook_log_transfer on sandbox.webhook_log (transfer_id);

grant select, insert, update, delete on all tables in schema sandbox to subgate_sandbox;
