import Foundation

struct Named {
    var name: String
    var text: String
}

func sqlFiles(_ name: String, in folder: URL) throws -> [URL] {
    try FileManager.default
        .contentsOfDirectory(at: folder.appendingPathComponent(name), includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "sql" }
        .sorted { $0.lastPathComponent < $1.lastPathComponent }
}

func statements(in file: URL) throws -> [Named] {
    var found: [Named] = []
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("-- name: ") {
            found.append(Named(name: line.dropFirst(9).trimmingCharacters(in: .whitespaces), text: ""))
        } else if line.drop(while: { $0 == " " }).hasPrefix("--") {
            continue
        } else if found.isEmpty {
            if !line.isEmpty { fail("\(file.lastPathComponent): text before the first `-- name:` line") }
        } else {
            found[found.count - 1].text += line + "\n"
        }
    }
    return found.map { Named(name: $0.name, text: $0.text.trimmingCharacters(in: .whitespacesAndNewlines)) }
}

func camelCase(_ name: String) -> String {
    let words = name.split(separator: "_")
    return words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
}

func literal(_ text: String) -> String { "#\"\"\"\n\(text)\n\"\"\"#" }

/// db/migrations/*.sql and db/queries/*.sql as Swift.
///
/// A query file holds statements, each opened by a line `-- name: verb_noun`; comment lines stay in db/ and are not
/// sent.
func statementSource(folder: URL) throws -> String {
    let migrations = try sqlFiles("migrations", in: folder).map { file -> (number: Int, Named) in
        let name = file.deletingPathExtension().lastPathComponent
        guard let number = Int(name.prefix(4)), name.dropFirst(4).hasPrefix("_") else {
            fail("\(file.lastPathComponent): a migration is named NNNN_name.sql")
        }
        return (number, Named(name: name, text: try String(contentsOf: file, encoding: .utf8)))
    }
    let files = try sqlFiles("queries", in: folder).map { file in
        (name: file.deletingPathExtension().lastPathComponent, statements: try statements(in: file))
    }
    let queries = files.flatMap(\.statements)

    let repeated = Dictionary(grouping: queries, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
    if !repeated.isEmpty { fail("statements with one name: \(repeated.joined(separator: ", "))") }

    var source = "package import Postgres\n\nextension Statement {\n"
    for (index, query) in queries.enumerated() {
        source += """
                package static let \(camelCase(query.name)) = Statement(
                    index: \(index), name: "\(query.name)", text: \(literal(query.text)))

            """
    }
    source += "\n    package static let all: [Statement] = [\n"
    source += queries.map { "        .\(camelCase($0.name)),\n" }.joined() + "    ]\n}\n\n"
    source += "/// The statements of each file in db/queries.\npackage enum StatementFile {\n"
    for file in files {
        let names = file.statements.map { ".\(camelCase($0.name))" }.joined(separator: ", ")
        source += "    package static let \(camelCase(file.name)): [Statement] = [\(names)]\n"
    }
    source += "}\n\nextension Migration {\n"
    source += "    package static let all: [Migration] = [\n"
    for (number, migration) in migrations {
        source +=
            "        Migration(number: \(number), name: \"\(migration.name)\", text: \(literal(migration.text))),\n"
    }
    source += "    ]\n}\n"
    return source
}
