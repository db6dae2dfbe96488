-- name: create_credential
-- Nothing is returned when the sub-client may not have it: it is closed, or this is for production and it is not
-- active, or not approved as a business.
insert into credential (sub_client_id, id, client_id, environment, access, name, created_at, expires_at, allowed_ips)
select s.id, $2::uuid, $3::uuid, $4::text::environment, $5::text::credential_access, $6::text, $7::timestamptz,
    $8::timestamptz, $9::text[]::cidr[]
from sub_client s
where s.id = $1::uuid and s.status not in ('closed', 'erased')
    and ($4::text = 'sandbox' or s.status = 'active' and kyb_is_approved(s.id, $7))
returning id;

-- name: create_credential_secret
-- Nothing is returned if the credential $2 is not there or does not work, or if $8 of its secrets still do once all are
-- to end at $9.
insert into credential_secret (sub_client_id, credential_id, id, digest, pepper_id, hint, created_at)
select c.sub_client_id, c.id, $3::uuid, $4::bytea, $5::text, $6::text, $7::timestamptz
from credential c
where c.sub_client_id = $1::uuid and c.id = $2::uuid and c.revoked_at is null
    and (c.expires_at is null or c.expires_at > $7)
    and (select count(*) from credential_secret k
        where k.sub_client_id = $1 and k.credential_id = $2 and k.revoked_at is null
            and least(k.expires_at, $9::timestamptz) > $7) < $8::int
returning id;

-- name: end_earlier_secrets
-- Those before the secret $3, if that was made; one that ends earlier keeps its end.
update credential_secret k
set expires_at = $4::timestamptz
where k.sub_client_id = $1::uuid and k.credential_id = $2::uuid and k.id <> $3::uuid and k.revoked_at is null
    and (k.expires_at is null or k.expires_at > $4)
    and exists (select from credential_secret made
        where made.sub_client_id = $1 and made.credential_id = $2 and made.id = $3);

-- name: revoke_credential_secret
update credential_secret
set revoked_at = coalesce(revoked_at, $4::timestamptz)
where sub_client_id = $1::uuid and credential_id = $2::uuid and id = $3::uuid
returning id;

-- name: list_credentials
select c.id, c.client_id, c.environment::text, c.access::text, c.name, k.hint, c.created_at, c.expires_at, c.revoked_at,
    k.last_used_at, c.allowed_ips::text[]
from credential c
cross join lateral (
    select (array_agg(s.hint order by s.id desc))[1] as hint, max(s.last_used_at) as last_used_at
    from credential_secret s where s.sub_client_id = c.sub_client_id and s.credential_id = c.id) k
where c.sub_client_id = $1::uuid and c.id < $2::uuid
order by c.id desc
limit $3::int;

-- name: get_credential
select c.id, c.client_id, c.environment::text, c.access::text, c.name, k.hint, c.created_at, c.expires_at, c.revoked_at,
    k.last_used_at, c.allowed_ips::text[]
from credential c
cross join lateral (
    select (array_agg(s.hint order by s.id desc))[1] as hint, max(s.last_used_at) as last_used_at
    from credential_secret s where s.sub_client_id = c.sub_client_id and s.credential_id = c.id) k
where c.sub_client_id = $1::uuid and c.id = $2::uuid;

-- name: list_live_secrets
-- Newest first, those that work at $3.
select id, hint, created_at, expires_at, last_used_at
from credential_secret
where sub_client_id = $1::uuid and credential_id = $2::uuid and revoked_at is null
    and (expires_at is null or expires_at > $3::timestamptz)
order by id desc;

-- name: revoke_credential
update credential
set revoked_at = coalesce(revoked_at, $3::timestamptz)
where sub_client_id = $1::uuid and id = $2::uuid
returning id;

-- name: revoke_sub_client_credentials
-- If the sub-client has just been closed.
update credential set revoked_at = $2::timestamptz
where sub_client_id = $1::uuid and revoked_at is null
    and exists (select from sub_client s where s.id = $1 and s.status not in ('onboarding', 'active', 'suspended'));

-- name: find_credential_by_digest
-- Authentication: the one read of tenants' rows that knows no sub-client yet.
select c.sub_client_id, c.id, c.client_id, c.environment::text, c.access::text, k.digest,
    least(c.expires_at, k.expires_at), s.status::text, s.display_name,
    b.primary_color, b.primary_text_color, b.secondary_color, b.secondary_text_color, b.button_radius,
    b.corner_radius, b.overlay_opacity::text, b.theme, b.language, b.fiat_currency,
    k.id, c.allowed_ips::text[], g.upstream_id, g.upstream_sub_client_id,
    s.requests_per_second
from credential_secret k
join credential c on c.sub_client_id = k.sub_client_id and c.id = k.credential_id
join sub_client s on s.id = c.sub_client_id
left join branding b on b.sub_client_id = c.sub_client_id
left join (registration g join upstream u on u.id = g.upstream_id and u.deleted_at is null)
    on g.sub_client_id = c.sub_client_id and u.environment = c.environment and g.upstream_sub_client_id is not null
where k.digest = $1::bytea and k.revoked_at is null and c.revoked_at is null;

-- name: note_secret_uses
-- Secrets $3 of credentials $2 of sub-clients $1 were used at $4. A row that another transaction has is left out: nodes
-- that write the same ones would wait for each other in a circle, and the next use is noted again.
with used as materialized (
    select k.sub_client_id, k.credential_id, k.id, u.at
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[]) as u (sub_client_id, credential_id, id, at)
    join credential_secret k on k.sub_client_id = u.sub_client_id and k.credential_id = u.credential_id and k.id = u.id
    where k.last_used_at is null or k.last_used_at < u.at
    for no key update of k skip locked
)
update credential_secret k
set last_used_at = u.at
from used u
where k.sub_client_id = u.sub_client_id and k.credential_id = u.credential_id and k.id = u.id;
