import Delivery
import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct EventStreamRoutesTests {
    /// A sub-client with a link session, whose upstream commits events.
    private struct Scene: Sendable {
        let fixture: APIFixture
        let merchant: Merchant
        let seed: Seed
        let session: LinkSessionID

        init(_ fixture: APIFixture) async throws {
            self.fixture = fixture
            seed = try await Seed.make(fixture.store)
            let created = try await fixture.store.createCredential(
                .system, for: seed.subClient,
                NewCredential(environment: .sandbox, access: .read, name: Seed.bytes("developer")))
            merchant = Merchant(
                subClient: seed.subClient, credential: created.credential.id, clientID: created.credential.clientID,
                secret: created.secret, fixture: fixture)
            session = try await seed.linkSession()
        }

        /// Commits an event; the readers of this node hear of it, or only find it.
        func commit(_ status: String = "Pending", isHeard: Bool = true) async throws {
            _ = try await fixture.store.accept([seed.received(status, session)], lease: nil)
            if isHeard { fixture.bell.ring(seed.subClient) }
        }

        func begin() async throws -> String {
            let answer = try await merchant.call(.get, "/v1/events/stream?wait=30")
            #expect(answer.status == 200)
            #expect(try answer.list("data").isEmpty)
            return try #require(try answer.string("nextCursor"))
        }

        func read(_ cursor: String, _ more: String = "&wait=30") async throws -> APIFixture.Answer {
            try await merchant.call(.get, "/v1/events/stream?after=\(cursor)\(more)")
        }

        /// Reads in the background; returns once the reader waits.
        func waiting(_ cursor: String, readers: Int = 1) async throws -> [Task<APIFixture.Answer, any Error>] {
            let tasks = (0..<readers).map { _ in
                Task(executorPreference: fixture.store.loop) { try await read(cursor) }
            }
            try await until("\(readers) readers") { fixture.bell.readers == readers }
            return tasks
        }

        func until(_ what: String, _ isTrue: () -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(20)
            while !isTrue() {
                try #require(ContinuousClock.now < deadline, "never came: \(what)")
                await fixture.store.loop.sleep(for: .milliseconds(2))
            }
        }
    }

    /// The first answer comes at once, and then each as soon as there is something.
    @Test(arguments: [true, false]) func aReaderIsToldWhatWasCommitted(_ isHeard: Bool) async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.begin()
            let started = ContinuousClock.now
            let task = try await scene.waiting(begin).at(0)
            try await scene.commit(isHeard: isHeard)
            let answer = try await task.value
            #expect(ContinuousClock.now - started < .seconds(15))
            #expect(answer.status == 200)
            let events = try answer.list("data")
            #expect(events.map { $0["type"]?.text } == ["transfer.pending"])
            let stored = try await fixture.store.events(scene.seed.scope, PageRequest()).items
            #expect(events.map { $0["id"]?.string } == stored.map { $0.id.text })
            let body = try JSONDocument.parse(try #require(events.at(0)["body"]?.string)).root
            #expect(body["TransactionId"]?.text == "order-1" && body["UserId"]?.text == "user-1")
            let none = try await scene.read(try #require(try answer.string("nextCursor")), "")
            #expect(try none.list("data").isEmpty)
            #expect(fixture.bell.readers == 0)
        }
    }

    @Test func theBodyIsWhatAWebhookCarries() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.begin()
            try await scene.commit("Succeeded")
            let answer = try await scene.read(begin, "&payloadFormat=standard&types=transfer.*,webhook.test")
            let event = try #require(try answer.list("data").first)
            let stored = try #require(try await fixture.store.events(scene.seed.scope, PageRequest()).items.first)
            let expected = WebhookBody.standard(
                StoredEvent(
                    id: stored.id, type: stored.type, transfer: stored.transfer, linkSession: stored.linkSession,
                    transactionID: stored.transactionID, userID: stored.userID, receivedAt: stored.receivedAt,
                    payload: stored.payload, origin: stored.origin))
            #expect(event["body"]?.string == expected)
            let others = try await scene.read(begin, "&types=transfer.failed")
            #expect(try others.list("data").isEmpty)
        }
    }

    @Test func nobodyWaitsForWhatIsThere() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.begin()
            for _ in 0..<45 { try await scene.commit(isHeard: false) }
            var ids: Set<[UInt8]> = []
            var cursor = begin
            while ids.count < 45 {
                let answer = try await scene.read(cursor)
                let events = try answer.list("data")
                #expect((1...20).contains(events.count))
                for event in events { #expect(ids.insert(try #require(event["id"]?.string)).inserted) }
                cursor = try #require(try answer.string("nextCursor"))
            }
        }
    }

    @Test func whoseKeyIsRevokedMeanwhileGetsNothingMore() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let task = try await scene.waiting(try await scene.begin()).at(0)
            try await fixture.store.revokeCredential(
                PlatformScope.system.tenant(scene.seed.subClient), scene.merchant.credential)
            fixture.clock.advance(by: .seconds(2))
            try await scene.commit()
            #expect(try await task.value.status == 401)
            #expect(fixture.bell.readers == 0)
        }
    }

    @Test func onlySoManyWaitAndTheyHoldNothingOfOthers() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.begin()
            let tasks = try await scene.waiting(begin, readers: APILimits.streamReadersPerSubClient)
            let refused = try await scene.read(begin)
            #expect(refused.status == 429 && refused.headers["retry-after"] != nil)
            // Without a wait, of another sub-client, and on other routes, all goes on.
            #expect(try await scene.read(begin, "").status == 200)
            #expect(try await scene.merchant.call(.get, "/v1/events").status == 200)
            // Who goes away makes room.
            tasks[0].cancel()
            _ = await tasks[0].result
            try await scene.until("a place") { fixture.bell.readers == APILimits.streamReadersPerSubClient - 1 }
            try await scene.commit()
            for task in tasks.dropFirst() { #expect(try await task.value.status == 200) }
            #expect(fixture.bell.readers == 0)
        }
    }

    @Test func aStopEndsAllWaits() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.begin()
            let task = try await scene.waiting(begin).at(0)
            fixture.bell.close()
            let answer = try await task.value
            #expect(answer.status == 200)
            #expect(try answer.list("data").isEmpty)
            // And nobody begins to wait any more, but each is answered.
            #expect(try await scene.read(begin).status == 200)
        }
    }

    @Test(arguments: [
        ("after=x", "after"), ("after=", "after"), ("wait=31", "wait"), ("wait=-1", "wait"), ("wait=1&wait=1", "wait"),
        ("types=", "types"), ("types=*,", "types"), ("types=transfer", "types"), ("payloadFormat=xml", "payloadFormat"),
        ("limit=1", "limit"),
    ])
    func whatIsWrongIsNamed(_ query: String, _ field: String) async throws {
        try await APIFixture.with { fixture in
            let answer = try await fixture.merchant().call(.get, "/v1/events/stream?\(query)")
            #expect(answer.status == 400)
            #expect(try answer.list("errors").map { $0["field"]?.text } == [field])
        }
    }

    @Test func aKeyForProductionIsRefused() async throws {
        try await APIFixture.with { fixture in
            let answer = try await fixture.merchant(environment: .production).call(.get, "/v1/events/stream")
            #expect(answer.status == 403)
        }
    }

    @Test func aPositionOfLastWeekIsRefused() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.begin()
            fixture.clock.advance(by: .seconds(4 * 86_400))
            let answer = try await scene.read(begin)
            #expect(answer.status == 400)
            #expect(try answer.list("errors").first?["field"]?.text == "after")
        }
    }
}

extension APIFixture.Answer {
    fileprivate func list(_ name: String) throws -> [JSONValue] {
        Array(try #require(try json[name], "no \(name): \(text)").elements)
    }
}
