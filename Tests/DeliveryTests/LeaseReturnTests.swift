import Delivery
import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// A lease whose taking had no answer.
@Suite struct LeaseReturnTests {
    /// The server commits after the connection was lost, and after the lease was given back for the first time.
    @Test func whatIsCommittedLaterIsGivenBackToo() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let session = try await seed.linkSession()
            let lease = Lease(node: fixture.store.identifiers.nextUUID(), end: fixture.clock.clock.now() + .seconds(60))
            let accept = {
                let event = seed.received("Pending", session, transfer: fixture.store.identifiers.nextUUID())
                return try await fixture.store.accept([event], lease: lease).flatMap(\.deliveries)
            }
            let rows = { try fixture.testDatabase.owner().query("select count(*) from subgate.delivery").int64(0, 0) }
            let giving = fixture.loop.spawn {
                await LeaseReturn(loop: fixture.loop, store: fixture.store, log: .silent).run(lease)
            }
            for due in 1...2 as ClosedRange<Int64> {
                #expect(try await accept().count == 1)
                var looks = 0
                while looks < 2_000, try rows() < due {
                    await fixture.loop.sleep(for: .milliseconds(5))
                    looks += 1
                }
                #expect(try rows() == due)
            }
            // Nothing can be committed for it after its end.
            fixture.clock.advance(by: .seconds(61))
            await giving.value
        }
    }
}
