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

-- name: applied_migrations
select number, name from public.subgate_migration order by number;

-- name: find_migration_table
select to_regclass('public.subgate_migration') is not null;

-- name: record_migration
insert into public.subgate_migration (number, name) values ($1::int, $2::text);

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
