package import Domain
import Postgres

extension Store {
    /// Registers this node. Its life is the advisory lock: take that first, on a session of its own.
    package func registerNode(_ id: UUIDValue, lockKey: Int64, name: String) async throws(StoreError) {
        _ = try await run(
            PlatformScope.system, .registerNode,
            [.uuid(id), .int64(lockKey), .string(name), .time(clock.now())])
    }

    /// Makes due what dead nodes had leased, and returns how many deliveries that were.
    @discardableResult
    package func rescueLeases() async throws(StoreError) -> Int {
        try await run(PlatformScope.system, .rescueLeases, [.time(clock.now())]).affected
    }
}
