-- name: tell_health
-- What a node found out of an endpoint: see the function. $10 is in seconds.
select tell_health($1::uuid, $2::uuid, $3::bool, $4::text, $5::timestamptz, $6::timestamptz, $7::timestamptz, $8::int,
    $9::int, make_interval(secs => $10::bigint), $11::timestamptz);

-- name: give_up_endpoint
-- Disables an endpoint that is gone, or that has failed since $4.
select give_up_endpoint($1::uuid, $2::uuid, $3::text, $4::timestamptz, $5::timestamptz);
