-- name: set_scope
-- Who the following statements of this transaction act for: a sub-client ('' for none) and whether as the platform.
select set_config('subgate.sub_client', $1::text, true), set_config('subgate.platform', $2::text, true);

-- name: ping
select 1;
