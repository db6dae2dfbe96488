-- name: get_transfer
select id, link_session_id, upstream_transfer_id, environment::text, transaction_id, user_id, status::text,
    refund_status::text, symbol, chain, tx_hash, source_amount::text, destination_amount::text, source_address,
    destination_address, refund_address, source_account_provider, created_at, updated_at
from transfer
where sub_client_id = $1::uuid and id = $2::uuid and ($3::text is null or environment = $3::text::environment);

-- name: list_transfers
-- A page, newest first, of what lies below $3 and not below $4; it looks at $6 rows at most, as list_deliveries does.
with page as (
    select t.*
    from (
        select id, link_session_id, upstream_transfer_id, environment, transaction_id, user_id, status, refund_status,
            symbol, chain, tx_hash, source_amount, destination_amount, source_address, destination_address,
            refund_address, source_account_provider, created_at, updated_at
        from transfer
        where sub_client_id = $1::uuid and id < $3::uuid and id >= $4::uuid
        order by id desc
        limit $6::int
    ) as t
    where ($2::text is null or t.environment = $2::text::environment)
        and ($7::text is null or t.status = $7::text::transfer_status)
    order by t.id desc
    limit $5::int
), bound as (
    select b.id
    from (
        select id from transfer
        where sub_client_id = $1::uuid and id < $3::uuid and id >= $4::uuid
        order by id desc
        offset $6::int - 1
        limit 1
    ) as b
    where (select count(*) from page) < $5::int
)
select id, link_session_id, upstream_transfer_id, environment::text, transaction_id, user_id, status::text,
    refund_status::text, symbol, chain, tx_hash, source_amount::text, destination_amount::text, source_address,
    destination_address, refund_address, source_account_provider, created_at, updated_at, false as is_bound
from page
union all
select id, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
    true
from bound
order by id desc, is_bound;

-- name: list_named_transfers
-- The same of a link session ($8), a merchant's transaction ($9) or a user ($10). Of the ways in, each behind a
-- condition on parameters alone, the first is taken that is given; the others narrow what it finds.
with candidate as materialized (
    (select id, environment, status, transaction_id, user_id
    from transfer
    where sub_client_id = $1::uuid and $8::uuid is not null and link_session_id = $8
        and id < $3::uuid and id >= $4::uuid
    order by id desc
    limit $6::int)
    union all
    (select id, environment, status, transaction_id, user_id
    from transfer
    where sub_client_id = $1 and $8 is null and $9::text is not null and transaction_id = $9 and id < $3 and id >= $4
    order by id desc
    limit $6)
    union all
    (select id, environment, status, transaction_id, user_id
    from transfer
    where sub_client_id = $1 and num_nonnulls($8, $9) = 0 and user_id = $10::text and id < $3 and id >= $4
    order by id desc
    limit $6)
), page as materialized (
    select c.id
    from candidate c
    where ($2::text is null or c.environment = $2::text::environment)
        and ($7::text is null or c.status = $7::text::transfer_status)
        and ($9 is null or c.transaction_id = $9) and ($10 is null or c.user_id = $10)
    order by c.id desc
    limit $5::int
), bound as (
    select b.id
    from (select id from candidate order by id desc offset $6 - 1 limit 1) as b
    where (select count(*) from page) < $5
)
select t.id, t.link_session_id, t.upstream_transfer_id, t.environment::text, t.transaction_id, t.user_id,
    t.status::text, t.refund_status::text, t.symbol, t.chain, t.tx_hash, t.source_amount::text,
    t.destination_amount::text, t.source_address, t.destination_address, t.refund_address, t.source_account_provider,
    t.created_at, t.updated_at, false as is_bound
from page
cross join lateral (select * from transfer t where t.sub_client_id = $1 and t.id = page.id offset 0) as t
union all
select id, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
    true
from bound
order by id desc, is_bound;

