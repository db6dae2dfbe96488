/// A generator of random numbers that starts from a seed, so that a failure can be repeated (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Random trees, random spellings of them, and random damage.
struct RandomDocument {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }

    mutating func tree(depth: Int = 0) -> Tree {
        switch below(depth > 4 ? 4 : 6) {
        case 0: return .string(text())
        case 1: return .number(number())
        case 2: return .bool(chance(2))
        case 3: return .null
        case 4: return .array((0..<below(5)).map { _ in tree(depth: depth + 1) })
        default: return object(members: below(depth < 2 && chance(20) ? 40 : 5), depth: depth)
        }
    }

    mutating func object(members: Int, depth: Int = 0) -> Tree {
        var keys: Set<[UInt8]> = []
        var found: [Tree.Member] = []
        for _ in 0..<members {
            let key = text()
            if keys.insert(key).inserted { found.append(Tree.Member(key: key, value: tree(depth: depth + 1))) }
        }
        return .object(found)
    }

    mutating func text() -> [UInt8] {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<below(chance(10) ? 40 : 8) {
            let value: UInt32
            switch below(8) {
            case 0: value = UInt32.random(in: 0x80...0x7FF, using: &random)
            case 1: value = UInt32.random(in: 0x800...0xFFFF, using: &random)
            case 2: value = UInt32.random(in: 0x10000...0x10FFFF, using: &random)
            case 3: value = UInt32.random(in: 1...0x1F, using: &random)
            case 4: value = [0x22, 0x5C, 0x2F, 0x7F][below(4)]
            default: value = UInt32.random(in: 0x61...0x66, using: &random)
            }
            if let scalar = Unicode.Scalar(value) { scalars.append(scalar) }
        }
        return Array(String(scalars).utf8)
    }

    mutating func number() -> [UInt8] {
        var text = chance(3) ? "-" : ""
        text += chance(4) ? "0" : String(Int.random(in: 1...Int(1) << below(62), using: &random))
        if chance(3) { text += "." + String(Int.random(in: 0...999_999, using: &random)) }
        if chance(5) { text += ["e", "E"][below(2)] + ["", "+", "-"][below(3)] + String(below(400)) }
        return Array(text.utf8)
    }

    /// Some text of `tree`: white space, escapes and their case at random.
    mutating func spelling(of tree: Tree) -> [UInt8] {
        space() + inner(tree) + space()
    }

    private mutating func inner(_ tree: Tree) -> [UInt8] {
        switch tree {
        case .object(let members):
            let parts = members.map { space() + string($0.key) + space() + [0x3A] + spelling(of: $0.value) }
            return [0x7B] + (parts.isEmpty ? space() : Array(parts.joined(separator: [0x2C]))) + [0x7D]
        case .array(let elements):
            let parts = elements.map { spelling(of: $0) }
            return [0x5B] + (parts.isEmpty ? space() : Array(parts.joined(separator: [0x2C]))) + [0x5D]
        case .string(let bytes): return string(bytes)
        case .number(let bytes): return bytes
        case .bool(let value): return Array((value ? "true" : "false").utf8)
        case .null: return Array("null".utf8)
        }
    }

    mutating func space() -> [UInt8] {
        chance(4) ? (0..<below(4)).map { _ in [0x20, 0x09, 0x0A, 0x0D][below(4)] } : []
    }

    mutating func string(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = [0x22]
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            let short: [UInt32: String] = [
                8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: "\\\"", 47: "\\/", 92: "\\\\",
            ]
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if let escape = short[scalar.value], mustEscape || chance(2) {
                output += Array(escape.utf8)
            } else if mustEscape || chance(6) {
                for unit in String(Character(scalar)).utf16 {
                    let digits = String(unit, radix: 16, uppercase: chance(2))
                    output += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
                }
            } else {
                output += Array(String(Character(scalar)).utf8)
            }
        }
        return output + [0x22]
    }

    /// One to three small changes.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let telling =
            Array("{}[]:,\"\\u0eE+-.19 dDcC8truefalsn\n\u{0}/".utf8) + [0x80, 0xBF, 0xC0, 0xED, 0xEF, 0xF4, 0xFF]
        for _ in 0...below(3) {
            let place = below(bytes.count + 1)
            let byte = chance(6) ? UInt8(below(256)) : telling[below(telling.count)]
            switch below(5) {
            case 0: bytes.insert(byte, at: place)
            case 1 where place < bytes.count: bytes[place] = byte
            case 2 where place < bytes.count: bytes.remove(at: place)
            case 3:
                let end = place + below(min(12, bytes.count - place) + 1)
                bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count + 1))
            default: bytes.swapAt(0, bytes.isEmpty ? 0 : below(bytes.count))
            }
            if bytes.isEmpty { bytes = [byte] }
        }
        return bytes
    }
}
