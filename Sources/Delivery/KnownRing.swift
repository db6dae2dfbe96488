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

    /// The next of them, each once and at most so many; those that `isIn` no longer holds of are forgotten.
    mutating func next(_ limit: Int, where isIn: (EndpointID) -> Bool) -> [EndpointID] {
        var found: [EndpointID] = []
        while found.count < min(limit, order.count) {
            if position >= order.count { position = 0 }
            if isIn(order[position]) {
                found.append(order[position])
                position += 1
            } else {
                // The others stay in order, so that none comes twice.
                members.remove(order.remove(at: position))
            }
        }
        return found
    }

    mutating func keep(where isIn: (EndpointID) -> Bool) {
        order.removeAll { !isIn($0) }
        members = Set(order)
        position = 0
    }
}
