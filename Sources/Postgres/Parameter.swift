/// One value for a statement. Every one is sent in PostgreSQL's binary format with its length, so a zero byte never
/// ends a value early (the server refuses it in text with 22021).
package enum Parameter: Sendable, Hashable {
    case null
    case bool(Bool)
    case int32(Int32)
    case int64(Int64)
    /// UTF-8.
    case text([UInt8])
    case string(String)
    /// bytea.
    case bytes([UInt8])
    case uuid(high: UInt64, low: UInt64)
    /// timestamptz; `Int64.max` is infinity.
    case timestamp(microsecondsSince1970: Int64)
    /// The UTF-8 of a JSON text.
    case jsonb([UInt8])

    case boolArray([Bool?])
    case int32Array([Int32?])
    case int64Array([Int64?])
    case textArray([[UInt8]?])
    case stringArray([String?])
    case bytesArray([[UInt8]?])
    case uuidArray([UUIDBits?])
    case timestampArray([Int64?])
    case jsonbArray([[UInt8]?])
}

/// The 128 bits of a UUID where it is an element of an array.
package struct UUIDBits: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The object identifiers of the types this module speaks (`pg_type.dat`): they never change.
enum TypeID {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802
}

/// timestamptz counts microseconds from 2000-01-01 UTC.
enum PostgresEpoch {
    static let microsecondsAfter1970: Int64 = 946_684_800_000_000

    static func encode(_ microsecondsSince1970: Int64) -> Int64 {
        if microsecondsSince1970 == .max { return .max }
        let (value, overflow) = microsecondsSince1970.subtractingReportingOverflow(microsecondsAfter1970)
        return overflow ? .min : value
    }

    static func decode(_ value: Int64) -> Int64 {
        if value == .min { return .min }
        let (sum, overflow) = value.addingReportingOverflow(microsecondsAfter1970)
        return overflow ? .max : sum
    }
}

extension Parameter {
    /// The type the value has, for statements the server has not been told the types of; 0 lets the server infer it.
    var typeID: UInt32 {
        switch self {
        case .null: 0
        case .bool: TypeID.bool
        case .int32: TypeID.int4
        case .int64: TypeID.int8
        case .text, .string: TypeID.text
        case .bytes: TypeID.bytea
        case .uuid: TypeID.uuid
        case .timestamp: TypeID.timestamptz
        case .jsonb: TypeID.jsonb
        case .boolArray: 1000
        case .bytesArray: 1001
        case .int32Array: 1007
        case .textArray, .stringArray: 1009
        case .int64Array: 1016
        case .timestampArray: 1185
        case .uuidArray: 2951
        case .jsonbArray: 3807
        }
    }

    /// Appends the binary form; nothing for null.
    func encode(to bytes: inout [UInt8]) {
        switch self {
        case .null: break
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .int32(let value): bytes.appendBigEndian(value)
        case .int64(let value): bytes.appendBigEndian(value)
        case .text(let value), .bytes(let value): bytes += value
        case .string(let value): bytes += value.utf8
        case .uuid(let high, let low):
            bytes.appendBigEndian(high)
            bytes.appendBigEndian(low)
        case .timestamp(let value): bytes.appendBigEndian(PostgresEpoch.encode(value))
        case .jsonb(let value):
            bytes.append(1)
            bytes += value
        case .boolArray(let values): bytes.appendArray(values, of: TypeID.bool) { $0.append($1 ? 1 : 0) }
        case .int32Array(let values): bytes.appendArray(values, of: TypeID.int4) { $0.appendBigEndian($1) }
        case .int64Array(let values): bytes.appendArray(values, of: TypeID.int8) { $0.appendBigEndian($1) }
        case .textArray(let values): bytes.appendArray(values, of: TypeID.text) { $0 += $1 }
        case .stringArray(let values): bytes.appendArray(values, of: TypeID.text) { $0 += $1.utf8 }
        case .bytesArray(let values): bytes.appendArray(values, of: TypeID.bytea) { $0 += $1 }
        case .uuidArray(let values):
            bytes.appendArray(values, of: TypeID.uuid) {
                $0.appendBigEndian($1.high)
                $0.appendBigEndian($1.low)
            }
        case .timestampArray(let values):
            bytes.appendArray(values, of: TypeID.timestamptz) { $0.appendBigEndian(PostgresEpoch.encode($1)) }
        case .jsonbArray(let values):
            bytes.appendArray(values, of: TypeID.jsonb) {
                $0.append(1)
                $0 += $1
            }
        }
    }

    /// About how many bytes the value takes on the wire: what batches are measured by.
    var approximateSize: Int {
        switch self {
        case .null, .bool, .int32, .int64, .uuid, .timestamp: 16
        case .text(let value), .bytes(let value), .jsonb(let value): value.count + 8
        case .string(let value): value.utf8.count + 8
        case .boolArray(let values): values.count * 5
        case .int32Array(let values): values.count * 8
        case .int64Array(let values), .timestampArray(let values): values.count * 12
        case .uuidArray(let values): values.count * 20
        case .stringArray(let values): values.reduce(0) { $0 + 4 + ($1?.utf8.count ?? 0) }
        case .textArray(let values), .bytesArray(let values), .jsonbArray(let values):
            values.reduce(0) { $0 + 5 + ($1?.count ?? 0) }
        }
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        var shift = value.bitWidth
        while shift > 0 {
            shift -= 8
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// One dimension in `array_send`'s format: dimensions, whether nulls occur, element type, length, lower bound,
    /// elements.
    fileprivate mutating func appendArray<Item>(
        _ values: [Item?], of element: UInt32, _ encode: (inout [UInt8], Item) -> Void
    ) {
        appendBigEndian(Int32(values.isEmpty ? 0 : 1))
        appendBigEndian(Int32(values.contains { $0 == nil } ? 1 : 0))
        appendBigEndian(element)
        if values.isEmpty { return }
        appendBigEndian(Int32(values.count))
        appendBigEndian(Int32(1))
        for value in values {
            guard let value else {
                appendBigEndian(Int32(-1))
                continue
            }
            let lengthAt = count
            appendBigEndian(Int32(0))
            encode(&self, value)
            let length = UInt32(count - lengthAt - 4)
            for byte in 0..<4 { self[lengthAt + byte] = UInt8(truncatingIfNeeded: length >> (8 * (3 - UInt32(byte)))) }
        }
    }
}
