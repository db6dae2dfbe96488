-- Master keys and peppers that change while nodes run: proof that a key is the one its id stands for, which node holds
-- which keys, and what still needs which.

set local search_path = subgate;

-- A keyed digest of a fixed text under each key that was ever held: a wrong key under a right id is refused. It tells
-- nothing of the key, which has 256 random bits.
create table key_check (
    kind text not null,
    id text not null,
    proof bytea not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (kind, id),
    constraint key_check_kind_known check (kind in ('master', 'pepper')),
    constraint key_check_id_length check (char_length(id) between 1 and 32),
    constraint key_check_proof_length check (octet_length(proof) = 32)
);

-- The keys of each running node, as `kind:id`.
create table key_holder (
    node_id uuid primary key,
    name text not null,
    held text[] not null,
    -- Those under which it wraps data keys and digests secrets.
    current text[] not null,
    -- Written every few seconds; a node that has not for holder_grace() does not count.
    seen_at timestamptz not null,
    constraint key_holder_name_length check (char_length(name) between 1 and 200),
    constraint key_holder_held_count check (cardinality(held) between 1 and 32)
);

alter table key_check enable row level security;
alter table key_check force row level security;
create policy app on key_check for all to subgate_app using (
    (select current_setting('subgate.platform', true)) = 'on');
alter table key_holder enable row level security;
alter table key_holder force row level security;
create policy app on key_holder for all to subgate_app using (
    (select current_setting('subgate.platform', true)) = 'on');
grant select, insert, update, delete on key_check, key_holder to subgate_app;

create function holder_grace() returns interval language sql immutable as $$ select interval '30 seconds' $$;

-- The id of the master key that wraps a data key: it stands in it, after a version and its own length.
create function master_key_id(wrapped bytea) returns text language sql immutable strict parallel safe as $$
    select encode(substr(wrapped, 3, get_byte(wrapped, 1)), 'escape')
$$;

-- What cannot be read, or not be recognised, without a key: `users` is how many data keys or secrets that are. Secrets
-- that no longer work need no pepper.
create function keys_in_use(moment timestamptz)
    returns table (kind text, id text, users bigint, last_used_at timestamptz) language sql stable as $$
    select 'master', master_key_id(d.wrapped), count(*), null::timestamptz from data_key d group by 2
    union all
    select 'pepper', s.pepper_id, count(*), max(s.last_used_at)
    from (
        select k.pepper_id, k.last_used_at
        from credential_secret k
        join credential c on c.sub_client_id = k.sub_client_id and c.id = k.credential_id
        where k.revoked_at is null and c.revoked_at is null and (k.expires_at is null or k.expires_at > moment)
            and (c.expires_at is null or c.expires_at > moment)
        union all
        select k.pepper_id, k.last_used_at
        from admin_key k
        join member m on m.id = k.member_id
        where k.revoked_at is null and m.deleted_at is null and (k.expires_at is null or k.expires_at > moment)) s
    group by 2
$$;

-- Says that a node holds keys, in the order of its files, and answers which of them it is to use: of each kind the
-- first that every running node holds, so that none meets what it cannot open. `node` is null for a command, which is
-- told the same and is no holder.
--
-- A row is one key: `wrong` is another than the id stood for until now, `missing` one that is in use (by `holder`, if
-- that is named) and not among these. If there is any of those, the node has not become or remained a holder and must
-- not go on with these keys. Otherwise each of its keys is `current` or `held`, and `holder` names a node without it.
--
-- One at a time, so that a key that a starting node lacks is not taken into use meanwhile.
create function hold_keys(node uuid, node_name text, kinds text[], ids text[], proofs bytea[], is_thorough boolean,
    moment timestamptz) returns table (kind text, id text, state text, holder text)
    language plpgsql as $$
#variable_conflict use_column
declare
    mine text[] := array(select k || ':' || i from unnest(kinds, ids) as g (k, i));
    chosen text[];
begin
    perform pg_advisory_xact_lock(hashtext('subgate.keys'));
    return query
        select c.kind, c.id, 'wrong', null::text
        from unnest(kinds, ids, proofs) as g (kind, id, proof)
        join key_check c on c.kind = g.kind and c.id = g.id
        where c.proof <> g.proof;
    if found then return; end if;
    return query
        select split_part(u.key, ':', 1), split_part(u.key, ':', 2), 'missing', min(u.name)
        from (
            select unnest(h.current) as key, h.name
            from key_holder h
            where h.node_id is distinct from node and h.seen_at > clock_timestamp() - holder_grace()
            union all
            select k.kind || ':' || k.id, null
            from keys_in_use(moment) k
            where is_thorough) u
        where u.key <> all (mine)
        group by u.key;
    if found then return; end if;
    insert into key_check (kind, id, proof)
    select g.kind, g.id, g.proof from unnest(kinds, ids, proofs) as g (kind, id, proof)
    on conflict do nothing;
    chosen := array(
        select distinct on (g.kind) g.kind || ':' || g.id
        from unnest(kinds, ids) with ordinality as g (kind, id, place)
        where not exists (select from key_holder h
            where h.node_id is distinct from node and h.seen_at > clock_timestamp() - holder_grace()
                and g.kind || ':' || g.id <> all (h.held))
        order by g.kind, g.place);
    if node is not null then
        insert into key_holder (node_id, name, held, current, seen_at)
        values (node, node_name, mine, chosen, clock_timestamp())
        on conflict (node_id) do update set held = mine, current = chosen, seen_at = clock_timestamp();
        delete from key_holder h where h.seen_at < clock_timestamp() - interval '1 day';
    end if;
    return query
        select g.kind, g.id, case when g.kind || ':' || g.id = any (chosen) then 'current' else 'held' end,
            (select min(h.name) from key_holder h
                where h.seen_at > clock_timestamp() - holder_grace() and g.kind || ':' || g.id <> all (h.held))
        from unnest(kinds, ids) with ordinality as g (kind, id, place)
        order by g.kind, g.place;
end $$;