-- name: list_mesh_transfers
-- One page of a sub-client's transfers for Mesh's own list, with how many were looked at and how many match: one row
-- without a transfer if the page is empty.
--
-- Of the ways in, each behind a condition on parameters alone, one is taken: by the upstream's id ($3), by transaction
-- ($4), by user ($5), or all of them by id, which is their order of time, from the end ($11) or from the start. Each
-- looks at no more than $10, so that neither counting nor sorting grows without bound. The span of time is given twice,
-- $6 and $7 being the same in ids and wider, so that an index finds it.
with candidate as (
    (select id, link_session_id, upstream_transfer_id, transaction_id, user_id, status, symbol, chain, tx_hash,
        source_account_provider, created_at
    from transfer
    where sub_client_id = $1::uuid and $3::uuid is not null and environment = $2::text::environment
        and upstream_transfer_id = $3
        and id >= $6::uuid and id < $7::uuid and created_at >= $8::timestamptz and created_at < $9::timestamptz
    order by id desc
    limit $10::int)
    union all
    (select id, link_session_id, upstream_transfer_id, transaction_id, user_id, status, symbol, chain, tx_hash,
        source_account_provider, created_at
    from transfer
    where sub_client_id = $1 and $3 is null and $4::text is not null and environment = $2::text::environment
        and transaction_id = $4
        and id >= $6 and id < $7 and created_at >= $8 and created_at < $9
    order by id desc
    limit $10)
    union all
    (select id, link_session_id, upstream_transfer_id, transaction_id, user_id, status, symbol, chain, tx_hash,
        source_account_provider, created_at
    from transfer
    where sub_client_id = $1 and num_nonnulls($3, $4) = 0 and $5::text is not null
        and environment = $2::text::environment and user_id = $5
        and id >= $6 and id < $7 and created_at >= $8 and created_at < $9
    order by id desc
    limit $10)
    union all
    (select id, link_session_id, upstream_transfer_id, transaction_id, user_id, status, symbol, chain, tx_hash,
        source_account_provider, created_at
    from transfer
    where sub_client_id = $1 and num_nonnulls($3, $4, $5) = 0 and $11::boolean and environment = $2::text::environment
        and id >= $6 and id < $7 and created_at >= $8 and created_at < $9
    order by id desc
    limit $10)
    union all
    (select id, link_session_id, upstream_transfer_id, transaction_id, user_id, status, symbol, chain, tx_hash,
        source_account_provider, created_at
    from transfer
    where sub_client_id = $1 and num_nonnulls($3, $4, $5) = 0 and not $11 and environment = $2::text::environment
        and id >= $6 and id < $7 and created_at >= $8 and created_at < $9
    order by id
    limit $10)
), matching as (
    select c.id, row_number() over (order by
        case when not $11 then k.number end, case when $11 then k.number end desc nulls last,
        case when not $11 then k.word end, case when $11 then k.word end desc nulls last,
        case when not $11 then c.id end, case when $11 then c.id end desc) as place
    from candidate c
    left join link_session s on s.sub_client_id = $1 and s.id = c.link_session_id
        and ($12::text = 'amountInFiat' or num_nonnulls($16::text, $17::text) > 0)
    cross join lateral (
        select case $12 when 'amountInFiat' then s.amount_in_fiat end as number,
            case $12 when 'id' then c.upstream_transfer_id::text when 'clientTransferId' then c.transaction_id
                when 'userId' then c.user_id when 'fromType' then c.source_account_provider
                when 'status' then greatest(c.status, 'pending')::text when 'symbol' then c.symbol
                when 'networkName' then c.chain end as word
    ) as k
    where ($13::text[] is null or c.status = any ($13::text[]::transfer_status[]))
        and ($14::text is null or c.tx_hash = $14)
        and ($15::text[] is null or c.source_account_provider = any ($15))
        and ($16 is null or s.amount_in_fiat >= $16::numeric)
        and ($17 is null or s.amount_in_fiat <= $17::numeric)
        and ($4 is null or c.transaction_id = $4) and ($5 is null or c.user_id = $5)
)
select (select count(*) from candidate), (select count(*) from matching), t.id, t.link_session_id,
    t.upstream_transfer_id, t.environment::text, t.transaction_id, t.user_id, t.status::text, t.refund_status::text,
    t.symbol, t.chain, t.tx_hash, t.source_amount::text, t.destination_amount::text, t.source_address,
    t.destination_address, t.refund_address, t.source_account_provider, t.created_at, t.updated_at, s.transfer_type,
    s.amount_in_fiat::text, case when t.status = 'succeeded' then (
        select min(coalesce(e.occurred_at, e.received_at)) from event e
        where e.sub_client_id = $1 and e.transfer_id = t.id and e.type = 'transfer.succeeded') end
from (values (true)) as always
left join matching m on m.place > $18::bigint and m.place <= $18 + $19::bigint
left join lateral (select * from transfer t where t.sub_client_id = $1 and t.id = m.id offset 0) as t on true
left join link_session s on s.sub_client_id = $1 and s.id = t.link_session_id
order by m.place;

-- name: list_mesh_webhook_logs
-- The latest $4 attempts of each transfer to tell the sub-client of its events, oldest first. A delivery's id is
-- computed from its event and endpoint, and so found by key.
select l.*
from unnest($3::uuid[]) as wanted (transfer_id)
cross join lateral (
    select wanted.transfer_id, p.url, a.status_code, a.error_code, a.started_at, a.duration_us,
        substring(a.response_body for 200)
    from event e
    join endpoint p on p.sub_client_id = $1::uuid and p.environment = $2::text::environment
        and (p.deleted_at is null or p.deleted_at >= e.received_at)
    cross join lateral (
        select * from attempt a where a.sub_client_id = $1 and a.delivery_id = delivery_uuid(e.id, p.id) offset 0) as a
    where e.sub_client_id = $1 and e.transfer_id = wanted.transfer_id
    order by a.started_at desc, a.id desc
    limit $4::int
) as l
order by l.transfer_id, l.started_at;
