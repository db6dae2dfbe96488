package import Domain
import Postgres
import Runtime
import SQL

// Transactions across nouns: each function is one commit.

/// A lease: until when, and for which node.
package struct Lease: Sendable {
    package let node: UUIDValue
    package let end: Timestamp

    package init(node: UUIDValue, end: Timestamp) {
        self.node = node
        self.end = end
    }
}

extension Store {
    /// Stores verified webhooks, moves their transfers, writes the deliveries they owe; all in one commit.
    ///
    /// Returns what became of each, in order. With `lease`, deliveries are handed over to that node, but for those of
    /// endpoints in `busy` or with a queue; those wait in their lanes. Throws
    /// `.unavailable` if nothing was stored and `.outcomeUnknown` if that cannot be told: then the upstream must not
    /// get its 200, and the event's key makes its repetition harmless.
    package func accept(
        _ events: [ReceivedEvent], lease: Lease?, busy: [EndpointID] = []
    ) async throws(StoreError) -> [AcceptedEvent] {
        let now = clock.now()
        let handover = identifiers.next(EventID.self).uuid
        let rows = try await run(
            PlatformScope.system, .acceptEvents,
            Store.acceptParameters(events, lease: lease, busy: busy, handover: handover, now: now), on: .inbound)
        let accepted = try Store.acceptedEvents(rows, of: events, lease: lease, handover: handover, now: now)
        try countUsage(rows, of: events, accepted)
        return accepted
    }

    private func countUsage(
        _ rows: Rows, of events: [ReceivedEvent], _ accepted: [AcceptedEvent]
    ) throws(StoreError) {
        var last = -1
        for row in rows.indices {
            let place = try Int(rows.int64(row, 0)) - 1
            guard accepted[place].fate == .stored, let reference = events[place].reference else { continue }
            let count = UsageCount(events: place == last ? 0 : 1, deliveries: rows.isNull(row, 7) ? 0 : 1)
            last = place
            try noteUsage(reference.subClient, rows.word(row, 11), count)
        }
    }

    private static func acceptParameters(
        _ events: [ReceivedEvent], lease: Lease?, busy: [EndpointID], handover: UUIDValue, now: Timestamp
    ) -> [Parameter] {
        func uuids(_ value: (ReceivedEvent) -> UUIDValue?) -> Parameter {
            .uuids(events.map(value))
        }
        func texts(_ value: (ReceivedEvent) -> [UInt8]?) -> Parameter { .textArray(events.map(value)) }
        func strings(_ value: (ReceivedEvent) -> String?) -> Parameter { .stringArray(events.map(value)) }
        return [
            uuids { $0.upstream.uuid }, uuids { $0.id.uuid }, uuids { $0.reference?.subClient.uuid },
            uuids { $0.reference?.linkSession.uuid }, uuids { $0.upstreamEventID }, uuids { $0.upstreamTransferID },
            strings { $0.status.type.rawValue }, strings { $0.status.status?.rawValue },
            strings { $0.status.refund?.rawValue }, .timestampArray(events.map { $0.occurredAt?.microseconds }),
            .bytesArray(events.map(\.payload)), texts { $0.details.symbol }, texts { $0.details.chain },
            texts { $0.details.txHash }, texts { $0.details.sourceAmount }, texts { $0.details.destinationAmount },
            texts { $0.details.sourceAddress }, texts { $0.details.destinationAddress },
            texts { $0.details.refundAddress }, texts { $0.details.sourceAccountProvider },
            uuids { $0.transferID.uuid }, strings { $0.unroutableReason },
            .time(now), .uuid(lease?.node), .time(lease?.end ?? now),
            .uuids(busy.map(\.uuid)), .uuid(handover),
        ]
    }

    private static func acceptedEvents(
        _ rows: Rows, of events: [ReceivedEvent], lease: Lease?, handover: UUIDValue, now: Timestamp
    ) throws(StoreError) -> [AcceptedEvent] {
        var accepted = events.map { _ in AcceptedEvent(fate: .duplicate, deliveries: []) }
        var stored: StoredEvent?
        var position = 0
        for row in rows.indices {
            let place = try Int(rows.int64(row, 0)) - 1
            accepted[place].isQueued = try rows.int64(row, 13) > 0
            let received = events[place]
            if try rows.bool(row, 2) {
                accepted[place].fate = try rows.bool(row, 10) ? .erased : .stored
            } else if try !rows.bool(row, 1) {
                accepted[place].fate = .quarantined
            }
            guard let lease, let reference = received.reference, !rows.isNull(row, 7), try rows.bool(row, 9) else {
                continue
            }
            if stored?.id != received.id {
                stored = StoredEvent(
                    id: received.id, type: received.status.type, transfer: rows.optionalID(row, 6),
                    linkSession: reference.linkSession, transactionID: rows.optionalText(row, 4),
                    userID: rows.optionalText(row, 5), receivedAt: now, payload: received.payload,
                    document: received.document)
            }
            guard let stored else { continue }
            try accepted[place].deliveries.append(
                DueDelivery(
                    subClient: reference.subClient, id: rows.id(row, 7), endpoint: rows.id(row, 8),
                    environment: rows.word(row, 11), event: stored, attempt: 1, failures: 0, leaseEnd: lease.end,
                    handover: HandoverPlace(handover: handover, position: position)))
            position += 1
        }
        return accepted
    }
}
