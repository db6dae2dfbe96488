-- name: begin_sub_client_erasure
select begin_sub_client_erasure($1::uuid, $2::uuid, $3::timestamptz);

-- name: begin_end_user_erasure
select begin_end_user_erasure($1::uuid, $2::uuid, $3::text::environment, $4::bytea, $5::bytea, $6::uuid,
    $7::timestamptz);

-- name: running_end_user_erasure
select id, subject::text, environment::text, status::text, requested_at, completed_at, link_sessions, transfers, events,
    deliveries, attempts
from erasure
where sub_client_id = $1::uuid and user_digest = $2::bytea and status = 'running';

-- name: sub_client_erasure
select id, subject::text, environment::text, status::text, requested_at, completed_at, link_sessions, transfers, events,
    deliveries, attempts
from erasure
where sub_client_id = $1::uuid and subject = 'subClient'
order by id
limit 1;

-- name: get_erasure
-- In an environment only end users' that concern it are seen.
select id, subject::text, environment::text, status::text, requested_at, completed_at, link_sessions, transfers, events,
    deliveries, attempts
from erasure
where sub_client_id = $1::uuid and id = $2::uuid
    and ($3::text is null or (subject = 'endUser' and coalesce(environment::text, $3) = $3));

-- name: list_erasures
select id, subject::text, environment::text, status::text, requested_at, completed_at, link_sessions, transfers, events,
    deliveries, attempts
from erasure
where sub_client_id = $1::uuid and ($2::text is null or (subject = 'endUser' and coalesce(environment::text, $2) = $2))
    and ($3::uuid is null or id < $3)
order by id desc
limit $4::int;

-- What a sub-client has few of, erased at once when it is asked for, and again at the end, for what was written
-- meanwhile.

-- name: erase_sub_client
update sub_client
set legal_name = '(erased)', display_name = '(erased)', external_id = null, website = null, metadata = '{}',
    status = 'erased', status_reason = null, version = version + 1, updated_at = $2::timestamptz
where id = $1::uuid and status = 'closed';

-- name: erase_credentials
update credential set name = '(erased)', allowed_ips = '{}', revoked_at = coalesce(revoked_at, $2::timestamptz)
where sub_client_id = $1::uuid and (name <> '(erased)' or revoked_at is null);

-- name: erase_credential_secrets
delete from credential_secret where sub_client_id = $1::uuid;

-- name: erase_branding
delete from branding where sub_client_id = $1::uuid;

-- name: erase_logo
delete from logo where sub_client_id = $1::uuid;

-- name: erase_compliance
-- Who the business is; the rules stay, because link sessions name the revision that judged them.
update compliance_revision
set kyb_legal_entity = null, kyb_registration_number = null, kyb_address = null, kyb_vasp_id = null
where sub_client_id = $1::uuid
    and num_nonnulls(kyb_legal_entity, kyb_registration_number, kyb_address, kyb_vasp_id) > 0;

-- name: erase_registrations
-- What upstreams said of it, which may repeat its names.
update registration set last_error_message = null where sub_client_id = $1::uuid and last_error_message is not null;

-- name: erase_registration_creations
-- Not one that was sent and has no answer yet: what it may have made is to be found and removed first.
delete from registration_creation where holder_id = $1::uuid and sent_at is null;

-- name: erase_endpoints
-- What is sealed goes, not its key alone.
update endpoint
set url = 'https://erased.invalid', description = null, headers_sealed = null, enabled = false,
    version = version + 1, updated_at = $2::timestamptz, deleted_at = coalesce(deleted_at, $2)
where sub_client_id = $1::uuid and url <> 'https://erased.invalid';

-- name: erase_idempotent_answers
delete from idempotency where sub_client_id = $1::uuid or about_sub_client = $1;

-- name: end_end_user_erasures
-- The whole sub-client's takes their work over.
update erasure set status = 'done', completed_at = $2::timestamptz, user_sealed = null
where sub_client_id = $1::uuid and subject = 'endUser' and status = 'running';

-- name: erase_data_keys
-- Last of all: whatever was sealed with them and is still somewhere, such as in a backup, opens no more.
delete from data_key where sub_client_id = $1::uuid;

-- name: list_due_erasures
-- Those that wait longest first, with what the user id of an end user's opens with.
select e.sub_client_id, e.id, e.subject::text, e.user_sealed, e.data_key_id, k.wrapped
from erasure e
left join data_key k on k.sub_client_id = e.sub_client_id and k.id = e.data_key_id
where e.status = 'running' and e.due_at <= $1::timestamptz
order by e.due_at
limit $2::int;

-- name: erase_chunk
select erase_chunk($1::uuid, $2::uuid, $3::text, $4::timestamptz, $5::int, $6::int);

-- name: erase_unlinked
select erase_unlinked($1::uuid, $2::uuid, $3::bytea, $4::int);

-- name: end_erasure
update erasure set status = 'done', completed_at = $3::timestamptz, user_sealed = null
where sub_client_id = $1::uuid and id = $2::uuid and status = 'running';
