import Foundation

/// What a tidiness check found: where, and what to do about it.
struct Complaint: Equatable, CustomStringConvertible {
    var file: String
    var line: Int
    var message: String

    var description: String { "\(file):\(line): \(message)" }
}

/// One text file of the repository, by its path from the root.
struct SourceFile {
    var path: String
    var text: String

    /// The folder under `Sources` the file is in, or `SQL` for the folder `db`, or nothing elsewhere.
    var module: String? {
        let steps = path.split(separator: "/")
        if steps.first == "db" { return "SQL" }
        return steps.count > 2 && steps[0] == "Sources" ? String(steps[1]) : nil
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// The working copy these tests were compiled from.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What people write and programs read; the scripts of deploy/ have no extension.
    static let codeEndings =
        [".swift", ".sql", ".py", ".h", ".c", ".lua"] + ["run", "test", "packages", "schema", "bench"].map { "/\($0)" }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    static func read(_ path: String) throws -> SourceFile {
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        return SourceFile(path: path, text: text)
    }

    /// The names directly in a folder, sorted.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path).sorted()
    }

    /// All files in these folders, at any depth, whose names end so; dotfiles and caches are left out.
    static func files(in folders: [String], endings: [String]) throws -> [SourceFile] {
        try folders.flatMap { folder -> [SourceFile] in
            let base = root.appendingPathComponent(folder)
            let found = FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String] ?? []
            return try found.sorted()
                .filter { path in endings.contains { "/\(path)".hasSuffix($0) } && !path.contains("__pycache__") }
                .filter { path in !path.split(separator: "/").contains { $0.hasPrefix(".") } }
                .filter { path in !isFolder(base.appendingPathComponent(path)) }
                .map { path in try read("\(folder)/\(path)") }
        }
    }

    static func swiftFiles(in folders: String...) throws -> [SourceFile] {
        try files(in: folders, endings: [".swift"])
    }

    private static func isFolder(_ place: URL) -> Bool {
        (try? place.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
    }
}
