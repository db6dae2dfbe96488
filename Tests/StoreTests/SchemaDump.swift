@testable import Postgres
import Runtime
import TestSupport

/// What `pg_dump` says of a database's schemas, without what differs from one machine or month to the next.
enum SchemaDump {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// The monthly partitions are left out: which there are is a matter of the date.
    static func make(of connectionString: String) throws -> String {
        let program = try ClusterBinaries.find().path("pg_dump")
        let answer = try ChildProcess.run(
            .init(
                program,
                [
                    "--schema-only", "--no-owner", "--schema=subgate", "--schema=sandbox",
                    "--exclude-table=subgate.*_2*", "--dbname=\(connectionString)",
                ]))
        let text = String(decoding: answer.output, as: UTF8.self)
        guard answer.exit.isSuccess else { throw Failed(description: text) }
        return normalised(text)
    }

    /// Without comments, the settings of the session that would read it, psql's own commands and repeated empty lines.
    static func normalised(_ dump: String) -> String {
        var lines: [Substring] = []
        for line in dump.split(separator: "\n", omittingEmptySubsequences: false) {
            let isNoise = ["--", "SET ", "SELECT pg_catalog.set_config(", "\\"].contains(where: line.hasPrefix)
            if isNoise || (line.isEmpty && lines.last?.isEmpty ?? true) { continue }
            lines.append(line)
        }
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }
}
