-- Registration: what the upstreams are to know of each sub-client, and whether they do. An outbox: any change of what
-- is registered makes the row due in the same transaction, by trigger, so that no writer can forget it.

set local search_path = subgate;

create type registration_state as enum ('pending', 'synced', 'failed', 'removed');

-- One sub-client at one upstream. What is wanted is not kept here: it is read from the sub-client, its branding, logo
-- and compliance when it is sent.
create table registration (
    sub_client_id uuid not null references sub_client (id),
    upstream_id uuid not null,
    state registration_state not null,
    -- Goes up with each change of what is wanted; synced_version is the last one that the upstream confirmed.
    wanted_version bigint not null default 1,
    synced_version bigint not null default 0,
    -- The upstream's own id of it; null until it is registered, and again when it is removed.
    upstream_sub_client_id uuid,
    -- Of the logo the upstream has; null for none. Not certain while a change of it may or may not have arrived.
    logo_digest bytea,
    logo_is_certain boolean not null default true,
    -- Since the last success, or the last change.
    attempts int not null default 0,
    -- When any node may work on it next; null for never, unless something changes.
    due_at timestamptz,
    -- Of the worker that has it now. Whoever lost its lease writes nothing more.
    lease uuid,
    leased_until timestamptz,
    last_error text,
    last_error_message text,
    last_attempt_at timestamptz,
    synced_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (sub_client_id, upstream_id),
    constraint registration_versions_order check (synced_version <= wanted_version),
    constraint registration_logo_digest_length check (octet_length(logo_digest) = 32),
    constraint registration_lease_is_whole check (num_nulls(lease, leased_until) in (0, 2)),
    constraint registration_last_error_length check (char_length(last_error) between 1 and 64),
    constraint registration_last_error_message_length check (char_length(last_error_message) <= 1024)
);
create index registration_due on registration (due_at) where due_at is not null;
create index registration_upstream on registration (upstream_id, upstream_sub_client_id);

-- The right to create an entry of these two names at an upstream, which one sub-client has at a time. The upstream
-- takes no id of ours, so names are all that a create whose answer was lost can be found by: were two under way with
-- the same names, one could be taken for the other.
create table registration_creation (
    id uuid primary key,
    upstream_id uuid not null references upstream (id),
    names_digest bytea not null,
    -- The sub-client that has it.
    holder_id uuid not null,
    -- As they were sent, whatever they have become since.
    legal_name text not null,
    display_name text not null,
    -- When a create was sent whose outcome is not known; null if none was.
    sent_at timestamptz,
    constraint registration_creation_names_key unique (upstream_id, names_digest),
    constraint registration_creation_holder_key unique (upstream_id, holder_id),
    constraint registration_creation_names_digest_length check (octet_length(names_digest) = 32),
    constraint registration_creation_legal_name_length check (char_length(legal_name) between 1 and 300),
    constraint registration_creation_display_name_length check (char_length(display_name) between 1 and 300)
);

alter table registration enable row level security;
alter table registration force row level security;
create policy app on registration for all to subgate_app using (
    sub_client_id = (select nullif(current_setting('subgate.sub_client', true), '')::uuid)
    or (select current_setting('subgate.platform', true)) = 'on');
create policy reader on registration for select to subgate_reader using (true);

alter table registration_creation enable row level security;
alter table registration_creation force row level security;
create policy app on registration_creation for all to subgate_app using (
    (select current_setting('subgate.platform', true)) = 'on');

grant select, insert, update, delete on registration, registration_creation to subgate_app;
grant select on registration to subgate_reader;

-- Makes the rows that are missing: for one sub-client or for all, at one upstream or at all that have the keys for it.
create function make_registrations(of_sub_client uuid, at_upstream uuid) returns void
    language sql
as $$
    insert into subgate.registration (sub_client_id, upstream_id, state, due_at, created_at, updated_at)
    select s.id, u.id, 'pending', now(), now(), now()
    from subgate.sub_client s
    cross join subgate.upstream u
    where (of_sub_client is null or s.id = of_sub_client) and (at_upstream is null or u.id = at_upstream)
        and s.status::text in ('onboarding', 'active')
        and u.deleted_at is null and u.admin_base_url is not null and u.admin_client_secret_sealed is not null
    on conflict do nothing
