/// Where a sealed value belongs: bound to it, so that it opens in that column of that row alone.
package struct SealContext: Sendable {
    /// The owner's id: the sub-client's, or the operator's for upstream keys.
    package var owner: [UInt8]
    package var table: StaticString
    package var column: StaticString
    /// The row's primary key without the owner.
    package var row: [UInt8]

    package init(owner: [UInt8], table: StaticString, column: StaticString, row: [UInt8]) {
        self.owner = owner
        self.table = table
        self.column = column
        self.row = row
    }

    func bound(to keyId: [UInt8], _ version: UInt8) -> [UInt8] {
        var fields = BoundFields("subgate sealed value", version)
        fields.append(owner)
        fields.append(table)
        fields.append(column)
        fields.append(row)
        fields.append(keyId)
        return fields.bytes
    }
}

/// Associated data out of fields, each behind its length (4 bytes, big-endian): no two lists of fields give the same
/// bytes.
struct BoundFields {
    private(set) var bytes: [UInt8] = []

    init(_ purpose: StaticString, _ version: UInt8) {
        append(purpose)
        append([version])
    }

    mutating func append(_ field: [UInt8]) {
        append(length: field.count)
        bytes += field
    }

    mutating func append(_ field: StaticString) {
        append(length: field.utf8CodeUnitCount)
        field.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func append(length: Int) {
        let length = UInt32(length)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
    }
}
