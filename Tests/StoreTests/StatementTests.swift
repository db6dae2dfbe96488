import Postgres
import Runtime
import SQL
import TestSupport
import Testing

/// Every statement of `db/queries` is understood by a migrated database, and its role may run it.
@Suite struct StatementTests {
    struct Part: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let statements: [Statement]
        /// Nil is the owner.
        let role: String?
        let searchPath: String

        static let service = Part(
            testDescription: "service", statements: Statement.service, role: "subgate_app",
            searchPath: "subgate, pg_catalog")
        static let sandbox = Part(
            testDescription: "sandbox", statements: StatementFile.sandbox, role: "subgate_sandbox",
            searchPath: "pg_catalog")
        static let migration = Part(
            testDescription: "migration", statements: StatementFile.migration, role: nil, searchPath: "pg_catalog")

        func connectionString(_ database: TestDatabase) throws -> String {
            try role.map { try database.connectionString(role: $0) } ?? database.ownerConnectionString
        }
    }

    @Test func theThreePartsAreAllStatements() {
        let parts = [Part.service, .sandbox, .migration].flatMap(\.statements)
        #expect(parts.map(\.index).sorted() == Statement.all.map(\.index))
        #expect(parts.count > 60)
    }

    /// A plan is only made for a role that has every right the statement needs.
    @Test(arguments: [Part.service, .sandbox])
    func itsRoleMayRunEveryStatement(_ part: Part) async throws {
        try await onOwnThread {
            let connection = try BlockingConnection(try part.connectionString(try TestDatabase.make()))
            try connection.execute("set search_path = \(part.searchPath)")
            for statement in part.statements {
                do {
                    try connection.execute("prepare \(statement.name) as \(statement.text)")
                    let parameters = try connection.query(
                        "select cardinality(parameter_types) from pg_prepared_statements where name = $1",
                        parameters: [.string(statement.name)])
                    let nulls = Array(repeating: "null", count: Int(parameters.int32(0, 0))).joined(separator: ", ")
                    try connection.execute("explain execute \(statement.name)\(nulls.isEmpty ? "" : "(\(nulls))")")
                } catch {
                    Issue.record("\(statement.name): \(String(reflecting: error))")
                }
            }
        }
    }
}
