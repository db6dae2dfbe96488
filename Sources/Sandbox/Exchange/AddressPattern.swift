import Crypto
import Domain

/// What the addresses of a type of network look like: no checksum is checked, as Mesh checks a pattern only.
struct AddressPattern: Sendable {
    /// A prefix, and after it so many letters of an alphabet.
    struct Form: Sendable {
        let prefix: String
        let alphabet: Alphabet
        let count: ClosedRange<Int>
    }

    enum Alphabet: String, Sendable {
        case hexadecimal = "0-9a-fA-F"
        case base58 = "1-9A-HJ-NP-Za-km-z"
        case bech32 = "02-9ac-hj-np-z"
        case base32 = "A-Z2-7"
        case base64URL = "A-Za-z0-9_-"

        func contains(_ byte: UInt8) -> Bool {
            let scalar = Unicode.Scalar(byte)
            let isDigit = "0"..."9" ~= scalar
            let isUpper = "A"..."Z" ~= scalar
            let isLower = "a"..."z" ~= scalar
            switch self {
            case .hexadecimal: return isDigit || "a"..."f" ~= scalar || "A"..."F" ~= scalar
            case .base58: return (isDigit || isUpper || isLower) && !"0OIl".unicodeScalars.contains(scalar)
            case .bech32: return (isDigit || isLower) && !"1bio".unicodeScalars.contains(scalar)
            case .base32: return isUpper || "2"..."7" ~= scalar
            case .base64URL: return isDigit || isUpper || isLower || scalar == "_" || scalar == "-"
            }
        }

        /// In lower case where either would do.
        fileprivate var letters: [UInt8] {
            let all = (UInt8(ascii: "0")...UInt8(ascii: "z")).filter(contains)
            return self == .hexadecimal ? all.filter { $0 == lowercaseASCII($0) } : all
        }
    }

    let forms: [Form]

    func matches(_ address: [UInt8]) -> Bool {
        forms.contains { form in
            let rest = address.dropFirst(form.prefix.utf8.count)
            return address.starts(with: form.prefix.utf8) && form.count.contains(rest.count)
                && rest.allSatisfy(form.alphabet.contains)
        }
    }

    /// As a regular expression, the way Mesh's catalogue gives it.
    var regularExpression: String {
        let alternatives = forms.map { form in
            "\(form.prefix)[\(form.alphabet.rawValue)]{\(form.count.lowerBound),\(form.count.upperBound)}"
        }
        return "^(\(alternatives.joined(separator: "|")))$"
    }

    /// An address nobody has.
    func address(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        let letters = forms[0].alphabet.letters
        return Array(forms[0].prefix.utf8)
            + (0..<forms[0].count.upperBound).map { _ in
                letters[Int(random.next(upperBound: UInt64(letters.count)))]
            }
    }

    /// The address that belongs to `seed` for good.
    func address(of seed: String) -> [UInt8] {
        var random = DigestStream(seed: Array(seed.utf8))
        return address(&random)
    }
}

extension AddressPattern {
    private static func forms(_ forms: (String, Alphabet, ClosedRange<Int>)...) -> AddressPattern {
        AddressPattern(forms: forms.map { Form(prefix: $0.0, alphabet: $0.1, count: $0.2) })
    }

    /// By Mesh's `NetworkType`.
    static func of(networkType: String) -> AddressPattern {
        switch networkType {
        case "solana": forms(("", .base58, 32...44))
        case "bitcoin": forms(("bc1", .bech32, 39...59), ("1", .base58, 25...33), ("3", .base58, 25...33))
        case "litecoin": forms(("ltc1", .bech32, 39...59), ("L", .base58, 26...33), ("M", .base58, 26...33))
        case "dogecoin": forms(("D", .base58, 33...33))
        case "tron": forms(("T", .base58, 33...33))
        case "ripple": forms(("r", .base58, 24...34))
        case "aptos": forms(("0x", .hexadecimal, 1...64))
        case "sui": forms(("0x", .hexadecimal, 64...64))
        case "cardano": forms(("addr1", .bech32, 53...98))
        case "stellar": forms(("G", .base32, 55...55))
        case "tvm": forms(("UQ", .base64URL, 46...46), ("EQ", .base64URL, 46...46), ("0:", .hexadecimal, 64...64))
        case "injective": forms(("inj1", .bech32, 38...38))
        case "avalancheX": forms(("X-avax1", .bech32, 38...38))
        default: forms(("0x", .hexadecimal, 40...40))
        }
    }
}

/// Numbers that follow from a seed, the same for ever: what is derived from them needs not be stored.
private struct DigestStream: RandomNumberGenerator {
    let seed: [UInt8]
    private var block: [UInt8] = []
    private var count: UInt32 = 0

    init(seed: [UInt8]) { self.seed = seed }

    mutating func next() -> UInt64 {
        if block.isEmpty {
            block = Digest.sha256(seed + (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
            count += 1
        }
        defer { block.removeFirst(8) }
        return block.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
