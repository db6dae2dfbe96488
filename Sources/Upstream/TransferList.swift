import Domain
import HTTPClient
import JSON
import Store

/// One page of an upstream's `GET /api/v1/transfers/managed/mesh`.
struct TransferListPage: Sendable {
    /// Those that can be read, in the order of the page.
    let transfers: [ListedTransfer]
    /// How many items the page has.
    let count: Int
    let hasMore: Bool

    /// Reads the `content` of an answer to a call for up to `wanted` items after `offset` others; nil for what is no
    /// such page.
    init?(content: [UInt8], offset: Int32, wanted: Int) {
        guard let root = try? JSONDocument.parse(content, limits: .catalogue).root, let items = root["items"],
            items.kind == .array
        else { return nil }
        let elements = Array(items.elements)
        count = elements.count
        transfers = elements.compactMap { ListedTransfer($0) }
        // Only newer answers say it themselves.
        if let says = root["hasMorePages"]?.bool {
            hasMore = says
        } else if let total = root["total"]?.integer {
            hasMore = Int64(offset) + Int64(elements.count) < total
        } else {
            hasMore = elements.count >= wanted
        }
    }
}

extension ReconciliationPlace {
    /// The call for up to `count` items from here on, in the order of their making.
    func call(count: Int) -> MeshCall {
        let number = { (value: Int64) in Array(String(value).utf8) }
        let path = MeshCall.path(
            "/api/v1/transfers/managed/mesh",
            [
                ("FromTimestamp", number(from.seconds)), ("ToTimestamp", number(until.seconds)),
                ("OrderBy", Array("createdTimestamp".utf8)), ("DescendingOrder", Array("false".utf8)),
                ("IncludeRefundInformation", Array("true".utf8)), ("Offset", number(Int64(offset))),
                ("Count", number(Int64(count))),
            ])
        return MeshCall(.get, path)
    }

    /// Where the page after `page` begins; nil after the last one.
    ///
    /// By the time of the last transfer, which no change of the list moves; those of that second are seen again. By
    /// their number where that would not go on, or where the upstream has an order of its own.
    func next(after page: TransferListPage) -> ReconciliationPlace? {
        guard page.hasMore, page.count > 0 else { return nil }
        let times = page.transfers.map(\.createdAt)
        let isInOrder = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
        if isInOrder, page.transfers.count == page.count, let last = times.last, last.seconds > from.seconds {
            return ReconciliationPlace(until: until, from: Timestamp(seconds: last.seconds))
        }
        return ReconciliationPlace(until: until, from: from, offset: offset + Int32(clamping: page.count))
    }
}
