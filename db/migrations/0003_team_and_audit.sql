-- The PSP's team, whose members hold the admin keys, and the audit chain: one entry for every change, each bound to the
-- entry before it by a hash.

set local search_path = subgate;

create type member_role as enum ('owner', 'admin', 'developer', 'compliance', 'support');

-- A person of the PSP, or a program of theirs.
create table member (
    id uuid primary key,
    name text not null,
    email text,
    role member_role not null,
    version int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    constraint member_name_length check (char_length(name) between 1 and 100),
    constraint member_email_length check (char_length(email) between 3 and 254)
);
create unique index member_email_key on member (lower(email)) where deleted_at is null;

-- Keys that are there already belong to an owner each. Forced row-level security would hide them from a schema's owner
-- who is no superuser.
alter table admin_key no force row level security;
alter table admin_key add column member_id uuid references member (id), add column last_used_at timestamptz,
    -- The end that was given with the key, which its holder cannot put off; expires_at may come sooner.
    add column granted_until timestamptz;
insert into member (id, name, role, created_at, updated_at)
select id, name, 'owner', created_at, created_at from admin_key;
update admin_key set member_id = id, granted_until = expires_at;
alter table admin_key alter column member_id set not null;
alter table admin_key force row level security;
create index admin_key_member on admin_key (member_id, id);

