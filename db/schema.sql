-- What the migrations make of an empty database, but for the monthly partitions. Nothing reads this file but
-- people and a test, and `deploy/schema` writes it.

CREATE SCHEMA sandbox;

CREATE SCHEMA subgate;

CREATE TYPE subgate.credential_access AS ENUM (
    'read',
    'readWrite'
);

CREATE TYPE subgate.delivery_status AS ENUM (
    'pending',
    'delivering',
    'retrying',
    'delivered',
    'held',
    'failed',
    'cancelled'
);

CREATE TYPE subgate.environment AS ENUM (
    'sandbox',
    'production'
);

CREATE TYPE subgate.erased_chunk AS (
	"position" uuid,
	is_clean boolean,
	link_sessions bigint,
	transfers bigint,
	events bigint,
	deliveries bigint,
	attempts bigint
);

CREATE TYPE subgate.erasure_status AS ENUM (
    'running',
    'done'
);

CREATE TYPE subgate.erasure_step AS ENUM (
    'linkSessions',
    'deliveries',
    'attempts',
    'events',
    'transfers',
    'audit',
    'ending'
);

CREATE TYPE subgate.erasure_subject AS ENUM (
    'subClient',
    'endUser'
);

CREATE TYPE subgate.event_origin AS ENUM (
    'webhook',
    'reconciliation',
    'subgate'
);

CREATE TYPE subgate.kyb_status AS ENUM (
    'unverified',
    'pending',
    'approved',
    'rejected',
    'expired'
);

CREATE TYPE subgate.member_role AS ENUM (
    'owner',
    'admin',
    'developer',
    'compliance',
    'support'
);

CREATE TYPE subgate.payload_format AS ENUM (
    'mesh',
    'standard'
);

CREATE TYPE subgate.reconciliation_sweep AS ENUM (
    'recent',
    'deep'
);

CREATE TYPE subgate.recovery_status AS ENUM (
    'running',
    'done',
    'cancelled'
);

CREATE TYPE subgate.refund_status AS ENUM (
    'refundPending',
    'refundFailed',
    'refundSucceeded'
);

CREATE TYPE subgate.registration_state AS ENUM (
    'pending',
    'synced',
    'failed',
    'removed'
);

CREATE TYPE subgate.sub_client_status AS ENUM (
    'onboarding',
    'active',
    'suspended',
    'closed',
    'erased'
);

CREATE TYPE subgate.transfer_status AS ENUM (
    'unknown',
    'pending',
    'failed',
    'succeeded'
);

