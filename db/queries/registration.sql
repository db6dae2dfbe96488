-- name: claim_registrations
-- Leases up to $4 due registrations as $1 until $3; rows that another node is claiming are passed over, and upstreams
-- that cannot be used, or that the caller leaves in peace ($5).
with due as (
    select r.sub_client_id, r.upstream_id
    from registration r
    join upstream u on u.id = r.upstream_id and u.deleted_at is null and u.admin_base_url is not null
        and u.admin_client_secret_sealed is not null
    where r.due_at <= $2::timestamptz and (r.leased_until is null or r.leased_until <= $2)
        and r.upstream_id <> all ($5::uuid[])
    order by r.due_at
    limit $4::int
    for update of r skip locked
)
update registration r
set lease = $1::uuid, leased_until = $3::timestamptz, attempts = r.attempts + 1, last_attempt_at = $2
from due
where r.sub_client_id = due.sub_client_id and r.upstream_id = due.upstream_id
returning r.sub_client_id, r.upstream_id, r.attempts;

-- name: read_registration
-- All that a worker with lease $3 must know: what is wanted at $4, what the upstream has, and the create whose outcome
-- is not known. One statement, so that the version belongs to what is read with it.
select r.wanted_version, r.upstream_sub_client_id, r.logo_digest, r.logo_is_certain,
    s.status::text not in ('closed', 'erased'), s.legal_name, coalesce(b.display_name, s.display_name),
    coalesce(b.allowed_origins, '{}'),
    (select c.rules::jsonb -> 'integrations'
        from compliance_revision c
        where c.sub_client_id = r.sub_client_id and c.effective_at <= $4::timestamptz
        order by c.effective_at desc, c.number desc
        limit 1),
    l.digest, n.legal_name, n.display_name, n.sent_at
from registration r
join sub_client s on s.id = r.sub_client_id
left join branding b on b.sub_client_id = r.sub_client_id
left join logo l on l.sub_client_id = r.sub_client_id
left join registration_creation n on n.upstream_id = r.upstream_id and n.holder_id = r.sub_client_id
where r.sub_client_id = $1::uuid and r.upstream_id = $2::uuid and r.lease = $3::uuid;

-- name: read_registration_logo
select media_type, bytes from logo where sub_client_id = $1::uuid and digest = $2::bytea;

-- name: drop_registration_creation
-- A create was not sent, or is known to have done nothing.
delete from registration_creation n
using registration r
where r.sub_client_id = $1::uuid and r.upstream_id = $2::uuid and r.lease = $3::uuid
    and n.upstream_id = r.upstream_id and n.holder_id = r.sub_client_id;

-- name: take_registration_creation
-- The right to create under two names. Nothing is returned while another sub-client has it.
insert into registration_creation (id, upstream_id, names_digest, holder_id, legal_name, display_name)
select $4::uuid, r.upstream_id, $5::bytea, r.sub_client_id, $6::text, $7::text
from registration r
where r.sub_client_id = $1::uuid and r.upstream_id = $2::uuid and r.lease = $3::uuid
on conflict do nothing
returning id;

-- name: mark_registration_creation
-- A create is about to be sent.
update registration_creation n
set sent_at = $4::timestamptz
from registration r
where r.sub_client_id = $1::uuid and r.upstream_id = $2::uuid and r.lease = $3::uuid
    and n.upstream_id = r.upstream_id and n.holder_id = r.sub_client_id
returning n.id;

-- name: bind_registration
-- The upstream's entry $4 is this sub-client's: unless it is another's already. $5 says whether it is known to have no
-- logo.
update registration r
set upstream_sub_client_id = $4::uuid, logo_digest = null, logo_is_certain = $5::boolean, updated_at = $6::timestamptz
where r.sub_client_id = $1::uuid and r.upstream_id = $2::uuid and r.lease = $3::uuid
    and not exists (select from registration o where o.upstream_id = r.upstream_id and o.upstream_sub_client_id = $4)
returning r.sub_client_id;

-- name: unbind_registration
-- The upstream no longer has it.
update registration
set upstream_sub_client_id = null, logo_digest = null, logo_is_certain = true, updated_at = $4::timestamptz
where sub_client_id = $1::uuid and upstream_id = $2::uuid and lease = $3::uuid
returning sub_client_id;

