package import Domain
import Postgres
import Runtime
import SQL

/// What came of a replay.
package enum Replay: Sendable {
    /// The deliveries to all the endpoints it was for, as they are now.
    case done([Delivery])
    /// Some that were named are not there, or of the other environment: their places in what was asked for.
    case unknownEndpoints([Int])
}

extension Store {
    /// Makes the deliveries of an event due again, to the endpoints named, or to all whose filter lets it through; an
    /// endpoint that had none of it gets one. A disabled endpoint's are held; one that is being attempted is left to
    /// that attempt. `endpoints` are at most as many as one page has. Throws `.notFound` for the event.
    package func replayEvent(
        _ scope: TenantScope, _ id: EventID, to endpoints: [EndpointID]?
    ) async throws(StoreError) -> Replay {
        let event = Query(.getEvent, [.id(scope.subClient), .id(id), .word(scope.environment)])
        let named = endpoints.map { Parameter.uuids($0.map(\.uuid)) } ?? .null
        let found = try await run(
            scope,
            [event, Query(.listReplayTargets, [.id(scope.subClient), .id(id), .word(scope.environment), named])],
            on: .read)
        if found[0].isEmpty { throw .notFound }
        let targets = try found[1].indices.map { row throws(StoreError) in try found[1].uuidValue(row, 0) }
        if let endpoints {
            let unknown = endpoints.indices.filter { !targets.contains(endpoints[$0].uuid) }
            if !unknown.isEmpty { return .unknownEndpoints(unknown) }
        }
        let results = try await audited(
            scope, AuditedChange(.eventReplayed, of: .event, id.uuid, subClient: scope.subClient),
            [
                Query(
                    .replayEvent,
                    [
                        .id(scope.subClient), .id(id), .word(scope.environment), .uuids(targets), .time(clock.now()),
                    ]),
                Query(
                    .listEventDeliveries,
                    [
                        .id(scope.subClient), .word(scope.environment), .uuid(UUIDValue(high: .max, low: .max)),
                        .uuid(UUIDValue(high: 0, low: 0)), .int32(1_000), .uuids([id.uuid]), .null, .null, .null, .null,
                        .null,
                    ]),
            ])
        for row in results[0].indices {
            try noteUsage(scope.subClient, results[0].word(row, 0), UsageCount(deliveries: 1))
        }
        let deliveries = try results[1].indices.map { row throws(StoreError) in try Delivery(results[1], row) }
        return .done(deliveries.filter { targets.contains($0.endpoint.uuid) })
    }
}
