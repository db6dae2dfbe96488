-- Webhook endpoints: several signing secrets at a time, so that a merchant exchanges them without an outage; key pairs,
-- for receivers that should hold no secret; and audit entries that tell of both and of the settings.

set local search_path = subgate;

-- What signs an endpoint's webhooks: a secret, and the seed of an Ed25519 key pair. The one without an end is the
-- current one; the others sign beside it until theirs. What has ended is deleted, so that a stolen table holds no more
-- than what still signs.
create table endpoint_secret (
    sub_client_id uuid not null,
    endpoint_id uuid not null,
    id uuid not null,
    -- Both sealed with the endpoint's data key.
    secret_sealed bytea not null,
    -- Null for a secret from before there were key pairs, until its endpoint asks for signatures by one.
    seed_sealed bytea,
    public_key bytea,
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (sub_client_id, endpoint_id, id),
    constraint endpoint_secret_endpoint_fkey foreign key (sub_client_id, endpoint_id)
        references endpoint (sub_client_id, id),
    constraint endpoint_secret_key_pair_whole check ((seed_sealed is null) = (public_key is null)),
    constraint endpoint_secret_public_key_length check (octet_length(public_key) = 32)
);
-- For deleting what has ended; few have an end at any time.
create index endpoint_secret_expires_at on endpoint_secret (expires_at) where expires_at is not null;

-- The secrets that are there become the first of their endpoints, and have the endpoint's identifier for their own: it
-- says that they are sealed for their old place. Row-level security is off for as long as they are copied: an owner who
-- is no superuser would see none of them.
alter table endpoint no force row level security;
insert into endpoint_secret (sub_client_id, endpoint_id, id, secret_sealed, created_at)
select sub_client_id, id, id, secret_sealed, created_at from endpoint where deleted_at is null;
alter table endpoint force row level security;
alter table endpoint drop column secret_sealed;

alter table endpoint_secret enable row level security;
alter table endpoint_secret force row level security;
create policy app on endpoint_secret for all to subgate_app using (
    sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
create policy reader on endpoint_secret for select to subgate_reader using (true);
grant select, insert, update, delete on endpoint_secret to subgate_app;

-- With its secrets by their ids alone.
create or replace function audit_endpoint(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('environment', e.environment, 'url', e.url, 'eventTypes', e.event_types,
        'payloadFormat', e.payload_format, 'description', e.description, 'enabled', e.enabled,
        'disabledReason', e.disabled_reason, 'signatures', e.signatures, 'ordering', e.ordering,
        'supersede', e.supersede, 'rateLimitPerSecond', e.rate_limit_per_second,
        'maxConcurrency', e.max_concurrency, 'retrySchedule', e.retry_schedule,
        'hasHeaders', e.headers_sealed is not null, 'version', e.version, 'deletedAt', e.deleted_at,
        'secrets', (
            select jsonb_agg(jsonb_build_object('id', k.id, 'expiresAt', k.expires_at) order by k.id)
            from endpoint_secret k where k.sub_client_id = e.sub_client_id and k.endpoint_id = e.id))
    from endpoint e where e.sub_client_id = $1 and e.id = $2
$$;
