-- What deliveries and the audit chain still lacked: whether a node has an event's deliveries in its memory, for those
-- who may not see all of what nodes have; entries of what is done elsewhere; which key another took the place of.

set local search_path = subgate;

-- Handovers hold identifiers of many sub-clients, so a sub-client's scope sees none of them: it may ask this of an
-- event whose identifier it knows.
create function is_handed_over(event uuid) returns boolean language plpgsql as $$
declare
    scope text := current_setting('subgate.platform', true);
    answer boolean;
begin
    perform set_config('subgate.platform', 'on', true);
    select exists (select from handover h where event = any (h.event_ids)) into answer;
    perform set_config('subgate.platform', coalesce(scope, ''), true);
    return answer;
end $$;

-- An entry of what is not a change of rows of ours: `facts` are its values afterwards.
create function audit_note(entry uuid, at timestamptz, actor_type text, actor uuid, key uuid, request_id text,
    address text, action text, noun text, sub_client uuid, target uuid, facts jsonb) returns void language sql as $$
    select append_audit_entry(entry, at, jsonb_build_object('actorType', actor_type, 'actorId', actor, 'keyId', key,
        'requestId', request_id, 'address', address, 'action', action, 'targetType', noun, 'targetId', target,
        'subClientId', sub_client), null, facts)
$$;

-- The key that a rotation made another of.
alter table admin_key add column replaces uuid;

create or replace function audit_admin_key(sub_client uuid, id uuid) returns jsonb language sql stable as $$
    select jsonb_build_object('memberId', k.member_id, 'name', k.name, 'expiresAt', k.expires_at,
        'revokedAt', k.revoked_at) || case when k.replaces is null then '{}'
            else jsonb_build_object('replaces', identifier_text('key_', k.replaces)) end
    from admin_key k where k.id = $2
$$;
