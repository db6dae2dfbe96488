-- What the audit chain still lacked: entries of what is done elsewhere, and which key another took the place of.

set local search_path = subgate;

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
