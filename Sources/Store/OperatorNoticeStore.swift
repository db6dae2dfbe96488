import Domain
import Postgres
import Runtime
import SQL

extension PlatformScope {
    /// Where the PSP's own webhook endpoints stand: under the nil UUID, which is no sub-client's, and in one
    /// environment for both, because what they are told says which it is about.
    package var operatorWebhooks: TenantScope {
        tenant(SubClientID(DataKey.platformOwner), .production)
    }
}

extension Store {
    /// Makes events of up to `size` notices, with deliveries to the PSP's own endpoints; returns how many events that
    /// were. What comes in masses is told at most once in `pause` a subject, with its count.
    package func makeOperatorEvents(pause: Duration, size: Int) async throws(StoreError) -> Int {
        let rows = try await run(
            PlatformScope.system, .makeOperatorEvents,
            [.time(clock.now()), .int32(Int32(pause.components.seconds)), .int32(Int32(size))])
        return try Int(rows.int32(0, 0))
    }
}
