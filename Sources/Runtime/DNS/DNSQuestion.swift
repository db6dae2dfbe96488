/// One question to a name server (RFC 1035): the addresses of one family of one name.
struct DNSQuestion: Sendable, Hashable {
    enum Kind: UInt16, Sendable {
        /// IPv4.
        case a = 1
        /// IPv6.
        case aaaa = 28

        var addressBytes: Int { self == .a ? 4 : 16 }
    }

    let id: UInt16
    /// In wire format, lower-cased: a length before each label, and a zero at the end.
    let name: [UInt8]
    let kind: Kind

    /// Nil for what is no name: an empty label, one of more than 63 bytes, more than 255 bytes in all.
    ///
    /// - Parameter host: with or without the root's dot.
    init?(id: UInt16, host: [UInt8], kind: Kind) {
        guard let name = DNSQuestion.wireName(host) else { return nil }
        self.id = id
        self.name = name
        self.kind = kind
    }

    static func wireName(_ host: [UInt8]) -> [UInt8]? {
        let text = host.last == UInt8(ascii: ".") ? host.dropLast() : host[...]
        var name: [UInt8] = []
        for label in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count) else { return nil }
            name.append(UInt8(label.count))
            name += label.map(DNSQuestion.lowerCased)
        }
        name.append(0)
        return name.count <= 255 ? name : nil
    }

    static func lowerCased(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

    /// The largest answer asked for by UDP: what crosses every network unfragmented (DNS Flag Day 2020).
    static let udpBytes: UInt16 = 1_232

    /// The message, as UDP carries it: recursion desired, and an OPT record (RFC 6891) that says how much we take.
    var message: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count + 27)
        bytes.add(id)
        bytes.add(0x0100)
        for count: UInt16 in [1, 0, 0, 1] { bytes.add(count) }
        bytes += name
        bytes.add(kind.rawValue)
        bytes.add(DNSQuestion.internet)
        // The root's name, type OPT, our size in place of a class, no flags, no options.
        bytes.append(0)
        bytes.add(41)
        bytes.add(DNSQuestion.udpBytes)
        for _ in 0..<3 { bytes.add(0) }
        return bytes
    }

    static let internet: UInt16 = 1
}

extension [UInt8] {
    fileprivate mutating func add(_ number: UInt16) {
        append(UInt8(number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }
}
