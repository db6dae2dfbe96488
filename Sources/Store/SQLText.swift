/// The words of SQL text, statement by statement, for those who judge migrations: lower case, without comments; a
/// string is `''`, and a body between dollar signs `$$`, whatever stands in it.
enum SQLText {
    static func statements(_ text: String) -> [[String]] {
        var reader = Reader(Array(text.utf8))
        var found: [[String]] = [[]]
        while let word = reader.next() {
            if word == ";" { found.append([]) } else { found[found.count - 1].append(word) }
        }
        return found.filter { !$0.isEmpty }
    }

    /// Splits at commas that stand in no parentheses.
    static func parts(_ words: ArraySlice<String>) -> [[String]] {
        var (found, depth) = ([[String]()], 0)
        for word in words {
            if word == "(" { depth += 1 }
            if word == ")" { depth -= 1 }
            if word == ",", depth == 0 { found.append([]) } else { found[found.count - 1].append(word) }
        }
        return found
    }

    private struct Reader {
        let text: [UInt8]
        var place = 0

        init(_ text: [UInt8]) { self.text = text }

        mutating func next() -> String? {
            while place < text.count {
                let byte = text[place]
                if byte <= UInt8(ascii: " ") {
                    place += 1
                } else if starts("--") {
                    skip(past: "\n")
                } else if starts("/*") {
                    skip(past: "*/")
                } else if byte == UInt8(ascii: "'") {
                    place += 1
                    skip(past: "'")
                    return "''"
                } else if byte == UInt8(ascii: "$"), let tag = dollarTag() {
                    place += tag.utf8.count
                    skip(past: tag)
                    return "$$"
                } else if byte == UInt8(ascii: "\"") {
                    return quoted()
                } else if isWordByte(byte) {
                    return word()
                } else {
                    place += 1
                    return String(decoding: [byte], as: UTF8.self)
                }
            }
            return nil
        }

        private func starts(_ beginning: String) -> Bool { text[place...].starts(with: beginning.utf8) }

        private mutating func skip(past end: String) {
            while place < text.count, !starts(end) { place += 1 }
            place = min(text.count, place + end.utf8.count)
        }

        /// `$$` or `$name$`; nil for a parameter.
        private func dollarTag() -> String? {
            guard let end = text[(place + 1)...].firstIndex(of: UInt8(ascii: "$")) else { return nil }
            let name = text[(place + 1)..<end]
            guard name.allSatisfy(isWordByte), !(48...57).contains(name.first ?? 0) else { return nil }
            return String(decoding: text[place...end], as: UTF8.self)
        }

        private mutating func quoted() -> String {
            let start = place + 1
            place = start
            skip(past: "\"")
            return String(decoding: text[start..<max(start, place - 1)], as: UTF8.self)
        }

        private mutating func word() -> String {
            let start = place
            while place < text.count, isWordByte(text[place]) || text[place] == UInt8(ascii: ".") { place += 1 }
            return String(decoding: text[start..<place], as: UTF8.self).lowercased()
        }

        private func isWordByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: byte >= 0x80
            }
        }
    }
}
