package import Domain
import Postgres
import Runtime
import SQL

// The dispatcher's side of deliveries: claim, advance, release, rescue.

/// What a claim brought.
package struct Claim: Sendable {
    /// From the clock.
    package var timed: [DueDelivery]
    package var fromLanes: [DueDelivery] = []
    /// Whether there may be more: the limit was reached, or lanes gave something.
    package var hasMore: Bool
    /// Whether there were more lanes than it might take from.
    package var leavesLanes = false
    /// How many of the lanes that were looked at may have room only when what they gave is recorded.
    package var boundLanes = 0
    /// When the next comes due that was not yet; nil if nothing is known to.
    package var nextWake: Timestamp?
    /// Nothing on the clock is due before this, whoever asks next.
    package var timedFrom: Timestamp
    /// And no lane is.
    package var lanesFrom: Timestamp

    package var deliveries: [DueDelivery] { timed + fromLanes }

    package init(
        timed: [DueDelivery], hasMore: Bool, nextWake: Timestamp?, timedFrom: Timestamp, lanesFrom: Timestamp
    ) {
        self.timed = timed
        self.hasMore = hasMore
        self.nextWake = nextWake
        self.timedFrom = timedFrom
        self.lanesFrom = lanesFrom
    }
}

/// From which lanes a claim takes.
package struct LaneChoice: Sendable {
    /// From those of these endpoints, of which each may be named once: as much as fits into the claim.
    package var named: [(subClient: SubClientID, endpoint: EndpointID)] = []
    /// After them from so many whose turn it is.
    package var inTurn: Int
    /// From each of these so much at most.
    package var perTurn: Int

    package init(
        named: [(subClient: SubClientID, endpoint: EndpointID)] = [], inTurn: Int = Store.lanesPerClaim,
        perTurn: Int = Int(Int32.max)
    ) {
        self.named = named
        self.inTurn = inTurn
        self.perTurn = perTurn
    }

    /// Sub-clients and endpoints.
    fileprivate var names: [Parameter] {
        [.uuids(named.map(\.subClient.uuid)), .uuids(named.map(\.endpoint.uuid))]
    }
}

extension Store {
    /// How many lanes one claim takes from at most: enough that each claim is shared by many, few enough that each
    /// share is worth its round trip.
    package static let lanesPerClaim = 100
    /// How long a probe may take before another may be sent.
    private static let probeSeconds = Int32(HealthPolicy().probeTime.components.seconds)
    /// How far before a look that found everything the next one begins: a statement that another had open then may have
    /// put something due there, and statements end within this time.
    private static let lookBack: Duration = .seconds(15)

    /// Leases up to `limit` deliveries on the clock, as many in lanes that are named, and as many in lanes whose turn
    /// it is, leaving out lanes of the endpoints in `busy`. `timedFrom` and `lanesFrom` are the last claim's.
    package func claimDue(
        limit: Int, lanes: LaneChoice = LaneChoice(), busy: [EndpointID], lease: Lease,
        timedFrom: Timestamp = Timestamp(seconds: 0), lanesFrom: Timestamp = Timestamp(seconds: 0)
    ) async throws(StoreError) -> Claim {
        let now = clock.now()
        let common: [Parameter] = [
            .uuid(lease.node), .time(now), .time(lease.end), .int32(Int32(limit)), .uuids(busy.map(\.uuid)),
        ]
        let waiting = { (lanes: Int, perLane: Int, names: [Parameter]) -> Query in
            Query(
                .claimWaiting,
                common + [
                    .int32(Int32(lanes)), .time(min(lanesFrom, now - Store.lookBack)), .int32(Store.probeSeconds),
                    .int32(Int32(min(perLane, limit))),
                ] + names)
        }
        // A clock that was put back must not hide what comes now.
        var queries = [Query(.claimTimed, common + [.time(min(timedFrom, now - Store.lookBack))])]
        if !lanes.named.isEmpty { queries.append(waiting(Store.lanesPerClaim, limit, lanes.names)) }
        if lanes.inTurn > 0 { queries.append(waiting(lanes.inTurn, lanes.perTurn, [.null, .null])) }
        queries.append(Query(.nextWake, [.time(now)] + (lanes.inTurn > 0 ? [.null, .null] : lanes.names)))
        let results = try await run(PlatformScope.system, queries)
        let (timed, looks) = (results[0], results[1..<results.count - 1])
        let seen = try Int(timed.int64(0, 15))
        var claim = Claim(
            timed: Store.claimed(timed, lease), hasMore: seen == limit,
            nextWake: results.last?.optionalTime(0, 0), timedFrom: timedFrom, lanesFrom: lanesFrom)
        for look in looks {
            claim.fromLanes += Store.claimed(look, lease)
            claim.boundLanes += try Int(look.int64(0, 15))
            if try look.bool(0, 19) { claim.leavesLanes = true }
        }
        if !claim.fromLanes.isEmpty { claim.hasMore = true }
        // While the gate was closed nothing was looked for, however much is due.
        if try timed.bool(0, 18), seen < limit { claim.timedFrom = max(timedFrom, now - Store.lookBack) }
        if lanes.inTurn > 0, let look = looks.last, try look.bool(0, 18) {
            // What was left, because others or this node are at it, is looked for again.
            let left = look.optionalTime(0, 16).map { $0 - .milliseconds(1) } ?? now
            claim.lanesFrom = max(lanesFrom, min(now - Store.lookBack, left))
        }
        return claim
    }

