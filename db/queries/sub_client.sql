-- name: create_sub_client
insert into sub_client
    (id, legal_name, display_name, country, external_id, website, metadata, status, created_at, updated_at)
values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::jsonb, 'onboarding', $8::timestamptz, $8)
returning id, legal_name, display_name, country, external_id, website, metadata, status::text, status_reason, version,
    created_at, updated_at, requests_per_second;

-- name: get_sub_client
select id, legal_name, display_name, country, external_id, website, metadata, status::text, status_reason, version,
    created_at, updated_at, requests_per_second
from sub_client
where id = $1::uuid;

-- name: list_sub_clients
-- Newest first. $1 status, $2 external id, $3 text in either name, $4 country, $5 and $6 the time it was created, from
-- and before: each may be null; $7 the last id of the page before.
select s.id, s.legal_name, s.display_name, s.country, s.external_id, s.website, s.metadata, s.status::text,
    s.status_reason, s.version, s.created_at, s.updated_at, s.requests_per_second
from find_sub_clients($1::text, $2::text, $3::text, $4::text, $5::timestamptz, $6::timestamptz, $7::uuid, $8::int)
    with ordinality as found (id, place)
join sub_client s on s.id = found.id
order by found.place;

-- name: judge_sub_clients
-- Those whose external ids are taken: which of the given, by whom, and whether all that is given is the same there.
select u.place::int, s.id,
    (s.legal_name, s.display_name, s.country, s.website, s.metadata)
        is not distinct from (u.legal_name, u.display_name, u.country, u.website, u.metadata)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
    with ordinality as u (external_id, legal_name, display_name, country, website, metadata, place)
join sub_client s on s.external_id = u.external_id
order by u.place;

-- name: update_sub_client
-- A null argument leaves its column; the flags $6, $8, $10 and $14 say whether a nullable column is written. $11 is the
-- version the caller saw, null for any.
update sub_client
set legal_name = coalesce($2::text, legal_name),
    display_name = coalesce($3::text, display_name),
    country = coalesce($4::text, country),
    external_id = case when $6::bool then $5::text else external_id end,
    website = case when $8::bool then $7::text else website end,
    metadata = case when $10::bool then $9::jsonb else metadata end,
    requests_per_second = case when $14::bool then $13::int else requests_per_second end,
    version = version + 1,
    updated_at = $12::timestamptz
where id = $1::uuid and status not in ('closed', 'erased') and ($11::int is null or version = $11)
returning id, legal_name, display_name, country, external_id, website, metadata, status::text, status_reason, version,
    created_at, updated_at, requests_per_second;

-- name: set_sub_client_status
-- $5 holds the statuses it may come from, $6 the version the caller saw, null for any.
update sub_client
set status = $2::text::sub_client_status, status_reason = $3::text, version = version + 1, updated_at = $4::timestamptz
where id = $1::uuid and status::text = any ($5::text[]) and ($6::int is null or version = $6)
returning id, legal_name, display_name, country, external_id, website, metadata, status::text, status_reason, version,
    created_at, updated_at, requests_per_second;
