-- Run by the migrator on a connection of its own, as the owner.

-- name: lock_migrations
-- Held until the session ends: two nodes that migrate at once take turns.
select pg_advisory_lock(hashtext('subgate.migrations'));

-- name: unlock_migrations
select pg_advisory_unlock(hashtext('subgate.migrations'));

-- name: create_migration_table
create table if not exists public.subgate_migration (
    number int primary key,
    name text not null,
    applied_at timestamptz not null default clock_timestamp()
);

-- name: mark_breaking_migrations
-- Whether builds that do not know a migration cannot work with it.
alter table public.subgate_migration add column if not exists is_breaking boolean not null default false;

-- name: applied_migrations
-- The column may not be there yet.
select number, name, coalesce((to_jsonb(m) ->> 'is_breaking')::bool, false)
from public.subgate_migration m
order by number;

-- name: limit_lock_waits
select set_config('lock_timeout', $1::text, true);

-- name: find_migration_table
select to_regclass('public.subgate_migration') is not null;

-- name: record_migration
insert into public.subgate_migration (number, name, is_breaking) values ($1::int, $2::text, $3::bool);

-- name: begin_transaction
begin;

-- name: commit_transaction
commit;

-- name: roll_back_transaction
rollback;

-- name: current_role
select current_user::text, rolsuper, rolbypassrls from pg_roles where rolname = current_user;

-- name: find_database
select datname from pg_database where datname = $1::text;

-- name: create_database
-- For `subgate dev`, whose cluster is its own.
create database subgate;
