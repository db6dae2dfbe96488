-- name: set_scope
-- Who the following statements of this transaction act for: a sub-client ('' for none) and whether as the platform.
select set_config('subgate.sub_client', $1::text, true), set_config('subgate.platform', $2::text, true);

-- name: ping
select 1;

-- name: connection_room
-- How many more connections the server takes from a role without privileges, this one left out of the count.
select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true), '0')::int
    - (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())::int;
