import Domain

/// The demo shop's orders, in memory: the oldest goes when there is no room. A value.
struct ShopBook: Sendable {
    /// Each is at most some hundred KiB, and most are a few KiB.
    static let standardLimit = 200

    let limit: Int
    private var orders: [String: ShopOrder] = [:]
    private var sequence: [String] = []

    init(limit: Int = ShopBook.standardLimit) { self.limit = limit }

    var count: Int { orders.count }

    subscript(id: String) -> ShopOrder? { orders[id] }

    mutating func add(_ order: ShopOrder) {
        orders[order.id] = order
        sequence.append(order.id)
        if sequence.count > limit { orders[sequence.removeFirst()] = nil }
    }

    /// Nil if there is no such order, or no more.
    mutating func change<Result>(_ id: String, _ body: (inout ShopOrder) -> Result) -> Result? {
        guard var order = orders[id] else { return nil }
        let result = body(&order)
        orders[id] = order
        return result
    }
}
