import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct ErasureTests {
    /// Does what is due, in chunks of `size`, until nothing goes on; returns how many chunks that took.
    @discardableResult
    static func work(_ store: Store, size: Int = 500) async throws -> Int {
        var chunks = 0
        while true {
            var isGoing = false
            for due in try await store.dueErasures(limit: 20) {
                switch try await store.eraseChunk(due, size: size, settling: .seconds(30)) {
                case .going: isGoing = true
                case .ended: try await store.end(due)
                case .waiting, .busy: break
                }
                chunks += 1
            }
            if !isGoing { return chunks }
        }
    }

    /// To the end, past the time that stragglers have.
    static func finish(_ fixture: StoreFixture, size: Int = 500) async throws {
        try await work(fixture.store, size: size)
        fixture.clock.advance(by: .seconds(31))
        try await work(fixture.store, size: size)
    }

    private static func remains(_ fixture: StoreFixture, _ texts: String...) async throws -> [String] {
        try await onOwnThread { try Remains.find(texts, try fixture.testDatabase.owner()) }
    }

    /// A digest of all that a sub-client has, table by table.
    private static func digest(_ fixture: StoreFixture, _ subClient: SubClientID) async throws -> [String] {
        try await onOwnThread {
            let owner = try fixture.testDatabase.owner()
            return try [
                "credential", "endpoint", "link_session", "transfer", "event", "delivery", "attempt", "data_key",
            ]
            .map { table in
                try owner.query(
                    """
                    select coalesce(md5(string_agg(t::text, '' order by t::text)), '') from subgate.\(table) t
                    where sub_client_id = $1
                    """, parameters: [.uuid(high: subClient.uuid.high, low: subClient.uuid.low)]
                ).string(0, 0)
            }
        }
    }

    private static func count(_ fixture: StoreFixture, _ table: String) async throws -> Int64 {
        try await onOwnThread {
            try fixture.testDatabase.owner().query("select count(*) from subgate.\(table)").int64(0, 0)
        }
    }

    @Test(arguments: [1, 500])
    func nothingOfASubClientIsLeftAndAllOfAnother(size: Int) async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let gone = try await FurnishedTenant.make(store, "zq7-gone")
            let kept = try await FurnishedTenant.make(store, "kp3-kept", upstream: gone.seed.upstream)
            for number in 0..<7 {
                let session = try await gone.seed.linkSession(transaction: "zq7-order-\(number)", user: "zq7-user")
                _ = try await store.accept([gone.seed.received("Pending", session)], lease: nil)
            }
            // It is in nearly every table, so that the search is known to find it.
            let before = try await Self.remains(fixture, "zq7-")
            #expect(before.count == 11, "\(before)")
            let others = try await Self.digest(fixture, kept.subClient)

            await #expect(throws: StoreError.subClientNotClosed) {
                try await store.eraseSubClient(.system, gone.subClient)
            }
            try await store.closeSubClient(.system, gone.subClient)
            let erasure = try await store.eraseSubClient(.system, gone.subClient)
            #expect(erasure.status == .running && erasure.subject == .subClient)
            // At once: what is its own. Asked again, it is the same one.
            let erased = try await store.subClient(.system, gone.subClient)
            #expect(erased.status == .erased && erased.legalName == Seed.bytes("(erased)"))
            #expect(try await store.eraseSubClient(.system, gone.subClient).id == erasure.id)
            let soon = try await Self.remains(fixture, "zq7-")
            #expect(!soon.contains { $0.hasPrefix("sub_client") || $0.hasPrefix("credential") }, "\(soon)")
            for table in ["endpoint", "idempotency", "branding", "logo", "compliance_revision"] {
                #expect(!soon.contains("\(table): zq7-"), "\(soon)")
            }

            try await Self.finish(fixture, size: size)
            #expect(try await Self.remains(fixture, "zq7-") == [])
            let done = try await store.erasure(PlatformScope.system.tenant(gone.subClient), erasure.id)
            #expect(done.status == .done && done.completedAt != nil)
            #expect(
                done.erased == Erasure.Rows(linkSessions: 8, transfers: 8, events: 8, deliveries: 8, attempts: 1))
            // The facts for the books stay.
            let transfers = try await store.transfers(gone.scope, PageRequest())
            #expect(transfers.items.count == 8 && transfers.items.allSatisfy { $0.userID == Seed.bytes("(erased)") })
            #expect(try await Self.digest(fixture, kept.subClient) == others)
            #expect(try await !Self.remains(fixture, "kp3-kept").isEmpty)
            #expect(try await store.dueErasures(limit: 20).allSatisfy { $0.subClient == kept.subClient })
        }
    }

    @Test func oneEndUserGoesAndTheOthersStay() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            _ = try await seed.endpoint()
            let bobs = try await seed.linkSession(transaction: "bob-order", user: "bob")
            let alices = try await seed.linkSession(transaction: "zq7-order", user: "zq7-alice")
            let idle = try await seed.linkSession(transaction: "zq7-idle", user: "zq7-alice")
            let events = [bobs, alices, alices].map { seed.received("Pending", $0) }
            let accepted = try await store.accept(events, lease: nil)
            #expect(accepted.map(\.fate) == [.stored, .stored, .stored])
            let erasure = try await store.eraseEndUser(seed.scope, userID: Seed.bytes("zq7-alice"))
            #expect(erasure.environment == .sandbox && erasure.subject == .endUser)
            #expect(try await store.eraseEndUser(seed.scope, userID: Seed.bytes("zq7-alice")).id == erasure.id)
            // The request itself names her nowhere but in what is still to be erased.
            let named = try await Self.remains(fixture, "zq7-alice")
            #expect(named == ["event: zq7-alice", "link_session: zq7-alice", "transfer: zq7-alice"])

            try await Self.finish(fixture, size: 1)
            #expect(try await Self.remains(fixture, "zq7-") == [])
            let done = try await store.erasure(seed.scope, erasure.id)
            #expect(done.status == .done)
            #expect(
                done.erased == Erasure.Rows(linkSessions: 2, transfers: 1, events: 2, deliveries: 2, attempts: 0))
            let left = try await store.events(seed.scope, PageRequest())
            #expect(left.items.map(\.userID) == [Seed.bytes("bob")])
            #expect(try await Self.count(fixture, "delivery") == 1)
            #expect(try await store.linkSession(seed.scope, idle).userID == Seed.bytes("(erased)"))

            // What comes late is a repeat or is dropped, but for its key; Bob's goes on.
            let late = try await store.accept(
                [events[1], seed.received("Succeeded", alices), seed.received("Succeeded", bobs)], lease: nil)
            #expect(late.map(\.fate) == [.duplicate, .erased, .stored])
            #expect(try await Self.count(fixture, "event") == 2)
            #expect(try await Self.count(fixture, "event_key") == 5)
            #expect(try await Self.count(fixture, "quarantine") == 0)
        }
    }

    /// An event without a link session names an end user only as the upstream does.
    @Test func whatCameThroughQuarantineGoesToo() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            _ = try await seed.endpoint()
            let users = ["zq7-alice", "bob"].map { user in
                String(decoding: NamespacedUser.id(of: Seed.bytes(user), in: seed.subClient), as: UTF8.self)
            }
            // Of each one that is given to the sub-client, and one that stays.
            for user in users + users {
                let event = seed.received("Pending", nil, user: user)
                _ = try await store.accept([event], lease: nil)
            }
            let held = try await store.quarantine(.system, PageRequest()).items
            for event in held.prefix(2) {
                _ = try await store.assign(
                    .system, try await store.quarantined(.system, event.id), to: seed.subClient,
                    type: .transferPending, occurredAt: nil)
            }
            let erasure = try await store.eraseEndUser(seed.scope, userID: Seed.bytes("zq7-alice"))
            try await Self.finish(fixture)
            #expect(try await Self.remains(fixture, users[0]) == [])
            #expect(try await Self.count(fixture, "event") == 1)
            #expect(try await Self.count(fixture, "delivery") == 1)
            #expect(try await Self.count(fixture, "quarantine") == 1)
            #expect(try await store.erasure(seed.scope, erasure.id).erased.events == 1)
        }
    }

    /// Who has the very name that erased users are given is erased like everybody.
    @Test func aUserWithTheNameOfTheErasedGoesToo() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let session = try await seed.linkSession(transaction: "zq7-order", user: "(erased)")
            _ = try await fixture.store.accept([seed.received("Pending", session)], lease: nil)
            _ = try await fixture.store.eraseEndUser(seed.scope, userID: Seed.bytes("(erased)"))
            try await Self.finish(fixture)
            #expect(try await Self.remains(fixture, "zq7-") == [])
        }
    }

    @Test func anAttemptInFlightBringsNothingBack() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            _ = try await seed.endpoint()
            let sessions = [
                try await seed.linkSession(user: "zq7-alice"), try await seed.linkSession(user: "bob"),
            ]
            let node = store.identifiers.nextUUID()
            _ = try await store.accept(sessions.map { seed.received("Pending", $0) }, lease: nil)
            let owed = try await store.claimDue(
                limit: 10, busy: [], lease: Lease(node: node, end: store.clock.now() + .seconds(3_600)))
            _ = try await store.eraseEndUser(seed.scope, userID: Seed.bytes("zq7-alice"))
            try await Self.finish(fixture)
            try await store.record(
                owed.deliveries.map { delivery in
                    FinishedAttempt(
                        delivery: delivery, id: store.identifiers.next(), startedAt: store.clock.now(),
                        duration: .milliseconds(3), statusCode: 200, errorCode: nil,
                        responseBody: Seed.bytes("hello zq7-alice"), decision: .delivered)
                }, node: node)
            // Only Bob's delivery is there to have one.
            #expect(try await Self.count(fixture, "attempt") == 1)
            let deliveries = try await store.deliveries(seed.scope, DeliveryFilter(), PageRequest())
            #expect(deliveries.items.map(\.status) == [.delivered])
        }
    }

    @Test func whatIsWrittenMeanwhileIsErasedToo() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let gone = try await FurnishedTenant.make(store, "zq7-gone")
            try await store.closeSubClient(.system, gone.subClient)
            _ = try await store.eraseSubClient(.system, gone.subClient)
            try await Self.work(store)
            // A token that was being minted, and its event. An endpoint made with a key that was just revoked comes too
            // late.
            let session = try await gone.seed.linkSession(transaction: "zq7-late", user: "zq7-user")
            _ = try await store.accept([gone.seed.received("Pending", session)], lease: nil)
            await #expect(throws: StoreError.subClientClosed) {
                try await gone.seed.endpoint("http://127.0.0.1:9/zq7-late")
            }
            try await Self.work(store)
            #expect(try await !Self.remains(fixture, "zq7-").isEmpty)
            fixture.clock.advance(by: .seconds(31))
            try await Self.work(store)
            #expect(try await Self.remains(fixture, "zq7-") == [])
            #expect(try await Self.count(fixture, "data_key") == 1)
        }
    }

    @Test func whatSomebodyHoldsIsLeftToTheNextSweep() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let gone = try await FurnishedTenant.make(store, "zq7-gone")
            _ = try await store.eraseEndUser(gone.scope, userID: Seed.bytes("user-1"))
            let holder = try await onOwnThread { try fixture.testDatabase.owner() }
            try await onOwnThread { try holder.execute("begin; select from subgate.delivery for update") }
            try await Self.finish(fixture)
            #expect(try await Self.count(fixture, "delivery") == 1)
            #expect(try await Self.count(fixture, "event") == 1)
            try await onOwnThread { try holder.execute("rollback") }
            fixture.clock.advance(by: .seconds(2))
            try await Self.work(store)
            for table in ["delivery", "attempt", "event"] {
                #expect(try await Self.count(fixture, table) == 0, "\(table)")
            }
            let erasures = try await store.erasures(gone.scope, PageRequest())
            #expect(erasures.items.map(\.status) == [.done, .done])
        }
    }

    /// Each chunk is a commit of its own, so a node that dies leaves the rest to the others, who may all try at once.
    @Test func manyNodesWorkOnOneErasure() async throws {
        try await StoreFixture.with { fixture in
            let gone = try await FurnishedTenant.make(fixture.store, "zq7-gone")
            for number in 0..<30 {
                let session = try await gone.seed.linkSession(transaction: "zq7-\(number)", user: "zq7-user")
                _ = try await fixture.store.accept([gone.seed.received("Pending", session)], lease: nil)
            }
            try await fixture.store.closeSubClient(.system, gone.subClient)
            let erasure = try await fixture.store.eraseSubClient(.system, gone.subClient)
            let other = try await fixture.anotherStore()
            for _ in 0..<2 {
                async let here = Self.work(fixture.store, size: 3)
                async let there = Self.work(other, size: 3)
                _ = try await (here, there)
                fixture.clock.advance(by: .seconds(31))
            }
            #expect(try await Self.remains(fixture, "zq7-") == [])
            let done = try await fixture.store.erasure(
                PlatformScope.system.tenant(gone.subClient), erasure.id)
            #expect(done.status == .done && done.erased.linkSessions == 31 && done.erased.events == 31)
            await other.database.close()
        }
    }

    @Test func anEnvironmentIsLeftAloneUnlessBothAreMeant() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            let session = try await seed.linkSession(user: "alice")
            let production = PlatformScope.system.tenant(seed.subClient, .production)
            _ = try await store.eraseEndUser(production, userID: Seed.bytes("alice"))
            try await Self.finish(fixture)
            #expect(try await store.linkSession(seed.scope, session).userID == Seed.bytes("alice"))
            #expect(try await store.erasures(seed.scope, PageRequest()).items.isEmpty)
            let both = try await store.eraseEndUser(
                PlatformScope.system.tenant(seed.subClient), userID: Seed.bytes("alice"))
            try await Self.finish(fixture)
            #expect(try await store.linkSession(seed.scope, session).userID == Seed.bytes("(erased)"))
            #expect(try await store.erasures(seed.scope, PageRequest()).items.map(\.id) == [both.id])
            // A session made afterwards is a new beginning.
            let fresh = try await seed.linkSession(user: "alice")
            try await Self.finish(fixture)
            #expect(try await store.linkSession(seed.scope, fresh).userID == Seed.bytes("alice"))
        }
    }
}
