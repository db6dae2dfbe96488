/// Swift source taken apart: code with comments and string literals blanked out, and the literals by themselves.
///
/// Lines stay where they are. Code inside an interpolation counts as code. Regex literals are not known.
struct SwiftText {
    struct Literal: Equatable {
        var line: Int
        var text: String
    }

    var code: String { String(decoding: visible, as: UTF8.self) }
    private(set) var literals: [Literal] = []

    private let source: [UInt8]
    private var visible: [UInt8] = []
    private var index = 0
    private var line = 1

    init(_ text: String) {
        source = Array(text.utf8)
        visible.reserveCapacity(source.count)
        while index < source.count { scanCode(untilParenthesis: false) }
    }

    var codeLines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }

    private func sees(_ text: String) -> Bool { source[index...].starts(with: text.utf8) }

    /// Moves over one byte, which stays visible only if it is code.
    private mutating func step(isCode: Bool) {
        let byte = source[index]
        if byte == .newline { line += 1 }
        visible.append(isCode || byte == .newline ? byte : .space)
        index += 1
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<count where index < source.count { step(isCode: false) }
    }

    /// Scans code to the end, or to the parenthesis that closes an interpolation.
    private mutating func scanCode(untilParenthesis: Bool) {
        var depth = 0
        while index < source.count {
            switch source[index] {
            case .slash where sees("//"):
                while index < source.count, source[index] != .newline { step(isCode: false) }
            case .slash where sees("/*"): scanBlockComment()
            case .closing where untilParenthesis && depth == 0: return
            case .opening, .closing:
                depth += source[index] == .opening ? 1 : -1
                step(isCode: true)
            case .quote, .hash:
                if let hashes = literalStart() { scanLiteral(hashes: hashes) } else { step(isCode: true) }
            default: step(isCode: true)
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
        while end < source.count, source[end] == .hash { end += 1 }
        return end < source.count && source[end] == .quote ? end - index : nil
    }

    private mutating func scanLiteral(hashes: Int) {
        let marks = String(repeating: "#", count: hashes)
        skip(hashes)
        let quotes = sees("\"\"\"") ? "\"\"\"" : "\""
        skip(quotes.count)
        let firstLine = line
        var literal: [UInt8] = []
        while index < source.count, !sees(quotes + marks) {
            if sees("\\" + marks + "(") {
                skip(hashes + 2)
                scanCode(untilParenthesis: true)
                skip(1)
                literal.append(.space)
            } else if sees("\\" + marks) {
                skip(hashes + 1)
                if index < source.count { take(into: &literal) }
            } else {
                take(into: &literal)
            }
        }
        skip(quotes.count + hashes)
        literals.append(Literal(line: firstLine, text: String(decoding: literal, as: UTF8.self)))
    }

    private mutating func take(into literal: inout [UInt8]) {
        literal.append(source[index])
        skip(1)
    }
}

extension UInt8 {
    fileprivate static let newline = UInt8(ascii: "\n")
    fileprivate static let space = UInt8(ascii: " ")
    fileprivate static let slash = UInt8(ascii: "/")
    fileprivate static let quote = UInt8(ascii: "\"")
    fileprivate static let hash = UInt8(ascii: "#")
    fileprivate static let opening = UInt8(ascii: "(")
    fileprivate static let closing = UInt8(ascii: ")")
}
