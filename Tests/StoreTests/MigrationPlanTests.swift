import Postgres
import SQL
import Store
import TestSupport
import Testing

/// What `subgate migrate --plan` says of a migration, and what may not be in one.
@Suite struct MigrationPlanTests {
    /// Those that all installations have run before there was a rule.
    static let lastWithoutRules = 20
    /// Tables that grow with the traffic: nothing may read them through while it holds others up.
    static let bigTables: Set<String> = [
        "event", "event_key", "delivery", "attempt", "transfer", "link_session", "idempotency", "audit_entry",
        "quarantine", "handover",
    ]

    /// What a migration may not do while nodes of the version before and this one work, unless its first line is
    /// `-- breaking: ` and why.
    static func objections(_ migration: Migration) -> [String] {
        if migration.isBreaking { return [] }
        let plan = MigrationPlan(migration)
        var found = plan.breaks.map { "breaks the version before: \($0)" }
        for (table, touch) in plan.touches where touch.rewrites || bigTables.contains(table) {
            if touch.rewrites { found.append("rewrites \(table)") }
            if touch.scans, touch.lock >= .share { found.append("reads all of \(table) while writers wait") }
            if touch.writes { found.append("changes rows of \(table) in one transaction") }
        }
        return found.sorted()
    }

    @Test func migrationsFromNowOnHoldNobodyUp() {
        for migration in Migration.all where migration.number > MigrationPlanTests.lastWithoutRules {
            #expect(MigrationPlanTests.objections(migration) == [], "\(migration.name)")
        }
    }

    @Test(arguments: [
        ("alter table endpoint drop column url;", "breaks the version before: alter table endpoint drop column url"),
        (
            "alter table endpoint rename column url to uri;",
            "breaks the version before: alter table endpoint rename column url to uri"
        ),
        ("alter table a rename to b;", "breaks the version before: alter table a rename to b"),
        ("drop table a, b;", "breaks the version before: drop table a , b"),
        ("drop function f(int);", "breaks the version before: drop function f ( int )"),
        (
            "alter table a add column b int not null;",
            "breaks the version before: alter table a add column b int not null"
        ),
        (
            "alter table a alter column b set not null;",
            "breaks the version before: alter table a alter column b set not null"
        ),
        ("alter table subgate.event add check (x > 0), add column y int;", "reads all of event while writers wait"),
        ("create index on delivery (a);", "reads all of delivery while writers wait"),
        ("Create Unique Index x on only delivery (a);", "reads all of delivery while writers wait"),
        ("update event set a = 1;", "changes rows of event in one transaction"),
        ("alter table a add column b uuid default gen_random_uuid();", "rewrites a"),
        ("alter table a add column b int generated always as (c + 1) stored;", "rewrites a"),
    ])
    func whatHoldsOthersUpIsObjectedTo(_ text: String, _ objection: String) {
        #expect(MigrationPlanTests.objections(Migration(number: 1, name: "x", text: text)) == [objection])
        let marked = Migration(number: 1, name: "x", text: "-- breaking: the old way is gone\n" + text)
        #expect(MigrationPlanTests.objections(marked) == [])
    }

    @Test func aChangedTypeIsBothKinds() {
        let text = "alter table a alter column b type bigint using b::bigint;"
        #expect(MigrationPlanTests.objections(Migration(number: 1, name: "x", text: text)).count == 2)
    }

    @Test(arguments: [
        "alter table event add column b int not null default 0, add column c text;",
        "alter table event add column at timestamptz default now();",
        "alter table event add constraint x check (a > 0) not valid;",
        "alter table event validate constraint x;", "create index on endpoint (a);",
        "create table a (b int not null); create index on a (b); alter table a drop column b;",
        "-- drop table a;\nselect 1; /* drop table a; */ comment on table a is 'drop table a;';",
        "create function f() returns void language sql as $body$ drop table a; $body$;",
        "create function f() returns void language sql as $$ drop table a; $$;",
    ])
    func whatAddsIsNot(_ text: String) {
        #expect(MigrationPlanTests.objections(Migration(number: 1, name: "x", text: text)) == [])
    }

