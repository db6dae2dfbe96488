/// What a message from a name server says to a question. Pure.
enum DNSAnswer: Sendable, Hashable {
    /// None: the name exists, and has no address of this family.
    case addresses([IPAddress])
    case noSuchName
    /// The message was cut: ask by TCP.
    case truncated
    /// The server could not say, or what it said cannot be read.
    case failed
    /// Not an answer to this question: forged, late, or somebody else's. The right one may still come.
    case foreign

    /// Reads a message. It may be anything, of any length.
    init(_ message: [UInt8], to question: DNSQuestion) {
        var reader = DNSReader(message)
        guard let id = reader.number(), let flags = reader.number(), let questions = reader.number(),
            let answers = reader.number(), reader.skip(4), id == question.id, flags & 0x8000 != 0
        else {
            self = .foreign
            return
        }
        guard questions == 1, reader.name() == question.name, reader.number() == question.kind.rawValue,
            reader.number() == DNSQuestion.internet
        else {
            // A server that refuses may leave the question out.
            self = questions == 0 && flags & 0x000f != 0 ? .failed : .foreign
            return
        }
        switch flags & 0x000f {
        case 0: break
        case 3:
            self = .noSuchName
            return
        default:
            self = .failed
            return
        }
        if flags & 0x0200 != 0 {
            self = .truncated
            return
        }
        guard let records = DNSAnswer.records(&reader, count: Int(answers)) else {
            self = .failed
            return
        }
        self = DNSAnswer.addresses(of: question, in: records)
    }

    private struct Record {
        let owner: [UInt8]
        let value: Value
        enum Value {
            case address(IPAddress)
            case alias([UInt8])
        }
    }

    private static let aliasKind: UInt16 = 5

    /// The records of the answer section that matter; nil if it cannot be read to its end.
    private static func records(_ reader: inout DNSReader, count: Int) -> [Record]? {
        var records: [Record] = []
        for _ in 0..<count {
            guard let owner = reader.name(), let kind = reader.number(), let family = reader.number(), reader.skip(4),
                let length = reader.number(), let end = reader.end(after: Int(length))
            else { return nil }
            if family == DNSQuestion.internet, let known = DNSQuestion.Kind(rawValue: kind) {
                guard Int(length) == known.addressBytes, let address = reader.address(known.addressBytes) else {
                    return nil
                }
                records.append(Record(owner: owner, value: .address(address)))
            } else if family == DNSQuestion.internet, kind == aliasKind {
                guard let target = reader.name(), reader.position == end else { return nil }
                records.append(Record(owner: owner, value: .alias(target)))
            }
            reader.position = end
        }
        return records
    }

    /// Follows aliases from the name asked for. What belongs to no name on that way is not listened to.
    private static func addresses(of question: DNSQuestion, in records: [Record]) -> DNSAnswer {
        var name = question.name
        for _ in 0...RuntimeLimits.dnsAliases {
            var addresses: [IPAddress] = []
            var alias: [UInt8]?
            for record in records where record.owner == name {
                switch record.value {
                case .address(let address):
                    // A question for one family is not answered with the other.
                    if address.bits == question.kind.addressBytes * 8 { addresses.append(address) }
                case .alias(let target): alias = target
                }
            }
            guard addresses.isEmpty, let alias else { return .addresses(addresses) }
            name = alias
        }
        return .failed
    }
}

/// Reads a message from its start. Every step says nil past the end, and none goes back but by a name's pointers, each
/// of which must lead further back than the last.
struct DNSReader {
    private let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func number() -> UInt16? {
        guard position + 2 <= bytes.count else { return nil }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    /// Whether there was as much to skip.
    mutating func skip(_ count: Int) -> Bool {
        guard let end = end(after: count) else { return false }
        position = end
        return true
    }

    /// The position `count` bytes on; nil past the end of the message.
    func end(after count: Int) -> Int? { position + count <= bytes.count ? position + count : nil }

    mutating func address(_ count: Int) -> IPAddress? {
        guard let end = end(after: count) else { return nil }
        defer { position = end }
        return IPAddress(bytes: bytes[position..<end])
    }

    /// A name in wire format, lower-cased, its pointers (RFC 1035 section 4.1.4) followed.
    mutating func name() -> [UInt8]? {
        var name: [UInt8] = []
        var place = position
        var lowest = position
        var afterPointer: Int?
        while place < bytes.count {
            let length = Int(bytes[place])
            if length >= 0xc0 {
                guard place + 1 < bytes.count else { return nil }
                let target = (length & 0x3f) << 8 | Int(bytes[place + 1])
                guard target < lowest else { return nil }
                if afterPointer == nil { afterPointer = place + 2 }
                lowest = target
                place = target
                continue
            }
            guard length <= 63, place + length < bytes.count else { return nil }
            name.append(UInt8(length))
            if length == 0 {
                position = afterPointer ?? place + 1
                return name
            }
            for byte in bytes[place + 1...place + length] { name.append(DNSQuestion.lowerCased(byte)) }
            guard name.count < 255 else { return nil }
            place += length + 1
        }
        return nil
    }
}
