import Foundation
import TestSupport
import Testing

/// `db/schema.sql` is what all migrations together make: to be read, and to be seen changing in a review.
@Suite struct SchemaTests {
    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("db/schema.sql")
    private static let heading = """
        -- What the migrations make of an empty database, but for the monthly partitions. Nothing reads this file but
        -- people and a test, and `deploy/schema` writes it.


        """

    /// With SUBGATE_WRITE_SCHEMA in the environment the file is written anew, as `deploy/schema` has it.
    @Test func theCommittedSchemaIsWhatTheMigrationsMake() async throws {
        let made = try await onOwnThread { try SchemaDump.make(of: try TestDatabase.make().ownerConnectionString) }
        if ProcessInfo.processInfo.environment["SUBGATE_WRITE_SCHEMA"] != nil {
            try (SchemaTests.heading + made).write(to: SchemaTests.file, atomically: true, encoding: .utf8)
        }
        let committed = SchemaDump.normalised(try String(contentsOf: SchemaTests.file, encoding: .utf8))
        let pairs = zip(lines(committed), lines(made))
        if let (index, pair) = pairs.enumerated().first(where: { $1.0 != $1.1 }).map({ ($0.offset, $0.element) }) {
            Issue.record("run deploy/schema: line \(index + 1) is “\(pair.0)” and should be “\(pair.1)”")
        }
        #expect(lines(committed).count == lines(made).count, "run deploy/schema")
    }

    private func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    @Test func commentsSettingsAndEmptyLinesDoNotCount() {
        let noise = "--\n-- Dumped by\n\\restrict x\n\nSET a = b;\nSELECT pg_catalog.set_config('a', '', false);\n\n\n"
        let dump = "\(noise)A;\n\n\nB;\n\n"
        #expect(SchemaDump.normalised(dump) == "A;\n\nB;\n")
    }
}
