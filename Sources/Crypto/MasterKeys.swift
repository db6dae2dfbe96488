/// The keys that wrap every data key: one current, the others kept until nothing is wrapped under them.
///
/// Their text has one `id:base64` per line (LF; commas separate as well, for environment values), the current key
/// first. The id is 1 to 32 of `A-Z a-z 0-9 _ - .`, the key canonical standard base 64 of 32 bytes. Empty lines and
/// lines starting with `#` do not count. To change the master key, put a new line first; wrapped data keys name the key
/// they need. Peppers have the same form.
package struct MasterKeys: Sendable {
    package let currentId: [UInt8]
    /// The ids of all keys, in the order of their lines.
    package let ids: [[UInt8]]
    private let keys: [[UInt8]: [UInt8]]

    /// Reads the text. Throws `CryptoError.badMasterKeys`, which tells the line and never its content.
    package static func parse(_ text: [UInt8]) throws(CryptoError) -> MasterKeys {
        var ids: [[UInt8]] = []
        var keys: [[UInt8]: [UInt8]] = [:]
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: isSeparator) {
            number += 1
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let (id, key) = try parse(line: line, number: number)
            guard keys.count < CryptoLimits.masterKeys else {
                throw .badMasterKeys(problem: .tooManyKeys, line: number)
            }
            guard keys.updateValue(key, forKey: id) == nil else {
                throw .badMasterKeys(problem: .repeatedId, line: number)
            }
            ids.append(id)
        }
        guard let first = ids.first else { throw .badMasterKeys(problem: .noKeys, line: 0) }
        return MasterKeys(currentId: first, ids: ids, keys: keys)
    }

    /// The same keys with another of them as the current one.
    package func withCurrent(_ id: [UInt8]) -> MasterKeys {
        precondition(keys[id] != nil, "the current key is one of them")
        return MasterKeys(currentId: id, ids: ids, keys: keys)
    }

    /// One of the keys for digests; nil if there is none of this id.
    package func digestKey(_ id: [UInt8]) -> HMACKey? { keys[id].map { HMACKey($0) } }

    /// A keyed digest of `label`, by which a key is known again; nil if there is none of this id.
    package func proof(of id: [UInt8], label: [UInt8]) -> [UInt8]? { digestKey(id)?.authenticate(label) }

    /// A line with a new random key, for `subgate keys` and `subgate dev`.
    package static func makeLine(id: [UInt8], random: [UInt8] = Random.bytes(32)) -> [UInt8] {
        precondition(isId(id[...]) && random.count == CryptoLimits.keyBytes, "an id and 32 bytes make a master key")
        return id + [UInt8(ascii: ":")] + Base64.encode(random)
    }

    func key(_ id: [UInt8]) -> [UInt8]? { keys[id] }

    private static func parse(line: ArraySlice<UInt8>, number: Int) throws(CryptoError) -> ([UInt8], [UInt8]) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .badMasterKeys(problem: .noColon, line: number)
        }
        guard isId(line[..<colon]) else { throw .badMasterKeys(problem: .badId, line: number) }
        guard let key = Base64.decode(line[(colon + 1)...]) else {
            throw .badMasterKeys(problem: .keyIsNotBase64, line: number)
        }
        guard key.count == CryptoLimits.keyBytes else {
            throw .badMasterKeys(problem: .keyIsNot32Bytes, line: number)
        }
        return (Array(line[..<colon]), key)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: ",") }

    private static func isId(_ id: ArraySlice<UInt8>) -> Bool {
        guard (1...CryptoLimits.masterKeyIdBytes).contains(id.count) else { return false }
        return id.allSatisfy { byte in
            Base62.value(byte) != nil || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
    }
}
