-- name: add_usage
-- In the order of the key, so that nodes that add to the same rows wait for each other and never in a ring.
insert into usage_count as u (sub_client_id, environment, day, link_tokens, events, deliveries, attempts)
select i.sub_client_id, i.environment, (i.day at time zone 'UTC')::date, i.link_tokens, i.events, i.deliveries,
    i.attempts
from unnest($1::uuid[], $2::text[]::environment[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[],
    $7::bigint[]) as i (sub_client_id, environment, day, link_tokens, events, deliveries, attempts)
order by 1, 2, 3
on conflict (sub_client_id, environment, day) do update
set link_tokens = u.link_tokens + excluded.link_tokens, events = u.events + excluded.events,
    deliveries = u.deliveries + excluded.deliveries, attempts = u.attempts + excluded.attempts;

-- name: list_usage
-- Of up to $2 sub-clients below $1, newest first, that used something from $3 on and before $4, both the beginning of a
-- day; $5 asks for one of them, $6 for one environment, $7 is the length of a period: `day` or `month`. One row a
-- period, with its transfers, which are counted where they stand: by asset, as JSON.
with page as (
    select s.id
    from sub_client s
    where s.id < $1::uuid and ($5::uuid is null or s.id = $5)
        and exists (
            select from usage_count u
            where u.sub_client_id = s.id and ($6::text is null or u.environment = $6::text::environment)
                and u.day >= ($3::timestamptz at time zone 'UTC')::date
                and u.day < ($4::timestamptz at time zone 'UTC')::date)
    order by s.id desc
    limit $2::int
), period as (
    select u.sub_client_id, u.environment, date_trunc($7::text, u.day::timestamp) at time zone 'UTC' as start,
        sum(u.link_tokens)::bigint as link_tokens, sum(u.events)::bigint as events,
        sum(u.deliveries)::bigint as deliveries, sum(u.attempts)::bigint as attempts
    from page p
    join usage_count u on u.sub_client_id = p.id
    where ($6::text is null or u.environment = $6::text::environment)
        and u.day >= ($3 at time zone 'UTC')::date and u.day < ($4 at time zone 'UTC')::date
    group by 1, 2, 3
)
select p.sub_client_id, p.start, p.environment::text, p.link_tokens, p.events, p.deliveries, p.attempts,
    coalesce(t.transfers, 0)::bigint, coalesce(t.amounts, '[]')::text
from period p
cross join lateral (
    select sum(a.transfers) as transfers, json_agg(json_build_object('symbol', a.symbol, 'chain', a.chain,
        'transfers', a.transfers, 'amount', a.amount) order by a.symbol, a.chain) as amounts
    from (
        select x.symbol, x.chain, count(*) as transfers, trim_scale(sum(x.destination_amount))::text as amount
        from transfer x
        where x.sub_client_id = p.sub_client_id and x.environment = p.environment
            and x.id >= first_uuid(greatest(p.start, $3))
            and x.id < first_uuid(least($4, (p.start at time zone 'UTC' + ('1 ' || $7)::interval) at time zone 'UTC'))
        group by x.symbol, x.chain) as a) as t
order by p.sub_client_id desc, p.start, p.environment;
