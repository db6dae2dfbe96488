-- name: create_console_session
insert into console_session (id, token_digest, key_id, created_at, seen_at, expires_at)
values ($1::uuid, $2::bytea, $3::uuid, $4::timestamptz, $4, $5::timestamptz);

-- name: find_console_session
-- The session of a token if it lasts at $2 and was seen after $3, and its key works.
select s.id, s.seen_at, s.expires_at, k.id, k.member_id, m.role::text, m.name
from console_session s
join admin_key k on k.id = s.key_id
join member m on m.id = k.member_id
where s.token_digest = $1::bytea and s.ended_at is null and s.expires_at > $2::timestamptz
    and s.seen_at > $3::timestamptz and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)
    and m.deleted_at is null;

-- name: touch_console_session
update console_session set seen_at = greatest(seen_at, $2::timestamptz) where id = $1::uuid and ended_at is null;

-- name: end_console_session
update console_session set ended_at = coalesce(ended_at, $2::timestamptz) where id = $1::uuid;

-- name: forget_console_sessions
delete from console_session where expires_at < $1::timestamptz;

-- name: count_console_refusals
-- Of one place, since $2.
select coalesce(sum(refusals), 0)::int from console_refusal where place = $1::text and minute >= $2::timestamptz;

-- name: note_console_refusal
insert into console_refusal as r (place, minute, refusals)
values ($1::text, date_trunc('minute', $2::timestamptz), 1)
on conflict (place, minute) do update set refusals = r.refusals + 1;

-- name: forget_console_refusals
delete from console_refusal where minute < $1::timestamptz;
