import Foundation
import Testing

/// SQL stands in `db/` and nowhere else: a statement in Swift is one that no test prepares and no reader finds.
enum SQLRule {
    /// What is never a sentence: keywords in SQL's own order. Case does not matter.
    static let statement =
        #"\b(select\s+.*\bfrom\s|select\s+[a-z_.]+\(|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s"#
        + #"|merge\s+into\s|(create|alter|drop)\s+(or\s+replace\s+)?(table|role|user|database|schema|(unique\s+)?index"#
        + #"|type|view|function|policy|trigger|sequence|extension|domain)\b"#
        + #"|truncate\s+table\s|grant\s+\S+\s+(on|to)\s)"#
    /// What says SQL by itself, in capitals.
    static let capitals = #"(^|\s)(SELECT|INSERT|UPDATE|DELETE|MERGE|TRUNCATE)\s+\S"#
    /// What moves a session. The module that wraps the database may say it.
    static let session =
        #"^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|LISTEN|UNLISTEN|NOTIFY|SET\s+LOCAL|RESET|DISCARD)\b"#

    /// Files that may hold statements all the same, each with its reason.
    static let exceptions = [
        "Sources/Postgres/SessionSQL.swift": "what the driver itself says to a session; it knows no table of ours"
    ]

    static func check(_ file: SourceFile) -> [Complaint] {
        guard let module = file.module, module != "Tooling", module != "SQL" else { return [] }
        guard exceptions[file.path] == nil else { return [] }
        return SwiftText(file.text).literals.compactMap { literal in
            let isStatement =
                matches(statement, literal.text, .caseInsensitive) || matches(capitals, literal.text)
                || (module != "Postgres" && matches(session, literal.text))
            guard isStatement else { return nil }
            return Complaint(file: file.path, line: literal.line, message: "SQL in Swift: put it in db/queries")
        }
    }

    private static func matches(_ pattern: String, _ text: String, _ more: NSString.CompareOptions = []) -> Bool {
        text.range(of: "(?s)" + pattern, options: more.union(.regularExpression)) != nil
    }
}

@Suite struct SQLTests {
    @Test func noSQLStandsInSources() throws {
        #expect(try Repository.swiftFiles(in: "Sources").flatMap(SQLRule.check) == [])
    }

    @Test(arguments: [
        "select id from events where a = $1", "INSERT INTO events VALUES ($1)", "update a set b = 1", "SELECT 1",
        "delete from a", "BEGIN", "select pg_notify('a', '')", "create unique index a on b (c)",
        "SET LOCAL x = 1",
    ])
    func aStatementIsFound(_ text: String) {
        let file = SourceFile(path: "Sources/Store/A.swift", text: "let a = 1\nlet b = \"\(text)\"\n")
        #expect(SQLRule.check(file).map(\.line) == [2])
    }

    @Test(arguments: [
        "DELETE", "select a sub-client first", "the update sets nothing", "a connection from the pool", "create a key",
        "-----BEGIN CERTIFICATE-----",
    ])
    func aSentenceIsNoStatement(_ text: String) {
        #expect(SQLRule.check(SourceFile(path: "Sources/API/A.swift", text: "let b = \"\(text)\"\n")) == [])
    }

    @Test func everyExceptionIsNeeded() throws {
        for (path, reason) in SQLRule.exceptions {
            let elsewhere = SourceFile(path: "Sources/Store/A.swift", text: try Repository.read(path).text)
            #expect(SQLRule.check(elsewhere) != [], "\(path): \(reason)")
        }
    }

    @Test func theDatabaseModuleMayMoveASession() {
        #expect(SQLRule.check(SourceFile(path: "Sources/Postgres/A.swift", text: "let b = \"BEGIN\"\n")) == [])
    }
}