$$;

-- Makes all registrations of a sub-client due.
create function want_registrations(of_sub_client uuid) returns void
    language sql
as $$
    update subgate.registration
    set wanted_version = wanted_version + 1, state = 'pending', attempts = 0, due_at = now(), updated_at = now()
    where sub_client_id = of_sub_client
$$;

create function sub_client_changed() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'UPDATE' and (old.legal_name <> new.legal_name or old.display_name <> new.display_name
        or (old.status::text in ('closed', 'erased')) <> (new.status::text in ('closed', 'erased')))
    then
        perform subgate.want_registrations(new.id);
    end if;
    perform subgate.make_registrations(new.id, null);
    return null;
end $$;
create trigger registration after insert or update of legal_name, display_name, status on sub_client
    for each row execute function sub_client_changed();

create function branding_changed() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        perform subgate.want_registrations(old.sub_client_id);
    elsif tg_op = 'INSERT' or old.display_name is distinct from new.display_name
        or old.allowed_origins is distinct from new.allowed_origins
    then
        perform subgate.want_registrations(new.sub_client_id);
    end if;
    return null;
end $$;
create trigger registration after insert or update or delete on branding
    for each row execute function branding_changed();

create function logo_changed() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        perform subgate.want_registrations(old.sub_client_id);
    elsif tg_op = 'INSERT' or old.digest is distinct from new.digest then
        perform subgate.want_registrations(new.sub_client_id);
    end if;
    return null;
end $$;
create trigger registration after insert or update or delete on logo
    for each row execute function logo_changed();

-- A revision that is in force later makes the rows due then; whatever is sent before looks for it again.
create function compliance_changed() returns trigger
    language plpgsql
as $$
begin
    if new.effective_at <= now() then
        perform subgate.want_registrations(new.sub_client_id);
    else
        update subgate.registration set due_at = least(coalesce(due_at, new.effective_at), new.effective_at)
        where sub_client_id = new.sub_client_id;
    end if;
    return null;
end $$;
create trigger registration after insert on compliance_revision
    for each row execute function compliance_changed();

-- Another account knows none of the sub-clients. Other keys or another address may mend what failed.
create function upstream_changed() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'UPDATE' and old.client_id <> new.client_id then
        delete from subgate.registration_creation where upstream_id = new.id;
        update subgate.registration
        set wanted_version = wanted_version + 1, state = 'pending', attempts = 0, due_at = now(), updated_at = now(),
            upstream_sub_client_id = null, logo_digest = null, logo_is_certain = true, synced_version = 0,
            lease = null, leased_until = null
        where upstream_id = new.id;
    elsif tg_op = 'UPDATE' and (old.admin_base_url is distinct from new.admin_base_url
        or old.admin_client_secret_sealed is distinct from new.admin_client_secret_sealed)
    then
        update subgate.registration
        set state = 'pending', attempts = 0, due_at = now(), updated_at = now()
        where upstream_id = new.id and state in ('pending', 'failed');
    end if;
    if tg_op = 'INSERT' or old.admin_base_url is distinct from new.admin_base_url
        or old.admin_client_secret_sealed is distinct from new.admin_client_secret_sealed
    then
        perform subgate.make_registrations(null, new.id);
    end if;
    return null;
end $$;
create trigger registration after insert or update on upstream
    for each row execute function upstream_changed();

-- What there is already.
select make_registrations(null, null);

-- What the audit log keeps of one. Its id is the upstream's.
create function audit_registration(sub_client uuid, id uuid) returns jsonb
    language sql stable
as $$
    select jsonb_build_object('state', r.state, 'wantedVersion', r.wanted_version, 'syncedVersion', r.synced_version,
        'upstreamSubClientId', r.upstream_sub_client_id, 'lastError', r.last_error)
    from registration r
    where r.sub_client_id = $1 and r.upstream_id = $2
$$;
