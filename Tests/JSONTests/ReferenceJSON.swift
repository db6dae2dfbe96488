/// A second, slow opinion on what is acceptable: recursive, over Unicode scalars, sharing nothing with the scanner.
struct ReferenceJSON {
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var members = 0

    /// The tree of an acceptable text, or nil.
    static func parse(_ bytes: [UInt8]) -> Tree? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var parser = ReferenceJSON(scalars: Array(text.unicodeScalars))
        guard let tree = parser.value(depth: 0) else { return nil }
        return parser.place == parser.scalars.count ? tree : nil
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var current: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        place += 1
        return true
    }

    private mutating func take(word: String) -> Bool { word.unicodeScalars.allSatisfy { take($0) } }

    private mutating func space() {
        while let scalar = current, [0x20, 0x09, 0x0A, 0x0D].contains(scalar.value) { place += 1 }
    }

    /// ws value ws
    private mutating func value(depth: Int) -> Tree? {
        space()
        defer { space() }
        switch current {
        case "{": return depth < 64 ? object(depth: depth + 1) : nil
        case "[": return depth < 64 ? array(depth: depth + 1) : nil
        case "\"": return string().map { Tree.string($0) }
        case "t": return take(word: "true") ? .bool(true) : nil
        case "f": return take(word: "false") ? .bool(false) : nil
        case "n": return take(word: "null") ? .null : nil
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> Tree? {
        var found: [Tree.Member] = []
        var keys: Set<[UInt8]> = []
        place += 1
        space()
        if take("}") { return .object([]) }
        repeat {
            space()
            guard let key = string(), keys.insert(key).inserted else { return nil }
            space()
            guard take(":"), let value = value(depth: depth) else { return nil }
            found.append(Tree.Member(key: key, value: value))
            members += 1
        } while take(",")
        return take("}") && members <= 65_536 ? .object(found) : nil
    }

    private mutating func array(depth: Int) -> Tree? {
        var found: [Tree] = []
        place += 1
        space()
        if take("]") { return .array([]) }
        repeat {
            guard let value = value(depth: depth) else { return nil }
            found.append(value)
            members += 1
        } while take(",")
        return take("]") && members <= 65_536 ? .array(found) : nil
    }

    private mutating func string() -> [UInt8]? {
        guard take("\"") else { return nil }
        var units: [UInt16] = []
        while let scalar = current {
            place += 1
            switch scalar {
            case "\"":
                guard !units.contains(0), let text = String(validating: units, as: UTF16.self) else { return nil }
                return Array(text.utf8)
            case "\\":
                guard let unit = escape() else { return nil }
                units.append(unit)
            case "\u{0}"..."\u{1F}": return nil
            default: units += Array(String(Character(scalar)).utf16)
            }
        }
        return nil
    }

    private mutating func escape() -> UInt16? {
        guard let scalar = current else { return nil }
        place += 1
        let short: [Unicode.Scalar: UInt16] = [
            "\"": 34, "\\": 92, "/": 47, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
        ]
        guard scalar == "u" else { return short[scalar] }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = current, digit.isASCII, let value = Character(digit).hexDigitValue else { return nil }
            unit = unit * 16 + UInt16(value)
            place += 1
        }
        return unit
    }

    private mutating func number() -> Tree? {
        let start = place
        _ = take("-")
        if !take("0") { guard digits() else { return nil } }
        if take(".") { guard digits() else { return nil } }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            guard digits() else { return nil }
        }
        let bytes = scalars[start..<place].map { UInt8($0.value) }
        return bytes.count <= 128 ? .number(bytes) : nil
    }

    private mutating func digits() -> Bool {
        let start = place
        while let scalar = current, (0x30...0x39).contains(scalar.value) { place += 1 }
        return place > start
    }
}
