package import Domain
package import Store

/// What waits in one loop's memory, and whose turn it is: a queue per endpoint, and the endpoints in a ring, so that
/// one with a long queue gets no more turns than one with a short one. Pure: nothing here knows of time or sockets.
package struct DispatchQueue {
    package struct Caps: Sendable {
        package var inFlight: Int
        package var inFlightPerEndpoint: Int
        package var waiting: Int
        package var waitingPerEndpoint: Int

        package init(inFlight: Int, inFlightPerEndpoint: Int, waiting: Int, waitingPerEndpoint: Int) {
            self.inFlight = inFlight
            self.inFlightPerEndpoint = inFlightPerEndpoint
            self.waiting = waiting
            self.waitingPerEndpoint = waitingPerEndpoint
        }

        static let standard = Caps(
            inFlight: Limits.attemptsInFlight, inFlightPerEndpoint: Limits.attemptsPerEndpoint,
            waiting: Limits.waitingDeliveries, waitingPerEndpoint: Limits.waitingPerEndpoint)
    }

    private struct Lane {
        var waiting = FIFO<DueDelivery>()
        var inFlight = 0
        var isInRing = false

        mutating func take() -> DueDelivery? {
            isInRing = false
            guard let delivery = waiting.pop() else { return nil }
            inFlight += 1
            return delivery
        }
    }

    private let caps: Caps
    private var lanes: [EndpointID: Lane] = [:]
    private var ring = FIFO<EndpointID>()
    private var busy: Set<EndpointID> = []
    package private(set) var waiting = 0
    package private(set) var inFlight = 0

    package init(caps: Caps) { self.caps = caps }

    package var isEmpty: Bool { waiting == 0 && inFlight == 0 }

    /// How many more deliveries may wait here.
    package var room: Int { max(0, caps.waiting - waiting) }

    /// Endpoints that have enough waiting: more of theirs stay in the database.
    package var busyEndpoints: [EndpointID] { Array(busy) }

    package mutating func push(_ delivery: DueDelivery) {
        lanes[delivery.endpoint, default: Lane()].waiting.push(delivery)
        waiting += 1
        if lanes[delivery.endpoint]?.waiting.count == caps.waitingPerEndpoint { busy.insert(delivery.endpoint) }
        enterRing(delivery.endpoint)
    }

    /// The next delivery to attempt, which now counts as in flight; nil if all caps are reached or nothing waits.
    package mutating func next() -> DueDelivery? {
        guard inFlight < caps.inFlight, let endpoint = ring.pop() else { return nil }
        // In place: a lane taken out would share its queue with the dictionary, and be copied whole.
        guard let delivery = lanes[endpoint]?.take() else { return nil }
        if !busy.isEmpty, lanes[endpoint].map({ $0.waiting.count < caps.waitingPerEndpoint }) ?? true {
            busy.remove(endpoint)
        }
        waiting -= 1
        inFlight += 1
        enterRing(endpoint)
        return delivery
    }

    /// An attempt to `endpoint` is over.
    package mutating func finished(_ endpoint: EndpointID) {
        inFlight -= 1
        guard var lane = lanes[endpoint] else { return }
        lane.inFlight -= 1
        lanes[endpoint] = lane.inFlight == 0 && lane.waiting.isEmpty ? nil : lane
        enterRing(endpoint)
    }

    /// Takes out everything that waits.
    package mutating func removeWaiting() -> [DueDelivery] {
        var removed: [DueDelivery] = []
        for endpoint in lanes.keys {
            while let delivery = lanes[endpoint]?.waiting.pop() { removed.append(delivery) }
        }
        lanes = lanes.filter { $0.value.inFlight > 0 }
        for endpoint in lanes.keys { lanes[endpoint]?.isInRing = false }
        ring = FIFO()
        busy = []
        waiting = 0
        return removed
    }

    private mutating func enterRing(_ endpoint: EndpointID) {
        guard let lane = lanes[endpoint], !lane.isInRing, !lane.waiting.isEmpty,
            lane.inFlight < caps.inFlightPerEndpoint
        else { return }
        lanes[endpoint]?.isInRing = true
        ring.push(endpoint)
    }
}

/// A queue whose both ends cost constant time on average.
struct FIFO<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { head == items.count }

    mutating func push(_ element: Element) { items.append(element) }

    mutating func pop() -> Element? {
        guard head < items.count else { return nil }
        let element = items[head]
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: head < 1_024)
            head = 0
        } else if head >= 1_024, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return element
    }
}
