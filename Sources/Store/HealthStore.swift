package import Domain
import Postgres
import Runtime
import SQL

// How endpoints fare, as nodes tell each other.

extension Store {
    /// How long an endpoint must have failed for the PSP to be told that it works again.
    private static let notableFailing: Duration = .seconds(3_600)

    /// Tells the other nodes what was found out of an endpoint, and the PSP if it recovered. Returns the version of
    /// what all know now, or nil if there is no such endpoint.
    package func tellHealth(
        of endpoint: EndpointID, _ subClient: SubClientID, _ shared: EndpointHealth.Shared, _ news: EndpointHealth.News
    ) async throws(StoreError) -> Int32? {
        let rows = try await run(
            PlatformScope.system, .tellHealth,
            [
                .id(subClient), .id(endpoint), .bool(news.tellsBreaker), .word(shared.breaker),
                .time(shared.pausedUntil), .time(news.replaces), .time(shared.failingSince),
                .int32(Int32(clamping: shared.consecutiveFailures)), .int32(Int32(clamping: shared.pauses)),
                .int64(Store.notableFailing.components.seconds), .time(clock.now()),
            ])
        return try rows.isNull(0, 0) ? nil : rows.int32(0, 0)
    }

    /// Disables an endpoint that is gone, or that has taken nothing since `moment`, with an audit entry that names no
    /// person. Returns whether it did: another node may have, or may know of a success. (A recovery writes no entry: it
    /// changes what is known of an endpoint, and no setting of it.)
    package func giveUp(
        _ endpoint: EndpointID, _ subClient: SubClientID, _ reason: DisabledReason, failedSince moment: Timestamp
    ) async throws(StoreError) -> Bool {
        let rows = try await audited(
            PlatformScope.system,
            AuditedChange(.endpointDisabled, of: .endpoint, endpoint.uuid, subClient: subClient),
            [
                Query(
                    .giveUpEndpoint,
                    [.id(subClient), .id(endpoint), .word(reason), .time(moment), .time(clock.now())])
            ])
        return try rows[0].bool(0, 0)
    }
}

extension Rows {
    /// The columns breaker, paused_until, failing_since, consecutive_failures and pauses; all null for no row.
    func endpointHealth(_ row: Int, _ column: Int) throws(StoreError) -> EndpointHealth.Shared {
        var health = EndpointHealth.Shared()
        if isNull(row, column) { return health }
        health.breaker = try word(row, column)
        health.pausedUntil = optionalTime(row, column + 1)
        health.failingSince = optionalTime(row, column + 2)
        health.consecutiveFailures = try Int(int32(row, column + 3))
        health.pauses = try Int(int32(row, column + 4))
        return health
    }
}
