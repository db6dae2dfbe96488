-- name: latest_data_key
select id, wrapped from data_key where sub_client_id = $1::uuid order by id desc limit 1;

-- name: get_data_key
select id, wrapped from data_key where sub_client_id = $1::uuid and id = $2::uuid;

-- name: create_data_key
insert into data_key (sub_client_id, id, wrapped, created_at)
values ($1::uuid, $2::uuid, $3::bytea, $4::timestamptz);
