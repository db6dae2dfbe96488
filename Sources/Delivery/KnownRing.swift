import Domain

/// Endpoints that are asked for some at a time: those that had something lately each time, and all others by turns.
/// Pure.
struct KnownRing {
    /// How many of those that had something lately.
    private let recents: Int
    /// The latest is the last. One may stand in it more than once, so that noting costs no search.
    private var recent: [EndpointID] = []
    private var order: [EndpointID] = []
    private var members: Set<EndpointID> = []
    private var position = 0
    /// Whether the last time some had to wait for their turn.
    private(set) var leavesSome = false

    init(recents: Int) { self.recents = recents }

    var count: Int { order.count }

    /// It had something.
    mutating func note(_ endpoint: EndpointID) {
        recent.append(endpoint)
        if recent.count >= 4 * recents { recent = Array(lately().reversed()) }
    }

    private func lately() -> [EndpointID] {
        var seen: Set<EndpointID> = []
        var found: [EndpointID] = []
        for endpoint in recent.reversed() where found.count < recents && seen.insert(endpoint).inserted {
            found.append(endpoint)
        }
        return found
    }

    mutating func insert(_ endpoint: EndpointID) {
        if members.insert(endpoint).inserted { order.append(endpoint) }
    }

    /// The next of them, each once and at most so many; those that `isIn` no longer holds of are forgotten instead,
    /// many in one step: when a network fails that is nearly everybody.
    mutating func next(_ limit: Int, where isIn: (EndpointID) -> Bool) -> [EndpointID] {
        var found = Array(lately().filter(isIn).prefix(limit))
        let first = Set(found)
        let all = order.count
        // So many places of the ring hold enough, even where all of the first stand there.
        let most = min(limit, all)
        var left = most
        while left > 0, found.count < limit {
            if position >= order.count { position = 0 }
            let window = position..<min(order.count, position + min(left, limit - found.count))
            let stay = order[window].filter(isIn)
            left -= window.count
            if stay.count < window.count {
                members.subtract(order[window])
                members.formUnion(stay)
                order.replaceSubrange(window, with: stay)
            }
            position += stay.count
            found += stay.filter { !first.contains($0) }
        }
        leavesSome = most - left < all
        return found
    }

    mutating func keep(where isIn: (EndpointID) -> Bool) {
        order.removeAll { !isIn($0) }
        members = Set(order)
        position = 0
    }
}
