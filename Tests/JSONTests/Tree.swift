import JSON

/// A JSON value as a plain tree: numbers as written, strings as bytes, members in order.
indirect enum Tree: Equatable {
    case object([Member])
    case array([Tree])
    case string([UInt8])
    case number([UInt8])
    case bool(Bool)
    case null

    struct Member: Equatable {
        var key: [UInt8]
        var value: Tree
    }

    /// What the document under test says is there.
    init(_ value: JSONValue) {
        switch value.kind {
        case .object:
            self = .object(value.members.map { Member(key: $0.key.bytes, value: Tree($0.value)) })
        case .array: self = .array(value.elements.map { Tree($0) })
        case .string: self = .string(value.string ?? [])
        case .number: self = .number(Array(value.number?.raw ?? []))
        case .bool: self = .bool(value.bool ?? false)
        case .null: self = .null
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.key)
                member.value.write(to: &writer)
            }
            writer.endObject()
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .string(let bytes): writer.string(bytes)
        case .number(let bytes): writer.raw(bytes)
        case .bool(let value): writer.bool(value)
        case .null: writer.null()
        }
    }

    /// Whether some number in it is nothing a double can hold, at which Foundation gives up.
    var exceedsDouble: Bool {
        switch self {
        case .object(let members): members.contains { $0.value.exceedsDouble }
        case .array(let elements): elements.contains { $0.exceedsDouble }
        case .number(let bytes):
            Double(String(decoding: bytes, as: UTF8.self)).map { !$0.isFinite } ?? true
        default: false
        }
    }
}
