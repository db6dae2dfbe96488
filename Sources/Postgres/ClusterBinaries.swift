import Glibc
import Runtime

/// Where PostgreSQL's server programs are.
struct ClusterBinaries: Sendable {
    let folder: String
    /// Such as `15`.
    let majorVersion: String

    func path(_ program: String) -> String { "\(folder)/\(program)" }

    /// The programs of a major version, or the newest there are.
    static func find(majorVersion wanted: String? = nil) throws(ClusterError) -> ClusterBinaries {
        let found = candidates().compactMap(inspect)
        if found.isEmpty { throw .noBinaries }
        guard let wanted else { return found.max { order($0) < order($1) }! }
        guard let match = found.first(where: { $0.majorVersion == wanted }) else {
            throw .otherVersion(wanted)
        }
        return match
    }

    private static func candidates() -> [String] {
        var folders: [String] = []
        for program in ["initdb", "pg_ctl"] {
            // A link to one program says nothing of the others: they stand beside what it points to.
            if let path = ChildProcess.find(program) { folders.append(folder(of: realPath(path) ?? path)) }
        }
        folders += Files.names(in: "/usr/lib/postgresql").map { "/usr/lib/postgresql/\($0)/bin" }
        if let answer = try? ChildProcess.run(.init("pg_config", ["--bindir"])), answer.exit.isSuccess {
            folders.append(firstLine(answer.output))
        }
        folders += ["/usr/pgsql/bin", "/usr/local/pgsql/bin"]
        return folders
    }

    private static func inspect(_ folder: String) -> ClusterBinaries? {
        for program in ["initdb", "pg_ctl", "postgres"] {
            guard unsafe access("\(folder)/\(program)", X_OK) == 0 else { return nil }
        }
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        guard let answer = try? ChildProcess.run(.init("\(folder)/postgres", ["--version"])), answer.exit.isSuccess
        else {
            return nil
        }
        let words = firstLine(answer.output).split(separator: " ")
        guard words.count >= 3 else { return nil }
        return ClusterBinaries(folder: folder, majorVersion: String(words[2].prefix { $0.isNumber }))
    }

    /// Versions in order of their numbers: `9` before `15`.
    private static func order(_ binaries: ClusterBinaries) -> Int {
        binaries.majorVersion.utf8.reduce(0) { $0 * 10 + Int($1 &- 48) }
    }

    private static func folder(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func firstLine(_ output: [UInt8]) -> String {
        String(decoding: output.prefix { $0 != 10 }, as: UTF8.self)
    }
}
