import Domain
import Store
import TestSupport
import Testing

@testable import Delivery

@Suite struct DispatchQueueTests {
    private static func id(_ number: UInt64) -> EndpointID { EndpointID(UUIDValue(high: 0, low: number)) }

    private func delivery(_ number: UInt64, to endpoint: UInt64, of subClient: UInt64 = 1) -> DueDelivery {
        DueDelivery(
            subClient: SubClientID(UUIDValue(high: 0, low: subClient)), id: DeliveryID(UUIDValue(high: 0, low: number)),
            endpoint: Self.id(endpoint), environment: .sandbox,
            event: StoredEvent(
                id: EventID(UUIDValue(high: 0, low: number)), type: .transferPending, transfer: nil, linkSession: nil,
                transactionID: nil, userID: nil, receivedAt: Timestamp(seconds: 0), payload: []),
            attempt: 1, failures: 0, leaseEnd: Timestamp(seconds: 60))
    }

    private func queue(_ change: (inout DispatchQueue.Caps) -> Void = { _ in }) -> DispatchQueue {
        var caps = DispatchQueue.Caps()
        caps.inFlight = 100
        caps.inFlightUnproven = 100
        caps.inFlightPerEndpoint = 2
        caps.waiting = 1_000
        caps.waitingPerEndpoint = 5
        caps.waitingPerTrial = 3
        change(&caps)
        return DispatchQueue(caps: caps)
    }

    @Test func endpointsTakeTurns() {
        var queue = queue { $0.inFlightPerEndpoint = 100 }
        for number in 0..<4 { queue.push(delivery(UInt64(number), to: 1)) }
        queue.push(delivery(10, to: 2))
        let order = (0..<5).map { _ in queue.next()!.endpoint.uuid.low }
        #expect(order.prefix(2).contains(2), "one delivery of another endpoint does not wait behind four")
        #expect(queue.next() == nil)
    }

    @Test func subClientsTakeTurnsHoweverManyEndpointsTheyHave() {
        var queue = queue { $0.inFlightPerEndpoint = 100 }
        for number in 0..<40 { queue.push(delivery(UInt64(number), to: UInt64(number), of: 1)) }
        for number in 100..<104 { queue.push(delivery(UInt64(number), to: 100, of: 2)) }
        let order = (0..<8).map { _ in queue.next()!.subClient.uuid.low }
        #expect(order.filter { $0 == 2 }.count == 4)
    }

    @Test func anEndpointAtItsCapIsSkippedUntilAnAttemptEnds() {
        var queue = queue()
        for number in 0..<4 { queue.push(delivery(UInt64(number), to: 1)) }
        #expect(queue.next() != nil)
        #expect(queue.next() != nil)
        #expect(queue.next() == nil)
        queue.finished(Self.id(1), isProven: true)
        #expect(queue.next() != nil)
        #expect(queue.next() == nil)
    }

    @Test func itTellsWhetherAClaimBroughtSomethingForAnEndpointThatAnswersWell() {
        var queue = queue()
        #expect(!queue.hasProven([delivery(1, to: 1)]))
        queue.push(delivery(1, to: 1))
        #expect(!queue.hasProven([delivery(2, to: 1)]), "nothing is known of it yet")
        _ = queue.next()
        queue.finished(Self.id(1), isProven: true)
        #expect(queue.hasProven([delivery(3, to: 2), delivery(2, to: 1)]))
        #expect(!queue.hasProven([delivery(3, to: 2)]))
    }

    @Test func theWholeLoopHasACap() {
        var queue = queue { $0.inFlight = 3 }
        for endpoint in 0..<10 { queue.push(delivery(UInt64(endpoint), to: UInt64(endpoint))) }
        let started = (0..<10).compactMap { _ in queue.next() }
        #expect(started.count == 3)
        #expect(queue.waiting == 7)
    }

