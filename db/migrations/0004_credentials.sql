-- Credentials: several secrets that work under one client id, so that a merchant changes them without an outage; the
-- addresses a credential may be used from; and when a secret or a key was last used.

set local search_path = subgate;

-- A secret of a credential, known to us only as a keyed digest. It works until it expires or is revoked, and no longer
-- than its credential.
create table credential_secret (
    sub_client_id uuid not null,
    credential_id uuid not null,
    id uuid not null,
    digest bytea not null,
    pepper_id text not null,
    hint text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    -- Roughly: nodes write it once in a while.
    last_used_at timestamptz,
    primary key (sub_client_id, credential_id, id),
    constraint credential_secret_credential_fkey foreign key (sub_client_id, credential_id)
        references credential (sub_client_id, id),
    constraint credential_secret_digest_length check (octet_length(digest) = 32),
    constraint credential_secret_pepper_id_length check (char_length(pepper_id) between 1 and 32),
    constraint credential_secret_hint_length check (char_length(hint) = 4)
) with (fillfactor = 80);

-- The secrets that are there become the first of their credentials. Row-level security is off for as long as they are
-- copied: an owner who is no superuser would see none of them.
alter table credential no force row level security;
insert into credential_secret (sub_client_id, credential_id, id, digest, pepper_id, hint, created_at)
select sub_client_id, id, id, secret_digest, pepper_id, secret_hint, created_at from credential;
alter table credential force row level security;
alter table credential drop column secret_digest, drop column pepper_id, drop column secret_hint;
-- Not unique: uniqueness across sub-clients cannot be held once rows are distributed, and 256 random bits need no help.
create index credential_secret_by_digest on credential_secret (digest);

-- Where calls may come from; empty for anywhere.
alter table credential
    add column allowed_ips cidr[] not null default '{}',
    add constraint credential_allowed_ips_count check (cardinality(allowed_ips) <= 100);

alter table credential_secret enable row level security;
alter table credential_secret force row level security;
create policy app on credential_secret for all to subgate_app using (
    sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
create policy reader on credential_secret for select to subgate_reader using (true);
grant select, insert, update, delete on credential_secret to subgate_app;

-- With its secrets by their ids alone.
create or replace function audit_credential(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('clientId', c.client_id, 'environment', c.environment, 'access', c.access,
        'name', c.name, 'allowedIps', c.allowed_ips, 'expiresAt', c.expires_at, 'revokedAt', c.revoked_at,
        'secrets', (
            select jsonb_agg(jsonb_build_object('id', k.id, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at)
                order by k.id)
            from credential_secret k where k.sub_client_id = c.sub_client_id and k.credential_id = c.id))
    from credential c where c.sub_client_id = $1 and c.id = $2
$$;
