import Postgres
import TestSupport
import Testing

/// What lets the tables of tenants be spread over servers by their sub-client: every key of theirs contains it, so that
/// each server can hold its keys by itself, and no row points at one that may be on another.
@Suite struct DistributionTests {
    /// The tables with a `sub_client_id`. `sub_client` itself, with a row for each, is small: every server has all of
    /// it.
    private static let tenantTables = """
        tenant as (
            select c.oid, c.relname, a.attnum
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'sub_client_id' and not a.attisdropped
            where c.relnamespace = 'subgate'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition)
        """

    /// Tables without a primary key that begins with the sub-client.
    private static let primaryKeys = """
        with \(tenantTables)
        select t.relname::text from tenant t
        where not exists (
            select from pg_index i where i.indrelid = t.oid and i.indisprimary and i.indkey[0] = t.attnum)
        order by 1
        """

    /// Unique indexes and exclusions that would have to look at all servers.
    private static let uniqueKeys = """
        with \(tenantTables)
        select i.indexrelid::regclass::text from tenant t
        join pg_index i on i.indrelid = t.oid and (i.indisunique or i.indisexclusion)
        where t.attnum <> all (i.indkey::int2[])
        order by 1
        """

    /// Foreign keys of tenants' tables, and to them, that do not lead from a sub-client to the same.
    private static let foreignKeys = """
        with \(tenantTables)
        select k.conname::text from pg_constraint k
        left join tenant t on t.oid = k.conrelid
        left join tenant o on o.oid = k.confrelid
        where k.contype = 'f' and k.conparentid = 0 and (t.oid is not null or o.oid is not null)
            and not exists (
                select from generate_subscripts(k.conkey, 1) as place
                where k.conkey[place] = t.attnum and (
                    k.confkey[place] = o.attnum
                    or k.confrelid = 'subgate.sub_client'::regclass and k.confkey[place] = (
                        select attnum from pg_attribute where attrelid = k.confrelid and attname = 'id')))
        order by 1
        """

    private static func found(_ owner: BlockingConnection, _ sql: String) throws -> [String] {
        let rows = try owner.query(sql)
        return rows.indices.map { rows.string($0, 0) }
    }

    @Test func everyKeyOfATenantsTableContainsTheSubClient() async throws {
        try await onOwnThread {
            let owner = try TestDatabase.make().owner()
            #expect(try Self.found(owner, "with \(Self.tenantTables) select relname::text from tenant").count > 20)
            #expect(try Self.found(owner, Self.primaryKeys) == [])
            #expect(try Self.found(owner, Self.uniqueKeys) == [])
            #expect(try Self.found(owner, Self.foreignKeys) == [])
        }
    }

    @Test func aKeyWithoutTheSubClientIsFound() async throws {
        try await onOwnThread {
            let owner = try TestDatabase.make().owner()
            try owner.execute(
                """
                begin;
                set local search_path = subgate;
                create table astray (
                    sub_client_id uuid not null, id uuid primary key, upstream_id uuid
                    constraint astray_upstream references upstream (id), credential_id uuid, other_id uuid,
                    constraint astray_swapped foreign key (credential_id, sub_client_id)
                        references credential (sub_client_id, id),
                    constraint astray_once unique (sub_client_id, other_id))
                """)
            #expect(try Self.found(owner, Self.primaryKeys) == ["astray"])
            #expect(try Self.found(owner, Self.uniqueKeys) == ["astray_pkey"])
            #expect(try Self.found(owner, Self.foreignKeys) == ["astray_swapped", "astray_upstream"])
            try owner.execute("rollback")
        }
    }
}
