import Testing

/// Files and functions stay small enough to be read in one go.
enum SizeRule {
    /// One screen's height several times over; beyond it a file has more than one job.
    static let maximumLines = 500
    static let warningLines = 300
    /// `.swift-format` says the same to the formatter, which leaves long literals and comments alone.
    static let maximumColumns = 120
    /// Written by a program, which does not break lines.
    static let wideFiles = ["db/schema.sql"]
    /// A function fits on one screen.
    static let maximumFunctionLines = 70

    static func checkFile(_ file: SourceFile, maximum: Int = maximumLines) -> [Complaint] {
        let count = file.lines.count - 1
        guard count > maximum else { return [] }
        return [Complaint(file: file.path, line: maximum + 1, message: "\(count) lines, more than \(maximum)")]
    }

    static func checkColumns(_ file: SourceFile) -> [Complaint] {
        if wideFiles.contains(file.path) { return [] }
        return file.lines.enumerated().compactMap { index, line in
            guard line.count > maximumColumns else { return nil }
            return Complaint(file: file.path, line: index + 1, message: "longer than \(maximumColumns) columns")
        }
    }

    static func checkFunctions(_ file: SourceFile) -> [Complaint] {
        functions(in: SwiftText(file.text).code).compactMap { function in
            guard function.lines > maximumFunctionLines else { return nil }
            let message = "a function of \(function.lines) lines, more than \(maximumFunctionLines)"
            return Complaint(file: file.path, line: function.line, message: message)
        }
    }

    struct Function: Equatable {
        var line: Int
        var lines: Int
    }

    private struct Token {
        var text: Substring
        var line: Int
    }

    /// Every `func`, `init` and `deinit` with a body, and how many lines the body takes with its braces.
    static func functions(in code: String) -> [Function] {
        let tokens = tokens(of: code)
        return tokens.indices.compactMap { start in
            let isMember = start > 0 && tokens[start - 1].text == "."
            guard ["func", "init", "deinit"].contains(tokens[start].text), !isMember else { return nil }
            guard let open = bodyStart(tokens, after: start), let close = bodyEnd(tokens, from: open) else {
                return nil
            }
            return Function(line: tokens[start].line, lines: tokens[close].line - tokens[open].line + 1)
        }
    }

    /// The brace that opens the body, or nothing for a requirement of a protocol.
    private static func bodyStart(_ tokens: [Token], after start: Int) -> Int? {
        let nextDeclaration: Set<Substring> = [
            "}", "func", "var", "let", "init", "subscript", "struct", "enum", "case",
        ]
        var depth = 0
        for index in tokens.indices where index > start {
            switch tokens[index].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case let text where depth == 0 && nextDeclaration.contains(text): return nil
            default: break
            }
            if depth < 0 { return nil }
        }
        return nil
    }

    private static func bodyEnd(_ tokens: [Token], from open: Int) -> Int? {
        var depth = 0
        for index in tokens.indices where index >= open {
            if tokens[index].text == "{" { depth += 1 }
            if tokens[index].text == "}" { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }

    private static func tokens(of code: String) -> [Token] {
        code.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            var found: [Token] = []
            var rest = line
            while let first = rest.first {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                let text = word.isEmpty ? rest.prefix(1) : word
                if !first.isWhitespace { found.append(Token(text: text, line: index + 1)) }
                rest = rest.dropFirst(text.count)
            }
            return found
        }
    }
}

@Suite struct SizeTests {
    @Test func filesAreSmall() throws {
        let files = try Repository.swiftFiles(in: "Sources", "Tests", "db")
        #expect(files.flatMap { SizeRule.checkFile($0) } == [])
        for long in files.flatMap({ SizeRule.checkFile($0, maximum: SizeRule.warningLines) }) {
            Issue.record("\(long)", severity: .warning)
        }
    }

    @Test func linesAreShort() throws {
        let files = try Repository.files(
            in: ["Sources", "Tests", "db", "deploy"], endings: Repository.codeEndings)
        #expect(files.flatMap(SizeRule.checkColumns) == [])
    }

    @Test func functionsAreShort() throws {
        #expect(try Repository.swiftFiles(in: "Sources", "Tests", "db").flatMap(SizeRule.checkFunctions) == [])
    }

    @Test func whatIsTooLongIsFound() {
        let body = String(repeating: "    a()\n", count: 70)
        let file = SourceFile(
            path: "A.swift", text: "protocol P { func x() }\n\nfunc f(a: Int = { 1 }()) {\n\(body)}\n")
        #expect(
            SizeRule.checkFunctions(file) == [
                Complaint(file: "A.swift", line: 3, message: "a function of 72 lines, more than 70")
            ])
        #expect(SizeRule.checkFile(file, maximum: 70).count == 1)
        let wide = SourceFile(path: "A.swift", text: String(repeating: "a", count: 121) + "\n")
        #expect(SizeRule.checkColumns(wide).map(\.line) == [1])
    }

    @Test func functionsAreMeasuredByTheirBraces() {
        let code = "struct S {\n    init() {\n    }\n    func g() -> [Int] { [1] }\n    let a = S.init()\n}\n"
        #expect(SizeRule.functions(in: code) == [.init(line: 2, lines: 2), .init(line: 4, lines: 1)])
    }
}
