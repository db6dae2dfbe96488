-- name: create_member
insert into member (id, name, email, role, created_at, updated_at)
values ($1::uuid, $2::text, $3::text, $4::text::member_role, $5::timestamptz, $5);

-- name: get_member
select id, name, email, role::text, version, created_at, updated_at
from member
where id = $1::uuid and deleted_at is null;

-- name: list_members
select id, name, email, role::text, version, created_at, updated_at
from member
where deleted_at is null and id < $1::uuid
order by id desc
limit $2::int;

-- name: update_member
-- A null argument leaves its column; $4 says whether the email is written. $6 is the version the caller saw, null for
-- any. The last owner stays one.
update member m
set name = coalesce($2::text, name),
    email = case when $4::bool then $3::text else email end,
    role = coalesce($5::text::member_role, role),
    version = version + 1,
    updated_at = $7::timestamptz
where m.id = $1::uuid and m.deleted_at is null and ($6::int is null or m.version = $6)
    and (m.role <> 'owner' or coalesce($5::text, 'owner') = 'owner' or exists (select from member o
        where o.id <> m.id and o.role = 'owner' and o.deleted_at is null))
returning id, name, email, role::text, version, created_at, updated_at;

-- name: delete_member
-- Not the last owner.
update member m set deleted_at = $2::timestamptz, version = version + 1, updated_at = $2
where m.id = $1::uuid and m.deleted_at is null
    and (m.role <> 'owner' or exists (select from member o
        where o.id <> m.id and o.role = 'owner' and o.deleted_at is null))
returning id;

-- name: revoke_member_keys
-- Of a member that is gone.
update admin_key k set revoked_at = $2::timestamptz
from member m
where k.member_id = $1::uuid and k.revoked_at is null and m.id = k.member_id and m.deleted_at is not null;

-- name: end_keys_of_role
-- Those that were made before the member became a $2, if that is what they now are.
update admin_key k set revoked_at = $3::timestamptz
from member m
where k.member_id = $1::uuid and k.revoked_at is null and m.id = k.member_id and m.role = $2::text::member_role;
