import Domain
import Postgres
import Store
import TestSupport
import Testing

/// The first wall by itself: row-level security, with statements that name no sub-client at all.
@Suite struct RowLevelSecurityTests {
    /// A table of the schema, and the column that says whose a row is; nil for the platform's own tables.
    private struct Table {
        let name: String
        let ownerColumn: String?
        let firstColumn: String
    }

    /// Children before their parents, so that rows can be deleted in this order. Without the audit chain, to which the
    /// app has no rights but to read: see `theAppMayNot`.
    private static func tables(_ owner: BlockingConnection) throws -> [Table] {
        let rows = try owner.query(
            """
            select c.relname::text, case when c.relname = 'sub_client' then 'id'
                when exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'sub_client_id')
                then 'sub_client_id' end,
                exists (select from pg_constraint k where k.confrelid = c.oid and k.contype = 'f'),
                (select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum = 1)
            from pg_class c
            where c.relnamespace = 'subgate'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                and c.relname <> 'audit_entry'
            order by 3, 1
            """)
        return rows.indices.map {
            Table(
                name: rows.string($0, 0), ownerColumn: rows.stringOrNil($0, 1), firstColumn: rows.string($0, 3))
        }
    }

    /// Two sub-clients with everything, and the schema's tables.
    private func withTwoTenants(
        _ body: @escaping @Sendable (StoreFixture, FurnishedTenant, FurnishedTenant, [Table]) throws -> Void
    ) async throws {
        try await StoreFixture.with { fixture in
            let one = try await FurnishedTenant.make(fixture.store, "one")
            let other = try await FurnishedTenant.make(fixture.store, "other", upstream: one.seed.upstream)
            _ = try await fixture.store.accept([one.seed.received("Pending", nil)], lease: nil)
            _ = try await fixture.store.bootstrapOwner(name: "key")
            try await fixture.store.holdNode(fixture.store.identifiers.nextUUID(), name: "node")
            _ = try await fixture.store.holdKeys(
                fixture.store.keyring.keys, as: (fixture.store.identifiers.nextUUID(), "node"), isThorough: true)
            try await noticed(fixture, [one.subClient, other.subClient])
            try await onOwnThread {
                try body(fixture, one, other, try Self.tables(try fixture.testDatabase.owner()))
            }
        }
    }

    /// A notice about each, and what the PSP was told a moment ago.
    private func noticed(_ fixture: StoreFixture, _ subClients: [SubClientID]) async throws {
        try await onOwnThread {
            let owner = try fixture.testDatabase.owner()
            for subClient in subClients {
                let id = String(decoding: subClient.uuid.text, as: UTF8.self)
                try owner.execute(
                    """
                    insert into subgate.operator_notice (sub_client_id, type, subject_id, noted_at)
                    values ('\(id)', 'endpoint.disabled', '\(id)', now());
                    insert into subgate.operator_pulse (type, id, told_at)
                    values ('quarantine.added', '\(id)', now())
                    """)
            }
        }
    }

    private func app(_ fixture: StoreFixture) throws -> BlockingConnection {
        let connection = try BlockingConnection(fixture.testDatabase.connectionString)
        try connection.execute("set search_path = subgate, pg_catalog")
        return connection
    }

    private func begin(_ connection: BlockingConnection, as subClient: SubClientID) throws {
        try connection.execute("begin")
        _ = try connection.query(
            "select set_config('subgate.sub_client', $1, true)", parameters: [.text(subClient.uuid.text)])
    }

