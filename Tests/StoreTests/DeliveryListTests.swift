import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// The lists of deliveries, attempts and events: each filter, time windows, and pages that are bounded in what they
/// look at.
@Suite struct DeliveryListTests {
    private let sent = [("Pending", Int32(200)), ("Succeeded", 503), ("Failed", 404)]

    /// Three events of one transfer and one of another, each with a delivery to both endpoints; of the first three, the
    /// deliveries to the first endpoint were attempted.
    private struct Scene {
        let seed: Seed
        let endpoints: [EndpointID]
        let deliveries: [Delivery]
    }

    private func scene(_ fixture: StoreFixture) async throws -> Scene {
        let seed = try await Seed.make(fixture.store)
        let endpoints = [try await seed.endpoint(), try await seed.endpoint("http://127.0.0.1:9/other")]
        let session = try await seed.linkSession()
        for (status, code) in sent {
            fixture.clock.advance(by: .seconds(1))
            _ = try await fixture.store.accept([seed.received(status, session)], lease: nil)
            try await attempt(fixture, code, of: endpoints[0])
        }
        fixture.clock.advance(by: .seconds(1))
        let other = seed.received("Pending", session, transfer: UUIDValue(high: 2, low: 2))
        _ = try await fixture.store.accept([other], lease: nil)
        let all = try await fixture.store.deliveries(seed.scope, DeliveryFilter(), PageRequest(limit: 100)).items
        #expect(all.count == 8)
        return Scene(seed: seed, endpoints: endpoints, deliveries: all)
    }

    /// Claims all that is due, attempts what is for `endpoint` and gives back the rest.
    private func attempt(_ fixture: StoreFixture, _ code: Int32, of endpoint: EndpointID) async throws {
        let store = fixture.store
        let lease = Lease(node: store.identifiers.nextUUID(), end: store.clock.now() + .seconds(60))
        let claimed = try await store.claimDue(limit: 100, busy: [], lease: lease).deliveries
        let isDone = (200..<300).contains(code)
        for due in claimed where due.endpoint == endpoint {
            let finished = FinishedAttempt(
                delivery: due, id: store.identifiers.next(), startedAt: store.clock.now(), duration: .milliseconds(1),
                statusCode: code, errorCode: nil, responseBody: nil, decision: isDone ? .delivered : .failed)
            try await store.record([finished], node: lease.node)
        }
        let others = claimed.filter { $0.endpoint != endpoint }
        try await store.advance(
            others.map { DeliveryAdvance($0, handover: nil, next: .waiting) }, node: lease.node)
    }

