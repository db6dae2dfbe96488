-- name: create_credential
-- Nothing is returned when the sub-client may not have it: it is closed, or this is for production and it is not
-- active, or not approved as a business.
insert into credential (sub_client_id, id, client_id, environment, access, name, secret_digest, pepper_id, secret_hint,
    created_at, expires_at)
select s.id, $2::uuid, $3::uuid, $4::text::environment, $5::text::credential_access, $6::text, $7::bytea, $8::text,
    $9::text, $10::timestamptz, $11::timestamptz
from sub_client s
where s.id = $1::uuid and s.status <> 'closed'
    and ($4::text = 'sandbox' or s.status = 'active' and kyb_is_approved(s.id, $10))
returning id;

-- name: list_credentials
select id, client_id, environment::text, access::text, name, secret_hint, created_at, expires_at, revoked_at
from credential
where sub_client_id = $1::uuid and id < $2::uuid
order by id desc
limit $3::int;

-- name: revoke_credential
update credential
set revoked_at = coalesce(revoked_at, $3::timestamptz)
where sub_client_id = $1::uuid and id = $2::uuid
returning id;

-- name: revoke_sub_client_credentials
update credential set revoked_at = $2::timestamptz
where sub_client_id = $1::uuid and revoked_at is null;

-- name: find_credential_by_digest
-- Authentication: the one read of tenants' rows that knows no sub-client yet.
select c.sub_client_id, c.id, c.client_id, c.environment::text, c.access::text, c.secret_digest, c.expires_at,
    s.status::text, s.display_name,
    b.primary_color, b.primary_text_color, b.secondary_color, b.secondary_text_color, b.button_radius,
    b.corner_radius, b.overlay_opacity::text, b.theme, b.language, b.fiat_currency
from credential c
join sub_client s on s.id = c.sub_client_id
left join branding b on b.sub_client_id = c.sub_client_id
where c.secret_digest = $1::bytea and c.revoked_at is null;
