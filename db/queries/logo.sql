-- name: put_logo
-- Nothing is returned when the sub-client is gone or closed. The same bytes again change nothing.
with mine as (
    select s.id from sub_client s where s.id = $1::uuid and s.status::text not in ('closed', 'erased')
), written as (
    insert into logo (sub_client_id, digest, media_type, width, height, bytes, created_at, updated_at)
    select mine.id, $2::bytea, $3::text, $4::int, $5::int, $6::bytea, $7::timestamptz, $7 from mine
    on conflict (sub_client_id) do update
    set digest = excluded.digest, media_type = excluded.media_type, width = excluded.width, height = excluded.height,
        bytes = excluded.bytes, updated_at = excluded.updated_at
    where logo.digest <> excluded.digest
    returning 1
)
select exists (select from written) from mine;

-- name: get_logo
select digest, media_type, bytes from logo where sub_client_id = $1::uuid;

-- name: get_logo_by_digest
select media_type, bytes from logo where sub_client_id = $1::uuid and digest = $2::bytea;

-- name: delete_logo
-- A closed sub-client's may go as well.
delete from logo where sub_client_id = $1::uuid
returning digest;