CREATE FUNCTION subgate.append_audit_entry(entry uuid, at timestamp with time zone, facts jsonb, before jsonb, after jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'subgate', 'pg_catalog', 'pg_temp'
    AS $$
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

CREATE FUNCTION subgate.audit_admin_key(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('memberId', k.member_id, 'name', k.name, 'expiresAt', k.expires_at,
        'revokedAt', k.revoked_at) || case when k.replaces is null then '{}'
            else jsonb_build_object('replaces', identifier_text('key_', k.replaces)) end
    from admin_key k where k.id = $2
$_$;

CREATE FUNCTION subgate.audit_branding(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('displayName', b.display_name, 'primaryColor', b.primary_color,
        'primaryTextColor', b.primary_text_color, 'secondaryColor', b.secondary_color,
        'secondaryTextColor', b.secondary_text_color, 'buttonRadius', b.button_radius,
        'cornerRadius', b.corner_radius, 'overlayOpacity', b.overlay_opacity::text, 'theme', b.theme,
        'language', b.language, 'fiatCurrency', b.fiat_currency, 'allowedOrigins', to_jsonb(b.allowed_origins),
        'version', b.version)
    from branding b
    where b.sub_client_id = $1
$_$;

CREATE FUNCTION subgate.audit_close(entry uuid, at timestamp with time zone, actor_type text, actor uuid, key uuid, request_id text, address text, action text, noun text, sub_client uuid, target uuid) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION subgate.audit_compliance(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('revision', r.number, 'rules', r.rules::jsonb, 'effectiveAt', r.effective_at,
        'kyb', jsonb_build_object('status', r.kyb_status, 'expiresAt', r.kyb_expires_at,
            'legalEntity', r.kyb_legal_entity, 'registrationNumber', r.kyb_registration_number,
            'address', r.kyb_address, 'vaspId', r.kyb_vasp_id, 'platformCategory', r.kyb_platform_category,
            'mcc', r.kyb_mcc))
    from compliance_revision r where r.sub_client_id = $1
    order by r.number desc
    limit 1
$_$;

CREATE FUNCTION subgate.audit_console_session(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('keyId', identifier_text('key_', s.key_id), 'expiresAt', s.expires_at,
        'endedAt', s.ended_at)
    from console_session s where s.id = $2
$_$;

CREATE FUNCTION subgate.audit_credential(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('clientId', c.client_id, 'environment', c.environment, 'access', c.access,
        'name', c.name, 'allowedIps', c.allowed_ips, 'expiresAt', c.expires_at, 'revokedAt', c.revoked_at,
        'secrets', (
            select jsonb_agg(jsonb_build_object('id', k.id, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at)
                order by k.id)
            from credential_secret k where k.sub_client_id = c.sub_client_id and k.credential_id = c.id))
    from credential c where c.sub_client_id = $1 and c.id = $2
$_$;

CREATE FUNCTION subgate.audit_delivery(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('eventId', d.event_id, 'endpointId', d.endpoint_id, 'status', d.status,
        'attempts', d.attempts, 'dueAt', d.due_at)
    from delivery d where d.sub_client_id = $1 and d.id = $2
$_$;

CREATE FUNCTION subgate.audit_delivery_gate(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    select jsonb_build_object('heldSince', g.held_since, 'heldFor', g.held_for, 'discarded', g.discarded,
        'discardedBefore', g.discarded_before)
    from delivery_gate g
$$;

CREATE FUNCTION subgate.audit_endpoint(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
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
$_$;

CREATE FUNCTION subgate.audit_erasure(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('subject', e.subject, 'environment', e.environment,
        'userDigest', encode(e.user_digest, 'hex'), 'requestedAt', e.requested_at)
    from erasure e where e.sub_client_id = $1 and e.id = $2
$_$;

CREATE FUNCTION subgate.audit_event(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('type', e.type, 'deliveries', (
        select jsonb_object_agg(d.id, jsonb_build_object('endpointId', d.endpoint_id, 'status', d.status, 'attempts',
            d.attempts, 'dueAt', d.due_at))
        from delivery d
        where d.sub_client_id = e.sub_client_id and d.event_id = e.id
            and d.id between first_delivery_uuid(e.id) and last_delivery_uuid(e.id)))
    from event e where e.sub_client_id = $1 and e.id = $2
$_$;

CREATE FUNCTION subgate.audit_logo(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('digest', encode(l.digest, 'hex'), 'mediaType', l.media_type, 'width', l.width,
        'height', l.height, 'bytes', octet_length(l.bytes))
    from logo l
    where l.sub_client_id = $1
$_$;

CREATE FUNCTION subgate.audit_member(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('name', m.name, 'email', m.email, 'role', m.role, 'version', m.version,
        'deletedAt', m.deleted_at)
    from member m where m.id = $2
$_$;

CREATE FUNCTION subgate.audit_note(entry uuid, at timestamp with time zone, actor_type text, actor uuid, key uuid, request_id text, address text, action text, noun text, sub_client uuid, target uuid, facts jsonb) RETURNS void
    LANGUAGE sql
    AS $$
    select append_audit_entry(entry, at, jsonb_build_object('actorType', actor_type, 'actorId', actor, 'keyId', key,
        'requestId', request_id, 'address', address, 'action', action, 'targetType', noun, 'targetId', target,
        'subClientId', sub_client), null, facts)
$$;

CREATE FUNCTION subgate.audit_open(noun text, sub_client uuid, id uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock(hashtext('subgate.audit'));
    perform set_config('subgate.audit_before', coalesce(audit_snapshot(noun, sub_client, id)::text, ''), true);
end $$;

CREATE FUNCTION subgate.audit_quarantine(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('upstreamId', q.upstream_id, 'upstreamEventId', q.upstream_event_id,
        'reason', q.reason)
    from quarantine q where q.id = $2
$_$;

CREATE FUNCTION subgate.audit_recovery(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('endpointId', r.endpoint_id, 'environment', r.environment, 'since', r.since, 'until',
        r.until, 'onlyFailed', r.only_failed, 'ratePerSecond', r.rate_per_second, 'cancelled', r.status = 'cancelled')
    from recovery r where r.sub_client_id = $1 and r.id = $2
$_$;

CREATE FUNCTION subgate.audit_registration(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('state', r.state, 'wantedVersion', r.wanted_version, 'syncedVersion', r.synced_version,
        'upstreamSubClientId', r.upstream_sub_client_id, 'lastError', r.last_error)
    from registration r
    where r.sub_client_id = $1 and r.upstream_id = $2
$_$;

CREATE FUNCTION subgate.audit_snapshot(noun text, sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $_$
declare
    snapshot jsonb;
begin
    execute format('select %I($1, $2)', 'audit_' || noun) into snapshot using sub_client, id;
    return snapshot;
end $_$;

CREATE FUNCTION subgate.audit_sub_client(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('legalName', s.legal_name, 'displayName', s.display_name, 'country', s.country,
        'externalId', s.external_id, 'website', s.website, 'metadata', s.metadata, 'status', s.status,
        'statusReason', s.status_reason, 'version', s.version) || case when s.requests_per_second is null then '{}'
            else jsonb_build_object('requestsPerSecond', s.requests_per_second) end
    from sub_client s where s.id = $2
$_$;

CREATE FUNCTION subgate.audit_upstream(sub_client uuid, id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('name', u.name, 'environment', u.environment, 'baseUrl', u.base_url,
        'adminBaseUrl', u.admin_base_url, 'clientId', u.client_id,
        'webhookSecrets', cardinality(u.webhook_secrets_sealed), 'version', u.version, 'deletedAt', u.deleted_at)
    from upstream u where u.id = $2
$_$;

CREATE FUNCTION subgate.begin_end_user_erasure(tenant uuid, erasing uuid, world subgate.environment, digest bytea, sealed bytea, sealed_with uuid, moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    standing text;
begin
    select s.status::text into standing from sub_client s where s.id = tenant;
    if standing is null then
        raise foreign_key_violation using constraint = 'erasure_sub_client_id_fkey';
    elsif standing = 'erased' then
        raise unique_violation using constraint = 'sub_client_erased';
    end if;
    insert into erasure (sub_client_id, id, subject, environment, user_digest, user_sealed, data_key_id, swept_from,
        due_at, requested_at)
    select tenant, erasing, 'endUser', world, digest, sealed, sealed_with, moment, moment, moment
    where not exists (select from erasure e
        where e.sub_client_id = tenant and e.user_digest = digest and e.status = 'running');
end $$;

CREATE FUNCTION subgate.begin_sub_client_erasure(tenant uuid, erasing uuid, moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    standing text;
begin
    select s.status::text into standing from sub_client s where s.id = tenant for update;
    if standing is null then
        raise foreign_key_violation using constraint = 'erasure_sub_client_id_fkey';
    elsif standing = 'erased' then
        raise unique_violation using constraint = 'sub_client_erased';
    elsif standing <> 'closed' then
        raise check_violation using constraint = 'sub_client_not_closed';
    end if;
    insert into erasure (sub_client_id, id, subject, swept_from, due_at, requested_at)
    values (tenant, erasing, 'subClient', moment, moment, moment);
end $$;

CREATE FUNCTION subgate.branding_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION subgate.compliance_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if new.effective_at <= now() then
        perform subgate.want_registrations(new.sub_client_id);
    else
        update subgate.registration set due_at = least(coalesce(due_at, new.effective_at), new.effective_at)
        where sub_client_id = new.sub_client_id;
    end if;
    return null;
end $$;

CREATE FUNCTION subgate.delivery_uuid(event_id uuid, endpoint_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select overlay(overlay(md5(event_id::text || endpoint_id::text) placing replace(left(event_id::text, 15), '-', '')
        from 1) placing '8' from 17 for 1)::uuid
$$;

CREATE FUNCTION subgate.discard_owed(cutoff timestamp with time zone, size integer, moment timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
    done int;
begin
    perform from delivery_gate g where g.held_since is not null for update;
    if not found then return null; end if;
    with timed as (
        select d.sub_client_id, d.id
        from delivery d
        where d.due_at is not null and (d.status <> 'delivering' or d.due_at <= moment) and d.created_at < cutoff
        limit size
        for update skip locked
    ), waiting as (
        select d.sub_client_id, d.id
        from delivery d
        where d.due_at is null and d.status in ('pending', 'retrying') and d.created_at < cutoff
        limit size
        for update skip locked
    )
    update delivery d
    set status = 'cancelled', due_at = null, lease_owner = null, last_error = 'discarded', updated_at = moment
    from (select * from timed union all select * from waiting limit size) as c
    where d.sub_client_id = c.sub_client_id and d.id = c.id;
    get diagnostics done = row_count;
    update delivery_gate set discarded = discarded + done, discarded_before = greatest(discarded_before, cutoff);
    return done;
end $$;

CREATE FUNCTION subgate.drop_expired_partition(before timestamp with time zone) RETURNS TABLE(month text, kept_for text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'subgate', 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $_$
begin
    if before > now() - interval '7 days' then
        raise invalid_parameter_value using message = 'too young to be dropped';
    end if;
    for month in
        select right(c.relname, 6)
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'delivery'::regclass and c.relname ~ '^delivery_[0-9]{6}$'
            and (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') at time zone 'UTC' <= before
        order by 1
    loop
        kept_for := partition_keeper(month);
        if kept_for is null then
            begin
                lock table only event, only delivery, only attempt in access exclusive mode;
                kept_for := partition_keeper(month);
                if kept_for is null then
                    execute format('drop table %I, %I, %I', 'attempt_' || month, 'delivery_' || month,
                        'event_' || month);
                    return next;
                    return;
                end if;
            exception when lock_not_available or deadlock_detected then
                kept_for := 'busy';
            end;
        end if;
        return next;
    end loop;
end $_$;

CREATE FUNCTION subgate.ensure_partitions(first_day date, months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'subgate', 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $$
declare
    parent text;
    part text;
    key text;
    month timestamptz;
    low uuid;
    high uuid;
    made int := 0;
begin
    -- Somebody else is at it.
    if not pg_try_advisory_xact_lock(hashtext('subgate.ensure_partitions')) then return 0; end if;
    for offset_months in 0 .. months - 1
    loop
        month := (date_trunc('month', first_day::timestamp) + make_interval(months => offset_months))
            at time zone 'UTC';
        low := first_uuid(month);
        high := first_uuid((month at time zone 'UTC' + interval '1 month') at time zone 'UTC');
        foreach parent in array array['event', 'delivery', 'attempt']
        loop
            part := parent || '_' || to_char(month at time zone 'UTC', 'YYYYMM');
            if to_regclass(format('subgate.%I', part)) is not null then continue; end if;
            key := case parent when 'attempt' then 'delivery_id' else 'id' end;
            execute format('create table %I (like %I including all)', part, parent);
            if parent = 'delivery' then perform vacuum_early(part::regclass); end if;
            execute format('lock table only %I, %I in access exclusive mode', parent, parent || '_default');
            execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *) '
                'insert into %I select * from moved', parent || '_default', key, low, key, high, part);
            execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, low, high);
            made := made + 1;
        end loop;
    end loop;
    return made;
end $$;

CREATE FUNCTION subgate.erase_audit_details(tenant uuid, size integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'subgate', 'pg_catalog', 'pg_temp'
    AS $$
declare
    taken bigint;
begin
    if not exists (select from audit_entry e where e.about_sub_client = tenant and e.action = 'subClient.erased') then
        return 0;
    end if;
    update audit_entry e set details = null
    where e.seq in (select c.seq from audit_entry c
        where c.about_sub_client = tenant and c.details is not null and c.body::jsonb ->> 'targetType' <> 'erasure'
        order by c.seq limit size);
    get diagnostics taken = row_count;
    return taken;
end $$;

CREATE FUNCTION subgate.erase_chunk(tenant uuid, erasing uuid, user_name text, moment timestamp with time zone, settling_seconds integer, size integer) RETURNS text
    LANGUAGE plpgsql
    AS $$
declare
    job erasure;
    done erased_chunk;
    settled timestamptz;
begin
    select * into job from erasure e
    where e.sub_client_id = tenant and e.id = erasing and e.status = 'running' for update skip locked;
    if not found then return 'busy'; end if;
    if job.step = 'ending' then
        settled := job.requested_at + make_interval(secs => settling_seconds);
        if job.is_clean and job.swept_from >= settled then return 'ended'; end if;
        settled := greatest(settled, moment + interval '1 second');
        update erasure e
        set step = 'linkSessions', position = default, is_clean = true, swept_from = settled, due_at = settled
        where e.sub_client_id = tenant and e.id = erasing;
        return 'waiting';
    end if;
    if job.subject = 'endUser' then
        done := erase_end_user_chunk(job, user_name, size);
    else
        done := erase_sub_client_chunk(job, size);
    end if;
    update erasure e
    set step = case when done.position is not null then e.step
            when e.subject = 'subClient' then (enum_range(e.step, null))[2]
            when e.step = 'linkSessions' then 'events' else 'ending' end,
        position = coalesce(done.position, '00000000-0000-0000-0000-000000000000'),
        is_clean = e.is_clean and done.is_clean, due_at = moment,
        link_sessions = e.link_sessions + done.link_sessions, transfers = e.transfers + done.transfers,
        events = e.events + done.events, deliveries = e.deliveries + done.deliveries,
        attempts = e.attempts + done.attempts
    where e.sub_client_id = tenant and e.id = erasing;
    return 'going';
end $$;

CREATE TABLE subgate.erasure (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    subject subgate.erasure_subject NOT NULL,
    environment subgate.environment,
    user_digest bytea,
    user_sealed bytea,
    data_key_id uuid,
    status subgate.erasure_status DEFAULT 'running'::subgate.erasure_status NOT NULL,
    step subgate.erasure_step DEFAULT 'linkSessions'::subgate.erasure_step NOT NULL,
    "position" uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    is_clean boolean DEFAULT true NOT NULL,
    swept_from timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    link_sessions bigint DEFAULT 0 NOT NULL,
    transfers bigint DEFAULT 0 NOT NULL,
    events bigint DEFAULT 0 NOT NULL,
    deliveries bigint DEFAULT 0 NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT erasure_end_is_whole CHECK (((status = 'done'::subgate.erasure_status) = (completed_at IS NOT NULL))),
    CONSTRAINT erasure_user_digest_length CHECK ((octet_length(user_digest) = 32)),
    CONSTRAINT erasure_user_is_forgotten CHECK (((status = 'running'::subgate.erasure_status) OR (user_sealed IS NULL))),
    CONSTRAINT erasure_user_is_known CHECK (((subject = 'endUser'::subgate.erasure_subject) = (user_digest IS NOT NULL)))
);

ALTER TABLE ONLY subgate.erasure FORCE ROW LEVEL SECURITY;

CREATE FUNCTION subgate.erase_end_user_chunk(job subgate.erasure, user_name text, size integer) RETURNS subgate.erased_chunk
    LANGUAGE plpgsql
    AS $$
declare
    done erased_chunk := row(null, true, 0, 0, 0, 0, 0);
    sessions uuid[];
    doomed uuid[];
begin
    if job.step = 'linkSessions' then
        update link_session s set erasure_id = job.id, user_id = '(erased)', transaction_id = null
        where s.sub_client_id = job.sub_client_id and s.id in (select c.id from link_session c
            where c.sub_client_id = job.sub_client_id and c.user_id = user_name and c.erasure_id is null
                and (job.environment is null or c.environment = job.environment) and c.created_at <= job.requested_at
            limit size);
        get diagnostics done.link_sessions = row_count;
        if done.link_sessions = size then done.position := job.position; end if;
        return done;
    end if;
    sessions := array(select s.id from link_session s
        where s.sub_client_id = job.sub_client_id and s.erasure_id = job.id and s.id > job.position
        order by s.id limit greatest(size / 10, 1));
    if cardinality(sessions) = 0 then return done; end if;
    doomed := array(select e.id
        from unnest(sessions) as x (id)
        join transfer t on t.sub_client_id = job.sub_client_id and t.link_session_id = x.id
        join event e on e.sub_client_id = job.sub_client_id and e.transfer_id = t.id
        limit size);
    select * into done.events, done.deliveries, done.attempts from erase_events(job.sub_client_id, doomed) as g;
    done.is_clean := done.events = cardinality(doomed);
    if cardinality(doomed) = size and done.events > 0 then
        done.position := job.position;
        return done;
    end if;
    select g.erased, g.is_clean and done.is_clean into done.transfers, done.is_clean
    from erase_transfers(job.sub_client_id, array(select t.id
        from unnest(sessions) as x (id)
        join transfer t on t.sub_client_id = job.sub_client_id and t.link_session_id = x.id)) as g;
    done.position := sessions[cardinality(sessions)];
    return done;
end $$;

CREATE FUNCTION subgate.erase_events(tenant uuid, doomed uuid[], OUT events bigint, OUT deliveries bigint, OUT attempts bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
    free uuid[];
    mine uuid[];
begin
    free := array(
        select x.id from unnest(doomed) as x (id)
        where not exists (select from handover h where x.id = any (h.event_ids)));
    mine := array(
        select d.id
        from unnest(free) as x (id)
        join delivery d on d.sub_client_id = tenant and d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id)
        for update of d skip locked);
    delete from attempt a using unnest(mine) as m (id) where a.sub_client_id = tenant and a.delivery_id = m.id;
    get diagnostics attempts = row_count;
    delete from delivery d using unnest(mine) as m (id) where d.sub_client_id = tenant and d.id = m.id;
    get diagnostics deliveries = row_count;
    delete from event e using unnest(free) as x (id)
    where e.sub_client_id = tenant and e.id = x.id and not exists (select from delivery d
        where d.sub_client_id = tenant and d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id));
    get diagnostics events = row_count;
end $$;

CREATE FUNCTION subgate.erase_sub_client_chunk(job subgate.erasure, size integer) RETURNS subgate.erased_chunk
    LANGUAGE plpgsql
    AS $$
declare
    tenant uuid := job.sub_client_id;
    done erased_chunk := row(null, true, 0, 0, 0, 0, 0);
    doomed uuid[];
begin
    case job.step
    when 'linkSessions' then
        doomed := array(select s.id from link_session s where s.sub_client_id = tenant and s.id > job.position
            order by s.id limit size);
        update link_session s set erasure_id = job.id, user_id = '(erased)', transaction_id = null
        where s.sub_client_id = tenant and s.id = any (doomed) and s.erasure_id is null;
        get diagnostics done.link_sessions = row_count;
    when 'deliveries' then
        doomed := array(select d.id from delivery d where d.sub_client_id = tenant and d.id > job.position
            order by d.id limit size);
        delete from delivery d where d.sub_client_id = tenant and d.id in (select c.id from delivery c
            where c.sub_client_id = tenant and c.id = any (doomed) for update skip locked);
        get diagnostics done.deliveries = row_count;
        done.is_clean := done.deliveries = cardinality(doomed)
            and not exists (select from handover h where tenant = any (h.sub_client_ids));
    when 'attempts' then
        doomed := array(select a.delivery_id from attempt a
            where a.sub_client_id = tenant and a.delivery_id > job.position order by a.delivery_id limit size);
        delete from attempt a where a.sub_client_id = tenant and a.delivery_id = any (doomed);
        get diagnostics done.attempts = row_count;
    when 'events' then
        doomed := array(select e.id from event e where e.sub_client_id = tenant and e.id > job.position
            order by e.id limit size);
        delete from event e where e.sub_client_id = tenant and e.id = any (doomed);
        get diagnostics done.events = row_count;
    when 'transfers' then
        doomed := array(select t.id from transfer t where t.sub_client_id = tenant and t.id > job.position
            order by t.id limit size);
        select g.erased, g.is_clean into done.transfers, done.is_clean from erase_transfers(tenant, doomed) as g;
    when 'audit' then
        if erase_audit_details(tenant, size) = size then done.position := job.position; end if;
        return done;
    end case;
    if cardinality(doomed) = size then done.position := doomed[size]; end if;
    return done;
end $$;

CREATE FUNCTION subgate.erase_transfers(tenant uuid, doomed uuid[], OUT erased bigint, OUT is_clean boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
begin
    update transfer t
    set user_id = '(erased)', transaction_id = null, tx_hash = null, source_address = null, destination_address = null,
        refund_address = null, source_account_provider = null
    where t.sub_client_id = tenant and t.id in (select c.id from transfer c
        where c.sub_client_id = tenant and c.id = any (doomed) and tells_of_person(c) for update skip locked);
    get diagnostics erased = row_count;
    is_clean := not exists (select from transfer c
        where c.sub_client_id = tenant and c.id = any (doomed) and tells_of_person(c));
end $$;

CREATE FUNCTION subgate.erase_unlinked(tenant uuid, erasing uuid, upstream_user bytea, size integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
    job erasure;
    gone record;
begin
    select * into job from erasure e
    where e.sub_client_id = tenant and e.id = erasing and e.status = 'running' for update skip locked;
    if not found then return 0; end if;
    delete from quarantine q using upstream u
    where u.id = q.upstream_id and (job.environment is null or u.environment = job.environment)
        and position(upstream_user in q.payload) > 0;
    select * into gone from erase_events(tenant, array(select e.id from event e
        where e.sub_client_id = tenant and e.link_session_id is null
            and (job.environment is null or e.environment = job.environment)
            and position(upstream_user in e.payload) > 0
        limit size));
    update erasure e
    set events = e.events + gone.events, deliveries = e.deliveries + gone.deliveries,
        attempts = e.attempts + gone.attempts
    where e.sub_client_id = tenant and e.id = erasing and gone.events > 0;
    return gone.events;
end $$;

CREATE FUNCTION subgate.event_patterns(type text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select array['*', split_part(type, '.', 1) || '.*', type]
$$;

CREATE FUNCTION subgate.find_sub_clients(wanted_status text, wanted_external_id text, term text, wanted_country text, moment_from timestamp with time zone, moment_before timestamp with time zone, after uuid, row_limit integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
    SET search_path TO 'subgate', 'pg_catalog', 'pg_temp'
    AS $_$
declare
    slack constant interval := '1 minute';
    conditions text[];
begin
    if current_setting('subgate.platform', true) is distinct from 'on' then return; end if;
    term := '%' || regexp_replace(lower(term), '([\\%_])', '\\\1', 'g') || '%';
    conditions := array_remove(array[
        case when wanted_status is not null then 'status = $1::sub_client_status' end,
        case when wanted_external_id is not null then 'external_id = $2' end,
        case when term is not null then 'names like $3' end,
        case when wanted_country is not null then 'country = $4' end,
        case when moment_from is not null then 'created_at >= $5 and id >= first_uuid($5 - $9)' end,
        case when moment_before is not null then 'created_at < $6 and id < first_uuid($6 + $9)' end,
        case when after is not null then 'id < $7' end], null);
    return query execute 'select id from sub_client'
        || case when conditions = '{}' then '' else ' where ' || array_to_string(conditions, ' and ') end
        || ' order by id desc limit $8'
        using wanted_status, wanted_external_id, term, wanted_country, moment_from, moment_before, after, row_limit,
            slack;
end $_$;

CREATE FUNCTION subgate.first_delivery_uuid(event_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select (left(event_id::text, 15) || '000-0000-000000000000')::uuid
$$;

CREATE FUNCTION subgate.first_uuid(moment timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO 'pg_catalog'
    AS $$
    select (lpad(to_hex(floor(extract(epoch from moment at time zone 'UTC') * 1000)::bigint), 12, '0')
        || repeat('0', 20))::uuid
$$;

CREATE FUNCTION subgate.give_up_endpoint(tenant uuid, endpoint uuid, why text, failed_before timestamp with time zone, moment timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    update endpoint e
    set enabled = false, disabled_reason = why, version = e.version + 1, updated_at = moment
    where e.sub_client_id = tenant and e.id = give_up_endpoint.endpoint and e.enabled and e.deleted_at is null
        and (why = 'gone' or exists (select from lane l
            where l.sub_client_id = tenant and l.endpoint_id = e.id and l.failing_since <= failed_before));
    if not found then return false; end if;
    insert into lane as l (sub_client_id, endpoint_id, owes_recovery)
    values (tenant, give_up_endpoint.endpoint, true)
    on conflict (sub_client_id, endpoint_id) do update set owes_recovery = true;
    insert into operator_notice (sub_client_id, type, subject_id, reason, noted_at)
    values (tenant, 'endpoint.disabled', give_up_endpoint.endpoint, why, moment);
    return true;
end $$;

CREATE FUNCTION subgate.hold_keys(node uuid, node_name text, kinds text[], ids text[], proofs bytea[], is_thorough boolean, moment timestamp with time zone) RETURNS TABLE(kind text, id text, state text, holder text)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    mine text[] := array(select k || ':' || i from unnest(kinds, ids) as g (k, i));
    chosen text[];
begin
    perform pg_advisory_xact_lock(hashtext('subgate.keys'));
    return query
        select c.kind, c.id, 'wrong', null::text
        from unnest(kinds, ids, proofs) as g (kind, id, proof)
        join key_check c on c.kind = g.kind and c.id = g.id
        where c.proof <> g.proof;
    if found then return; end if;
    return query
        select split_part(u.key, ':', 1), split_part(u.key, ':', 2), 'missing', min(u.name)
        from (
            select unnest(h.current) as key, h.name
            from key_holder h
            where h.node_id is distinct from node and h.seen_at > clock_timestamp() - holder_grace()
            union all
            select k.kind || ':' || k.id, null
            from keys_in_use(moment) k
            where is_thorough) u
        where u.key <> all (mine)
        group by u.key;
    if found then return; end if;
    insert into key_check (kind, id, proof)
    select g.kind, g.id, g.proof from unnest(kinds, ids, proofs) as g (kind, id, proof)
    on conflict do nothing;
    chosen := array(
        select distinct on (g.kind) g.kind || ':' || g.id
        from unnest(kinds, ids) with ordinality as g (kind, id, place)
        where not exists (select from key_holder h
            where h.node_id is distinct from node and h.seen_at > clock_timestamp() - holder_grace()
                and g.kind || ':' || g.id <> all (h.held))
        order by g.kind, g.place);
    if node is not null then
        insert into key_holder (node_id, name, held, current, seen_at)
        values (node, node_name, mine, chosen, clock_timestamp())
        on conflict (node_id) do update set held = mine, current = chosen, seen_at = clock_timestamp();
        delete from key_holder h where h.seen_at < clock_timestamp() - interval '1 day';
    end if;
    return query
        select g.kind, g.id, case when g.kind || ':' || g.id = any (chosen) then 'current' else 'held' end,
            (select min(h.name) from key_holder h
                where h.seen_at > clock_timestamp() - holder_grace() and g.kind || ':' || g.id <> all (h.held))
        from unnest(kinds, ids) with ordinality as g (kind, id, place)
        order by g.kind, g.place;
end $$;

CREATE FUNCTION subgate.holder_grace() RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$ select interval '30 seconds' $$;

CREATE FUNCTION subgate.identifier_text(prefix text, id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select prefix || string_agg(
        substr('0123456789abcdefghjkmnpqrstvwxyz', substring(b.bits from n * 5 + 1 for 5)::bit(5)::int + 1, 1), ''
        order by n)
    from (select B'00' || ('x' || replace(id::text, '-', ''))::bit(128) as bits) as b, generate_series(0, 25) as n
$$;

CREATE FUNCTION subgate.is_handed_over(event uuid) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
    scope text := current_setting('subgate.platform', true);
    answer boolean;
begin
    perform set_config('subgate.platform', 'on', true);
    select exists (select from handover h where event = any (h.event_ids)) into answer;
    perform set_config('subgate.platform', coalesce(scope, ''), true);
    return answer;
end $$;

CREATE FUNCTION subgate.keys_in_use(moment timestamp with time zone) RETURNS TABLE(kind text, id text, users bigint, last_used_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    select 'master', master_key_id(d.wrapped), count(*), null::timestamptz from data_key d group by 2
    union all
    select 'pepper', s.pepper_id, count(*), max(s.last_used_at)
    from (
        select k.pepper_id, k.last_used_at
        from credential_secret k
        join credential c on c.sub_client_id = k.sub_client_id and c.id = k.credential_id
        where k.revoked_at is null and c.revoked_at is null and (k.expires_at is null or k.expires_at > moment)
            and (c.expires_at is null or c.expires_at > moment)
        union all
        select k.pepper_id, k.last_used_at
        from admin_key k
        join member m on m.id = k.member_id
        where k.revoked_at is null and m.deleted_at is null and (k.expires_at is null or k.expires_at > moment)) s
    group by 2
$$;

CREATE FUNCTION subgate.kyb_is_approved(sub_client uuid, moment timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select coalesce((
        select r.kyb_status = 'approved' and (r.kyb_expires_at is null or r.kyb_expires_at > moment)
        from subgate.compliance_revision r
        where r.sub_client_id = sub_client and r.effective_at <= moment
        order by r.effective_at desc, r.number desc
        limit 1), false)
$$;

CREATE FUNCTION subgate.last_delivery_uuid(event_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select (left(event_id::text, 15) || 'fff-ffff-ffffffffffff')::uuid
$$;

CREATE FUNCTION subgate.link_session_day_total(sub_client uuid, of_environment subgate.environment, moment timestamp with time zone) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    select coalesce(sum(s.amount_in_fiat), 0)
    from subgate.link_session s
    where s.sub_client_id = sub_client and s.environment = of_environment
        and s.id >= subgate.first_uuid(date_trunc('day', moment, 'UTC') - interval '1 hour')
        and s.created_at >= date_trunc('day', moment, 'UTC')
        and s.created_at < date_trunc('day', moment, 'UTC') + interval '1 day'
$$;

CREATE FUNCTION subgate.logo_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'DELETE' then
        perform subgate.want_registrations(old.sub_client_id);
    elsif tg_op = 'INSERT' or old.digest is distinct from new.digest then
        perform subgate.want_registrations(new.sub_client_id);
    end if;
    return null;
end $$;

CREATE FUNCTION subgate.make_operator_events(moment timestamp with time zone, pause_seconds integer, size integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
    platform constant uuid := '00000000-0000-0000-0000-000000000000';
    made int;
begin
    -- One node at a time: two could tell the same thing twice.
    if not pg_try_advisory_xact_lock(hashtext('subgate.operator_events')) then return 0; end if;
    delete from operator_pulse p where p.told_at <= moment - make_interval(secs => pause_seconds);
    with taken as (
        delete from operator_notice n
        using (
            select r.sub_client_id, r.id from operator_notice r
            where not exists (select from operator_pulse p where p.type = r.type and p.id = r.subject_id)
            order by r.noted_at
            limit size) as ripe
        where n.sub_client_id = ripe.sub_client_id and n.id = ripe.id
        returning n.*
    ), summed as (
        select t.type, t.sub_client_id, t.subject_id, sum(t.occurrences) as occurrences, min(t.noted_at) as first_at,
            max(t.noted_at) as last_at, (array_agg(t.reason order by t.noted_at desc))[1] as reason,
            (array_agg(t.delivery_id order by t.noted_at desc))[1] as delivery_id
        from taken t
        -- What the PSP's own endpoint does not take is not told to it once more.
        where not (t.type = 'delivery.exhausted' and t.sub_client_id = platform)
        group by t.type, t.sub_client_id, t.subject_id, case when t.type like 'endpoint.%' then t.id end
    ), told as (
        insert into operator_pulse (type, id, told_at)
        select distinct s.type, s.subject_id, moment from summed s where s.type not like 'endpoint.%'
        on conflict do nothing
    ), worded as materialized (
        select overlay(gen_random_uuid()::text placing left(first_uuid(moment)::text, 14) || '7' from 1)::uuid as id,
            s.type, convert_to(case when s.type = 'quarantine.added'
                then json_build_object('upstreamId', identifier_text('up_', s.subject_id), 'environment', u.environment,
                    'reason', s.reason, 'count', s.occurrences, 'firstAt', time_text(s.first_at), 'lastAt',
                    time_text(s.last_at))
                when s.type = 'delivery.exhausted'
                then json_build_object('subClientId', identifier_text('sc_', s.sub_client_id), 'endpointId',
                    identifier_text('we_', s.subject_id), 'environment', e.environment, 'reason', s.reason,
                    'deliveryId', identifier_text('dlv_', s.delivery_id), 'count', s.occurrences, 'firstAt',
                    time_text(s.first_at), 'lastAt', time_text(s.last_at))
                else json_build_object('subClientId', identifier_text('sc_', nullif(s.sub_client_id, platform)),
                    'endpointId', identifier_text('we_', s.subject_id), 'environment',
                    case when s.sub_client_id <> platform then e.environment end, 'reason', s.reason, 'at',
                    time_text(s.first_at)) end::text, 'UTF8') as payload
        from summed s
        left join endpoint e on e.sub_client_id = s.sub_client_id and e.id = s.subject_id
        left join upstream u on u.id = s.subject_id
    ), owed as materialized (
        select w.id as event_id, w.type, e.id as endpoint_id, e.enabled, e.environment
        from worded w
        join endpoint e on e.sub_client_id = platform and e.deleted_at is null
            and e.event_types && event_patterns(w.type)
    ), stored as (
        insert into event (sub_client_id, id, environment, type, received_at, payload, origin)
        select platform, w.id, 'production', w.type, moment, w.payload, 'subgate'
        from worded w
        where w.id in (select o.event_id from owed o)
        returning id
    ), deliveries as (
        insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts,
            failures, due_at, created_at, updated_at)
        select platform, delivery_uuid(o.event_id, o.endpoint_id), o.event_id, o.endpoint_id, o.environment, o.type,
            case when o.enabled then 'pending' else 'held' end::delivery_status, 0, 0,
            case when o.enabled then moment end, moment, moment
        from owed o
    )
    select count(*) into made from stored;
    return made;
end $$;

CREATE FUNCTION subgate.make_registrations(of_sub_client uuid, at_upstream uuid) RETURNS void
    LANGUAGE sql
    AS $$
    insert into subgate.registration (sub_client_id, upstream_id, state, due_at, created_at, updated_at)
    select s.id, u.id, 'pending', now(), now(), now()
    from subgate.sub_client s
    cross join subgate.upstream u
    where (of_sub_client is null or s.id = of_sub_client) and (at_upstream is null or u.id = at_upstream)
        and s.status::text in ('onboarding', 'active')
        and u.deleted_at is null and u.admin_base_url is not null and u.admin_client_secret_sealed is not null
    on conflict do nothing
$$;

CREATE FUNCTION subgate.master_key_id(wrapped bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select encode(substr(wrapped, 3, get_byte(wrapped, 1)), 'escape')
$$;

CREATE FUNCTION subgate.open_lane(tenant uuid, endpoint uuid, oldest uuid, moment timestamp with time zone) RETURNS void
    LANGUAGE sql
    AS $$
    insert into lane as l (sub_client_id, endpoint_id, ready_at)
    values (tenant, endpoint, moment)
    on conflict (sub_client_id, endpoint_id) do update
    set ready_at = case when l.ready_at is null or l.is_closing then greatest(moment, l.paused_until)
            else l.ready_at end,
        is_closing = false,
        scan_from = least(l.scan_from, oldest)
$$;

CREATE FUNCTION subgate.partition_keeper(month text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'subgate', 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
declare
    is_open boolean;
begin
    execute format(
        $look$select exists (select from %1$I where due_at is not null) or exists (
            select from %1$I where due_at is null and status in ('pending', 'retrying', 'held'))$look$,
        'delivery_' || month)
        into is_open;
    return case when is_open then 'openDeliveries' end;
end $_$;

CREATE FUNCTION subgate.prune_default_partitions(before timestamp with time zone, size integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'subgate', 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $$
declare
    doomed uuid[];
    mine uuid[];
    gone bigint;
begin
    if before > now() - interval '7 days' then
        raise invalid_parameter_value using message = 'too young to be forgotten';
    end if;
    doomed := array(
        select e.id from event_default e
        where e.id < first_uuid(before) and not exists (select from delivery_default d
            where d.sub_client_id = e.sub_client_id and d.event_id = e.id
                and d.id between first_delivery_uuid(e.id) and last_delivery_uuid(e.id)
                and d.status in ('pending', 'delivering', 'retrying', 'held'))
        limit size);
    -- Looked at again as they are locked: what was retried meanwhile stays.
    mine := array(
        select d.id
        from unnest(doomed) as x (id)
        join delivery_default d on d.event_id = x.id
            and d.id between first_delivery_uuid(x.id) and last_delivery_uuid(x.id)
        where d.status not in ('pending', 'delivering', 'retrying', 'held')
        for update of d skip locked);
    delete from attempt_default a where a.delivery_id = any (mine);
    delete from delivery_default d where d.id = any (mine);
    delete from event_default e
    where e.id = any (doomed) and not exists (select from delivery_default d
        where d.event_id = e.id and d.id between first_delivery_uuid(e.id) and last_delivery_uuid(e.id));
    get diagnostics gone = row_count;
    return gone;
end $$;

CREATE FUNCTION subgate.recover_chunk(tenant uuid, recovering uuid, moment timestamp with time zone, settling_seconds integer, size integer) RETURNS text
    LANGUAGE plpgsql
    AS $$
declare
    job recovery;
    target endpoint;
    horizon timestamptz;
    seen int;
    examined_now int;
    last_seen uuid;
    again uuid[];
    missing uuid[];
    reopened_now int;
    created_now int;
begin
    select * into job from recovery r
    where r.sub_client_id = tenant and r.id = recovering and r.status = 'running' and r.due_at <= moment
    for update skip locked;
    if not found then return 'busy'; end if;
    select * into target from endpoint e
    where e.sub_client_id = tenant and e.id = job.endpoint_id and e.deleted_at is null;
    if not found then
        update recovery r set status = 'cancelled', completed_at = moment
        where r.sub_client_id = tenant and r.id = recovering;
        return 'ended';
    end if;
    horizon := least(job.until, moment - make_interval(secs => settling_seconds));
    with batch as materialized (
        select e.id, e.type, e.environment
        from event e
        where e.sub_client_id = tenant and e.id > job.position and e.id < first_uuid(horizon)
        order by e.id
        limit size
    ), judged as materialized (
        select b.id, d.id as delivery_id,
            b.environment = job.environment and case
                when d.id is null then b.type <> 'webhook.test' and target.event_types && event_patterns(b.type)
                    and not exists (select from handover h where b.id = any (h.event_ids))
                when d.status in ('failed', 'cancelled') then d.last_error is distinct from 'superseded'
                when d.status = 'retrying' then d.due_at > moment
                else d.status = 'delivered' and not job.only_failed end as is_wanted
        from batch b
        left join lateral (
            select x.id, x.status, x.due_at, x.last_error from delivery x
            where x.sub_client_id = tenant and x.id = delivery_uuid(b.id, job.endpoint_id)
            limit 1) as d on true
    ), counted as (
        select j.*, count(*) filter (where j.is_wanted) over (order by j.id) as wanted from judged j
    ), taken as (
        select * from counted where wanted <= least(size, job.rate_per_second)
    )
    select (select count(*) from batch), count(*), (array_agg(t.id order by t.id desc))[1],
        array_agg(t.delivery_id) filter (where t.is_wanted and t.delivery_id is not null),
        array_agg(t.id) filter (where t.is_wanted and t.delivery_id is null)
    into seen, examined_now, last_seen, again, missing
    from taken t;

    update delivery d
    set status = case when target.enabled then 'pending' else 'held' end::delivery_status, failures = 0,
        due_at = case when target.enabled then moment end, lease_owner = null, updated_at = moment
    where d.sub_client_id = tenant and d.id in (
        select c.id from delivery c
        where c.sub_client_id = tenant and c.id = any (again)
            and c.status in ('failed', 'cancelled', 'retrying', 'delivered')
        for update skip locked);
    get diagnostics reopened_now = row_count;
    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status, attempts, failures,
        due_at, created_at, updated_at)
    select tenant, delivery_uuid(e.id, target.id), e.id, target.id, e.environment, e.type,
        case when target.enabled then 'pending' else 'held' end::delivery_status, 0, 0,
        case when target.enabled then moment end, moment, moment
    from event e
    where e.sub_client_id = tenant and e.id = any (missing)
    on conflict do nothing;
    get diagnostics created_now = row_count;

    update recovery r
    set position = coalesce(last_seen, r.position), examined = r.examined + examined_now,
        reopened = r.reopened + reopened_now, created = r.created + created_now,
        -- A second may be caught up, so that the rate holds however late the chunks come.
        due_at = greatest(r.due_at, moment - interval '1 second')
            + (reopened_now + created_now) * interval '1 second' / r.rate_per_second
    where r.sub_client_id = tenant and r.id = recovering;
    if examined_now < seen or seen = size then return 'going'; end if;
    if horizon < job.until then
        update recovery r set due_at = greatest(r.due_at, moment + interval '500 milliseconds')
        where r.sub_client_id = tenant and r.id = recovering;
        return 'waiting';
    end if;
    update recovery r set status = 'done', completed_at = moment where r.sub_client_id = tenant and r.id = recovering;
    return 'ended';
end $$;

CREATE FUNCTION subgate.require_sub_client() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'subgate', 'pg_catalog'
    AS $$
begin
    if new.sub_client_id <> '00000000-0000-0000-0000-000000000000'
        and not exists (select from sub_client s where s.id = new.sub_client_id) then
        raise foreign_key_violation using constraint = 'endpoint_sub_client_id_fkey';
    end if;
    return null;
end $$;

CREATE FUNCTION subgate.revive_lane() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'subgate', 'pg_catalog'
    AS $$
begin
    insert into lane as l (sub_client_id, endpoint_id, ready_at, breaker, paused_until, health_version)
    values (new.sub_client_id, new.id, new.updated_at, 'open', new.updated_at, 1)
    on conflict (sub_client_id, endpoint_id) do update
    set ready_at = excluded.ready_at, is_closing = false, scan_from = '00000000-0000-0000-0000-000000000000',
        breaker = 'open', paused_until = excluded.paused_until, failing_since = null, consecutive_failures = 0,
        pauses = 0, health_version = l.health_version + 1;
    return null;
end $$;

CREATE FUNCTION subgate.server_identity(OUT system_identifier bigint, OUT timeline integer, OUT started_at timestamp with time zone, OUT has_recovery_target boolean) RETURNS record
    LANGUAGE plpgsql STABLE
    AS $$
begin
    started_at := pg_postmaster_start_time();
    has_recovery_target := concat(current_setting('recovery_target', true),
        current_setting('recovery_target_name', true), current_setting('recovery_target_time', true),
        current_setting('recovery_target_xid', true), current_setting('recovery_target_lsn', true)) <> '';
    begin
        system_identifier := (select c.system_identifier from pg_control_system() as c);
        timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int;
    exception when insufficient_privilege or feature_not_supported or undefined_function then
        system_identifier := 0;
        timeline := 0;
    end;
end $$;

CREATE FUNCTION subgate.sub_client_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' and (old.legal_name <> new.legal_name or old.display_name <> new.display_name
        or (old.status::text in ('closed', 'erased')) <> (new.status::text in ('closed', 'erased')))
    then
        perform subgate.want_registrations(new.id);
    end if;
    perform subgate.make_registrations(new.id, null);
    return null;
end $$;

CREATE FUNCTION subgate.supersedes(later text, earlier text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select case earlier
        when 'transfer.pending' then later in ('transfer.succeeded', 'transfer.failed')
        when 'transfer.refund_pending' then later in ('transfer.refund_succeeded', 'transfer.refund_failed')
        else false end
$$;

CREATE FUNCTION subgate.tell_health(tenant uuid, endpoint uuid, tells_breaker boolean, new_breaker text, new_paused_until timestamp with time zone, replaced timestamp with time zone, new_failing_since timestamp with time zone, new_failures integer, new_pauses integer, recovery_after interval, moment timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
    known lane;
begin
    insert into lane (sub_client_id, endpoint_id)
    select e.sub_client_id, e.id from endpoint e
    where e.sub_client_id = tenant and e.id = tell_health.endpoint and e.deleted_at is null
    on conflict do nothing;
    select * into known from lane l where l.sub_client_id = tenant and l.endpoint_id = tell_health.endpoint for update;
    if not found then return null; end if;
    if tells_breaker and new_breaker = 'closed' then
        if known.paused_until is null or known.paused_until is not distinct from replaced
            or known.paused_until <= moment then
            known.breaker := 'closed';
            known.paused_until := null;
            known.pauses := new_pauses;
            if known.ready_at is not null then known.ready_at := moment; end if;
        end if;
    elsif tells_breaker then
        known.breaker := new_breaker;
        known.paused_until := case when known.paused_until is not distinct from replaced then new_paused_until
            else greatest(known.paused_until, new_paused_until) end;
        known.pauses := new_pauses;
        if known.ready_at is not null then known.ready_at := greatest(known.paused_until, moment); end if;
    end if;
    if new_failing_since is null then
        if known.owes_recovery or known.failing_since <= moment - recovery_after then
            insert into operator_notice (sub_client_id, type, subject_id, noted_at)
            values (tenant, 'endpoint.recovered', tell_health.endpoint, moment);
        end if;
        known.owes_recovery := false;
        known.failing_since := null;
        known.consecutive_failures := 0;
    else
        known.failing_since := coalesce(known.failing_since, new_failing_since);
        known.consecutive_failures := greatest(known.consecutive_failures, new_failures);
    end if;
    update lane l
    set breaker = known.breaker, paused_until = known.paused_until, pauses = known.pauses, ready_at = known.ready_at,
        failing_since = known.failing_since, consecutive_failures = known.consecutive_failures,
        owes_recovery = known.owes_recovery, health_version = known.health_version + 1
    where l.sub_client_id = tenant and l.endpoint_id = tell_health.endpoint;
    return known.health_version + 1;
end $$;

CREATE TABLE subgate.transfer (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    link_session_id uuid NOT NULL,
    upstream_id uuid NOT NULL,
    upstream_transfer_id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    transaction_id text,
    user_id text NOT NULL,
    status subgate.transfer_status NOT NULL,
    refund_status subgate.refund_status,
    symbol text,
    chain text,
    tx_hash text,
    source_amount numeric,
    destination_amount numeric,
    source_address text,
    destination_address text,
    refund_address text,
    source_account_provider text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    reconciled_types text[]
)
WITH (fillfactor='80');

ALTER TABLE ONLY subgate.transfer FORCE ROW LEVEL SECURITY;

CREATE FUNCTION subgate.tells_of_person(t subgate.transfer) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    select t.user_id <> '(erased)' or num_nonnulls(t.transaction_id, t.tx_hash, t.source_address, t.destination_address,
        t.refund_address, t.source_account_provider) > 0
$$;

CREATE FUNCTION subgate.time_text(moment timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    AS $$
    select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

CREATE FUNCTION subgate.upstream_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION subgate.vacuum_early(part regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog'
    AS $$
begin
    execute format('alter table %s set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)',
        part);
end $$;

CREATE FUNCTION subgate.want_registrations(of_sub_client uuid) RETURNS void
    LANGUAGE sql
    AS $$
    update subgate.registration
    set wanted_version = wanted_version + 1, state = 'pending', attempts = 0, due_at = now(), updated_at = now()
    where sub_client_id = of_sub_client
$$;

CREATE TABLE sandbox.account (
    client_id uuid NOT NULL,
    callback_urls text[] DEFAULT '{}'::text[] NOT NULL,
    catalog_configuration jsonb,
    CONSTRAINT account_callback_urls_count CHECK ((cardinality(callback_urls) <= 50))
);

CREATE TABLE sandbox.clock (
    only_one boolean DEFAULT true NOT NULL,
    offset_microseconds bigint NOT NULL,
    frozen_at timestamp with time zone,
    CONSTRAINT clock_is_only_one CHECK (only_one)
);

CREATE TABLE sandbox.connected_account (
    client_id uuid NOT NULL,
    user_id text NOT NULL,
    id uuid NOT NULL,
    integration_id uuid NOT NULL,
    holder text NOT NULL,
    network_type text,
    token_digest bytea,
    access_digest bytea NOT NULL,
    access_expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT connected_account_access_digest_length CHECK ((octet_length(access_digest) = 32)),
    CONSTRAINT connected_account_holder_length CHECK (((char_length(holder) >= 1) AND (char_length(holder) <= 128))),
    CONSTRAINT connected_account_network_type_length CHECK (((char_length(network_type) >= 1) AND (char_length(network_type) <= 32))),
    CONSTRAINT connected_account_token_digest_length CHECK ((octet_length(token_digest) = 32)),
    CONSTRAINT connected_account_user_id_length CHECK (((char_length(user_id) >= 1) AND (char_length(user_id) <= 300)))
);

CREATE TABLE sandbox.fault (
    id uuid NOT NULL,
    "position" integer NOT NULL,
    rule jsonb NOT NULL,
    uses_left bigint,
    CONSTRAINT fault_uses_left_is_positive CHECK ((uses_left > 0))
);

CREATE TABLE sandbox.link_session (
    client_id uuid NOT NULL,
    auth_code_digest bytea NOT NULL,
    key_digest bytea NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    login_integration_id uuid,
    login_username text,
    account_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT link_session_account_ids_count CHECK ((cardinality(account_ids) <= 100)),
    CONSTRAINT link_session_key_digest_length CHECK ((octet_length(key_digest) = 32)),
    CONSTRAINT link_session_login_is_whole CHECK ((num_nulls(login_integration_id, login_username) = ANY (ARRAY[0, 2]))),
    CONSTRAINT link_session_login_username_length CHECK (((char_length(login_username) >= 1) AND (char_length(login_username) <= 64)))
);

CREATE TABLE sandbox.link_token (
    auth_code_digest bytea NOT NULL,
    client_id uuid NOT NULL,
    user_id text NOT NULL,
    transaction_id text,
    network_id uuid,
    symbol text,
    address text,
    amount text,
    min_amount text,
    amount_in_fiat text,
    client_fee text,
    fee_is_inclusive boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    transfer_id uuid,
    sub_client_id uuid,
    transfer_type text,
    integration_id uuid,
    restricts_accounts boolean DEFAULT true NOT NULL,
    disables_api_keys boolean DEFAULT false NOT NULL,
    funding_is_enabled boolean DEFAULT false NOT NULL,
    destinations jsonb DEFAULT '[]'::jsonb NOT NULL,
    verification jsonb,
    opened_at timestamp with time zone,
    CONSTRAINT link_token_address_length CHECK (((char_length(address) >= 1) AND (char_length(address) <= 256))),
    CONSTRAINT link_token_amount_in_fiat_length CHECK (((char_length(amount_in_fiat) >= 1) AND (char_length(amount_in_fiat) <= 64))),
    CONSTRAINT link_token_amount_length CHECK (((char_length(amount) >= 1) AND (char_length(amount) <= 64))),
    CONSTRAINT link_token_auth_code_digest_length CHECK ((octet_length(auth_code_digest) = 32)),
    CONSTRAINT link_token_client_fee_length CHECK (((char_length(client_fee) >= 1) AND (char_length(client_fee) <= 64))),
    CONSTRAINT link_token_destination_is_whole CHECK ((num_nulls(network_id, symbol, address) = ANY (ARRAY[0, 3]))),
    CONSTRAINT link_token_min_amount_length CHECK (((char_length(min_amount) >= 1) AND (char_length(min_amount) <= 64))),
    CONSTRAINT link_token_symbol_length CHECK (((char_length(symbol) >= 1) AND (char_length(symbol) <= 64))),
    CONSTRAINT link_token_transaction_id_length CHECK (((char_length(transaction_id) >= 1) AND (char_length(transaction_id) <= 128))),
    CONSTRAINT link_token_transfer_type_length CHECK (((char_length(transfer_type) >= 1) AND (char_length(transfer_type) <= 32))),
    CONSTRAINT link_token_use_is_whole CHECK ((num_nulls(used_at, transfer_id) = ANY (ARRAY[0, 2]))),
    CONSTRAINT link_token_user_id_length CHECK (((char_length(user_id) >= 1) AND (char_length(user_id) <= 300)))
);

CREATE TABLE sandbox.portfolio (
    client_id uuid NOT NULL,
    holder text NOT NULL,
    symbols text[] NOT NULL,
    amounts text[] NOT NULL,
    cash text NOT NULL,
    credit_symbols text[] DEFAULT '{}'::text[] NOT NULL,
    credit_amounts text[] DEFAULT '{}'::text[] NOT NULL,
    credit_due_at timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT portfolio_balances_match CHECK ((cardinality(symbols) = cardinality(amounts))),
    CONSTRAINT portfolio_credits_match CHECK (((cardinality(credit_symbols) = cardinality(credit_amounts)) AND (cardinality(credit_symbols) = cardinality(credit_due_at)))),
    CONSTRAINT portfolio_holder_length CHECK (((char_length(holder) >= 1) AND (char_length(holder) <= 128)))
);

CREATE TABLE sandbox.preview (
    client_id uuid NOT NULL,
    user_id text NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    quote jsonb NOT NULL,
    transaction_id text,
    sub_client_id uuid,
    transfer_type text NOT NULL,
    auth_code_digest bytea,
    expires_at timestamp with time zone NOT NULL,
    is_executed boolean DEFAULT false NOT NULL,
    CONSTRAINT preview_transaction_id_length CHECK (((char_length(transaction_id) >= 1) AND (char_length(transaction_id) <= 128))),
    CONSTRAINT preview_transfer_type_length CHECK (((char_length(transfer_type) >= 1) AND (char_length(transfer_type) <= 32))),
    CONSTRAINT preview_user_id_length CHECK (((char_length(user_id) >= 1) AND (char_length(user_id) <= 300)))
);

CREATE TABLE sandbox.sub_client (
    client_id uuid NOT NULL,
    id uuid NOT NULL,
    number bigint NOT NULL,
    business_legal_name text NOT NULL,
    display_name text NOT NULL,
    callback_urls text[],
    catalog_configuration jsonb,
    logo_media_type text,
    logo bytea,
    CONSTRAINT sub_client_business_legal_name_length CHECK (((char_length(business_legal_name) >= 1) AND (char_length(business_legal_name) <= 300))),
    CONSTRAINT sub_client_callback_urls_count CHECK ((cardinality(callback_urls) <= 50)),
    CONSTRAINT sub_client_display_name_length CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 300))),
    CONSTRAINT sub_client_logo_is_whole CHECK ((num_nulls(logo_media_type, logo) = ANY (ARRAY[0, 2]))),
    CONSTRAINT sub_client_logo_length CHECK (((octet_length(logo) >= 1) AND (octet_length(logo) <= 5242880)))
);

ALTER TABLE sandbox.sub_client ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.sub_client_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.transfer (
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    sub_client_id uuid,
    user_id text NOT NULL,
    transaction_id text,
    transfer_type text NOT NULL,
    network_id uuid NOT NULL,
    network_name text NOT NULL,
    symbol text NOT NULL,
    source_amount numeric NOT NULL,
    destination_amount numeric NOT NULL,
    amount_in_fiat numeric NOT NULL,
    fee_is_inclusive boolean NOT NULL,
    source_address text NOT NULL,
    destination_address text NOT NULL,
    refund_address text NOT NULL,
    tx_hash text,
    statuses text[] NOT NULL,
    happens_at timestamp with time zone[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    integration_id uuid NOT NULL,
    withdrawal_fee numeric NOT NULL,
    processing_fee numeric NOT NULL,
    gas_fee numeric NOT NULL,
    gas_symbol text NOT NULL,
    funding jsonb NOT NULL,
    CONSTRAINT transfer_events_count CHECK (((cardinality(statuses) >= 1) AND (cardinality(statuses) <= 20))),
    CONSTRAINT transfer_events_match CHECK ((cardinality(statuses) = cardinality(happens_at))),
    CONSTRAINT transfer_gas_symbol_length CHECK (((char_length(gas_symbol) >= 1) AND (char_length(gas_symbol) <= 64)))
);

CREATE TABLE sandbox.wallet_verification (
    client_id uuid NOT NULL,
    user_id text NOT NULL,
    id uuid NOT NULL,
    address text NOT NULL,
    network_type text NOT NULL,
    message text NOT NULL,
    signed_message_hash text NOT NULL,
    verified_at timestamp with time zone NOT NULL,
    CONSTRAINT wallet_verification_address_length CHECK (((char_length(address) >= 1) AND (char_length(address) <= 256))),
    CONSTRAINT wallet_verification_hash_length CHECK (((char_length(signed_message_hash) >= 1) AND (char_length(signed_message_hash) <= 512))),
    CONSTRAINT wallet_verification_message_length CHECK ((char_length(message) <= 2048)),
    CONSTRAINT wallet_verification_network_type_length CHECK (((char_length(network_type) >= 1) AND (char_length(network_type) <= 32))),
    CONSTRAINT wallet_verification_user_id_length CHECK (((char_length(user_id) >= 1) AND (char_length(user_id) <= 300)))
);

CREATE TABLE sandbox.webhook (
    id bigint NOT NULL,
    client_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event bytea NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    leased_until timestamp with time zone,
    transfer_id uuid,
    wrong_signatures integer DEFAULT 0 NOT NULL,
    CONSTRAINT webhook_event_length CHECK (((octet_length(event) >= 2) AND (octet_length(event) <= 16384))),
    CONSTRAINT webhook_wrong_signatures_range CHECK (((wrong_signatures >= 0) AND (wrong_signatures <= 1000000)))
);

ALTER TABLE sandbox.webhook ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.webhook_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sandbox.webhook_log (
    id bigint NOT NULL,
    transfer_id uuid NOT NULL,
    uri text NOT NULL,
    status_code integer,
    message text,
    sent_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    CONSTRAINT webhook_log_message_length CHECK ((char_length(message) <= 200)),
    CONSTRAINT webhook_log_uri_length CHECK ((char_length(uri) <= 2048))
);

ALTER TABLE sandbox.webhook_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME sandbox.webhook_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE subgate.admin_key (
    id uuid NOT NULL,
    name text NOT NULL,
    secret_digest bytea NOT NULL,
    pepper_id text NOT NULL,
    secret_hint text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    member_id uuid NOT NULL,
    last_used_at timestamp with time zone,
    granted_until timestamp with time zone,
    replaces uuid,
    CONSTRAINT admin_key_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT admin_key_pepper_id_length CHECK (((char_length(pepper_id) >= 1) AND (char_length(pepper_id) <= 32))),
    CONSTRAINT admin_key_secret_digest_length CHECK ((octet_length(secret_digest) = 32)),
    CONSTRAINT admin_key_secret_hint_length CHECK ((char_length(secret_hint) = 4))
);

ALTER TABLE ONLY subgate.admin_key FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.attempt (
    sub_client_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    id uuid NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    duration_us bigint NOT NULL,
    status_code integer,
    error_code text,
    response_body bytea,
    node_id uuid,
    exchange bytea,
    CONSTRAINT attempt_exchange_length CHECK ((octet_length(exchange) <= 16384)),
    CONSTRAINT attempt_response_body_length CHECK ((octet_length(response_body) <= 1024))
)
PARTITION BY RANGE (delivery_id);

ALTER TABLE ONLY subgate.attempt FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.attempt_default (
    sub_client_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    id uuid NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    duration_us bigint NOT NULL,
    status_code integer,
    error_code text,
    response_body bytea,
    node_id uuid,
    exchange bytea,
    CONSTRAINT attempt_exchange_length CHECK ((octet_length(exchange) <= 16384)),
    CONSTRAINT attempt_response_body_length CHECK ((octet_length(response_body) <= 1024))
);

CREATE TABLE subgate.audit_entry (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    body text NOT NULL,
    details text,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    about_sub_client uuid GENERATED ALWAYS AS ((((body)::jsonb ->> 'subClientId'::text))::uuid) STORED,
    actor_id uuid GENERATED ALWAYS AS ((((body)::jsonb ->> 'actorId'::text))::uuid) STORED,
    action text GENERATED ALWAYS AS (((body)::jsonb ->> 'action'::text)) STORED,
    target_id uuid GENERATED ALWAYS AS ((((body)::jsonb ->> 'targetId'::text))::uuid) STORED,
    CONSTRAINT audit_entry_hash_length CHECK (((octet_length(hash) = 32) AND (octet_length(previous_hash) = 32)))
);

CREATE TABLE subgate.branding (
    sub_client_id uuid NOT NULL,
    display_name text,
    primary_color text,
    primary_text_color text,
    secondary_color text,
    secondary_text_color text,
    button_radius integer,
    corner_radius integer,
    overlay_opacity numeric(3,2),
    theme text,
    language text,
    fiat_currency text,
    allowed_origins text[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT branding_allowed_origins_count CHECK ((cardinality(allowed_origins) <= 50)),
    CONSTRAINT branding_button_radius_range CHECK (((button_radius >= 0) AND (button_radius <= 100))),
    CONSTRAINT branding_corner_radius_range CHECK (((corner_radius >= 0) AND (corner_radius <= 100))),
    CONSTRAINT branding_display_name_length CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 300))),
    CONSTRAINT branding_fiat_currency_form CHECK ((fiat_currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT branding_language_length CHECK (((char_length(language) >= 2) AND (char_length(language) <= 35))),
    CONSTRAINT branding_overlay_opacity_range CHECK (((overlay_opacity >= (0)::numeric) AND (overlay_opacity <= (1)::numeric))),
    CONSTRAINT branding_primary_color_form CHECK ((primary_color ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT branding_primary_text_color_form CHECK ((primary_text_color ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT branding_secondary_color_form CHECK ((secondary_color ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT branding_secondary_text_color_form CHECK ((secondary_text_color ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT branding_theme_known CHECK ((theme = ANY (ARRAY['dark'::text, 'light'::text, 'system'::text])))
);

ALTER TABLE ONLY subgate.branding FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.chore (
    name text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease uuid,
    leased_until timestamp with time zone,
    CONSTRAINT chore_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 64)))
);

ALTER TABLE ONLY subgate.chore FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.compliance_day (
    sub_client_id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    day date NOT NULL,
    amount numeric NOT NULL,
    revision integer NOT NULL,
    CONSTRAINT compliance_day_amount_positive CHECK ((amount >= (0)::numeric))
)
WITH (fillfactor='50');

ALTER TABLE ONLY subgate.compliance_day FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.compliance_revision (
    sub_client_id uuid NOT NULL,
    number integer NOT NULL,
    rules text NOT NULL,
    kyb_status subgate.kyb_status NOT NULL,
    kyb_expires_at timestamp with time zone,
    kyb_legal_entity text,
    kyb_registration_number text,
    kyb_address text,
    kyb_vasp_id text,
    kyb_platform_category text,
    kyb_mcc text,
    effective_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by_member uuid,
    created_by_key uuid,
    CONSTRAINT compliance_revision_effective_at_order CHECK ((effective_at >= created_at)),
    CONSTRAINT compliance_revision_kyb_address_length CHECK (((char_length(kyb_address) >= 1) AND (char_length(kyb_address) <= 500))),
    CONSTRAINT compliance_revision_kyb_legal_entity_length CHECK (((char_length(kyb_legal_entity) >= 1) AND (char_length(kyb_legal_entity) <= 300))),
    CONSTRAINT compliance_revision_kyb_mcc_form CHECK ((kyb_mcc ~ '^[0-9]{4}$'::text)),
    CONSTRAINT compliance_revision_kyb_platform_category_length CHECK (((char_length(kyb_platform_category) >= 1) AND (char_length(kyb_platform_category) <= 100))),
    CONSTRAINT compliance_revision_kyb_registration_number_length CHECK (((char_length(kyb_registration_number) >= 1) AND (char_length(kyb_registration_number) <= 100))),
    CONSTRAINT compliance_revision_kyb_vasp_id_length CHECK (((char_length(kyb_vasp_id) >= 1) AND (char_length(kyb_vasp_id) <= 100))),
    CONSTRAINT compliance_revision_number_positive CHECK ((number > 0)),
    CONSTRAINT compliance_revision_rules_length CHECK (((octet_length(rules) >= 2) AND (octet_length(rules) <= 1048576)))
);

ALTER TABLE ONLY subgate.compliance_revision FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.console_refusal (
    place text NOT NULL,
    minute timestamp with time zone NOT NULL,
    refusals integer NOT NULL
);

ALTER TABLE ONLY subgate.console_refusal FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.console_session (
    id uuid NOT NULL,
    token_digest bytea NOT NULL,
    key_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT console_session_token_digest_length CHECK ((octet_length(token_digest) = 32))
);

ALTER TABLE ONLY subgate.console_session FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.credential (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    access subgate.credential_access NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    allowed_ips cidr[] DEFAULT '{}'::cidr[] NOT NULL,
    CONSTRAINT credential_allowed_ips_count CHECK ((cardinality(allowed_ips) <= 100)),
    CONSTRAINT credential_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

ALTER TABLE ONLY subgate.credential FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.credential_secret (
    sub_client_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    id uuid NOT NULL,
    digest bytea NOT NULL,
    pepper_id text NOT NULL,
    hint text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT credential_secret_digest_length CHECK ((octet_length(digest) = 32)),
    CONSTRAINT credential_secret_hint_length CHECK ((char_length(hint) = 4)),
    CONSTRAINT credential_secret_pepper_id_length CHECK (((char_length(pepper_id) >= 1) AND (char_length(pepper_id) <= 32)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY subgate.credential_secret FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.data_key (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT data_key_wrapped_length CHECK (((octet_length(wrapped) >= 32) AND (octet_length(wrapped) <= 512)))
);

ALTER TABLE ONLY subgate.data_key FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.delivery (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    event_type text NOT NULL,
    status subgate.delivery_status NOT NULL,
    attempts integer NOT NULL,
    failures integer NOT NULL,
    due_at timestamp with time zone,
    lease_owner uuid,
    last_status_code integer,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY subgate.delivery FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.delivery_default (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    event_type text NOT NULL,
    status subgate.delivery_status NOT NULL,
    attempts integer NOT NULL,
    failures integer NOT NULL,
    due_at timestamp with time zone,
    lease_owner uuid,
    last_status_code integer,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='1000');

CREATE TABLE subgate.delivery_gate (
    only_row boolean DEFAULT true NOT NULL,
    pulse bigint NOT NULL,
    pulsed_at timestamp with time zone NOT NULL,
    system_identifier bigint NOT NULL,
    timeline integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    held_since timestamp with time zone,
    held_for text,
    discarded bigint DEFAULT 0 NOT NULL,
    discarded_before timestamp with time zone,
    CONSTRAINT delivery_gate_held_for_known CHECK ((held_for = ANY (ARRAY['recoveryTarget'::text, 'lostCommits'::text, 'otherServer'::text, 'longOutage'::text, 'asked'::text]))),
    CONSTRAINT delivery_gate_hold_is_whole CHECK (((held_since IS NULL) = (held_for IS NULL))),
    CONSTRAINT delivery_gate_is_one CHECK (only_row)
)
WITH (fillfactor='50');

ALTER TABLE ONLY subgate.delivery_gate FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.endpoint (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    url text NOT NULL,
    event_types text[] NOT NULL,
    payload_format subgate.payload_format NOT NULL,
    description text,
    data_key_id uuid NOT NULL,
    headers_sealed bytea,
    enabled boolean NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    signatures text[] DEFAULT '{v1}'::text[] NOT NULL,
    ordering text DEFAULT 'none'::text NOT NULL,
    supersede boolean DEFAULT false NOT NULL,
    rate_limit_per_second integer,
    max_concurrency integer,
    retry_schedule integer[],
    disabled_reason text,
    is_governed boolean GENERATED ALWAYS AS (((ordering <> 'none'::text) OR supersede OR (rate_limit_per_second IS NOT NULL) OR (max_concurrency IS NOT NULL))) STORED NOT NULL,
    CONSTRAINT endpoint_description_length CHECK ((char_length(description) <= 500)),
    CONSTRAINT endpoint_disabled_reason_known CHECK ((disabled_reason = ANY (ARRAY['gone'::text, 'failing'::text]))),
    CONSTRAINT endpoint_event_types_count CHECK (((cardinality(event_types) >= 1) AND (cardinality(event_types) <= 20))),
    CONSTRAINT endpoint_max_concurrency_range CHECK (((max_concurrency >= 1) AND (max_concurrency <= 1000))),
    CONSTRAINT endpoint_ordering_known CHECK ((ordering = ANY (ARRAY['none'::text, 'transfer'::text]))),
    CONSTRAINT endpoint_rate_limit_per_second_range CHECK (((rate_limit_per_second >= 1) AND (rate_limit_per_second <= 10000))),
    CONSTRAINT endpoint_retry_schedule_length CHECK (((cardinality(retry_schedule) >= 1) AND (cardinality(retry_schedule) <= 20))),
    CONSTRAINT endpoint_signatures_known CHECK (((signatures <@ ARRAY['v1'::text, 'v1a'::text]) AND ((cardinality(signatures) >= 1) AND (cardinality(signatures) <= 2)))),
    CONSTRAINT endpoint_url_length CHECK (((char_length(url) >= 8) AND (char_length(url) <= 2048)))
);

ALTER TABLE ONLY subgate.endpoint FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.endpoint_secret (
    sub_client_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    id uuid NOT NULL,
    secret_sealed bytea NOT NULL,
    seed_sealed bytea,
    public_key bytea,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT endpoint_secret_key_pair_whole CHECK (((seed_sealed IS NULL) = (public_key IS NULL))),
    CONSTRAINT endpoint_secret_public_key_length CHECK ((octet_length(public_key) = 32))
);

ALTER TABLE ONLY subgate.endpoint_secret FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.endpoint_statistic (
    sub_client_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    slot timestamp with time zone NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    attempts bigint NOT NULL,
    CONSTRAINT endpoint_statistic_outcome_length CHECK (((char_length(outcome) >= 1) AND (char_length(outcome) <= 64)))
)
WITH (fillfactor='70');

ALTER TABLE ONLY subgate.endpoint_statistic FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.event (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    type text NOT NULL,
    upstream_id uuid,
    upstream_event_id uuid,
    link_session_id uuid,
    transfer_id uuid,
    transaction_id text,
    user_id text,
    occurred_at timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    payload bytea NOT NULL,
    origin subgate.event_origin DEFAULT 'webhook'::subgate.event_origin NOT NULL
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY subgate.event FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.event_default (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    type text NOT NULL,
    upstream_id uuid,
    upstream_event_id uuid,
    link_session_id uuid,
    transfer_id uuid,
    transaction_id text,
    user_id text,
    occurred_at timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    payload bytea NOT NULL,
    origin subgate.event_origin DEFAULT 'webhook'::subgate.event_origin NOT NULL
);

CREATE TABLE subgate.event_key (
    sub_client_id uuid NOT NULL,
    upstream_id uuid NOT NULL,
    upstream_event_id uuid NOT NULL,
    event_id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY subgate.event_key FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.handover (
    id uuid NOT NULL,
    node_id uuid NOT NULL,
    lease_end timestamp with time zone NOT NULL,
    sub_client_ids uuid[] NOT NULL,
    event_ids uuid[] NOT NULL,
    endpoint_ids uuid[] NOT NULL,
    CONSTRAINT handover_is_whole CHECK (((cardinality(sub_client_ids) = cardinality(event_ids)) AND (cardinality(event_ids) = cardinality(endpoint_ids)) AND (cardinality(event_ids) > 0)))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY subgate.handover FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.idempotency (
    sub_client_id uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    request_digest bytea NOT NULL,
    data_key_id uuid NOT NULL,
    response_sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    about_sub_client uuid,
    CONSTRAINT idempotency_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255))),
    CONSTRAINT idempotency_request_digest_length CHECK ((octet_length(request_digest) = 32)),
    CONSTRAINT idempotency_route_length CHECK ((char_length(route) <= 200))
);

ALTER TABLE ONLY subgate.idempotency FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.key_check (
    kind text NOT NULL,
    id text NOT NULL,
    proof bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT key_check_id_length CHECK (((char_length(id) >= 1) AND (char_length(id) <= 32))),
    CONSTRAINT key_check_kind_known CHECK ((kind = ANY (ARRAY['master'::text, 'pepper'::text]))),
    CONSTRAINT key_check_proof_length CHECK ((octet_length(proof) = 32))
);

ALTER TABLE ONLY subgate.key_check FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.key_holder (
    node_id uuid NOT NULL,
    name text NOT NULL,
    held text[] NOT NULL,
    current text[] NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT key_holder_held_count CHECK (((cardinality(held) >= 1) AND (cardinality(held) <= 32))),
    CONSTRAINT key_holder_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
);

ALTER TABLE ONLY subgate.key_holder FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.lane (
    sub_client_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    ready_at timestamp with time zone,
    is_closing boolean DEFAULT false NOT NULL,
    scan_from uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    next_slot_at timestamp with time zone,
    paused_until timestamp with time zone,
    failing_since timestamp with time zone,
    consecutive_failures integer DEFAULT 0 NOT NULL,
    breaker text DEFAULT 'closed'::text NOT NULL,
    pauses integer DEFAULT 0 NOT NULL,
    health_version integer DEFAULT 0 NOT NULL,
    owes_recovery boolean DEFAULT false NOT NULL,
    closing_since timestamp with time zone,
    CONSTRAINT lane_breaker_has_end CHECK (((breaker = 'closed'::text) OR (paused_until IS NOT NULL))),
    CONSTRAINT lane_breaker_known CHECK ((breaker = ANY (ARRAY['closed'::text, 'open'::text, 'halfOpen'::text])))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='500', autovacuum_vacuum_cost_delay='0');

ALTER TABLE ONLY subgate.lane FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.link_session (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    upstream_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    transaction_id text,
    user_id text NOT NULL,
    transfer_type text NOT NULL,
    amount_in_fiat numeric,
    has_transfer boolean NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    compliance_revision integer,
    erasure_id uuid,
    CONSTRAINT link_session_transaction_id_length CHECK (((char_length(transaction_id) >= 1) AND (char_length(transaction_id) <= 128))),
    CONSTRAINT link_session_transfer_type_length CHECK (((char_length(transfer_type) >= 1) AND (char_length(transfer_type) <= 32))),
    CONSTRAINT link_session_user_id_length CHECK (((char_length(user_id) >= 1) AND (char_length(user_id) <= 300)))
);

ALTER TABLE ONLY subgate.link_session FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.logo (
    sub_client_id uuid NOT NULL,
    digest bytea NOT NULL,
    media_type text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    bytes bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT logo_bytes_length CHECK (((octet_length(bytes) >= 1) AND (octet_length(bytes) <= 5242880))),
    CONSTRAINT logo_digest_length CHECK ((octet_length(digest) = 32)),
    CONSTRAINT logo_height_range CHECK (((height >= 1) AND (height <= 4096))),
    CONSTRAINT logo_media_type_known CHECK ((media_type = ANY (ARRAY['image/png'::text, 'image/jpeg'::text]))),
    CONSTRAINT logo_width_range CHECK (((width >= 1) AND (width <= 4096)))
);
ALTER TABLE ONLY subgate.logo ALTER COLUMN bytes SET STORAGE EXTERNAL;

ALTER TABLE ONLY subgate.logo FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.member (
    id uuid NOT NULL,
    name text NOT NULL,
    email text,
    role subgate.member_role NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT member_email_length CHECK (((char_length(email) >= 3) AND (char_length(email) <= 254))),
    CONSTRAINT member_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))
);

ALTER TABLE ONLY subgate.member FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.node (
    id uuid NOT NULL,
    lock_key bigint NOT NULL,
    name text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    dead_since timestamp with time zone,
    CONSTRAINT node_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
);

ALTER TABLE ONLY subgate.node FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.operator_notice (
    sub_client_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type text NOT NULL,
    subject_id uuid NOT NULL,
    reason text,
    delivery_id uuid,
    occurrences bigint DEFAULT 1 NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    CONSTRAINT operator_notice_type_known CHECK ((type = ANY (ARRAY['endpoint.disabled'::text, 'endpoint.recovered'::text, 'delivery.exhausted'::text, 'quarantine.added'::text])))
);

ALTER TABLE ONLY subgate.operator_notice FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.operator_pulse (
    type text NOT NULL,
    id uuid NOT NULL,
    told_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY subgate.operator_pulse FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.quarantine (
    id uuid NOT NULL,
    upstream_id uuid NOT NULL,
    upstream_event_id uuid NOT NULL,
    reason text NOT NULL,
    payload bytea NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT quarantine_reason_length CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 100)))
);

ALTER TABLE ONLY subgate.quarantine FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.reconciliation (
    upstream_id uuid NOT NULL,
    sweep subgate.reconciliation_sweep NOT NULL,
    swept_until timestamp with time zone NOT NULL,
    pass_until timestamp with time zone,
    page_from timestamp with time zone,
    page_offset integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease uuid,
    leased_until timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    CONSTRAINT reconciliation_pass_is_whole CHECK (((pass_until IS NULL) = (page_from IS NULL)))
);

ALTER TABLE ONLY subgate.reconciliation FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.recovery (
    sub_client_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    only_failed boolean NOT NULL,
    rate_per_second integer NOT NULL,
    status subgate.recovery_status DEFAULT 'running'::subgate.recovery_status NOT NULL,
    "position" uuid NOT NULL,
    due_at timestamp with time zone NOT NULL,
    examined bigint DEFAULT 0 NOT NULL,
    reopened bigint DEFAULT 0 NOT NULL,
    created bigint DEFAULT 0 NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT recovery_end_is_whole CHECK (((status = 'running'::subgate.recovery_status) = (completed_at IS NULL))),
    CONSTRAINT recovery_rate_range CHECK (((rate_per_second >= 1) AND (rate_per_second <= 10000))),
    CONSTRAINT recovery_span_is_forward CHECK ((since < until))
);

ALTER TABLE ONLY subgate.recovery FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.registration (
    sub_client_id uuid NOT NULL,
    upstream_id uuid NOT NULL,
    state subgate.registration_state NOT NULL,
    wanted_version bigint DEFAULT 1 NOT NULL,
    synced_version bigint DEFAULT 0 NOT NULL,
    upstream_sub_client_id uuid,
    logo_digest bytea,
    logo_is_certain boolean DEFAULT true NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    lease uuid,
    leased_until timestamp with time zone,
    last_error text,
    last_error_message text,
    last_attempt_at timestamp with time zone,
    synced_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT registration_last_error_length CHECK (((char_length(last_error) >= 1) AND (char_length(last_error) <= 64))),
    CONSTRAINT registration_last_error_message_length CHECK ((char_length(last_error_message) <= 1024)),
    CONSTRAINT registration_lease_is_whole CHECK ((num_nulls(lease, leased_until) = ANY (ARRAY[0, 2]))),
    CONSTRAINT registration_logo_digest_length CHECK ((octet_length(logo_digest) = 32)),
    CONSTRAINT registration_versions_order CHECK ((synced_version <= wanted_version))
);

ALTER TABLE ONLY subgate.registration FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.registration_creation (
    id uuid NOT NULL,
    upstream_id uuid NOT NULL,
    names_digest bytea NOT NULL,
    holder_id uuid NOT NULL,
    legal_name text NOT NULL,
    display_name text NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT registration_creation_display_name_length CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 300))),
    CONSTRAINT registration_creation_legal_name_length CHECK (((char_length(legal_name) >= 1) AND (char_length(legal_name) <= 300))),
    CONSTRAINT registration_creation_names_digest_length CHECK ((octet_length(names_digest) = 32))
);

ALTER TABLE ONLY subgate.registration_creation FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.sub_client (
    id uuid NOT NULL,
    legal_name text NOT NULL,
    display_name text NOT NULL,
    country text NOT NULL,
    external_id text,
    website text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    status subgate.sub_client_status NOT NULL,
    status_reason text,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    names text GENERATED ALWAYS AS (((lower(display_name) || '
'::text) || lower(legal_name))) STORED,
    requests_per_second integer,
    CONSTRAINT sub_client_country_form CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT sub_client_display_name_length CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 300))),
    CONSTRAINT sub_client_external_id_length CHECK (((char_length(external_id) >= 1) AND (char_length(external_id) <= 128))),
    CONSTRAINT sub_client_legal_name_length CHECK (((char_length(legal_name) >= 1) AND (char_length(legal_name) <= 300))),
    CONSTRAINT sub_client_requests_per_second_range CHECK (((requests_per_second >= 1) AND (requests_per_second <= 1000000))),
    CONSTRAINT sub_client_status_reason_length CHECK ((char_length(status_reason) <= 500)),
    CONSTRAINT sub_client_website_length CHECK ((char_length(website) <= 2048))
);

ALTER TABLE ONLY subgate.sub_client FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.upstream (
    id uuid NOT NULL,
    name text NOT NULL,
    environment subgate.environment NOT NULL,
    base_url text NOT NULL,
    admin_base_url text,
    client_id uuid NOT NULL,
    data_key_id uuid NOT NULL,
    client_secret_sealed bytea NOT NULL,
    admin_client_secret_sealed bytea,
    webhook_secrets_sealed bytea[] NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT upstream_admin_base_url_length CHECK (((char_length(admin_base_url) >= 8) AND (char_length(admin_base_url) <= 2048))),
    CONSTRAINT upstream_base_url_length CHECK (((char_length(base_url) >= 8) AND (char_length(base_url) <= 2048))),
    CONSTRAINT upstream_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT upstream_webhook_secrets_count CHECK (((cardinality(webhook_secrets_sealed) >= 1) AND (cardinality(webhook_secrets_sealed) <= 5)))
);

ALTER TABLE ONLY subgate.upstream FORCE ROW LEVEL SECURITY;

CREATE TABLE subgate.usage_count (
    sub_client_id uuid NOT NULL,
    environment subgate.environment NOT NULL,
    day date NOT NULL,
    link_tokens bigint NOT NULL,
    events bigint NOT NULL,
    deliveries bigint NOT NULL,
    attempts bigint NOT NULL
)
WITH (fillfactor='70');

ALTER TABLE ONLY subgate.usage_count FORCE ROW LEVEL SECURITY;

ALTER TABLE ONLY subgate.attempt ATTACH PARTITION subgate.attempt_default DEFAULT;

ALTER TABLE ONLY subgate.delivery ATTACH PARTITION subgate.delivery_default DEFAULT;

ALTER TABLE ONLY subgate.event ATTACH PARTITION subgate.event_default DEFAULT;

ALTER TABLE ONLY sandbox.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY sandbox.clock
    ADD CONSTRAINT clock_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY sandbox.connected_account
    ADD CONSTRAINT connected_account_pkey PRIMARY KEY (client_id, user_id, id);

ALTER TABLE ONLY sandbox.fault
    ADD CONSTRAINT fault_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.link_session
    ADD CONSTRAINT link_session_key_digest_key UNIQUE (key_digest);

ALTER TABLE ONLY sandbox.link_session
    ADD CONSTRAINT link_session_pkey PRIMARY KEY (client_id, auth_code_digest);

ALTER TABLE ONLY sandbox.link_token
    ADD CONSTRAINT link_token_pkey PRIMARY KEY (auth_code_digest);

ALTER TABLE ONLY sandbox.portfolio
    ADD CONSTRAINT portfolio_pkey PRIMARY KEY (client_id, holder);

ALTER TABLE ONLY sandbox.preview
    ADD CONSTRAINT preview_pkey PRIMARY KEY (client_id, user_id, id);

ALTER TABLE ONLY sandbox.sub_client
    ADD CONSTRAINT sub_client_pkey PRIMARY KEY (client_id, id);

ALTER TABLE ONLY sandbox.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.wallet_verification
    ADD CONSTRAINT wallet_verification_pkey PRIMARY KEY (client_id, user_id, id);

ALTER TABLE ONLY sandbox.webhook_log
    ADD CONSTRAINT webhook_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY sandbox.webhook
    ADD CONSTRAINT webhook_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.admin_key
    ADD CONSTRAINT admin_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (sub_client_id, delivery_id, id);

ALTER TABLE ONLY subgate.attempt_default
    ADD CONSTRAINT attempt_default_pkey PRIMARY KEY (sub_client_id, delivery_id, id);

ALTER TABLE ONLY subgate.audit_entry
    ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY subgate.branding
    ADD CONSTRAINT branding_pkey PRIMARY KEY (sub_client_id);

ALTER TABLE ONLY subgate.chore
    ADD CONSTRAINT chore_pkey PRIMARY KEY (name);

ALTER TABLE ONLY subgate.compliance_day
    ADD CONSTRAINT compliance_day_pkey PRIMARY KEY (sub_client_id, environment, day);

ALTER TABLE ONLY subgate.compliance_revision
    ADD CONSTRAINT compliance_revision_pkey PRIMARY KEY (sub_client_id, number);

ALTER TABLE ONLY subgate.console_refusal
    ADD CONSTRAINT console_refusal_pkey PRIMARY KEY (place, minute);

ALTER TABLE ONLY subgate.console_session
    ADD CONSTRAINT console_session_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.console_session
    ADD CONSTRAINT console_session_token_digest_key UNIQUE (token_digest);

ALTER TABLE ONLY subgate.credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.credential_secret
    ADD CONSTRAINT credential_secret_pkey PRIMARY KEY (sub_client_id, credential_id, id);

ALTER TABLE ONLY subgate.data_key
    ADD CONSTRAINT data_key_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.delivery_default
    ADD CONSTRAINT delivery_default_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.delivery_gate
    ADD CONSTRAINT delivery_gate_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY subgate.endpoint
    ADD CONSTRAINT endpoint_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.endpoint_secret
    ADD CONSTRAINT endpoint_secret_pkey PRIMARY KEY (sub_client_id, endpoint_id, id);

ALTER TABLE ONLY subgate.endpoint_statistic
    ADD CONSTRAINT endpoint_statistic_pkey PRIMARY KEY (sub_client_id, endpoint_id, slot, outcome, bucket);

ALTER TABLE ONLY subgate.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.event_default
    ADD CONSTRAINT event_default_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.event_key
    ADD CONSTRAINT event_key_pkey PRIMARY KEY (sub_client_id, upstream_id, upstream_event_id);

ALTER TABLE ONLY subgate.handover
    ADD CONSTRAINT handover_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (sub_client_id, route, key);

ALTER TABLE ONLY subgate.key_check
    ADD CONSTRAINT key_check_pkey PRIMARY KEY (kind, id);

ALTER TABLE ONLY subgate.key_holder
    ADD CONSTRAINT key_holder_pkey PRIMARY KEY (node_id);

ALTER TABLE ONLY subgate.lane
    ADD CONSTRAINT lane_pkey PRIMARY KEY (sub_client_id, endpoint_id);

ALTER TABLE ONLY subgate.link_session
    ADD CONSTRAINT link_session_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.logo
    ADD CONSTRAINT logo_pkey PRIMARY KEY (sub_client_id);

ALTER TABLE ONLY subgate.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.operator_notice
    ADD CONSTRAINT operator_notice_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.operator_pulse
    ADD CONSTRAINT operator_pulse_pkey PRIMARY KEY (type, id);

ALTER TABLE ONLY subgate.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.quarantine
    ADD CONSTRAINT quarantine_upstream_event_key UNIQUE (upstream_id, upstream_event_id);

ALTER TABLE ONLY subgate.reconciliation
    ADD CONSTRAINT reconciliation_pkey PRIMARY KEY (upstream_id, sweep);

ALTER TABLE ONLY subgate.recovery
    ADD CONSTRAINT recovery_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.registration_creation
    ADD CONSTRAINT registration_creation_holder_key UNIQUE (upstream_id, holder_id);

ALTER TABLE ONLY subgate.registration_creation
    ADD CONSTRAINT registration_creation_names_key UNIQUE (upstream_id, names_digest);

ALTER TABLE ONLY subgate.registration_creation
    ADD CONSTRAINT registration_creation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.registration
    ADD CONSTRAINT registration_pkey PRIMARY KEY (sub_client_id, upstream_id);

ALTER TABLE ONLY subgate.sub_client
    ADD CONSTRAINT sub_client_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (sub_client_id, id);

ALTER TABLE ONLY subgate.transfer
    ADD CONSTRAINT transfer_upstream_key UNIQUE (sub_client_id, link_session_id, upstream_transfer_id);

ALTER TABLE ONLY subgate.upstream
    ADD CONSTRAINT upstream_pkey PRIMARY KEY (id);

ALTER TABLE ONLY subgate.usage_count
    ADD CONSTRAINT usage_count_pkey PRIMARY KEY (sub_client_id, environment, day);

CREATE UNIQUE INDEX connected_account_access ON sandbox.connected_account USING btree (client_id, access_digest);

CREATE UNIQUE INDEX connected_account_token ON sandbox.connected_account USING btree (client_id, token_digest);

CREATE INDEX link_token_expires_at ON sandbox.link_token USING btree (expires_at);

CREATE INDEX preview_expires_at ON sandbox.preview USING btree (expires_at);

CREATE UNIQUE INDEX preview_id ON sandbox.preview USING btree (client_id, id);

CREATE UNIQUE INDEX preview_of_link_token ON sandbox.preview USING btree (auth_code_digest) WHERE is_executed;

CREATE INDEX sub_client_number ON sandbox.sub_client USING btree (client_id, number);

CREATE INDEX transfer_client ON sandbox.transfer USING btree (client_id, created_at);

CREATE INDEX transfer_created_at ON sandbox.transfer USING btree (created_at);

CREATE INDEX webhook_due_at ON sandbox.webhook USING btree (due_at);

CREATE INDEX webhook_log_transfer ON sandbox.webhook_log USING btree (transfer_id);

CREATE INDEX admin_key_member ON subgate.admin_key USING btree (member_id, id);

CREATE INDEX admin_key_secret_digest ON subgate.admin_key USING btree (secret_digest);

CREATE INDEX audit_entry_action ON subgate.audit_entry USING btree (action, seq);

CREATE INDEX audit_entry_actor ON subgate.audit_entry USING btree (actor_id, seq);

CREATE INDEX audit_entry_at ON subgate.audit_entry USING btree (at, seq);

CREATE INDEX audit_entry_sub_client ON subgate.audit_entry USING btree (about_sub_client, seq);

CREATE INDEX audit_entry_target ON subgate.audit_entry USING btree (target_id, seq);

CREATE INDEX compliance_revision_effective_at ON subgate.compliance_revision USING btree (sub_client_id, effective_at DESC, number DESC);

CREATE INDEX console_refusal_minute ON subgate.console_refusal USING btree (minute);

CREATE INDEX console_session_expires_at ON subgate.console_session USING btree (expires_at);

CREATE INDEX credential_secret_by_digest ON subgate.credential_secret USING btree (digest);

CREATE INDEX delivery_due ON ONLY subgate.delivery USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX delivery_default_due_at_idx ON subgate.delivery_default USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX delivery_endpoint_due ON ONLY subgate.delivery USING btree (sub_client_id, endpoint_id, due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX delivery_default_sub_client_id_endpoint_id_due_at_idx ON subgate.delivery_default USING btree (sub_client_id, endpoint_id, due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX delivery_lane ON ONLY subgate.delivery USING btree (sub_client_id, endpoint_id, id) WHERE ((due_at IS NULL) AND (status = ANY (ARRAY['pending'::subgate.delivery_status, 'retrying'::subgate.delivery_status, 'held'::subgate.delivery_status])));

CREATE INDEX delivery_default_sub_client_id_endpoint_id_id_idx ON subgate.delivery_default USING btree (sub_client_id, endpoint_id, id) WHERE ((due_at IS NULL) AND (status = ANY (ARRAY['pending'::subgate.delivery_status, 'retrying'::subgate.delivery_status, 'held'::subgate.delivery_status])));

CREATE INDEX endpoint_secret_expires_at ON subgate.endpoint_secret USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX endpoint_statistic_slot ON subgate.endpoint_statistic USING btree (slot);

CREATE INDEX erasure_due ON subgate.erasure USING btree (due_at) WHERE (status = 'running'::subgate.erasure_status);

CREATE INDEX event_unlinked ON ONLY subgate.event USING btree (sub_client_id, id) WHERE (link_session_id IS NULL);

CREATE INDEX event_default_sub_client_id_id_idx ON subgate.event_default USING btree (sub_client_id, id) WHERE (link_session_id IS NULL);

CREATE INDEX event_transfer ON ONLY subgate.event USING btree (sub_client_id, transfer_id) WHERE (transfer_id IS NOT NULL);

CREATE INDEX event_default_sub_client_id_transfer_id_idx ON subgate.event_default USING btree (sub_client_id, transfer_id) WHERE (transfer_id IS NOT NULL);

CREATE INDEX handover_lease_end ON subgate.handover USING btree (lease_end);

CREATE INDEX idempotency_about ON subgate.idempotency USING btree (about_sub_client) WHERE (about_sub_client IS NOT NULL);

CREATE INDEX idempotency_created_at ON subgate.idempotency USING btree (created_at);

CREATE INDEX lane_ready ON subgate.lane USING btree (ready_at) WHERE (ready_at IS NOT NULL);

CREATE INDEX link_session_erasure ON subgate.link_session USING btree (sub_client_id, erasure_id, id) WHERE (erasure_id IS NOT NULL);

CREATE INDEX link_session_user ON subgate.link_session USING btree (sub_client_id, user_id, id);

CREATE UNIQUE INDEX member_email_key ON subgate.member USING btree (lower(email)) WHERE (deleted_at IS NULL);

CREATE INDEX operator_notice_noted_at ON subgate.operator_notice USING btree (noted_at);

CREATE INDEX recovery_due ON subgate.recovery USING btree (due_at) WHERE (status = 'running'::subgate.recovery_status);

CREATE INDEX recovery_endpoint ON subgate.recovery USING btree (sub_client_id, endpoint_id, id);

CREATE UNIQUE INDEX recovery_running ON subgate.recovery USING btree (sub_client_id, endpoint_id) WHERE (status = 'running'::subgate.recovery_status);

CREATE INDEX registration_by_state ON subgate.registration USING btree (state, upstream_id, sub_client_id);

CREATE INDEX registration_due ON subgate.registration USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX registration_upstream ON subgate.registration USING btree (upstream_id, upstream_sub_client_id);

CREATE INDEX sub_client_country ON subgate.sub_client USING btree (country, id);

CREATE UNIQUE INDEX sub_client_external_id_key ON subgate.sub_client USING btree (external_id);

CREATE INDEX sub_client_names ON subgate.sub_client USING gin (names public.gin_trgm_ops);

CREATE INDEX sub_client_status ON subgate.sub_client USING btree (status, id);

CREATE INDEX transfer_transaction ON subgate.transfer USING btree (sub_client_id, transaction_id, id) WHERE (transaction_id IS NOT NULL);

CREATE INDEX transfer_upstream_transfer ON subgate.transfer USING btree (sub_client_id, upstream_transfer_id, id);

CREATE INDEX transfer_user ON subgate.transfer USING btree (sub_client_id, user_id, id);

CREATE UNIQUE INDEX upstream_environment_key ON subgate.upstream USING btree (environment) WHERE (deleted_at IS NULL);

ALTER INDEX subgate.attempt_pkey ATTACH PARTITION subgate.attempt_default_pkey;

ALTER INDEX subgate.delivery_due ATTACH PARTITION subgate.delivery_default_due_at_idx;

ALTER INDEX subgate.delivery_pkey ATTACH PARTITION subgate.delivery_default_pkey;

ALTER INDEX subgate.delivery_endpoint_due ATTACH PARTITION subgate.delivery_default_sub_client_id_endpoint_id_due_at_idx;

ALTER INDEX subgate.delivery_lane ATTACH PARTITION subgate.delivery_default_sub_client_id_endpoint_id_id_idx;

ALTER INDEX subgate.event_pkey ATTACH PARTITION subgate.event_default_pkey;

ALTER INDEX subgate.event_unlinked ATTACH PARTITION subgate.event_default_sub_client_id_id_idx;

ALTER INDEX subgate.event_transfer ATTACH PARTITION subgate.event_default_sub_client_id_transfer_id_idx;

CREATE TRIGGER endpoint_revived AFTER UPDATE OF enabled, url ON subgate.endpoint FOR EACH ROW WHEN ((new.enabled AND ((NOT old.enabled) OR (new.url <> old.url)))) EXECUTE FUNCTION subgate.revive_lane();

CREATE TRIGGER endpoint_sub_client AFTER INSERT OR UPDATE OF sub_client_id ON subgate.endpoint FOR EACH ROW EXECUTE FUNCTION subgate.require_sub_client();

CREATE TRIGGER registration AFTER INSERT OR DELETE OR UPDATE ON subgate.branding FOR EACH ROW EXECUTE FUNCTION subgate.branding_changed();

CREATE TRIGGER registration AFTER INSERT ON subgate.compliance_revision FOR EACH ROW EXECUTE FUNCTION subgate.compliance_changed();

CREATE TRIGGER registration AFTER INSERT OR DELETE OR UPDATE ON subgate.logo FOR EACH ROW EXECUTE FUNCTION subgate.logo_changed();

CREATE TRIGGER registration AFTER INSERT OR UPDATE OF legal_name, display_name, status ON subgate.sub_client FOR EACH ROW EXECUTE FUNCTION subgate.sub_client_changed();

CREATE TRIGGER registration AFTER INSERT OR UPDATE ON subgate.upstream FOR EACH ROW EXECUTE FUNCTION subgate.upstream_changed();

ALTER TABLE ONLY sandbox.link_session
    ADD CONSTRAINT link_session_auth_code_digest_fkey FOREIGN KEY (auth_code_digest) REFERENCES sandbox.link_token(auth_code_digest) ON DELETE CASCADE;

ALTER TABLE ONLY sandbox.webhook_log
    ADD CONSTRAINT webhook_log_transfer_id_fkey FOREIGN KEY (transfer_id) REFERENCES sandbox.transfer(id) ON DELETE CASCADE;

ALTER TABLE ONLY subgate.admin_key
    ADD CONSTRAINT admin_key_member_id_fkey FOREIGN KEY (member_id) REFERENCES subgate.member(id);

ALTER TABLE ONLY subgate.branding
    ADD CONSTRAINT branding_sub_client_id_fkey FOREIGN KEY (sub_client_id) REFERENCES subgate.sub_client(id);

ALTER TABLE ONLY subgate.compliance_revision
    ADD CONSTRAINT compliance_revision_sub_client_id_fkey FOREIGN KEY (sub_client_id) REFERENCES subgate.sub_client(id);

ALTER TABLE ONLY subgate.console_session
    ADD CONSTRAINT console_session_key_id_fkey FOREIGN KEY (key_id) REFERENCES subgate.admin_key(id);

ALTER TABLE ONLY subgate.credential_secret
    ADD CONSTRAINT credential_secret_credential_fkey FOREIGN KEY (sub_client_id, credential_id) REFERENCES subgate.credential(sub_client_id, id);

ALTER TABLE ONLY subgate.credential
    ADD CONSTRAINT credential_sub_client_id_fkey FOREIGN KEY (sub_client_id) REFERENCES subgate.sub_client(id);

ALTER TABLE ONLY subgate.endpoint_secret
    ADD CONSTRAINT endpoint_secret_endpoint_fkey FOREIGN KEY (sub_client_id, endpoint_id) REFERENCES subgate.endpoint(sub_client_id, id);

ALTER TABLE ONLY subgate.erasure
    ADD CONSTRAINT erasure_sub_client_id_fkey FOREIGN KEY (sub_client_id) REFERENCES subgate.sub_client(id);

ALTER TABLE ONLY subgate.logo
    ADD CONSTRAINT logo_sub_client_id_fkey FOREIGN KEY (sub_client_id) REFERENCES subgate.sub_client(id);

ALTER TABLE ONLY subgate.quarantine
    ADD CONSTRAINT quarantine_upstream_id_fkey FOREIGN KEY (upstream_id) REFERENCES subgate.upstream(id);

ALTER TABLE ONLY subgate.reconciliation
    ADD CONSTRAINT reconciliation_upstream_id_fkey FOREIGN KEY (upstream_id) REFERENCES subgate.upstream(id);

ALTER TABLE ONLY subgate.recovery
    ADD CONSTRAINT recovery_endpoint_fkey FOREIGN KEY (sub_client_id, endpoint_id) REFERENCES subgate.endpoint(sub_client_id, id);

ALTER TABLE ONLY subgate.registration_creation
    ADD CONSTRAINT registration_creation_upstream_id_fkey FOREIGN KEY (upstream_id) REFERENCES subgate.upstream(id);

ALTER TABLE ONLY subgate.registration
    ADD CONSTRAINT registration_sub_client_id_fkey FOREIGN KEY (sub_client_id) REFERENCES subgate.sub_client(id);

ALTER TABLE subgate.admin_key ENABLE ROW LEVEL SECURITY;

CREATE POLICY app ON subgate.admin_key TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.attempt TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.audit_entry FOR SELECT TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.branding TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.chore TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.compliance_day TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.compliance_revision TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.console_refusal TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.console_session TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.credential TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.credential_secret TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.data_key TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.delivery TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.delivery_gate TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.endpoint TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.endpoint_secret TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.endpoint_statistic TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.erasure TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.event TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.event_key TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.handover TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.idempotency TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.key_check TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.key_holder TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.lane TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.link_session TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.logo TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.member TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.node TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.operator_notice TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.operator_pulse TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.quarantine TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.reconciliation TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.recovery TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.registration TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.registration_creation TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.sub_client TO subgate_app USING (((id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.transfer TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

CREATE POLICY app ON subgate.upstream TO subgate_app USING ((( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text));

CREATE POLICY app ON subgate.usage_count TO subgate_app USING (((sub_client_id = ( SELECT (NULLIF(current_setting('subgate.sub_client'::text, true), ''::text))::uuid AS "nullif")) OR (( SELECT current_setting('subgate.platform'::text, true) AS current_setting) = 'on'::text)));

ALTER TABLE subgate.attempt ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.audit_entry ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.branding ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.chore ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.compliance_day ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.compliance_revision ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.console_refusal ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.console_session ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.credential ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.credential_secret ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.data_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.delivery ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.delivery_gate ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.endpoint ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.endpoint_secret ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.endpoint_statistic ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.erasure ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.event ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.event_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.handover ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.idempotency ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.key_check ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.key_holder ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.lane ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.link_session ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.logo ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.member ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.node ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.operator_notice ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.operator_pulse ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.quarantine ENABLE ROW LEVEL SECURITY;

CREATE POLICY reader ON subgate.attempt FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.branding FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.compliance_day FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.compliance_revision FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.credential FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.credential_secret FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.data_key FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.delivery FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.endpoint FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.endpoint_secret FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.endpoint_statistic FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.erasure FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.event FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.event_key FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.idempotency FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.lane FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.link_session FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.logo FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.operator_notice FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.recovery FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.registration FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.sub_client FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.transfer FOR SELECT TO subgate_reader USING (true);

CREATE POLICY reader ON subgate.usage_count FOR SELECT TO subgate_reader USING (true);

ALTER TABLE subgate.reconciliation ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.recovery ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.registration ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.registration_creation ENABLE ROW LEVEL SECURITY;

CREATE POLICY search ON subgate.sub_client FOR SELECT TO subgate_owner USING (true);

ALTER TABLE subgate.sub_client ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.transfer ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.upstream ENABLE ROW LEVEL SECURITY;

ALTER TABLE subgate.usage_count ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA sandbox TO subgate_sandbox;

GRANT USAGE ON SCHEMA subgate TO subgate_app;
GRANT USAGE ON SCHEMA subgate TO subgate_reader;

REVOKE ALL ON FUNCTION subgate.append_audit_entry(entry uuid, at timestamp with time zone, facts jsonb, before jsonb, after jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION subgate.append_audit_entry(entry uuid, at timestamp with time zone, facts jsonb, before jsonb, after jsonb) TO subgate_app;

REVOKE ALL ON FUNCTION subgate.drop_expired_partition(before timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION subgate.drop_expired_partition(before timestamp with time zone) TO subgate_app;

REVOKE ALL ON FUNCTION subgate.ensure_partitions(first_day date, months integer) FROM PUBLIC;
GRANT ALL ON FUNCTION subgate.ensure_partitions(first_day date, months integer) TO subgate_app;

REVOKE ALL ON FUNCTION subgate.erase_audit_details(tenant uuid, size integer) FROM PUBLIC;
GRANT ALL ON FUNCTION subgate.erase_audit_details(tenant uuid, size integer) TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.erasure TO subgate_app;

REVOKE ALL ON FUNCTION subgate.find_sub_clients(wanted_status text, wanted_external_id text, term text, wanted_country text, moment_from timestamp with time zone, moment_before timestamp with time zone, after uuid, row_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION subgate.find_sub_clients(wanted_status text, wanted_external_id text, term text, wanted_country text, moment_from timestamp with time zone, moment_before timestamp with time zone, after uuid, row_limit integer) TO subgate_app;

REVOKE ALL ON FUNCTION subgate.partition_keeper(month text) FROM PUBLIC;

REVOKE ALL ON FUNCTION subgate.prune_default_partitions(before timestamp with time zone, size integer) FROM PUBLIC;
GRANT ALL ON FUNCTION subgate.prune_default_partitions(before timestamp with time zone, size integer) TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.transfer TO subgate_app;
GRANT SELECT ON TABLE subgate.transfer TO subgate_reader;

REVOKE ALL ON FUNCTION subgate.vacuum_early(part regclass) FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.account TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.clock TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.connected_account TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.fault TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.link_session TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.link_token TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.portfolio TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.preview TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.sub_client TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.transfer TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.wallet_verification TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.webhook TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE sandbox.webhook_log TO subgate_sandbox;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.admin_key TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.attempt TO subgate_app;
GRANT SELECT ON TABLE subgate.attempt TO subgate_reader;

GRANT SELECT ON TABLE subgate.audit_entry TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.branding TO subgate_app;
GRANT SELECT ON TABLE subgate.branding TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.chore TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.compliance_day TO subgate_app;
GRANT SELECT ON TABLE subgate.compliance_day TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.compliance_revision TO subgate_app;
GRANT SELECT ON TABLE subgate.compliance_revision TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.console_refusal TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.console_session TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.credential TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.credential_secret TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.data_key TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.delivery TO subgate_app;
GRANT SELECT ON TABLE subgate.delivery TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.delivery_gate TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.endpoint TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.endpoint_secret TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.endpoint_statistic TO subgate_app;
GRANT SELECT ON TABLE subgate.endpoint_statistic TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.event TO subgate_app;
GRANT SELECT ON TABLE subgate.event TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.event_key TO subgate_app;
GRANT SELECT ON TABLE subgate.event_key TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.handover TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.idempotency TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.key_check TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.key_holder TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.lane TO subgate_app;
GRANT SELECT ON TABLE subgate.lane TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.link_session TO subgate_app;
GRANT SELECT ON TABLE subgate.link_session TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.logo TO subgate_app;
GRANT SELECT ON TABLE subgate.logo TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.member TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.node TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.operator_notice TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.operator_pulse TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.quarantine TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.reconciliation TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.recovery TO subgate_app;
GRANT SELECT ON TABLE subgate.recovery TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.registration TO subgate_app;
GRANT SELECT ON TABLE subgate.registration TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.registration_creation TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.sub_client TO subgate_app;
GRANT SELECT ON TABLE subgate.sub_client TO subgate_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.upstream TO subgate_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE subgate.usage_count TO subgate_app;
GRANT SELECT ON TABLE subgate.usage_count TO subgate_reader;
