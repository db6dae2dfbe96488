import Crypto
import Domain
import Postgres
import Runtime
import TestSupport
import Testing

@testable import Store

/// Everything committed is told, whatever the order of identifiers and commits.
@Suite struct EventStreamTests {
    /// From where everything is new.
    static let start = StreamPosition(seen: Look(at: Timestamp(seconds: 1_000_000_000), next: 1, running: []))

    /// A sub-client and someone who reads its events.
    private struct Scene: Sendable {
        let fixture: StoreFixture
        let seed: Seed

        init(_ fixture: StoreFixture) async throws {
            self.fixture = fixture
            seed = try await Seed.make(fixture.store)
        }

        func look(
            after position: StreamPosition?, types: [String] = ["*"], limit: Int = 20
        ) async throws -> StreamPage {
            try await fixture.store.streamEvents(
                seed.scope, after: position, types: types.map(Seed.bytes), limit: limit)
        }

        /// Pages until there is nothing more.
        func readAll(after position: StreamPosition, limit: Int) async throws -> (ids: [EventID], next: StreamPosition)
        {
            var ids: [EventID] = []
            var page = try await look(after: position, limit: limit)
            while true {
                #expect(page.events.count <= limit)
                ids += page.events.map(\.id)
                if page.isLast { return (ids, page.next) }
                page = try await look(after: page.next, limit: limit)
            }
        }

        func next() -> EventID { fixture.store.identifiers.next() }

        /// Writes events on a connection, in whatever transaction that has.
        func insert(_ ids: [EventID], type: String = "webhook.test", on connection: BlockingConnection) throws {
            for id in ids {
                _ = try connection.query(
                    """
                    insert into subgate.event (sub_client_id, id, environment, type, received_at, payload)
                    values ($1, $2, 'sandbox', $3, now(), '{}')
                    """,
                    parameters: [
                        .uuid(high: seed.subClient.uuid.high, low: seed.subClient.uuid.low),
                        .uuid(high: id.uuid.high, low: id.uuid.low), .string(type),
                    ])
            }
        }

        func commit(_ ids: [EventID], type: String = "webhook.test") async throws {
            let database = fixture.testDatabase
            try await onOwnThread { try insert(ids, type: type, on: database.owner()) }
        }
    }

