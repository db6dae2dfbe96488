import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// The list of transfers: each filter, time windows, and pages that are bounded in what they look at.
@Suite struct TransferListTests {
    private struct Scene {
        let store: Store
        let seed: Seed
        let sessions: [LinkSessionID]
        /// Newest first.
        let all: [Transfer]

        /// All that a filter lets through, page after page.
        func found(_ filter: TransferFilter = TransferFilter(), limit: Int = 100) async throws -> [TransferID] {
            var found: [TransferID] = []
            var cursor: Cursor?
            repeat {
                let page = try await store.transfers(
                    seed.scope, PageRequest(limit: limit, cursor: cursor), matching: filter)
                #expect(page.items.count <= limit)
                found += page.items.map(\.id)
                cursor = page.next
            } while cursor != nil
            return found
        }

        func expected(_ wanted: (Transfer) -> Bool) -> [TransferID] { all.filter(wanted).map(\.id) }
    }

    /// Eight transfers, one each second, in turn of two orders and in pairs of two users, with a status each.
    private static func with(_ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            var sessions: [LinkSessionID] = []
            for (order, user) in [("order-1", "anna"), ("order-2", "anna"), ("order-1", "ben"), ("order-2", "ben")] {
                sessions.append(try await seed.linkSession(transaction: order, user: user))
            }
            for number in 0..<8 {
                fixture.clock.advance(by: .seconds(1))
                let status = ["Pending", "Succeeded", "Failed"][number % 3]
                let event = seed.received(
                    status, sessions[number / 2], transfer: UUIDValue(high: 9, low: UInt64(number)))
                _ = try await fixture.store.accept([event], lease: nil)
            }
            let all = try await fixture.store.transfers(seed.scope, PageRequest(limit: 100)).items
            #expect(all.count == 8)
            try await body(Scene(store: fixture.store, seed: seed, sessions: sessions, all: all))
        }
    }

    private static func filter(
        status: TransferStatus? = nil, session: LinkSessionID? = nil, order: String? = nil, user: String? = nil,
        window: TimeWindow = TimeWindow()
    ) -> TransferFilter {
        var filter = TransferFilter()
        filter.status = status
        filter.linkSession = session
        filter.transactionID = order.map(Seed.bytes)
        filter.userID = user.map(Seed.bytes)
        filter.window = window
        return filter
    }

    @Test(arguments: [1, 3, 100])
    func eachFilterLetsThroughWhatItSays(_ limit: Int) async throws {
        try await Self.with { scene in
            let (order, anna) = (Seed.bytes("order-2"), Seed.bytes("anna"))
            let session = try scene.sessions.at(1)
            let cases: [(TransferFilter, [TransferID], count: Int)] = [
                (Self.filter(), scene.expected { _ in true }, 8),
                (Self.filter(status: .pending), scene.expected { $0.status == .pending }, 3),
                (Self.filter(status: .succeeded), scene.expected { $0.status == .succeeded }, 3),
                (Self.filter(status: .failed), scene.expected { $0.status == .failed }, 2),
                (Self.filter(status: .unknown), [], 0),
                (Self.filter(session: session), scene.expected { $0.linkSession == session }, 2),
                (Self.filter(order: "order-2"), scene.expected { $0.transactionID == order }, 4),
                (Self.filter(user: "anna"), scene.expected { $0.userID == anna }, 4),
                (Self.filter(user: "order-2"), [], 0),
                (
                    Self.filter(session: session, order: "order-2", user: "anna"),
                    scene.expected { $0.linkSession == session }, 2
                ),
                (Self.filter(session: session, order: "order-1"), [], 0),
                (
                    Self.filter(status: .succeeded, user: "anna"),
                    scene.expected { $0.userID == anna && $0.status == .succeeded }, 1
                ),
            ]
            for (filter, expected, count) in cases {
                let found = try await scene.found(filter, limit: limit)
                #expect(found == expected && found.count == count, "\(filter)")
            }
        }
    }

    @Test func windowsAreHalfOpen() async throws {
        try await Self.with { scene in
            let moments = scene.all.reversed().map { Timestamp(milliseconds: Int64($0.id.uuid.high >> 16)) }
            for (from, before) in [(0, 8), (1, 3), (2, 2), (3, 8)] {
                let window = TimeWindow(
                    from: moments[from], before: before < 8 ? moments[before] : moments[7] + .milliseconds(1))
                let wanted = Array(scene.all.reversed()[from..<before].map(\.id).reversed())
                let found = try await scene.found(Self.filter(window: window))
                #expect(found == wanted)
                let byUser = try await scene.found(Self.filter(user: "ben", window: window))
                let bens = scene.expected { $0.userID == Seed.bytes("ben") }
                #expect(byUser == wanted.filter(bens.contains))
            }
        }
    }

    /// 25 000 of one user, of which the two oldest are wanted: two pages are empty and go on, the third has them.
    @Test func aPageLooksAtAtMostTenThousand() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let tenant = String(decoding: seed.subClient.uuid.text, as: UTF8.self)
            try await onOwnThread {
                try fixture.testDatabase.owner().execute(
                    """
                    insert into subgate.transfer (sub_client_id, id, link_session_id, upstream_id, upstream_transfer_id,
                        environment, user_id, status, created_at, updated_at)
                    select '\(tenant)', subgate.first_uuid(now() - n * interval '1 second'), gen_random_uuid(),
                        gen_random_uuid(), gen_random_uuid(), 'sandbox', 'anna',
                        case when n < 24999 then 'succeeded' else 'failed' end::subgate.transfer_status, now(), now()
                    from generate_series(1, 25000) as n
                    """)
            }
            for user in [nil, Seed.bytes("anna")] {
                var filter = TransferFilter()
                (filter.status, filter.userID) = (.failed, user)
                var counts: [Int] = []
                var cursor: Cursor?
                repeat {
                    let page = try await fixture.store.transfers(
                        seed.scope, PageRequest(cursor: cursor), matching: filter)
                    counts.append(page.items.count)
                    cursor = page.next
                } while cursor != nil
                #expect(counts == [0, 0, 2])
                filter.status = .succeeded
                let first = try await fixture.store.transfers(seed.scope, PageRequest(limit: 100), matching: filter)
                #expect(first.items.count == 100 && first.next != nil)
            }
        }
    }
}
