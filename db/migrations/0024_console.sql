-- The console, a page of the admin listener: a browser is lent a session in place of an admin key, and who tries keys
-- is counted.

set local search_path = subgate;

create table console_session (
    id uuid primary key,
    -- SHA-256 of the token, whose 32 random bytes only the browser has.
    token_digest bytea not null,
    key_id uuid not null references admin_key (id),
    created_at timestamptz not null,
    -- When a person last asked for a page, to the minute.
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint console_session_token_digest_key unique (token_digest),
    constraint console_session_token_digest_length check (octet_length(token_digest) = 32)
);
create index console_session_expires_at on console_session (expires_at);

alter table console_session enable row level security;
alter table console_session force row level security;
create policy app on console_session for all to subgate_app
    using ((select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on console_session to subgate_app;

create function audit_console_session(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('keyId', identifier_text('key_', s.key_id), 'expiresAt', s.expires_at,
        'endedAt', s.ended_at)
    from console_session s where s.id = $2
$$;

-- Keys that were refused, by where they came from and in which minute.
create table console_refusal (
    place text not null,
    minute timestamptz not null,
    refusals int not null,
    primary key (place, minute)
);
create index console_refusal_minute on console_refusal (minute);

alter table console_refusal enable row level security;
alter table console_refusal force row level security;
create policy app on console_refusal for all to subgate_app
    using ((select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on console_refusal to subgate_app;

-- How many sub-clients stand how at an upstream, and which of them failed.
create index registration_by_state on registration (state, upstream_id, sub_client_id);
