import Testing

/// Which modules a module may import. A new edge is a change of this table, for a reviewer to see.
enum Walls {
    /// From the ground up. A module imports only what stands above it in this list.
    static let modules: [(name: String, imports: Set<String>)] = [
        ("Domain", []),
        ("Runtime", ["Domain", "CLibUV"]),
        ("JSON", []),
        ("Crypto", ["COpenSSL"]),
        ("TLS", ["Runtime", "COpenSSL"]),
        ("Postgres", ["Runtime", "CLibPQ"]),
        ("HTTPServer", ["Runtime", "TLS"]),
        ("HTTPClient", ["Runtime", "CCurl"]),
        ("Image", ["Crypto", "CPNG", "CTurboJPEG"]),
        ("SQL", ["Postgres"]),
        ("Store", ["Domain", "Runtime", "JSON", "Crypto", "Postgres", "SQL"]),
        ("Upstream", ["Domain", "Runtime", "JSON", "Crypto", "HTTPClient", "Store"]),
        ("Delivery", ["Domain", "Runtime", "JSON", "Crypto", "HTTPClient", "Store"]),
        (
            "API",
            [
                "Domain", "Runtime", "JSON", "Crypto", "HTTPServer", "HTTPClient", "Image", "Store", "Upstream",
                "Delivery",
            ]
        ),
        ("Sandbox", ["Domain", "Runtime", "JSON", "Crypto", "Postgres", "HTTPServer", "HTTPClient", "SQL"]),
        (
            "subgate",
            [
                "Domain", "Runtime", "JSON", "Crypto", "TLS", "Postgres", "SQL", "HTTPServer", "HTTPClient", "Store",
                "Upstream", "Delivery", "API", "Sandbox",
            ]
        ),
        ("Tooling", ["Foundation", "PackagePlugin"]),
    ]
    /// A header and a module map each: no Swift in them.
    static let systemLibraries = ["CLibPQ", "CLibUV", "CCurl", "COpenSSL", "CPNG", "CTurboJPEG"]
    /// The C library and the standard library's own modules, for all but the modules that do no I/O at all.
    static let ground: Set<String> = ["Glibc", "Synchronization"]
    static let pure: Set<String> = ["Domain", "JSON"]

    static func allowed(_ module: String) -> Set<String>? {
        guard let row = modules.first(where: { $0.name == module }) else { return nil }
        return pure.contains(module) ? row.imports : row.imports.union(ground)
    }

    static func check(_ file: SourceFile) -> [Complaint] {
        guard let module = file.module else { return [] }
        guard let allowed = allowed(module) else {
            return [Complaint(file: file.path, line: 1, message: "module \(module) is not in the table of walls")]
        }
        return SwiftText(file.text).codeLines.enumerated().compactMap { index, line in
            guard let name = importedModule(line), !allowed.contains(name) else { return nil }
            return Complaint(file: file.path, line: index + 1, message: "\(module) must not import \(name)")
        }
    }

    /// `package import struct A.B` imports `A`.
    static func importedModule(_ line: Substring) -> String? {
        let words = line.split(whereSeparator: { $0 == " " || $0 == ";" })
        guard let keyword = words.firstIndex(of: "import") else { return nil }
        let before: Set<Substring> = ["package", "public", "internal", "fileprivate", "private"]
        guard words[..<keyword].allSatisfy({ before.contains($0) || $0.hasPrefix("@") }) else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        let path = words[(keyword + 1)...].first { !kinds.contains($0) }
        return path?.split(separator: ".").first.map(String.init)
    }
}

@Suite struct WallTests {
    @Test func everyImportIsInTheTable() throws {
        let files = try Repository.swiftFiles(in: "Sources", "db")
        #expect(files.count > 10)
        #expect(files.flatMap(Walls.check) == [])
    }

    @Test func everyModuleIsInTheTable() throws {
        let folders = try Repository.names(in: "Sources").filter { !$0.hasPrefix(".") }
        let known = Walls.modules.map(\.name) + Walls.systemLibraries
        #expect(Set(folders).subtracting(known) == [])
    }

    @Test func theTableOnlyPointsUp() {
        var above = Set(Walls.systemLibraries + ["Foundation", "PackagePlugin"])
        for module in Walls.modules {
            #expect(module.imports.isSubset(of: above), "\(module.name)")
            above.insert(module.name)
        }
    }

    @Test func aForbiddenImportIsFound() {
        let file = SourceFile(
            path: "Sources/JSON/A.swift",
            text: "// import A\n@preconcurrency import Domain\npackage import struct Store.B\n")
        #expect(Walls.check(file).map(\.line) == [2, 3])
        let stranger = SourceFile(path: "Sources/New/A.swift", text: "")
        #expect(Walls.check(stranger).count == 1)
    }
}
