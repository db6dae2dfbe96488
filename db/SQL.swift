package import Postgres

/// One forward step of the schema: `db/migrations/NNNN_name.sql`.
package struct Migration: Sendable {
    /// Migrations run in the order of their numbers, each once.
    package let number: Int
    package let name: String
    package let text: String

    package init(number: Int, name: String, text: String) {
        self.number = number
        self.name = name
        self.text = text
    }

    /// Whether builds that do not know it cannot work with what it leaves: it says so on its first line.
    package var isBreaking: Bool { text.utf8.starts(with: "-- breaking: ".utf8) }
}

extension Statement {
    /// What a node of the service prepares: all but the migrator's and the sandbox's, which are other roles' business.
    package static let service: [Statement] = {
        let others = Set((StatementFile.migration + StatementFile.sandbox).map(\.index))
        return all.filter { !others.contains($0.index) }
    }()
}
