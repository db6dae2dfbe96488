-- name: sandbox_ping
select 1;
