-- name: make_operator_events
select make_operator_events($1::timestamptz, $2::int, $3::int);
