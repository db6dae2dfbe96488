import Delivery
import Domain
import Store
import Testing

@Suite struct DispatchQueueTests {
    private func delivery(_ number: UInt64, to endpoint: UInt64) -> DueDelivery {
        DueDelivery(
            subClient: SubClientID(UUIDValue(high: 0, low: 1)), id: DeliveryID(UUIDValue(high: 0, low: number)),
            endpoint: EndpointID(UUIDValue(high: 0, low: endpoint)),
            event: StoredEvent(
                id: EventID(UUIDValue(high: 0, low: number)), type: .transferPending, transfer: nil, linkSession: nil,
                transactionID: nil, userID: nil, receivedAt: Timestamp(seconds: 0), payload: []),
            attempt: 1, failures: 0, leaseEnd: Timestamp(seconds: 60))
    }

    private func queue(inFlight: Int = 100, perEndpoint: Int = 2) -> DispatchQueue {
        DispatchQueue(
            caps: .init(inFlight: inFlight, inFlightPerEndpoint: perEndpoint, waiting: 1_000, waitingPerEndpoint: 5))
    }

    @Test func endpointsTakeTurns() {
        var queue = queue(perEndpoint: 100)
        for number in 0..<4 { queue.push(delivery(UInt64(number), to: 1)) }
        queue.push(delivery(10, to: 2))
        let order = (0..<5).map { _ in queue.next()!.endpoint.uuid.low }
        #expect(order.prefix(2).contains(2), "one delivery of another endpoint does not wait behind four")
        #expect(queue.next() == nil)
    }

    @Test func anEndpointAtItsCapIsSkippedUntilAnAttemptEnds() {
        var queue = queue()
        for number in 0..<4 { queue.push(delivery(UInt64(number), to: 1)) }
        #expect(queue.next() != nil)
        #expect(queue.next() != nil)
        #expect(queue.next() == nil)
        queue.finished(EndpointID(UUIDValue(high: 0, low: 1)))
        #expect(queue.next() != nil)
        #expect(queue.next() == nil)
    }

    @Test func theWholeLoopHasACap() {
        var queue = queue(inFlight: 3)
        for endpoint in 0..<10 { queue.push(delivery(UInt64(endpoint), to: UInt64(endpoint))) }
        let started = (0..<10).compactMap { _ in queue.next() }
        #expect(started.count == 3)
        #expect(queue.waiting == 7)
    }

    @Test func endpointsWithEnoughWaitingAreBusy() {
        var queue = queue()
        for number in 0..<5 { queue.push(delivery(UInt64(number), to: 1)) }
        #expect(queue.busyEndpoints == [EndpointID(UUIDValue(high: 0, low: 1))])
    }

    @Test func everythingPushedComesOutOnceInAnyInterleaving() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var queue = queue(inFlight: 5, perEndpoint: 2)
            var flying: [EndpointID] = []
            var seen: Set<DeliveryID> = []
            var pushed = 0
            for _ in 0..<400 {
                switch UInt8.random(in: 0..<3, using: &generator) {
                case 0:
                    queue.push(delivery(UInt64(pushed), to: UInt64.random(in: 0..<4, using: &generator)))
                    pushed += 1
                case 1:
                    if let next = queue.next() {
                        #expect(seen.insert(next.id).inserted)
                        flying.append(next.endpoint)
                    }
                default: if let endpoint = flying.popLast() { queue.finished(endpoint) }
                }
                #expect(queue.inFlight == flying.count)
                #expect(queue.waiting == pushed - seen.count)
            }
            for endpoint in flying { queue.finished(endpoint) }
            while let next = queue.next() {
                #expect(seen.insert(next.id).inserted)
                queue.finished(next.endpoint)
            }
            #expect(seen.count == pushed)
            #expect(queue.isEmpty)
        }
    }

    @Test func removingWhatWaitsLeavesWhatFlies() {
        var queue = queue()
        for number in 0..<4 { queue.push(delivery(UInt64(number), to: 1)) }
        let flying = queue.next()!
        #expect(queue.removeWaiting().count == 3)
        #expect(queue.inFlight == 1)
        #expect(queue.next() == nil)
        queue.push(delivery(9, to: 1))
        #expect(queue.next()?.id.uuid.low == 9)
        queue.finished(flying.endpoint)
    }
}
