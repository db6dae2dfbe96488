package import Domain
import Postgres
import Runtime
import SQL

/// A sweep of an upstream's list of transfers that one worker has to itself until its lease ends.
package struct ClaimedReconciliation: Sendable {
    package let upstream: UpstreamID
    package let sweep: ReconciliationSweep
    /// What was made before has been looked at by a pass that ended.
    package let sweptUntil: Timestamp
    /// Where a pass that was interrupted goes on.
    package let place: ReconciliationPlace?
    /// In a row.
    package let failures: Int32
    package let lease: UUIDValue

    package init(
        upstream: UpstreamID, sweep: ReconciliationSweep, sweptUntil: Timestamp, place: ReconciliationPlace?,
        failures: Int32, lease: UUIDValue
    ) {
        self.upstream = upstream
        self.sweep = sweep
        self.sweptUntil = sweptUntil
        self.place = place
        self.failures = failures
        self.lease = lease
    }
}

/// Where a pass through a list of transfers, in the order of their making, stands.
package struct ReconciliationPlace: Hashable, Sendable {
    /// The pass looks at what was made up to here.
    package var until: Timestamp
    /// The next page begins at this time of making, in whole seconds …
    package var from: Timestamp
    /// … after so many transfers.
    package var offset: Int32

    package init(until: Timestamp, from: Timestamp, offset: Int32 = 0) {
        self.until = until
        self.from = from
        self.offset = offset
    }
}

/// What became of something that an upstream's list told.
package enum ReconciledFate: String, Sendable, CaseIterable {
    /// It was news: an event was made of it.
    case made
    /// A webhook, or an earlier look, told it before.
    case known
    /// No link session of ours explains it.
    case unexplained
    /// Its link session was erased.
    case erased
}

extension Store {
    /// Leases all sweeps that are due, and makes those of upstreams that are new.
    package func claimReconciliations(lease: Duration) async throws(StoreError) -> [ClaimedReconciliation] {
        let now = clock.now()
        let id = identifiers.nextUUID()
        let rows = try await run(
            PlatformScope.system,
            [
                Query(.beginReconciliations, [.time(now)]),
                Query(.claimReconciliations, [.uuid(id), .time(now), .time(now + lease)]),
            ])[1]
        return try rows.indices.map { row throws(StoreError) in
            var place: ReconciliationPlace?
            if let until = rows.optionalTime(row, 3), let from = rows.optionalTime(row, 4) {
                place = try ReconciliationPlace(until: until, from: from, offset: rows.int32(row, 5))
            }
            return try ClaimedReconciliation(
                upstream: rows.id(row, 0), sweep: rows.word(row, 1), sweptUntil: rows.time(row, 2), place: place,
                failures: rows.int32(row, 6), lease: id)
        }
    }

    /// A page was looked at, and `place` is where the next begins. Keeps the lease for as long again. Throws `.stale`
    /// if it was lost.
    package func turnPage(
        _ claimed: ClaimedReconciliation, to place: ReconciliationPlace, lease: Duration
    ) async throws(StoreError) {
        let rows = try await run(
            PlatformScope.system, .turnReconciliationPage,
            claimed.key + [
                .time(place.until), .time(place.from), .int32(place.offset), .time(clock.now() + lease),
            ])
        if rows.isEmpty { throw .stale }
    }

    /// Gives the lease back; the pass goes on later.
    package func pause(
        _ claimed: ClaimedReconciliation, until moment: Timestamp, failures: Int32
    ) async throws(StoreError) {
        _ = try await run(
            PlatformScope.system, .pauseReconciliation, claimed.key + [.time(moment), .int32(failures)])
    }

    /// Gives the lease back; the pass has ended. Throws `.stale` if the lease was lost.
    package func finish(_ claimed: ClaimedReconciliation, next: Timestamp) async throws(StoreError) {
        let rows = try await run(PlatformScope.system, .finishReconciliation, claimed.key + [.time(next)])
        if rows.isEmpty { throw .stale }
    }

    /// From when on transfers have not been looked at, at the upstream that is furthest behind; nil without one.
    package func reconciledUntil() async throws(StoreError) -> Timestamp? {
        try await run(PlatformScope.system, .reconciliationLag, [], on: .read).optionalTime(0, 0)
    }

    /// Makes events of what moves transfers forward, with the deliveries they owe; all in one commit. Of one transfer
    /// there may be one fact. Returns what became of each, in order.
    ///
    /// `upstreamEventID` of each is derived from what it says, and the same every time.
    package func reconcile(_ facts: [ReceivedEvent]) async throws(StoreError) -> [ReconciledFate] {
        let rows = try await run(
            PlatformScope.system, .reconcileTransfers, Store.reconcileParameters(facts, now: clock.now()))
        return try rows.indices.map { row throws(StoreError) in
            if try rows.bool(row, 3) {
                if let subClient = facts[row].reference?.subClient {
                    let count = try UsageCount(events: 1, deliveries: rows.int64(row, 5))
                    try noteUsage(subClient, rows.word(row, 4), count)
                }
                return .made
            }
            if try !rows.bool(row, 1) { return .unexplained }
            return try rows.bool(row, 2) ? .erased : .known
        }
    }

    private static func reconcileParameters(_ facts: [ReceivedEvent], now: Timestamp) -> [Parameter] {
        func uuids(_ value: (ReceivedEvent) -> UUIDValue?) -> Parameter { .uuids(facts.map(value)) }
        func texts(_ value: (ReceivedEvent) -> [UInt8]?) -> Parameter { .textArray(facts.map(value)) }
        func strings(_ value: (ReceivedEvent) -> String?) -> Parameter { .stringArray(facts.map(value)) }
        return [
            uuids { $0.upstream.uuid }, uuids { $0.id.uuid }, uuids { $0.reference?.subClient.uuid },
            uuids { $0.reference?.linkSession.uuid }, uuids { $0.upstreamEventID }, uuids { $0.upstreamTransferID },
            strings { $0.status.type.rawValue }, strings { $0.status.status?.rawValue },
            strings { $0.status.refund?.rawValue }, .timestampArray(facts.map { $0.occurredAt?.microseconds }),
            .bytesArray(facts.map(\.payload)), texts { $0.details.symbol }, texts { $0.details.chain },
            texts { $0.details.txHash }, texts { $0.details.sourceAmount }, texts { $0.details.destinationAmount },
            texts { $0.details.destinationAddress }, texts { $0.details.refundAddress },
            texts { $0.details.sourceAccountProvider }, uuids { $0.transferID.uuid }, .time(now),
        ]
    }
}

extension ClaimedReconciliation {
    /// The first three parameters of each statement about it.
    fileprivate var key: [Parameter] { [.id(upstream), .word(sweep), .uuid(lease)] }
}