alter table member enable row level security;
alter table member force row level security;
create policy app on member for all to subgate_app using ((select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on member to subgate_app;

-- body is what is hashed, byte for byte. details (the values before and after) is bound to it by a digest in body, so
-- that it can be erased without breaking the chain; a salt in it keeps what was erased from being guessed.
create table audit_entry (
    seq bigint primary key,
    id uuid not null,
    at timestamptz not null,
    body text not null,
    details text,
    previous_hash bytea not null,
    hash bytea not null,
    about_sub_client uuid generated always as ((body::jsonb ->> 'subClientId')::uuid) stored,
    actor_id uuid generated always as ((body::jsonb ->> 'actorId')::uuid) stored,
    action text generated always as (body::jsonb ->> 'action') stored,
    target_id uuid generated always as ((body::jsonb ->> 'targetId')::uuid) stored,
    constraint audit_entry_hash_length check (octet_length(hash) = 32 and octet_length(previous_hash) = 32)
);
create index audit_entry_sub_client on audit_entry (about_sub_client, seq);
create index audit_entry_actor on audit_entry (actor_id, seq);
create index audit_entry_action on audit_entry (action, seq);
create index audit_entry_target on audit_entry (target_id, seq);
create index audit_entry_at on audit_entry (at, seq);

-- The app reads it, and writes it only through append_audit_entry, which runs as the owner: hence not forced.
alter table audit_entry enable row level security;
create policy app on audit_entry for select to subgate_app
    using ((select current_setting('subgate.platform', true)) = 'on');
grant select on audit_entry to subgate_app;

-- What an entry shows of each noun: columns named one by one, never a secret. Null where there is no such row.
create function audit_sub_client(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('legalName', s.legal_name, 'displayName', s.display_name, 'country', s.country,
        'externalId', s.external_id, 'website', s.website, 'metadata', s.metadata, 'status', s.status,
        'statusReason', s.status_reason, 'version', s.version)
    from sub_client s where s.id = $2
$$;

create function audit_credential(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('clientId', c.client_id, 'environment', c.environment, 'access', c.access,
        'name', c.name, 'expiresAt', c.expires_at, 'revokedAt', c.revoked_at)
    from credential c where c.sub_client_id = $1 and c.id = $2
$$;

create function audit_member(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('name', m.name, 'email', m.email, 'role', m.role, 'version', m.version,
        'deletedAt', m.deleted_at)
    from member m where m.id = $2
$$;

create function audit_admin_key(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('memberId', k.member_id, 'name', k.name, 'expiresAt', k.expires_at,
        'revokedAt', k.revoked_at)
    from admin_key k where k.id = $2
$$;

create function audit_upstream(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('name', u.name, 'environment', u.environment, 'baseUrl', u.base_url,
        'adminBaseUrl', u.admin_base_url, 'clientId', u.client_id,
        'webhookSecrets', cardinality(u.webhook_secrets_sealed), 'version', u.version, 'deletedAt', u.deleted_at)
    from upstream u where u.id = $2
$$;

create function audit_endpoint(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('environment', e.environment, 'url', e.url, 'eventTypes', e.event_types,
        'payloadFormat', e.payload_format, 'description', e.description, 'enabled', e.enabled,
        'hasHeaders', e.headers_sealed is not null, 'version', e.version, 'deletedAt', e.deleted_at)
    from endpoint e where e.sub_client_id = $1 and e.id = $2
$$;

create function audit_delivery(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('eventId', d.event_id, 'endpointId', d.endpoint_id, 'status', d.status,
        'attempts', d.attempts, 'dueAt', d.due_at)
    from delivery d where d.sub_client_id = $1 and d.id = $2
$$;

create function audit_quarantine(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('upstreamId', q.upstream_id, 'upstreamEventId', q.upstream_event_id,
        'reason', q.reason)
    from quarantine q where q.id = $2
$$;

create function audit_snapshot(noun text, sub_client uuid, id uuid) returns jsonb language plpgsql stable as $$
declare
    snapshot jsonb;
begin
    execute format('select %I($1, $2)', 'audit_' || noun) into snapshot using sub_client, id;
    return snapshot;
end $$;

-- The first statement of a change: takes the chain's lock and remembers what there was.
create function audit_open(noun text, sub_client uuid, id uuid) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext('subgate.audit'));
    perform set_config('subgate.audit_before', coalesce(audit_snapshot(noun, sub_client, id)::text, ''), true);
end $$;

-- The last statement of a change: writes the entry, unless nothing changed.
create function audit_close(entry uuid, at timestamptz, actor_type text, actor uuid, key uuid, request_id text,
    address text, action text, noun text, sub_client uuid, target uuid) returns bool language plpgsql as $$
declare
    before jsonb := nullif(current_setting('subgate.audit_before', true), '')::jsonb;
    after jsonb := audit_snapshot(noun, sub_client, target);
begin
    if before is not distinct from after then return false; end if;
    perform append_audit_entry(entry, at, jsonb_build_object('actorType', actor_type, 'actorId', actor,
        'keyId', key, 'requestId', request_id, 'address', address, 'action', action, 'targetType', noun,
        'targetId', target, 'subClientId', sub_client), before, after);
    return true;
end $$;

-- Binds an entry to the one before it: hash = SHA-256(previous hash, body). The caller holds the chain's lock.
create function append_audit_entry(entry uuid, at timestamptz, facts jsonb, before jsonb, after jsonb) returns void
    language plpgsql security definer
    set search_path = subgate, pg_catalog, pg_temp
as $$
declare
    last_seq bigint;
    last_hash bytea;
    details text := jsonb_build_object('salt', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
        'before', before, 'after', after)::text;
    body text;
begin
    perform pg_advisory_xact_lock(hashtext('subgate.audit'));
    select e.seq, e.hash into last_seq, last_hash from audit_entry e order by e.seq desc limit 1;
    last_seq := coalesce(last_seq, 0) + 1;
    last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex'));
    body := (facts || jsonb_build_object('seq', last_seq, 'id', entry, 'at',
        to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'detailsDigest', encode(sha256(convert_to(details, 'UTF8')), 'hex')))::text;
    insert into audit_entry (seq, id, at, body, details, previous_hash, hash)
    values (last_seq, entry, at, body, details, last_hash, sha256(last_hash || convert_to(body, 'UTF8')));
end $$;
revoke all on function append_audit_entry(uuid, timestamptz, jsonb, jsonb, jsonb) from public;
grant execute on function append_audit_entry(uuid, timestamptz, jsonb, jsonb, jsonb) to subgate_app;