    @Test func itBeginsWithWhatComesAfter() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await scene.commit([scene.next()])
            let begin = try await scene.look(after: nil)
            #expect(begin.events.isEmpty && begin.isLast)
            #expect(try await scene.look(after: begin.next).events.isEmpty)
            let ids = [scene.next(), scene.next()]
            try await scene.commit(ids)
            let page = try await scene.look(after: begin.next)
            #expect(Set(page.events.map(\.id)) == Set(ids) && page.isLast)
            #expect(try await scene.look(after: page.next).events.isEmpty)
            // Whose answer was lost asks once more.
            #expect(try await scene.look(after: begin.next).events.count == 2)
        }
    }

    /// Identifiers are made before the commit: a smaller one may become visible later.
    @Test func whatIsCommittedLaterWithASmallerIdentifierIsTold() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.look(after: nil).next
            let early = scene.next()
            fixture.clock.advance(by: .seconds(1))
            let late = scene.next()
            let database = fixture.testDatabase
            let open = try await onOwnThread {
                let connection = try database.owner()
                try connection.execute("begin")
                try scene.insert([early], on: connection)
                return connection
            }
            try await scene.commit([late])
            let first = try await scene.look(after: begin)
            #expect(first.events.map(\.id) == [late])
            #expect(try await scene.look(after: first.next).events.isEmpty)
            // It may begin its transaction, and end it, long after others read past it.
            let another = scene.next()
            fixture.clock.advance(by: .seconds(50))
            let second = try await scene.look(after: first.next)
            try await onOwnThread { try open.execute("commit") }
            try await scene.commit([another])
            let third = try await scene.look(after: second.next)
            #expect(third.events.map(\.id) == [early, another])
            #expect(try await scene.look(after: third.next).events.isEmpty)
        }
    }

    @Test func manyComeInPagesEachOnceAndWhatIsCommittedMeanwhileAfterThem() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.look(after: nil).next
            let hidden = scene.next()
            fixture.clock.advance(by: .milliseconds(5))
            let ids = (0..<50).map { _ in
                fixture.clock.advance(by: .milliseconds(1))
                return scene.next()
            }
            try await scene.commit(ids)
            let first = try await scene.look(after: begin)
            #expect(first.events.map(\.id) == Array(ids[..<20]) && !first.isLast)
            try await scene.commit([hidden])
            let rest = try await scene.readAll(after: first.next, limit: 20)
            #expect(rest.ids == Array(ids[20...]) + [hidden])
            #expect(try await scene.look(after: rest.next).events.isEmpty)
        }
    }

    /// A server that crashed forgets transactions that came to nothing, and gives their numbers to others.
    @Test func aNumberThatIsGivenAgainHidesNothing() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.look(after: nil).next
            let ahead = StreamPosition(seen: Look(at: begin.seen.at, next: begin.seen.next + 1_000, running: []))
            fixture.clock.advance(by: .milliseconds(10))
            let id = scene.next()
            try await scene.commit([id])
            #expect(try await scene.look(after: ahead).events.map(\.id) == [id])
        }
    }

    @Test func onlyTheTypesAskedForAreTold() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let begin = try await scene.look(after: nil).next
            let (test, pending, failed) = (scene.next(), scene.next(), scene.next())
            try await scene.commit([test])
            try await scene.commit([pending], type: "transfer.pending")
            try await scene.commit([failed], type: "transfer.failed")
            func told(_ types: [String]) async throws -> Set<EventID> {
                Set(try await scene.look(after: begin, types: types).events.map(\.id))
            }
            #expect(try await told(["*"]) == [test, pending, failed])
            #expect(try await told(["transfer.*"]) == [pending, failed])
            #expect(try await told(["webhook.test", "transfer.failed"]) == [test, failed])
            #expect(try await told(["transfer.updated"]) == [])
        }
    }

    /// Of many at once the position keeps no list; then something may be told twice, and nothing is left out.
    @Test func moreThanAFewRunningTransactionsAreTakenForOne() {
        let few = Look(at: Timestamp(seconds: 1), oldest: 5, next: 90, running: Array(5..<69))
        #expect(few.next == 90 && few.running.count == 64)
        let many = Look(at: Timestamp(seconds: 1), oldest: 5, next: 90, running: Array(5..<70))
        #expect(many.next == 5 && many.running == [])
    }

    @Test func aPositionIsReadBackFromItsText() {
        let seen = Look(at: Timestamp(seconds: 1_700_000_000), next: 1 << 40, running: [7, 9])
        let pages = StreamPosition.Pages(
            look: Look(at: Timestamp(seconds: 1_700_000_009), next: 1 << 41, running: Array(1...64)),
            last: UUIDValue(high: .max, low: 3))
        for position in [StreamPosition(seen: seen), StreamPosition(seen: seen, pages: pages)] {
            #expect(StreamPosition(text: position.text) == position)
            #expect(StreamPosition.textBytes.contains(position.text.count))
        }
    }

    @Test(arguments: [
        "", "1", "1000000000.1", "1000000000.0.0", "1000000000.5.1", "1000000000.5.1.5", "1000000000.5.65",
        "1000000000.5.-1", "-1.5.0", "1000000000.5.0.1", "9223372036854775807.5.0", "1000000000.5.0.0.5.0.1.1",
        "1000000000.5.0.1000000000.5.0.1", "1000000000.5.0.", "+1000000000.5.0", "1000000000.99999999999999999999.0",
    ])
    func whatIsNoPositionIsRefused(_ numbers: String) {
        #expect(StreamPosition(text: Base64.encodeURLSafe(Seed.bytes(numbers))) == nil)
        #expect(StreamPosition(text: Seed.bytes(numbers)) == nil)
    }

    @Test func afterThreeDaysAPositionIsOver() {
        let position = StreamPosition(seen: Look(at: Timestamp(seconds: 1_000_000), next: 1, running: []))
        #expect(!position.isOver(at: Timestamp(seconds: 1_000_000 + 3 * 86_400)))
        #expect(position.isOver(at: Timestamp(seconds: 1_000_001 + 3 * 86_400)))
    }
}