    @Test func statementsWithoutAnyPredicateSeeAndChangeOnlyTheirOwn() async throws {
        try await withTwoTenants { fixture, one, other, tables in
            let owner = try fixture.testDatabase.owner()
            let connection = try app(fixture)
            for mine in [one, other] {
                for change in ["select 1 from %", "update % set $ = $ returning 1", "delete from % returning 1"] {
                    try begin(connection, as: mine.subClient)
                    for table in tables {
                        let column = table.ownerColumn ?? table.firstColumn
                        let text = change.replacing("%", with: table.name).replacing("$", with: column)
                        let seen = try connection.query(text).count
                        guard let own = table.ownerColumn else {
                            #expect(seen == 0, "\(text)")
                            continue
                        }
                        let rows = try owner.query(
                            "select count(*) filter (where \(own) = $1), count(*) from subgate.\(table.name)",
                            parameters: [.uuid(high: mine.subClient.uuid.high, low: mine.subClient.uuid.low)])
                        #expect(seen == rows.int64(0, 0), "\(text)")
                        #expect(seen > 0 && rows.int64(0, 1) > Int64(seen), "\(table.name) has rows of both")
                    }
                    try connection.execute("rollback")
                }
            }
        }
    }

    @Test func aRowOfAnothersCannotBeWritten() async throws {
        try await withTwoTenants { fixture, one, other, tables in
            let connection = try app(fixture)
            for table in tables {
                try begin(connection, as: one.subClient)
                let column = table.ownerColumn ?? table.firstColumn
                let error = #expect(throws: PostgresError.self) {
                    let theirs = "'\(String(decoding: other.subClient.uuid.text, as: UTF8.self))'::uuid"
                    // A row of one's own in which only the owner is another's, or for the platform's tables any row.
                    if table.ownerColumn == nil {
                        try connection.execute(
                            "insert into \(table.name) select r.* from \(table.name) r right join "
                                + "(select 1) as one on true")
                    } else {
                        try connection.execute("update \(table.name) set \(column) = \(theirs)")
                    }
                }
                let state = error?.sqlState?.description
                // Refused by the policy, or for the platform's tables by the first column that may not be null.
                #expect(state == "42501" || (table.ownerColumn == nil && state == "23502"), "\(table.name)")
                try connection.execute("rollback")
            }
        }
    }

    @Test func withoutAScopeThereIsNothingAndAfterOneNothingLeaks() async throws {
        try await withTwoTenants { fixture, one, _, tables in
            let connection = try app(fixture)
            func expectNothing(_ when: Comment) throws {
                for table in tables {
                    #expect(try connection.query("select 1 from \(table.name)").count == 0, "\(table.name): \(when)")
                }
            }
            try expectNothing("nothing was ever set")
            for ending in ["commit", "rollback"] {
                try begin(connection, as: one.subClient)
                #expect(try connection.query("select 1 from endpoint").count == 1)
                try connection.execute(ending)
                try expectNothing("after a \(ending)")
            }
            // Set, as by a mistake, to what is no identifier: an error, and no rows.
            try connection.execute("begin")
            try connection.execute("select set_config('subgate.sub_client', 'x', true)")
            #expect(throws: PostgresError.self) { try connection.query("select 1 from endpoint") }
        }
    }

    @Test func everyTableHasTheWallAndTheRolesCannotClimbIt() async throws {
        try await onOwnThread {
            let owner = try TestDatabase.make().owner()
            let open = try owner.query(
                """
                select c.relname::text from pg_class c
                where c.relnamespace = 'subgate'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                    and not (c.relrowsecurity and (c.relforcerowsecurity or c.relname = 'audit_entry')
                        and exists (select from pg_policy p where p.polrelid = c.oid))
                """)
            #expect(open.indices.map { open.string($0, 0) } == [])
            let roles = try owner.query(
                """
                select rolname::text from pg_roles r
                where rolname in ('subgate_app', 'subgate_reader', 'subgate_sandbox')
                    and not (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication)
                    and not exists (select from pg_class where relowner = r.oid)
                    and not exists (select from pg_proc where proowner = r.oid)
                    and not exists (select from pg_namespace where nspowner = r.oid)
                    and not exists (select from pg_auth_members where member = r.oid)
                order by 1
                """)
            #expect(
                roles.indices.map { roles.string($0, 0) } == ["subgate_app", "subgate_reader", "subgate_sandbox"])
            // Rights on a partition would be a way around the policies of its parent.
            let partitions = try owner.query(
                """
                select c.relname::text from pg_class c, unnest(array['subgate_app', 'subgate_reader']) as r (role)
                where c.relnamespace = 'subgate'::regnamespace and c.relispartition and c.relkind = 'r'
                    and has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate, references')
                """)
            #expect(partitions.indices.map { partitions.string($0, 0) } == [])
            let functions = try owner.query(
                "select proname::text from pg_proc where pronamespace = 'subgate'::regnamespace and prosecdef "
                    + "order by 1")
            #expect(
                functions.indices.map { functions.string($0, 0) } == [
                    "append_audit_entry", "drop_expired_partition", "ensure_partitions", "erase_audit_details",
                    "find_sub_clients", "prune_default_partitions",
                ])
        }
    }

    /// It reads around the wall, so it must ask who asks.
    @Test func theSearchShowsNothingToSubClients() async throws {
        try await withTwoTenants { fixture, one, _, _ in
            let connection = try app(fixture)
            let search = "select find_sub_clients(null, null, null, null, null, null, null, 100)"
            #expect(try connection.query(search).count == 0)
            try begin(connection, as: one.subClient)
            #expect(try connection.query(search).count == 0)
            try connection.execute("select set_config('subgate.platform', 'on', true)")
            #expect(try connection.query(search).count == 2)
            try connection.execute("rollback")
            let reader = try BlockingConnection(try fixture.testDatabase.connectionString(role: "subgate_reader"))
            let error = #expect(throws: PostgresError.self) {
                try reader.query("select subgate.find_sub_clients(null, null, null, null, null, null, null, 100)")
            }
            #expect(error?.sqlState == .insufficientPrivilege)
        }
    }

    @Test(arguments: [
        "create table subgate.mine (n int)", "create table public.mine (n int)", "create schema mine",
        "alter table subgate.endpoint disable row level security", "alter table subgate.endpoint add mine int",
        "drop table subgate.endpoint", "truncate subgate.endpoint", "drop policy app on subgate.endpoint",
        "create policy mine on subgate.endpoint using (true)", "create index on subgate.endpoint (url)",
        "set role subgate_owner", "set session authorization subgate_owner", "create role mine superuser",
        "alter role subgate_app bypassrls", "select from subgate.event_default", "select from sandbox.link_token",
        "copy subgate.endpoint to program 'true'", "select pg_read_file('/etc/passwd')",
        "update subgate.audit_entry set body = '{}'", "delete from subgate.audit_entry", "truncate subgate.audit_entry",
        "insert into subgate.audit_entry (seq, id, at, body, previous_hash, hash) select 1, id, at, '', '', '' "
            + "from subgate.audit_entry",
        "insert into public.subgate_migration (number, name) values (9999, 'mine')",
    ])
    func theAppMayNot(_ statement: String) async throws {
        try await onOwnThread {
            let connection = try BlockingConnection(try TestDatabase.make().connectionString)
            let error = #expect(throws: PostgresError.self) { try connection.execute(statement) }
            #expect(error?.sqlState == .insufficientPrivilege, "\(String(reflecting: error))")
        }
    }

    @Test func theReaderReadsWhatItMayAndWritesNothing() async throws {
        try await withTwoTenants { fixture, _, _, tables in
            let server = try fixture.testDatabase.connectionString(role: "subgate_reader")
            let connection = try BlockingConnection(server)
            let readable = tables.map(\.name).filter { name in
                (try? connection.query("select 1 from subgate.\(name)")) != nil
            }
            // Nothing that holds a secret, sealed or digested.
            #expect(
                readable.sorted() == [
                    "attempt", "branding", "compliance_day", "compliance_revision", "delivery", "endpoint_statistic",
                    "event", "event_key", "lane", "link_session", "logo", "recovery", "registration", "sub_client",
                    "transfer", "usage_count",
                ])
            for name in readable {
                let error = #expect(throws: PostgresError.self) {
                    try connection.execute("delete from subgate.\(name)")
                }
                #expect(error?.sqlState == .insufficientPrivilege)
            }
        }
    }
}
