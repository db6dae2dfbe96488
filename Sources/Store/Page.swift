import Crypto
package import Domain
import Postgres

/// Where the next page of a list starts: after the item with this id. Its text is opaque to callers.
package struct Cursor: Hashable, Sendable {
    let last: UUIDValue

    init(after last: UUIDValue) { self.last = last }

    /// Parses exactly what `text` gives: 22 characters of url-safe base 64.
    package init?(text: [UInt8]) {
        guard text.count == 22, let bytes = Base64.decodeURLSafe(text), bytes.count == 16 else { return nil }
        func word(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        last = UUIDValue(high: word(bytes[..<8]), low: word(bytes[8...]))
    }

    package var text: [UInt8] {
        var bytes: [UInt8] = []
        for half in [last.high, last.low] {
            for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: half >> shift)) }
        }
        return Base64.encodeURLSafe(bytes)
    }
}

/// Which part of a list is asked for.
package struct PageRequest: Hashable, Sendable {
    package let limit: Int
    package let cursor: Cursor?

    package static let maximumLimit = 100
    package static let standardLimit = 20

    /// `limit` is 1 to `maximumLimit`.
    package init(limit: Int = PageRequest.standardLimit, cursor: Cursor? = nil) {
        precondition((1...PageRequest.maximumLimit).contains(limit), "a page has 1 to 100 items")
        self.limit = limit
        self.cursor = cursor
    }

    /// The id to start after: the first page starts after the greatest there can be, because a condition that may be
    /// absent cannot bound an index scan. And one row more than the page holds: it tells whether there is a next one.
    var after: Parameter { .uuid(cursor?.last ?? UUIDValue(high: .max, low: .max)) }
    var rowLimit: Parameter { .int32(Int32(limit + 1)) }
}

/// The items of a list whose identifiers were made from `from` on and before `before`; to the millisecond.
package struct TimeWindow: Hashable, Sendable {
    package var from: Timestamp?
    package var before: Timestamp?
    package init(from: Timestamp? = nil, before: Timestamp? = nil) {
        self.from = from
        self.before = before
    }
}

extension PageRequest {
    /// Rows that a page looks at when its filters may let few of them through: some 20 ms. A page that ends there has a
    /// cursor that goes on, even if it is empty.
    static let examinedRows: Int32 = 10_000

    /// The id below which the page lies.
    func below(_ window: TimeWindow) -> Parameter {
        let greatest = cursor?.last ?? UUIDValue(high: .max, low: .max)
        return .uuid(window.before.map { min(greatest, UUIDValue(firstAt: $0)) } ?? greatest)
    }

    /// The least id that the page may hold.
    func notBelow(_ window: TimeWindow) -> Parameter {
        .uuid(window.from.map { UUIDValue(firstAt: $0) } ?? UUIDValue(high: 0, low: 0))
    }
}

/// Part of a list, newest first.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    /// Nil at the end of the list.
    package let next: Cursor?

    package init(items: [Item], next: Cursor?) {
        self.items = items
        self.next = next
    }

    /// Reads a page from rows whose first column is the id.
    init(
        _ rows: Rows, _ request: PageRequest, _ read: (Int) throws(StoreError) -> Item
    ) throws(StoreError) {
        var items: [Item] = []
        for row in rows.indices.prefix(request.limit) { items.append(try read(row)) }
        self.items = items
        next = rows.count > request.limit ? Cursor(after: try rows.uuidValue(request.limit - 1, 0)) : nil
    }

    /// Reads a page whose last row, when the filters let too few through to fill it, says by its id how far was looked:
    /// `boundColumn` is true of that row alone.
    init(
        _ rows: Rows, _ request: PageRequest, boundColumn: Int, _ read: (Int) throws(StoreError) -> Item
    ) throws(StoreError) {
        var items: [Item] = []
        var bound: Cursor?
        for row in rows.indices {
            if try rows.bool(row, boundColumn) {
                bound = Cursor(after: try rows.uuidValue(row, 0))
            } else if items.count < request.limit {
                items.append(try read(row))
            } else {
                bound = Cursor(after: try rows.uuidValue(request.limit - 1, 0))
            }
        }
        self.items = items
        next = bound
    }
}
