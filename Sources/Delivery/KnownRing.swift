import Domain

/// Endpoints that are asked for by turns, some at a time. Pure.
struct KnownRing {
    private var order: [EndpointID] = []
    private var members: Set<EndpointID> = []
    private var position = 0

    var count: Int { order.count }

    mutating func insert(_ endpoint: EndpointID) {
        if members.insert(endpoint).inserted { order.append(endpoint) }
    }

    /// The next of them, each once and at most so many; those that `isIn` no longer holds of are forgotten instead, all
    /// in one step: when a network fails that is nearly everybody.
    mutating func next(_ limit: Int, where isIn: (EndpointID) -> Bool) -> [EndpointID] {
        var found: [EndpointID] = []
        var left = min(limit, order.count)
        while left > 0 {
            if position >= order.count { position = 0 }
            let window = position..<min(order.count, position + left)
            let stay = order[window].filter(isIn)
            left -= window.count
            if stay.count < window.count {
                members.subtract(order[window])
                members.formUnion(stay)
                order.replaceSubrange(window, with: stay)
            }
            position += stay.count
            found += stay
        }
        return found
    }

    mutating func keep(where isIn: (EndpointID) -> Bool) {
        order.removeAll { !isIn($0) }
        members = Set(order)
        position = 0
    }
}
