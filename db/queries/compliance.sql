-- name: find_standing
-- How a sub-client stands at $2: its status, the revision in force, and those that come into force until $3, first
-- what comes first. Rules whose number is in $4 are known to the caller and left out. Always at least one row.
select s.status::text, r.number, r.effective_at, r.kyb_status::text, r.kyb_expires_at,
    case when r.number = any ($4::int[]) then null else r.rules end
from sub_client s
left join lateral (
    (select * from compliance_revision
        where sub_client_id = s.id and effective_at <= $2::timestamptz
        order by effective_at desc, number desc
        limit 1)
    union all
    (select * from compliance_revision
        where sub_client_id = s.id and effective_at > $2 and effective_at <= $3::timestamptz)
) r on true
where s.id = $1::uuid
order by r.effective_at, r.number;

-- name: get_compliance
-- The revision in force at $2 (marked 1), the one that comes next (2) and the latest of all (3); a row of nulls for a
-- sub-client without any.
select r.mark, r.number, r.rules, r.kyb_status::text, r.kyb_expires_at, r.kyb_legal_entity,
    r.kyb_registration_number, r.kyb_address, r.kyb_vasp_id, r.kyb_platform_category, r.kyb_mcc, r.effective_at,
    r.created_at, r.created_by_member, r.created_by_key
from sub_client s
left join lateral (
    (select 1 as mark, c.* from compliance_revision c
        where c.sub_client_id = s.id and c.effective_at <= $2::timestamptz
        order by c.effective_at desc, c.number desc
        limit 1)
    union all
    -- Of those that come into force at one moment, the last written counts.
    (select 2 as mark, c.* from compliance_revision c
        where c.sub_client_id = s.id and c.effective_at > $2
        order by c.effective_at, c.number desc
        limit 1)
    union all
    (select 3 as mark, c.* from compliance_revision c
        where c.sub_client_id = s.id
        order by c.number desc
        limit 1)
) r on true
where s.id = $1::uuid
order by r.mark;

-- name: list_compliance_revisions
-- Newest first. $2 is the last number of the page before, for the first one the greatest that there can be.
select number, rules, kyb_status::text, kyb_expires_at, kyb_legal_entity, kyb_registration_number, kyb_address,
    kyb_vasp_id, kyb_platform_category, kyb_mcc, effective_at, created_at, created_by_member,
    created_by_key
from compliance_revision
where sub_client_id = $1::uuid and number < $2::int
order by number desc
limit $3::int;

-- name: lock_compliance
-- Who writes a sub-client's next revision goes one after the other: the next statement sees what was written before.
select status::text from sub_client where id = $1::uuid for no key update;

-- name: create_compliance_revision
-- Nothing is returned if the sub-client is closed, or the latest revision is not $2 (null for any). Without a moment
-- ($11) it is in force at once: not before another that was so, though that came from a node whose clock is ahead.
insert into compliance_revision (sub_client_id, number, rules, kyb_status, kyb_expires_at, kyb_legal_entity,
    kyb_registration_number, kyb_address, kyb_vasp_id, kyb_platform_category, kyb_mcc, effective_at, created_at,
    created_by_member, created_by_key)
select s.id, l.number + 1, $3::text, $4::text::kyb_status, $5::timestamptz, $6::text, $7::text, $8::text, $9::text,
    $10::text, $12::text, coalesce($11::timestamptz, greatest($13::timestamptz, l.moment)),
    case when $11 is null then greatest($13, l.moment) else least($13, $11) end, $14::uuid, $15::uuid
from sub_client s
cross join lateral (
    select coalesce(max(r.number), 0) as number, max(r.effective_at) filter (where r.effective_at = r.created_at)
        as moment
    from compliance_revision r
    where r.sub_client_id = s.id
) l
where s.id = $1::uuid and s.status not in ('closed', 'erased') and ($2::int is null or l.number = $2)
returning number, effective_at, created_at;

-- name: day_has_room
-- Whether an amount ($5) fits under the day's maximum ($6), as a token that revision $4 judges would be counted.
select coalesce(
        (select d.amount from compliance_day d
            where d.sub_client_id = $1::uuid and d.environment = $2::text::environment
                and d.day = ($3::timestamptz at time zone 'UTC')::date and d.revision >= $4::int),
        link_session_day_total($1, $2::text::environment, $3)) + $5::text::numeric <= $6::text::numeric;

-- name: open_compliance_day
-- Begins the day's count with what the day has seen so far.
insert into compliance_day (sub_client_id, environment, day, amount, revision)
select $1::uuid, $2::text::environment, ($3::timestamptz at time zone 'UTC')::date,
    link_session_day_total($1, $2::text::environment, $3), $4::int
where not exists (
    select from compliance_day
    where sub_client_id = $1 and environment = $2::text::environment and day = ($3 at time zone 'UTC')::date)
on conflict do nothing;

-- name: lock_compliance_day
-- Before it is counted anew, so that the next statement sees all that was counted until now.
select revision from compliance_day
where sub_client_id = $1::uuid and environment = $2::text::environment
    and day = ($3::timestamptz at time zone 'UTC')::date and revision < $4::int
for update;

-- name: recount_compliance_day
update compliance_day
set amount = link_session_day_total($1, $2::text::environment, $3), revision = $4::int
where sub_client_id = $1::uuid and environment = $2::text::environment
    and day = ($3::timestamptz at time zone 'UTC')::date and revision < $4;

-- name: create_counted_link_session
-- A link session under a daily maximum ($14): counted and stored, or neither, when nothing is returned.
with counted as (
    update compliance_day d
    set amount = d.amount + $9::text::numeric
    where d.sub_client_id = $1::uuid and d.environment = $3::text::environment
        and d.day = ($12::timestamptz at time zone 'UTC')::date and d.amount + $9::text::numeric <= $14::text::numeric
    returning d.sub_client_id
)
insert into link_session (sub_client_id, id, environment, upstream_id, credential_id, transaction_id, user_id,
    transfer_type, amount_in_fiat, has_transfer, expires_at, created_at, compliance_revision)
select c.sub_client_id, $2::uuid, $3::text::environment, $4::uuid, $5::uuid, $6::text, $7::text, $8::text,
    $9::text::numeric, $10::bool, $11::timestamptz, $12, $13::int
from counted c
returning id;