    /// A delivery that cannot be read is left to its lease, rather than keeping the others from being sent.
    private static func claimed(_ rows: Rows, _ lease: Lease) -> [DueDelivery] {
        // One row without a delivery says that there was none.
        rows.indices.filter { !rows.isNull($0, 0) }.compactMap { try? claimed(rows, $0, lease) }
    }

    private static func claimed(_ rows: Rows, _ row: Int, _ lease: Lease) throws(StoreError) -> DueDelivery {
        let event = try StoredEvent(
            id: rows.id(row, 2), type: rows.word(row, 4), transfer: rows.optionalID(row, 9),
            linkSession: rows.optionalID(row, 10), transactionID: rows.optionalText(row, 7),
            userID: rows.optionalText(row, 8), receivedAt: rows.time(row, 11), payload: rows.bytes(row, 12),
            origin: rows.word(row, 14))
        return try DueDelivery(
            subClient: rows.id(row, 0), id: rows.id(row, 1), endpoint: rows.id(row, 3),
            environment: rows.word(row, 13), event: event, attempt: rows.int32(row, 5),
            failures: rows.int32(row, 6), leaseEnd: lease.end, probeEnd: rows.optionalTime(row, 17))
    }

    /// Writes what became of deliveries that `node` holds. Each may stand there once.
    package func advance(
        _ advances: [DeliveryAdvance], node: UUIDValue, endedHandovers: [UUIDValue] = []
    ) async throws(StoreError) {
        let now = clock.now()
        let attempts = advances.map(\.attempt)
        func uuids(_ value: (DeliveryAdvance) -> UUIDValue?) -> Parameter { .uuids(advances.map(value)) }
        let write = Query(
            .advanceDeliveries,
            [
                .uuid(node), uuids { $0.delivery.subClient.uuid }, uuids { $0.delivery.id.uuid },
                uuids { $0.delivery.event.id.uuid }, uuids { $0.delivery.endpoint.uuid },
                .stringArray(advances.map(\.delivery.environment.rawValue)),
                .stringArray(advances.map(\.delivery.event.type.rawValue)),
                .int32Array(advances.map(\.delivery.attempt)), uuids(\.handover),
                .timestampArray(advances.map(\.delivery.event.receivedAt.microseconds)),
                .stringArray(advances.map { $0.next.status(failures: $0.delivery.failures).rawValue }),
                .timestampArray(
                    advances.map { $0.next.dueAt(now: now, leaseEnd: $0.delivery.leaseEnd)?.microseconds }),
                .int32Array(advances.map { $0.next.isFailure ? 1 : 0 }), .uuids(attempts.map { $0?.id.uuid }),
                .timestampArray(attempts.map { $0?.startedAt.microseconds }),
                .int64Array(attempts.map { $0?.duration.microseconds }), .int32Array(attempts.map { $0?.statusCode }),
                .stringArray(attempts.map { $0?.errorCode }), .bytesArray(attempts.map { $0?.responseBody }),
                .bytesArray(attempts.map { $0?.exchange }), .uuids(endedHandovers), .time(now),
            ])
        _ = try await run(PlatformScope.system, [write] + Store.releaseProbes(advances, now: now))
    }

    /// What lets others be sent in place of probes that were not.
    private static func releaseProbes(_ advances: [DeliveryAdvance], now: Timestamp) -> [Query] {
        let unsent = advances.filter { $0.attempt == nil && $0.delivery.probeEnd != nil }
        if unsent.isEmpty { return [] }
        return [
            Query(
                .releaseProbes,
                [
                    .uuids(unsent.map(\.delivery.subClient.uuid)), .uuids(unsent.map(\.delivery.endpoint.uuid)),
                    .timestampArray(unsent.map(\.delivery.probeEnd?.microseconds)), .time(now),
                ])
        ]
    }

    /// Gives back everything that a lease holds; for one whose taking had no answer.
    package func release(_ lease: Lease) async throws(StoreError) {
        let now = Parameter.time(clock.now())
        _ = try await run(
            PlatformScope.system,
            [
                Query(.releaseLease, [.uuid(lease.node), .time(lease.end), now]),
                Query(
                    .rescueHandovers,
                    [.uuids([]), .null, .null, .uuid(lease.node), .time(lease.end), now]),
            ])
    }
}