-- name: set_registration_logo
-- What the upstream has: a logo of digest $4 or none; not certain ($5) while a change of it is under way.
update registration
set logo_digest = $4::bytea, logo_is_certain = $5::boolean, updated_at = $6::timestamptz
where sub_client_id = $1::uuid and upstream_id = $2::uuid and lease = $3::uuid
returning sub_client_id;

-- name: settle_registration
-- The upstream has version $4, in state $5. What changed meanwhile is due now; what changes by itself, then.
update registration r
set synced_version = greatest(r.synced_version, $4::bigint), synced_at = $6::timestamptz, attempts = 0,
    last_error = null, last_error_message = null, lease = null, leased_until = null, updated_at = $6,
    state = case when r.wanted_version = $4 then $5::text::registration_state else 'pending' end,
    due_at = case when r.wanted_version = $4 then (
            select min(c.effective_at) from compliance_revision c
            where c.sub_client_id = r.sub_client_id and c.effective_at > $6)
        else $6 end
where r.sub_client_id = $1::uuid and r.upstream_id = $2::uuid and r.lease = $3::uuid
returning r.state::text;

-- name: fail_registration
-- An attempt at version $4 failed: state $5, next at $6 or when something changes. What changed meanwhile is due now.
update registration r
set state = case when r.wanted_version = $4::bigint then $5::text::registration_state else 'pending' end,
    due_at = case when r.wanted_version = $4 then $6::timestamptz else $9::timestamptz end,
    last_error = $7::text, last_error_message = $8::text, lease = null, leased_until = null, updated_at = $9
where r.sub_client_id = $1::uuid and r.upstream_id = $2::uuid and r.lease = $3::uuid
returning r.state::text;

-- name: find_bound_sub_clients
-- Which of an upstream's entries are sub-clients of ours.
select upstream_sub_client_id from registration
where upstream_id = $1::uuid and upstream_sub_client_id = any ($2::uuid[]);

-- name: list_registrations
select r.upstream_id, u.environment::text, u.name, r.state::text, r.upstream_sub_client_id, r.attempts, r.due_at,
    r.last_error, r.last_error_message, r.last_attempt_at, r.synced_at, r.created_at, r.updated_at
from registration r
join upstream u on u.id = r.upstream_id
where r.sub_client_id = $1::uuid and u.deleted_at is null and ($2::uuid is null or r.upstream_id = $2)
order by r.upstream_id desc;

-- name: retry_registration
-- Nothing is returned for one that is removed: there is nothing to send.
update registration
set wanted_version = wanted_version + 1, state = 'pending', attempts = 0, due_at = $3::timestamptz, updated_at = $3
where sub_client_id = $1::uuid and upstream_id = $2::uuid and state <> 'removed'
returning sub_client_id;

-- name: list_wanted_registrations
-- What an upstream is to have, for comparing; from the one after $2 on.
select r.sub_client_id, r.upstream_sub_client_id, s.status::text not in ('closed', 'erased'), s.legal_name,
    coalesce(b.display_name, s.display_name), coalesce(b.allowed_origins, '{}'),
    (select c.rules::jsonb -> 'integrations'
        from compliance_revision c
        where c.sub_client_id = r.sub_client_id and c.effective_at <= $4::timestamptz
        order by c.effective_at desc, c.number desc
        limit 1),
    l.digest
from registration r
join sub_client s on s.id = r.sub_client_id
left join branding b on b.sub_client_id = r.sub_client_id
left join logo l on l.sub_client_id = r.sub_client_id
where r.upstream_id = $1::uuid and ($2::uuid is null or r.sub_client_id > $2)
order by r.sub_client_id
limit $3::int;

-- name: count_registrations
select upstream_id, state::text, count(*)
from registration
group by upstream_id, state
order by upstream_id, state;

-- name: list_failed_registrations
-- Up to $1 of them.
select r.upstream_id, r.sub_client_id, s.display_name, coalesce(r.last_error_message, r.last_error), r.last_attempt_at,
    r.attempts
from registration r
join sub_client s on s.id = r.sub_client_id
where r.state = 'failed'
order by r.upstream_id, r.sub_client_id
limit $1::int;