    @Test func aSubClientAndAHostHaveCapsAndWhoWaitsForThemGoesOn() {
        var queue = queue {
            $0.inFlightPerSubClient = 3
            $0.inFlightPerHost = 2
        }
        for endpoint in 0..<5 { queue.push(delivery(UInt64(endpoint), to: UInt64(endpoint), of: 1)) }
        let ofOne = (0..<5).compactMap { _ in queue.next()?.endpoint }
        #expect(ofOne.count == 3)
        queue.finished(ofOne[0], isProven: true)
        #expect(queue.next() != nil && queue.next() == nil)
        // One request to the host is in flight for each of three sub-clients; the first two learn where they go.
        for subClient in 2..<5 {
            queue.push(delivery(UInt64(100 + subClient), to: UInt64(subClient * 10), of: UInt64(subClient)))
        }
        let others = (0..<3).compactMap { _ in queue.next()?.endpoint }
        for endpoint in others.prefix(2) { queue.learn(endpoint, host: [1]) }
        queue.push(delivery(200, to: others[0].uuid.low, of: 2))
        #expect(queue.next() == nil)
        queue.finished(others[1], isProven: true)
        #expect(queue.next()?.endpoint == others[0])
    }

    @Test func receiversThatHangLeavePlacesToThoseThatAnswer() {
        var queue = queue {
            $0.inFlight = 20
            $0.inFlightUnproven = 15
        }
        // The healthy one has shown that it is.
        queue.push(delivery(1, to: 1, of: 1))
        queue.finished(queue.next()!.endpoint, isProven: true)
        for endpoint in 100..<200 { queue.push(delivery(UInt64(endpoint), to: UInt64(endpoint), of: UInt64(endpoint))) }
        var hanging = 0
        while queue.next() != nil { hanging += 1 }
        #expect(hanging == 15)
        for number in 2..<50 {
            queue.push(delivery(UInt64(number), to: 1, of: 1))
            #expect(queue.next()?.endpoint == Self.id(1), "at once, each time")
            queue.finished(Self.id(1), isProven: true)
        }
    }

    @Test func endpointsWithEnoughWaitingAreFull() {
        var queue = queue()
        for number in 0..<5 { queue.push(delivery(UInt64(number), to: 1)) }
        #expect(queue.fullEndpoints == [Self.id(1)])
        _ = queue.next()
        #expect(queue.fullEndpoints == [])
    }

    @Test func ofAnEndpointOnTrialFewAreClaimedUntilItAnswersWell() {
        var queue = queue()
        for number in 0..<2 { queue.push(delivery(UInt64(number), to: 1)) }
        #expect(queue.busyEndpoints == [])
        queue.push(delivery(2, to: 1))
        #expect(queue.busyEndpoints == [Self.id(1)] && queue.fullEndpoints == [])
        var hasRoom = queue.takeNewRoom()
        #expect(!hasRoom)
        _ = queue.next()
        hasRoom = queue.takeNewRoom()
        #expect(queue.busyEndpoints == [] && hasRoom, "two wait: it may have more")
        hasRoom = queue.takeNewRoom()
        #expect(!hasRoom, "that is said once")

        for number in 3..<5 { queue.push(delivery(UInt64(number), to: 1)) }
        #expect(queue.busyEndpoints == [Self.id(1)])
        queue.finished(Self.id(1), isProven: true)
        hasRoom = queue.takeNewRoom()
        #expect(queue.busyEndpoints == [] && hasRoom, "it answers well: as many as to any")
        queue.push(delivery(5, to: 1))
        #expect(queue.busyEndpoints == [Self.id(1)] && queue.fullEndpoints == [Self.id(1)])

        _ = queue.next()
        #expect(queue.busyEndpoints == [])
        queue.finished(Self.id(1), isProven: false)
        #expect(queue.busyEndpoints == [Self.id(1)], "it does so no more")
        _ = queue.removeWaiting(Self.id(1))
        #expect(queue.busyEndpoints == [])
    }

