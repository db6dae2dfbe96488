/// Swift source taken apart: code with comments and string literals blanked out, and the literals by themselves.
///
/// Lines stay where they are. Code inside an interpolation counts as code. Regex literals are not known.
struct SwiftText {
    struct Literal: Equatable {
        var line: Int
        var text: String
    }

    private(set) var code = ""
    private(set) var literals: [Literal] = []

    private let source: [Character]
    private var index = 0
    private var line = 1

    init(_ text: String) {
        source = Array(text)
        while index < source.count { scanCode(untilParenthesis: false) }
    }

    var codeLines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }

    private func sees(_ text: String) -> Bool {
        let wanted = Array(text)
        return index + wanted.count <= source.count && source[index..<index + wanted.count].elementsEqual(wanted)
    }

    /// Moves over one character, which stays visible only if it is code.
    private mutating func step(isCode: Bool) {
        let character = source[index]
        if character == "\n" { line += 1 }
        code.append(isCode || character == "\n" ? character : " ")
        index += 1
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<count where index < source.count { step(isCode: false) }
    }

    /// Scans code to the end, or to the parenthesis that closes an interpolation.
    private mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while index < source.count {
            if sees("//") {
                while index < source.count, source[index] != "\n" { step(isCode: false) }
            } else if sees("/*") {
                scanBlockComment()
            } else if let hashes = literalStart() {
                scanLiteral(hashes: hashes)
            } else {
                if source[index] == "(" { depth += 1 }
                if source[index] == ")" {
                    if untilParenthesis, depth == 0 { return }
                    depth -= 1
                }
                step(isCode: true)
            }
        }
    }

    private mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if sees("/*") {
                depth += 1
                skip(2)
            } else if sees("*/") {
                depth -= 1
                skip(2)
            } else {
                skip(1)
            }
        } while depth > 0 && index < source.count
    }

    /// How many `#` open the literal that starts here, or nothing if none does.
    private func literalStart() -> Int? {
        var end = index
        while end < source.count, source[end] == "#" { end += 1 }
        return end < source.count && source[end] == "\"" ? end - index : nil
    }

    private mutating func scanLiteral(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        skip(hashes)
        let quotes = sees("\"\"\"") ? "\"\"\"" : "\""
        skip(quotes.count)
        var literal = Literal(line: line, text: "")
        while index < source.count, !sees(quotes + marks) {
            if sees("\\" + marks + "(") {
                skip(hashes + 2)
                scanCode(untilParenthesis: true)
                skip(1)
                literal.text += " "
            } else if sees("\\" + marks) {
                skip(hashes + 1)
                if index < source.count { take(into: &literal) }
            } else {
                take(into: &literal)
            }
        }
        skip(quotes.count + hashes)
        literals.append(literal)
    }

    private mutating func take(into literal: inout Literal) {
        literal.text.append(source[index])
        skip(1)
    }
}