    @Test func thePlanSaysWhoWaits() {
        let plan = MigrationPlan(
            Migration(
                number: 7, name: "0007_x",
                text: """
                    set local search_path = subgate;
                    create table a (b int references endpoint (id));
                    alter table sub_client add column c text, add column d text generated always as (e) stored;
                    create index on transfer (f);
                    update event set g = 1;
                    drop function h();
                    do $$ begin end $$;
                    """))
        #expect(
            plan.lines == [
                "0007_x: 1 set, 1 create table, 1 alter table, 1 create index, 1 update, 1 drop function, 1 do",
                "  endpoint: share row exclusive lock (writers wait)",
                "  event: row exclusive lock, changes rows",
                "  sub_client: access exclusive lock (all who use it wait), rewrites the table",
                "  transfer: share lock (writers wait), reads the table",
                "  its text does not tell what these do: do",
                "  the version before may fail on it: drop function h ( )",
            ])
    }

    /// The plan of every migration there is, compared with what PostgreSQL does: which tables it locks so that others
    /// wait, and which it writes anew.
    @Test func thePlansAreTrue() async throws {
        try await onOwnThread {
            let connection = try TestDatabase.makeEmpty().owner()
            var compared = 0
            for migration in Migration.all {
                let plan = MigrationPlan(migration)
                try Migrator(connection, known: Migration.all.filter { $0.number < migration.number }).run()
                let before = try MigrationPlanTests.tables(connection)
                try connection.execute("begin")
                try connection.execute(migration.text)
                let locks = try MigrationPlanTests.locks(connection)
                let after = try MigrationPlanTests.tables(connection)
                try connection.execute("rollback")
                for (table, file) in before {
                    let touch = plan.touches[table]
                    if let lock = locks[table], lock > .rowExclusive, lock > touch?.lock ?? .rowExclusive {
                        #expect(!plan.unknown.isEmpty, "\(migration.name) takes a \(lock.name) lock on \(table)")
                    }
                    if after[table] != file {
                        #expect(touch?.rewrites ?? !plan.unknown.isEmpty, "\(migration.name) rewrites \(table)")
                    }
                    if let touch, touch.lock >= .share, locks[table] != nil || plan.unknown.isEmpty {
                        let isAsPlanned =
                            plan.unknown.isEmpty ? locks[table] == touch.lock : locks[table]! >= touch.lock
                        #expect(isAsPlanned, "\(migration.name) takes no such lock on \(table)")
                        compared += 1
                    }
                }
            }
            #expect(compared > 30)
        }
    }

    /// Where each table's rows are kept; a partitioned one has no file.
    private static func tables(_ connection: BlockingConnection) throws -> [String: Int64] {
        let rows = try connection.query(
            """
            select case n.nspname when 'subgate' then '' else n.nspname || '.' end || c.relname, c.relfilenode::bigint
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('subgate', 'sandbox')
            """)
        return Dictionary(uniqueKeysWithValues: rows.indices.map { (rows.string($0, 0), rows.int64($0, 1)) })
    }

    /// The strongest lock that this session holds on each table.
    private static func locks(_ connection: BlockingConnection) throws -> [String: TableLock] {
        let rows = try connection.query(
            """
            select case n.nspname when 'subgate' then '' else n.nspname || '.' end || c.relname, l.mode
            from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
            where l.pid = pg_backend_pid() and c.relkind in ('r', 'p')
            """)
        let modes: [String: TableLock] = [
            "RowExclusiveLock": .rowExclusive, "ShareUpdateExclusiveLock": .shareUpdateExclusive, "ShareLock": .share,
            "ShareRowExclusiveLock": .shareRowExclusive, "AccessExclusiveLock": .accessExclusive,
        ]
        var found: [String: TableLock] = [:]
        for row in rows.indices {
            guard let lock = modes[rows.string(row, 1)] else { continue }
            found[rows.string(row, 0)] = max(lock, found[rows.string(row, 0)] ?? lock)
        }
        return found
    }
}