    @Test func eachFilterLetsThroughWhatItSays() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await self.scene(fixture)
            func found(_ change: (inout DeliveryFilter) -> Void) async throws -> [DeliveryID] {
                var filter = DeliveryFilter()
                change(&filter)
                return try await fixture.store.deliveries(scene.seed.scope, filter, PageRequest(limit: 100)).items
                    .map(\.id)
            }
            func expected(_ wanted: (Delivery) -> Bool) -> [DeliveryID] { scene.deliveries.filter(wanted).map(\.id) }
            #expect(try await found { $0.status = .failed } == expected { $0.status == .failed })
            #expect(expected { $0.status == .failed }.count == 2)
            #expect(try await found { $0.type = .transferPending } == expected { $0.eventType == .transferPending })
            #expect(expected { $0.eventType == .transferPending }.count == 4)
            #expect(try await found { $0.endpoint = scene.endpoints[1] }.count == 4)
            #expect(try await found { $0.statusCodes = 500...599 } == expected { $0.lastStatusCode == 503 })
            #expect(try await found { $0.statusCodes = 404...404 } == expected { $0.lastStatusCode == 404 })
            #expect(try await found { $0.statusCodes = 300...399 } == [])
            let event = try scene.deliveries.at(2).event
            #expect(try await found { $0.event = event } == expected { $0.event == event })
            #expect(expected { $0.event == event }.count == 2)
            let transfers = try await fixture.store.transfers(scene.seed.scope, PageRequest()).items.map(\.id)
            #expect(transfers.count == 2)
            for transfer in transfers {
                let events = try await fixture.store.events(scene.seed.scope, PageRequest()).items
                    .filter { $0.transfer == transfer }.map(\.id)
                #expect(try await found { $0.transfer = transfer } == expected { events.contains($0.event) })
                let both = try await found {
                    $0.transfer = transfer
                    $0.event = event
                }
                #expect(both.count == (events.contains(event) ? 2 : 0))
                let narrow = try await found {
                    $0.transfer = transfer
                    $0.endpoint = scene.endpoints[0]
                    $0.statusCodes = 200...299
                }
                #expect(narrow.count == (events.count == 3 ? 1 : 0))
            }
        }
    }

    @Test func windowsAreOfTheTimeOfReceiptAndHalfOpen() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await self.scene(fixture)
            let scope = scene.seed.scope
            let events = try await fixture.store.events(scope, PageRequest()).items
            for (from, before) in [(0, 4), (1, 3), (2, 2), (3, 4)] {
                // Oldest first; a moment is its identifier's, to the millisecond.
                let moments = events.reversed().map { Timestamp(milliseconds: Int64($0.id.uuid.high >> 16)) }
                let window = TimeWindow(
                    from: moments[from], before: before < 4 ? moments[before] : moments[3] + .milliseconds(1))
                var filter = DeliveryFilter()
                filter.window = window
                let found = try await fixture.store.deliveries(scope, filter, PageRequest(limit: 100))
                #expect(found.items.count == (before - from) * 2)
                var eventFilter = EventListFilter()
                eventFilter.window = window
                let page = try await fixture.store.events(scope, PageRequest(), matching: eventFilter)
                #expect(page.items.map(\.id) == events.reversed()[from..<before].map(\.id).reversed())
            }
            var byType = EventListFilter()
            byType.type = .transferFailed
            #expect(try await fixture.store.events(scope, PageRequest(), matching: byType).items.count == 1)
        }
    }

    /// Pages of every size, through every filter, give each item once.
    @Test(arguments: [1, 3, 7, 100])
    func pagesGiveEachItemOnce(_ limit: Int) async throws {
        try await StoreFixture.with { fixture in
            let scene = try await self.scene(fixture)
            var filters = [DeliveryFilter(), DeliveryFilter(), DeliveryFilter()]
            filters[1].status = .pending
            filters[2].transfer = try await fixture.store.transfers(scene.seed.scope, PageRequest()).items.at(1).id
            for filter in filters {
                let whole = try await fixture.store.deliveries(scene.seed.scope, filter, PageRequest(limit: 100))
                var seen: [DeliveryID] = []
                var cursor: Cursor?
                repeat {
                    let page = try await fixture.store.deliveries(
                        scene.seed.scope, filter, PageRequest(limit: limit, cursor: cursor))
                    seen += page.items.map(\.id)
                    cursor = page.next
                } while cursor != nil
                #expect(seen == whole.items.map(\.id) && !seen.isEmpty)
            }
        }
    }

    /// 25 000 deliveries of which the two oldest are wanted: two pages are empty and go on, the third has them.
    @Test func aPageLooksAtAtMostTenThousand() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let tenant = String(decoding: seed.subClient.uuid.text, as: UTF8.self)
            try await onOwnThread {
                try fixture.testDatabase.owner().execute(
                    """
                    set search_path = subgate, pg_catalog;
                    insert into delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type, status,
                        attempts, failures, created_at, updated_at)
                    select '\(tenant)', first_uuid(now() - n * interval '1 second'), gen_random_uuid(),
                        gen_random_uuid(), 'sandbox', 'transfer.pending',
                        case when n < 24999 then 'delivered' else 'failed' end::delivery_status, 1, 0, now(), now()
                    from generate_series(1, 25000) as n;
                    insert into event (sub_client_id, id, environment, type, received_at, payload)
                    select sub_client_id, id, environment,
                        case status when 'failed' then 'transfer.failed' else event_type end, now(), '{}'
                    from delivery
                    """)
            }
            var filter = DeliveryFilter()
            filter.status = .failed
            var counts: [Int] = []
            var cursor: Cursor?
            repeat {
                let page = try await fixture.store.deliveries(seed.scope, filter, PageRequest(cursor: cursor))
                counts.append(page.items.count)
                cursor = page.next
            } while cursor != nil
            #expect(counts == [0, 0, 2])
            var events = EventListFilter()
            events.type = .transferFailed
            counts = []
            repeat {
                let page = try await fixture.store.events(seed.scope, PageRequest(cursor: cursor), matching: events)
                counts.append(page.items.count)
                cursor = page.next
            } while cursor != nil
            #expect(counts == [0, 0, 2])
            // Where the page is filled before, it is as any other.
            filter.status = .delivered
            let first = try await fixture.store.deliveries(seed.scope, filter, PageRequest(limit: 100))
            #expect(first.items.count == 100 && first.next != nil)
        }
    }

    @Test func attemptsArePagedLatestFirst() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await self.scene(fixture)
            let failed = try #require(scene.deliveries.first { $0.lastStatusCode == 503 })
            for code: Int32 in [500, 200] {
                fixture.clock.advance(by: .seconds(1))
                _ = try await fixture.store.retryDelivery(scene.seed.scope, failed.id)
                try await attempt(fixture, code, of: scene.endpoints[0])
            }
            func codes(_ change: (inout AttemptFilter) -> Void, limit: Int = 20) async throws -> [Int32?] {
                var filter = AttemptFilter()
                change(&filter)
                var found: [Int32?] = []
                var cursor: Cursor?
                repeat {
                    let page = try await fixture.store.attempts(
                        scene.seed.scope, of: failed.id, filter, PageRequest(limit: limit, cursor: cursor))
                    found += page.items.map(\.statusCode)
                    cursor = page.next
                } while cursor != nil
                return found
            }
            #expect(try await codes { _ in } == [200, 500, 503])
            #expect(try await codes({ _ in }, limit: 1) == [200, 500, 503])
            #expect(try await codes { $0.succeeded = true } == [200])
            #expect(try await codes { $0.succeeded = false } == [500, 503])
            #expect(try await codes { $0.statusCodes = 500...500 } == [500])
            let log = try await fixture.store.delivery(scene.seed.scope, failed.id).attempts
            #expect(log.map(\.number) == [1, 2, 3])
        }
    }
}
