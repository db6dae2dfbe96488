import Postgres
import SQL
import TestSupport
import Testing

/// How statements find rows in tables that grow, with a plan from when these were empty: it is made once for a session,
/// and stays until somebody analyses what has come since.
@Suite struct PlanTests {
    private static let growing = [
        "attempt", "delivery", "endpoint", "event", "event_key", "handover", "lane", "link_session", "transfer",
    ]

    /// A walk over the whole of a table that is meant, or that costs nobody much.
    private static let meant = [
        // At most as many as it counts to.
        "count_due lane", "count_kept endpoint",
        // Everything that is owed, by indexes that have just that.
        "count_owed delivery", "count_owed handover",
        // By three conditions in any of which it may be; nothing is there for longer than a lease.
        "rescue_handovers handover",
        // By hand, or for a probe that was not sent.
        "delete_upstream link_session", "release_probes lane",
    ]

    /// Of which table and by which index; partitions count as their table.
    private static var scanForm: Regex<(Substring, index: Substring?, table: Substring)> {
        #/
        (?: Seq | Index | Index\ Only | Bitmap\ Heap )\ Scan\ (?: using\ (?<index> \w+ )\  )?
        on\ (?<table> [a-z_]+? )(?: _\d{6} | _default )? \s
        /#
    }

    @Test func whatAPlanFromAnEmptyTableReads() async throws {
        let walks = try await onOwnThread {
            let database = try TestDatabase.make()
            let owner = try database.owner()
            // Before that the planner thinks that there are ten pages of everything.
            try owner.execute("set search_path = subgate")
            for table in Self.growing { try owner.execute("vacuum analyze \(table)") }
            let connection = try BlockingConnection(database.connectionString)
            try connection.execute(
                """
                set search_path = subgate, pg_catalog; set subgate.platform = on; set jit = off;
                set enable_seqscan = off; set plan_cache_mode = force_generic_plan
                """)
            return try Statement.service.flatMap { try Self.walks($0, connection) }
        }
        #expect(Set(walks).subtracting(Self.meant).sorted() == [])
        #expect(Set(Self.meant).subtracting(walks).sorted() == [], "no longer so")
    }

    /// Of which tables a statement reads more than a key says: its name and theirs.
    private static func walks(_ statement: Statement, _ connection: BlockingConnection) throws -> [String] {
        try connection.execute("prepare \(statement.name) as \(statement.text)")
        let parameters = try connection.query(
            "select cardinality(parameter_types) from pg_prepared_statements where name = $1",
            parameters: [.string(statement.name)])
        let nulls = Array(repeating: "null", count: Int(parameters.int32(0, 0))).joined(separator: ", ")
        let plan = try connection.query("explain execute \(statement.name)\(nulls.isEmpty ? "" : "(\(nulls))")")
        let lines = plan.indices.map { plan.string($0, 0) } + ["", ""]
        return zip(lines, zip(lines.dropFirst(), lines.dropFirst(2))).compactMap { line, details in
            guard let scan = line.firstMatch(of: scanForm), growing.contains(String(scan.table)) else { return nil }
            let (condition, filter) = details
            let isByIndex = condition.contains(#/(?:Index|Recheck) Cond:/#)
            let isByKey =
                switch scan.table {
                case "endpoint", "handover": true
                // One is looked for, among all that are ready.
                case "lane": !filter.contains("endpoint_id = ")
                // The first column of their keys is the sub-client: alone it says all that one ever had.
                default: scan.index?.contains("_pkey") != true || condition.contains(#/ AND |ROW\(/#)
                }
            return isByIndex && isByKey ? nil : "\(statement.name) \(scan.table)"
        }
    }
}
