-- Finding sub-clients among a million: indexes for each filter, and a search by part of a name.

set local search_path = subgate;

-- Trusted since PostgreSQL 13: whoever may create in this database may have it. Its files come with the server's
-- contrib package, which Debian's postgresql includes.
create extension if not exists pg_trgm with schema public;

-- Both names in small letters; names hold no line feeds, so no search finds a text that spans them.
alter table sub_client
    add column names text generated always as (lower(display_name) || E'\n' || lower(legal_name)) stored;

do $$
begin
    execute format('create index sub_client_names on sub_client using gin (names %s.gin_trgm_ops)',
        (select extnamespace::regnamespace from pg_extension where extname = 'pg_trgm'));
end $$;
create index sub_client_status on sub_client (status, id);
create index sub_client_country on sub_client (country, id);

-- The policy under which find_sub_clients looks: it runs as whoever runs migrations.
create policy search on sub_client for select to current_user using (true);

-- A page of the platform's list of sub-clients, newest first; every filter may be null. Runs as the owner, because
-- row-level security keeps an operator that might leak what it reads, as LIKE might, from using an index; and plans
-- each call for its filters, because one plan for all of them would read everything. moment_from and moment_before
-- bound created_at; identifiers are made within a moment of it, so they bound what is read.
create function find_sub_clients(wanted_status text, wanted_external_id text, term text, wanted_country text,
    moment_from timestamptz, moment_before timestamptz, after uuid, row_limit int) returns setof uuid
    language plpgsql stable security definer rows 20
    set search_path = subgate, pg_catalog, pg_temp
as $$
declare
    slack constant interval := '1 minute';
    conditions text[];
begin
    if current_setting('subgate.platform', true) is distinct from 'on' then return; end if;
    term := '%' || regexp_replace(lower(term), '([\\%_])', '\\\1', 'g') || '%';
    conditions := array_remove(array[
        case when wanted_status is not null then 'status = $1::sub_client_status' end,
        case when wanted_external_id is not null then 'external_id = $2' end,
        case when term is not null then 'names like $3' end,
        case when wanted_country is not null then 'country = $4' end,
        case when moment_from is not null then 'created_at >= $5 and id >= first_uuid($5 - $9)' end,
        case when moment_before is not null then 'created_at < $6 and id < first_uuid($6 + $9)' end,
        case when after is not null then 'id < $7' end], null);
    return query execute 'select id from sub_client'
        || case when conditions = '{}' then '' else ' where ' || array_to_string(conditions, ' and ') end
        || ' order by id desc limit $8'
        using wanted_status, wanted_external_id, term, wanted_country, moment_from, moment_before, after, row_limit,
            slack;
end $$;
revoke all on function find_sub_clients(text, text, text, text, timestamptz, timestamptz, uuid, int) from public;
grant execute on function find_sub_clients(text, text, text, text, timestamptz, timestamptz, uuid, int) to subgate_app;
