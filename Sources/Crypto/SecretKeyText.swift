/// The text of an API secret: prefix, 32 random bytes in 43 base-62 digits, and the CRC-32 of both in 6 more.
///
/// The prefix lets a leak scanner find a lost secret, the checksum lets us refuse a typing error without asking the
/// database.
package enum SecretKeyText {
    /// What a secret is for, told by how it starts.
    package enum Prefix: CaseIterable, Sendable {
        case sandbox
        case live
        case admin

        package var bytes: StaticString {
            switch self {
            case .sandbox: "sk_sandbox_"
            case .live: "sk_live_"
            case .admin: "sk_admin_"
            }
        }
    }

    /// A secret of 32 random bytes.
    package static func make(prefix: Prefix, random: [UInt8] = Random.bytes(32)) -> [UInt8] {
        let text = Array("\(prefix.bytes)".utf8) + Base62.encode(random)
        return text + Base62.encode(CRC32.checksum(text))
    }

    /// Whether the text is a secret that `make` could have returned. Compares nothing with any stored secret.
    package static func isWellFormed(_ text: [UInt8]) -> Bool { prefix(of: text.span) != nil }

    /// The prefix of a well-formed secret; nil for anything else. Allocates nothing.
    package static func prefix(of text: Span<UInt8>) -> Prefix? {
        guard let prefix = Prefix.allCases.first(where: { starts(text, with: $0.bytes) }) else { return nil }
        let checked = prefix.bytes.utf8CodeUnitCount + Base62.digitsOf32Bytes
        guard text.count == checked + Base62.digitsOfUInt32 else { return nil }
        for index in prefix.bytes.utf8CodeUnitCount..<checked where Base62.value(text[index]) == nil { return nil }
        let stated = Base62.decodeUInt32(text.extracting(checked...))
        return stated == CRC32.checksum(text.extracting(..<checked)) ? prefix : nil
    }

    package static func prefix(of text: [UInt8]) -> Prefix? { prefix(of: text.span) }

    private static func starts(_ text: Span<UInt8>, with prefix: StaticString) -> Bool {
        guard text.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where unsafe prefix.utf8Start[index] != text[index] { return false }
        return true
    }
}