    @Test func everythingPushedComesOutOnceAndNoCapIsBrokenInAnyInterleaving() {
        for seed in 0..<200 {
            var dice = SplitMix(seed: UInt64(seed))
            var queue = queue {
                $0.inFlight = 6
                $0.inFlightUnproven = 4
                $0.inFlightPerSubClient = 3
                $0.inFlightPerHost = 3
            }
            var flying: [DueDelivery] = []
            var seen: Set<DeliveryID> = []
            var pushed = 0
            var removed = 0
            func host(_ endpoint: EndpointID) -> [UInt8] { [UInt8(endpoint.uuid.low % 3)] }
            func start(_ next: DueDelivery) {
                #expect(seen.insert(next.id).inserted, "seed \(seed)")
                queue.learn(next.endpoint, host: host(next.endpoint))
                flying.append(next)
            }
            for _ in 0..<600 {
                switch UInt8.random(in: 0..<8, using: &dice) {
                case 0...3:
                    let endpoint = UInt64.random(in: 0..<9, using: &dice)
                    queue.push(delivery(UInt64(pushed), to: endpoint, of: endpoint / 3))
                    pushed += 1
                case 4, 5: if let next = queue.next() { start(next) }
                case 6:
                    if let index = flying.indices.randomElement(using: &dice) {
                        queue.finished(flying.remove(at: index).endpoint, isProven: .random(using: &dice))
                    }
                default:
                    guard UInt8.random(in: 0..<10, using: &dice) == 0 else { break }
                    removed += queue.removeWaiting(Self.id(UInt64.random(in: 0..<9, using: &dice))).count
                }
                #expect(queue.inFlight == flying.count, "seed \(seed)")
                #expect(queue.waiting == pushed - removed - seen.count, "seed \(seed)")
                let bySubClient = Dictionary(grouping: flying, by: \.subClient).values.map(\.count).max() ?? 0
                let byEndpoint = Dictionary(grouping: flying, by: \.endpoint).values.map(\.count).max() ?? 0
                #expect(flying.count <= 6 && bySubClient <= 3 && byEndpoint <= 2, "seed \(seed)")
            }
            while true {
                while let next = queue.next() { start(next) }
                guard let last = flying.popLast() else { break }
                queue.finished(last.endpoint, isProven: .random(using: &dice))
            }
            #expect(seen.count == pushed - removed, "seed \(seed): something never had its turn")
            #expect(queue.isEmpty)
        }
    }

    private static func names(_ lanes: LaneChoice) -> [UInt64] { lanes.named.map(\.endpoint.uuid.low).sorted() }

    /// With 20 places for endpoints that are not known to answer well, and three that are.
    private func queueOfThreeKnown() -> DispatchQueue {
        var queue = queue {
            $0.inFlightUnproven = 20
            $0.lanesPerClaim = 20
            $0.trialsPerClaim = 5
            $0.knownPerClaim = 2
        }
        for endpoint in 1...3 as ClosedRange<UInt64> {
            queue.push(delivery(endpoint, to: endpoint, of: endpoint))
            queue.finished(queue.next()!.endpoint, isProven: true)
        }
        return queue
    }

    @Test func claimsForUnknownEndpointsBringWhatThereArePlacesFor() {
        var queue = queueOfThreeKnown()
        let all = queue.lanesToClaim(perTurn: 8)
        #expect(all.named.isEmpty && all.inTurn == 20 && all.perTurn == 8, "all places are free")
        // What waits may take a place.
        for endpoint in 100..<116 as Range<UInt64> { queue.push(delivery(endpoint, to: endpoint)) }
        #expect(queue.lanesToClaim().inTurn == 0, "four places are not worth a claim")
        let hanging = (0..<16).compactMap { _ in queue.next()?.endpoint }
        #expect(hanging.count == 16)
        #expect(queue.lanesToClaim().inTurn == 0 && !queue.takeNewRoom())
        queue.finished(hanging[0], isProven: false)
        #expect(queue.takeNewRoom() && !queue.takeNewRoom())
        let some = queue.lanesToClaim(perTurn: 8)
        #expect(some.inTurn == 5 && some.perTurn == 1 && !some.named.isEmpty, "five are")
    }

