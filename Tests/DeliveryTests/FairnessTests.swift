import Delivery
import Domain
import Store
import TestSupport
import Testing

/// A loop and its receivers on simulated time: what one sub-client owes must not show in what another waits.
@Suite struct FairnessTests {
    private static let receiverTime: Int64 = 5_000
    /// What starting and ending an attempt costs the loop, each.
    private static let cost: Int64 = 30
    private static let large = SubClientID(UUIDValue(high: 0, low: 1))
    private static let small = SubClientID(UUIDValue(high: 0, low: 2))

    /// Microseconds.
    private struct Simulation {
        var queue = DispatchQueue()
        var now: Int64 = 0
        var backlog: Int
        let endpoints: UInt64
        let hangs: Bool
        private var made: UInt64 = 0
        private var arrivals: [DeliveryID: Int64] = [:]
        private var ends: [(at: Int64, delivery: DueDelivery)] = []
        private(set) var latencies: [Int64] = []
        /// How many of the large one's were sent.
        private(set) var drained = 0

        init(backlog: Int, endpoints: UInt64, hangs: Bool) {
            self.backlog = backlog
            self.endpoints = endpoints
            self.hangs = hangs
        }

        private mutating func delivery(_ subClient: SubClientID, _ endpoint: UInt64) -> DueDelivery {
            made += 1
            let number = UUIDValue(high: 0, low: made)
            return DueDelivery(
                subClient: subClient, id: DeliveryID(number),
                endpoint: EndpointID(UUIDValue(high: subClient.uuid.low, low: endpoint)), environment: .sandbox,
                event: StoredEvent(
                    id: EventID(number), type: .transferPending, transfer: nil, linkSession: nil, transactionID: nil,
                    userID: nil, receivedAt: Timestamp(seconds: 0), payload: []),
                attempt: 1, failures: 0, leaseEnd: Timestamp(seconds: 60))
        }

        /// The small one has an event every millisecond.
        mutating func run(events: Int) {
            var step = 0
            while step < events {
                // A turn: what has come until it begins, then all that may start.
                let begun = now
                while step < events, Int64(step) * 1_000 <= begun {
                    let mine = delivery(FairnessTests.small, 0)
                    arrivals[mine.id] = Int64(step) * 1_000
                    queue.push(mine)
                    step += 1
                }
                for end in ends where end.at <= begun {
                    queue.finished(end.delivery.endpoint, isProven: true)
                    now += FairnessTests.cost
                    if let since = arrivals.removeValue(forKey: end.delivery.id) { latencies.append(end.at - since) }
                }
                ends.removeAll { $0.at <= begun }
                claim()
                queue.note(turn: .microseconds(now - begun))
                while let next = queue.next() {
                    now += FairnessTests.cost
                    let isLarge = next.subClient == FairnessTests.large
                    if isLarge { drained += 1 }
                    ends.append(
                        (at: now + (isLarge && hangs ? 15_000_000 : FairnessTests.receiverTime), delivery: next))
                }
                if now == begun { now = min(ends.map(\.at).min() ?? .max, Int64(step) * 1_000) }
            }
        }

        /// What the lanes give, to endpoints of which not enough waits.
        private mutating func claim() {
            guard queue.waiting < 500 else { return }
            let busy = Set(queue.busyEndpoints)
            var claimed = 0
            while backlog > 0, claimed < 500 {
                let next = delivery(FairnessTests.large, UInt64(backlog) % endpoints)
                if busy.contains(next.endpoint) { return }
                queue.push(next)
                backlog -= 1
                claimed += 1
            }
        }
    }

    @Test(arguments: [(UInt64(1), false), (50, false), (1, true), (50, true)])
    func aMillionDueForOneSubClientLeaveAnothersLatencyAsItWas(_ endpoints: UInt64, _ hangs: Bool) {
        var alone = Simulation(backlog: 0, endpoints: endpoints, hangs: hangs)
        alone.run(events: 5_000)
        var beside = Simulation(backlog: 1_000_000, endpoints: endpoints, hangs: hangs)
        beside.run(events: 5_000)
        #expect(alone.latencies.count > 4_900 && beside.latencies.count > 4_900)
        let p99 = { (latencies: [Int64]) in latencies.sorted()[latencies.count * 99 / 100] }
        let (mine, theirs) = (p99(alone.latencies), p99(beside.latencies))
        #expect(Double(theirs) <= Double(mine) * 1.2, "\(mine) µs alone, \(theirs) µs beside")
        // And what is left of the loop's five seconds is used.
        if !hangs { #expect(beside.drained > 20_000) }
    }
}
