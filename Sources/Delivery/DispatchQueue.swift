package import Domain
package import Store

/// What waits in one loop's memory, and whose turn it is. Pure: nothing here knows of time or sockets.
///
/// Turns go round the sub-clients that have something to send, and within each round its endpoints: deficit round robin
/// with deliveries of one size, so that neither many endpoints nor a long queue buys more than another's share.
/// Endpoints that are known to answer well and all others go round apart, and the others may fill only part of the
/// places: a thousand receivers that hang cannot keep a healthy one from its turn.
package struct DispatchQueue {
    package struct Caps: Sendable {
        package var inFlight = Limits.attemptsInFlight
        package var inFlightUnproven = Limits.unprovenAttemptsInFlight
        package var inFlightPerEndpoint = Limits.attemptsPerEndpoint
        package var inFlightPerSubClient = Limits.attemptsPerSubClient
        package var inFlightPerHost = Limits.attemptsPerHost
        package var waiting = Limits.waitingDeliveries
        package var waitingPerEndpoint = Limits.waitingPerEndpoint
        package var waitingPerTrial = Limits.waitingPerTrial
        package var lanesPerClaim = Store.lanesPerClaim
        package var trialsPerClaim = Limits.trialsPerClaim
        package var knownPerClaim = Limits.knownPerClaim

        package init() {}
    }

    private struct Lane {
        let subClient: SubClientID
        var waiting = FIFO<DueDelivery>()
        var inFlight = 0
        var isProven = false
        /// Of those in flight, how many were started while it was not proven.
        var unproven = 0
        /// Where its requests go, once that is known.
        var host: [UInt8]?
        /// How many may be in flight while it is not well.
        var limit: Int?
        var isInRound = false
        /// Waits for a place under its sub-client's or its host's cap.
        var isBlocked = false
    }

    /// Sub-clients by turns, and the endpoints of each by turns.
    private struct Round {
        private var subClients = FIFO<SubClientID>()
        private var endpoints: [SubClientID: FIFO<EndpointID>] = [:]
        /// Endpoints in it.
        private(set) var count = 0

        mutating func enter(_ endpoint: EndpointID, of subClient: SubClientID) {
            count += 1
            if endpoints[subClient] == nil { subClients.push(subClient) }
            endpoints[subClient, default: FIFO()].push(endpoint)
        }

        /// The endpoint whose turn it is, taken out; its sub-client goes to the end of the round.
        mutating func next() -> EndpointID? {
            guard let subClient = subClients.pop(), let index = endpoints.index(forKey: subClient) else { return nil }
            let endpoint = endpoints.values[index].pop()
            count -= 1
            if endpoints.values[index].isEmpty {
                endpoints.remove(at: index)
            } else {
                subClients.push(subClient)
            }
            return endpoint
        }
    }

    /// What is in flight under one kind of cap, and who waits for a place under it.
    private struct Pool<Key: Hashable> {
        private struct Entry {
            var inFlight = 0
            var blocked = FIFO<EndpointID>()
        }

        var cap: Int
        private var entries: [Key: Entry] = [:]

        init(cap: Int) { self.cap = cap }

        func isFull(_ key: Key) -> Bool { entries[key].map { $0.inFlight >= cap } ?? false }
        mutating func block(_ endpoint: EndpointID, at key: Key) { entries[key]?.blocked.push(endpoint) }
        mutating func start(_ key: Key) { entries[key, default: Entry()].inFlight += 1 }

        /// Gives a place back; as many of those who wait as there are places may try again.
        mutating func finish(_ key: Key) -> [EndpointID] {
            guard let index = entries.index(forKey: key) else { return [] }
            entries.values[index].inFlight -= 1
            var freed: [EndpointID] = []
            let isLast = entries.values[index].inFlight == 0
            while isLast || freed.count < cap - entries.values[index].inFlight,
                let next = entries.values[index].blocked.pop()
            { freed.append(next) }
            if isLast { entries.remove(at: index) }
            return freed
        }
    }

    private let caps: Caps
    private var lanes: [EndpointID: Lane] = [:]
    private var proven = Round()
    private var unproven = Round()
    private var provenIsNext = true
    private var subClients: Pool<SubClientID>
    private var hosts: Pool<[UInt8]>
    private var full: Set<EndpointID> = []
    private var onTrial: Set<EndpointID> = []
    private var known: KnownRing
    package private(set) var waiting = 0
    package private(set) var inFlight = 0
    private var unprovenInFlight = 0
    private var hasNewRoom = false
    /// At the last claim there were fewer places for endpoints that are not known to answer well than are worth one.
    private var lacksPlaces = false

    package init(caps: Caps = Caps()) {
        self.caps = caps
        subClients = Pool(cap: caps.inFlightPerSubClient)
        hosts = Pool(cap: caps.inFlightPerHost)
        known = KnownRing(recents: caps.knownPerClaim / 2)
    }

    package var isEmpty: Bool { waiting == 0 && inFlight == 0 }

    /// How many more deliveries may wait here.
    package var room: Int { max(0, caps.waiting - waiting) }

    /// Endpoints that may have no more waiting here: what is new for them stays in the database.
    package var fullEndpoints: [EndpointID] { Array(full) }

    /// Those, and all that are not known to answer well of which enough waits to try them: a claim brings no more.
    package var busyEndpoints: [EndpointID] { Array(full.union(onTrial)) }

    /// From which lanes a claim is to take. While there are few places for endpoints that are not known to answer well
    /// it brings only one delivery for each of these: what receivers that hang are owed would wait here until its lease
    /// ends, and be written twice for nothing. Lanes of those that are known are then asked for by name, some at a
    /// time.
    ///
    /// Where there are no such places either, lanes whose turn it is are left out, unless that has been so for `long`:
    /// retries, and what is sent from memory, may take every place for good, and each lane has its turn all the same.
    package mutating func lanesToClaim(long: Bool = false, perTurn: Int = Limits.claimSize) -> LaneChoice {
        let places = placesForTrials
        lacksPlaces = places < caps.trialsPerClaim
        if places >= caps.lanesPerClaim { return LaneChoice(inTurn: caps.lanesPerClaim, perTurn: perTurn) }
        let named = known.next(caps.knownPerClaim) { lanes[$0]?.isProven ?? false }
        return LaneChoice(
            named: named.compactMap { endpoint in lanes[endpoint].map { ($0.subClient, endpoint) } },
            inTurn: lacksPlaces ? (long ? caps.trialsPerClaim : 0) : places, perTurn: 1)
    }

    /// Those that come free, less the ones for which somebody waits here.
    private var placesForTrials: Int { caps.inFlightUnproven - unprovenInFlight - unproven.count }

    /// Whether more endpoints are known to answer well than the last claim could name.
    package var hasManyKnown: Bool { known.leavesSome }

    /// Whether some of them are for endpoints that are known to answer well.
    package func hasProven(_ deliveries: [DueDelivery]) -> Bool {
        deliveries.contains { lanes[$0.endpoint]?.isProven ?? false }
    }

    /// Lanes gave these: they may soon have more.
    package mutating func noteLanes(of deliveries: [DueDelivery]) {
        var last: EndpointID?
        for endpoint in deliveries.lazy.map(\.endpoint) where endpoint != last {
            if lanes[endpoint]?.isProven ?? false { known.note(endpoint) }
            last = endpoint
        }
    }

    package mutating func push(_ delivery: DueDelivery) {
        let endpoint = delivery.endpoint
        lanes[endpoint, default: Lane(subClient: delivery.subClient)].waiting.push(delivery)
        waiting += 1
        if let lane = lanes[endpoint] {
            if lane.waiting.count == caps.waitingPerEndpoint { full.insert(endpoint) }
            if !lane.isProven, lane.waiting.count == caps.waitingPerTrial { onTrial.insert(endpoint) }
        }
        enterRound(endpoint)
    }

    /// The next delivery to attempt, which now counts as in flight; nil if all caps are reached or nothing waits.
    package mutating func next() -> DueDelivery? {
        while inFlight < caps.inFlight, let endpoint = nextEndpoint() {
            guard let index = lanes.index(forKey: endpoint) else { continue }
            lanes.values[index].isInRound = false
            guard lanes.values[index].inFlight < lanes.values[index].limit ?? Int.max else {
                forgetIfIdle(endpoint)
                continue
            }
            let (subClient, host) = (lanes.values[index].subClient, lanes.values[index].host)
            if subClients.isFull(subClient) {
                lanes.values[index].isBlocked = true
                subClients.block(endpoint, at: subClient)
                continue
            }
            if let host, hosts.isFull(host) {
                lanes.values[index].isBlocked = true
                hosts.block(endpoint, at: host)
                continue
            }
            // In place: a lane taken out would share its queue with the dictionary, and be copied whole.
            guard let delivery = lanes.values[index].waiting.pop() else {
                forgetIfIdle(endpoint)
                continue
            }
            start(endpoint, index, subClient, host)
            return delivery
        }
        return nil
    }

    private mutating func start(
        _ endpoint: EndpointID, _ index: Dictionary<EndpointID, Lane>.Index, _ subClient: SubClientID, _ host: [UInt8]?
    ) {
        lanes.values[index].inFlight += 1
        if !lanes.values[index].isProven {
            lanes.values[index].unproven += 1
            unprovenInFlight += 1
        }
        if !full.isEmpty, lanes.values[index].waiting.count < caps.waitingPerEndpoint { full.remove(endpoint) }
        if !onTrial.isEmpty, lanes.values[index].waiting.count < caps.waitingPerTrial { endTrial(endpoint) }
        subClients.start(subClient)
        if let host { hosts.start(host) }
        waiting -= 1
        inFlight += 1
        enterRound(endpoint)
    }

    /// By turns from both rounds, so that neither starves, while the unproven have places left.
    private mutating func nextEndpoint() -> EndpointID? {
        provenIsNext.toggle()
        let mayTakeUnproven = unprovenInFlight < caps.inFlightUnproven
        if provenIsNext { return proven.next() ?? (mayTakeUnproven ? unproven.next() : nil) }
        return (mayTakeUnproven ? unproven.next() : nil) ?? proven.next()
    }

    /// A turn of the loop took this long, and what came in meanwhile had to wait. While turns are long each sub-client
    /// gets fewer places, so that one with a long queue takes what time is left over, and not the others'.
    package mutating func note(turn: Duration) {
        if turn > Limits.longTurn {
            subClients.cap = max(Limits.fewestAttemptsPerSubClient, subClients.cap * 3 / 4)
        } else if turn < Limits.longTurn / 2, subClients.cap < caps.inFlightPerSubClient {
            subClients.cap += 1
        }
    }

    /// Where requests to `endpoint` go. From then on they count under that host's cap.
    package mutating func learn(_ endpoint: EndpointID, host: [UInt8]) {
        // What is in flight was not counted under it: only an endpoint at rest may change.
        guard let lane = lanes[endpoint], lane.host != host, lane.inFlight <= 1 else { return }
        if lane.inFlight == 1 {
            if let old = lane.host { unblock(hosts.finish(old)) }
            hosts.start(host)
        }
        lanes[endpoint]?.host = host
    }

    /// How many may be in flight to `endpoint` from now on, nil for as many as to any. It holds while something waits
    /// or is in flight there.
    package mutating func limit(_ endpoint: EndpointID, to count: Int?) {
        guard lanes[endpoint] != nil else { return }
        lanes[endpoint]?.limit = count
        enterRound(endpoint)
    }

    /// An attempt to `endpoint` is over, and went well and quickly or not; nil if it told nothing of the endpoint.
    package mutating func finished(_ endpoint: EndpointID, isProven: Bool?) {
        inFlight -= 1
        guard let index = lanes.index(forKey: endpoint) else { return }
        lanes.values[index].inFlight -= 1
        // Which of them this one was does not matter: as many are given back as were taken.
        if lanes.values[index].unproven > 0 {
            lanes.values[index].unproven -= 1
            unprovenInFlight -= 1
        }
        if let isProven, isProven != lanes.values[index].isProven {
            lanes.values[index].isProven = isProven
            if isProven {
                known.insert(endpoint)
                known.note(endpoint)
                if known.count > 2 * Limits.rememberedEndpoints { known.keep { lanes[$0]?.isProven ?? false } }
                endTrial(endpoint)
            } else if lanes.values[index].waiting.count >= caps.waitingPerTrial {
                onTrial.insert(endpoint)
            }
        }
        let (subClient, host) = (lanes.values[index].subClient, lanes.values[index].host)
        var freed = subClients.finish(subClient)
        if let host { freed += hosts.finish(host) }
        unblock(freed)
        enterRound(endpoint)
        forgetIfIdle(endpoint)
    }

    private mutating func endTrial(_ endpoint: EndpointID) {
        if onTrial.remove(endpoint) != nil { hasNewRoom = true }
    }

    /// Whether claims may bring something again for an endpoint that was busy on trial, or for more that are not known
    /// to answer well; once for each time.
    package mutating func takeNewRoom() -> Bool {
        if lacksPlaces, placesForTrials >= caps.trialsPerClaim {
            lacksPlaces = false
            hasNewRoom = true
        }
        defer { hasNewRoom = false }
        return hasNewRoom
    }

    private mutating func unblock(_ freed: [EndpointID]) {
        for endpoint in freed {
            lanes[endpoint]?.isBlocked = false
            enterRound(endpoint)
            forgetIfIdle(endpoint)
        }
    }

    /// An idle endpoint is kept only while it is known to be good, and few are.
    private mutating func forgetIfIdle(_ endpoint: EndpointID) {
        guard let lane = lanes[endpoint], lane.inFlight == 0, lane.waiting.isEmpty, !lane.isInRound,
            !lane.isBlocked
        else { return }
        if !lane.isProven || lanes.count > Limits.rememberedEndpoints { lanes[endpoint] = nil }
    }

    /// Takes out everything that waits.
    package mutating func removeWaiting() -> [DueDelivery] { Array(lanes.keys).flatMap { removeWaiting($0) } }

    /// Takes out what waits for one endpoint.
    package mutating func removeWaiting(_ endpoint: EndpointID) -> [DueDelivery] {
        guard let index = lanes.index(forKey: endpoint) else { return [] }
        var removed: [DueDelivery] = []
        while let delivery = lanes.values[index].waiting.pop() { removed.append(delivery) }
        full.remove(endpoint)
        onTrial.remove(endpoint)
        waiting -= removed.count
        forgetIfIdle(endpoint)
        return removed
    }

    private mutating func enterRound(_ endpoint: EndpointID) {
        guard let index = lanes.index(forKey: endpoint) else { return }
        let lane = lanes.values[index]
        guard !lane.isInRound, !lane.isBlocked, !lane.waiting.isEmpty, lane.inFlight < caps.inFlightPerEndpoint else {
            return
        }
        lanes.values[index].isInRound = true
        if lane.isProven {
            proven.enter(endpoint, of: lane.subClient)
        } else {
            unproven.enter(endpoint, of: lane.subClient)
        }
    }
}