    @Test func claimsNameEndpointsThatAreKnownWhereThereAreFewPlaces() {
        var queue = queueOfThreeKnown()
        for endpoint in 100..<120 as Range<UInt64> { queue.push(delivery(endpoint, to: endpoint)) }
        // The last that proved to be one, and one of the others by turns.
        #expect((0..<4).map { _ in Self.names(queue.lanesToClaim()) } == [[1, 3], [2, 3], [1, 3], [2, 3]])
        #expect(queue.hasManyKnown)
        // One that no longer answers well is not asked for by name.
        queue.push(delivery(2, to: 2, of: 2))
        queue.finished(queue.next()!.endpoint, isProven: false)
        #expect((0..<3).flatMap { _ in Self.names(queue.lanesToClaim()) }.contains(1))
        #expect(!(0..<4).flatMap { _ in Self.names(queue.lanesToClaim()) }.contains(2))
        // And one whose lane had something is, each time.
        queue.noteLanes(of: [delivery(1, to: 1, of: 1), delivery(4, to: 1, of: 1)])
        queue.noteLanes(of: [delivery(100, to: 100)])
        #expect((0..<4).allSatisfy { _ in Self.names(queue.lanesToClaim()).contains(1) })
    }

    /// However much is sent from memory or tried again: without their turn those of endpoints that nobody knows would
    /// wait for as long as that goes on, and with them probes, and what is to be held or cancelled.
    @Test func lanesHaveTheirTurnWhereThereAreNoPlacesForLong() {
        var queue = queueOfThreeKnown()
        for endpoint in 100..<200 as Range<UInt64> { queue.push(delivery(endpoint, to: endpoint)) }
        while queue.next() != nil {}
        #expect(queue.lanesToClaim().inTurn == 0)
        let late = queue.lanesToClaim(long: true)
        #expect(late.inTurn == 5 && late.perTurn == 1 && !late.named.isEmpty)
    }

    /// Beside endpoints of which nothing is left here, or was let go, those that are known stay known.
    @Test(arguments: [false, true]) func endpointsWithoutWorkAreForgotten(_ mayGo: Bool) {
        var queue = queueOfThreeKnown()
        let others = 1_000...(1_000 + UInt64(Limits.rememberedEndpoints))
        for endpoint in others {
            queue.push(delivery(endpoint, to: endpoint))
            if !mayGo { queue.limit(Self.id(endpoint), to: 0) }
        }
        // Either their turn comes first, and nothing may go, or what waits is taken away first.
        if !mayGo { #expect(queue.next() == nil) }
        #expect(queue.removeWaiting().count == others.count)
        #expect(queue.next() == nil)
        queue.push(delivery(1, to: 1, of: 1))
        queue.finished(queue.next()!.endpoint, isProven: true)
        for endpoint in 100..<120 as Range<UInt64> { queue.push(delivery(endpoint, to: endpoint)) }
        #expect((0..<3).flatMap { _ in Self.names(queue.lanesToClaim()) }.contains(1))
    }

    @Test func anAttemptThatTellsNothingChangesNothing() {
        var queue = queueOfThreeKnown()
        queue.push(delivery(4, to: 3, of: 3))
        queue.finished(queue.next()!.endpoint, isProven: nil)
        for endpoint in 100..<120 as Range<UInt64> { queue.push(delivery(endpoint, to: endpoint)) }
        #expect(Self.names(queue.lanesToClaim()).contains(3))
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
        queue.finished(flying.endpoint, isProven: false)
    }
}
