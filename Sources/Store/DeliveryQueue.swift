package import Domain
import Postgres
import Runtime
import SQL

// The dispatcher's side of deliveries: claim, record, release, rescue.

/// An attempt that was made and what follows from it.
package struct FinishedAttempt: Sendable {
    package let delivery: DueDelivery
    package let id: AttemptID
    package let startedAt: Timestamp
    package let duration: Duration
    /// Nil without an answer.
    package let statusCode: Int32?
    /// A stable reason when the attempt failed without a status or because of one.
    package let errorCode: String?
    /// The first 1 KiB of the answer.
    package let responseBody: [UInt8]?
    package let decision: DeliveryMachine.Decision

    package init(
        delivery: DueDelivery, id: AttemptID, startedAt: Timestamp, duration: Duration, statusCode: Int32?,
        errorCode: String?, responseBody: [UInt8]?, decision: DeliveryMachine.Decision
    ) {
        self.delivery = delivery
        self.id = id
        self.startedAt = startedAt
        self.duration = duration
        self.statusCode = statusCode
        self.errorCode = errorCode
        self.responseBody = responseBody
        self.decision = decision
    }
}

/// An endpoint as an attempt needs it.
package struct DispatchEndpoint: Sendable {
    package enum State: Sendable { case enabled, disabled, deleted }

    package let id: EndpointID
    package let version: Int32
    package let url: [UInt8]
    package let payloadFormat: PayloadFormat
    package let state: State
    /// The signing secret's text, `whsec_…`.
    package let secret: [UInt8]
    /// Custom headers as they were registered: a JSON object of strings, or nil.
    package let headers: [UInt8]?
}

extension Store {
    /// Leases up to `limit` due deliveries, oldest due first, skipping endpoints in `busy`.
    package func claimDue(limit: Int, busy: [EndpointID], lease: Lease) async throws(StoreError) -> [DueDelivery] {
        let rows = try await run(
            PlatformScope.system, .claimDue,
            [
                .uuid(lease.node), .time(clock.now()), .time(lease.end), .int32(Int32(limit)),
                .uuids(busy.map(\.uuid)),
            ])
        return rows.indices.map { row in
            let event = StoredEvent(
                id: rows.id(row, 2), type: rows.word(row, 4), transfer: rows.optionalID(row, 9),
                linkSession: rows.optionalID(row, 10), transactionID: rows.optionalText(row, 7),
                userID: rows.optionalText(row, 8), receivedAt: rows.time(row, 11), payload: rows.bytes(row, 12))
            return DueDelivery(
                subClient: rows.id(row, 0), id: rows.id(row, 1), endpoint: rows.id(row, 3), event: event,
                attempt: rows.int32(row, 5), failures: rows.int32(row, 6), leaseEnd: lease.end)
        }
    }

    /// Records attempts and moves their deliveries on, if `node` still holds them.
    package func record(_ attempts: [FinishedAttempt], node: UUIDValue) async throws(StoreError) {
        let now = clock.now()
        _ = try await run(
            PlatformScope.system, .recordAttempts,
            [
                .uuid(node), .uuids(attempts.map(\.delivery.subClient.uuid)), .uuids(attempts.map(\.delivery.id.uuid)),
                .uuids(attempts.map(\.id.uuid)), .int32Array(attempts.map { $0.delivery.attempt }),
                .timestampArray(attempts.map { $0.startedAt.microseconds }),
                .int64Array(attempts.map { $0.duration.microseconds }), .int32Array(attempts.map(\.statusCode)),
                .stringArray(attempts.map(\.errorCode)), .bytesArray(attempts.map(\.responseBody)),
                .stringArray(attempts.map { Store.nextStatus($0.decision).rawValue }),
                .timestampArray(attempts.map { Store.nextDue($0.decision, now: now)?.microseconds }),
                .int32Array(attempts.map { $0.decision == .delivered ? 0 : 1 }), .time(now),
                .int64(Int64(attempts.count)),
            ])
    }

    private static func nextStatus(_ decision: DeliveryMachine.Decision) -> DeliveryStatus {
        switch decision {
        case .delivered: .delivered
        case .retry: .retrying
        case .failed: .failed
        }
    }

    private static func nextDue(_ decision: DeliveryMachine.Decision, now: Timestamp) -> Timestamp? {
        if case .retry(let delay) = decision { now + delay } else { nil }
    }

    /// Gives leases back unused: the deliveries are due at once, for any node.
    package func release(_ deliveries: [DueDelivery], node: UUIDValue) async throws(StoreError) {
        _ = try await run(
            PlatformScope.system, .releaseDeliveries,
            [
                .uuid(node), .uuids(deliveries.map(\.subClient.uuid)), .uuids(deliveries.map(\.id.uuid)),
                .time(clock.now()),
            ])
    }

    /// Gives back everything that a lease holds; for one whose taking had no answer.
    package func release(_ lease: Lease) async throws(StoreError) {
        _ = try await run(
            PlatformScope.system, .releaseLease, [.uuid(lease.node), .time(lease.end), .time(clock.now())])
    }

    /// Holds or cancels deliveries whose endpoint turned out to be disabled or deleted.
    package func settle(_ deliveries: [DueDelivery], as status: DeliveryStatus, node: UUIDValue)
        async throws(StoreError)
    {
        _ = try await run(
            PlatformScope.system, .settleUnsendable,
            [
                .uuid(node), .uuids(deliveries.map(\.subClient.uuid)), .uuids(deliveries.map(\.id.uuid)),
                .stringArray(deliveries.map { _ in status.rawValue }), .time(clock.now()),
            ])
    }

    /// Loads endpoints with their secrets opened. One that does not exist, or whose secret does not open, is left out.
    package func loadEndpoints(_ wanted: [(SubClientID, EndpointID)]) async throws(StoreError) -> [DispatchEndpoint] {
        let rows = try await run(
            PlatformScope.system, .loadEndpoints,
            [
                .uuids(wanted.map(\.0.uuid)), .uuids(wanted.map(\.1.uuid)),
            ], on: .read)
        // One that cannot be opened is left out rather than keeping the others from being read.
        return rows.indices.compactMap { try? dispatchEndpoint(rows, $0) }
    }

    private func dispatchEndpoint(_ rows: Rows, _ row: Int) throws(StoreError) -> DispatchEndpoint {
        let id: EndpointID = rows.id(row, 1)
        let key = try DataKey(
            id: rows.uuidValue(row, 9), owner: rows.uuidValue(row, 0), wrapped: rows.bytes(row, 10), keyring: keyring)
        return DispatchEndpoint(
            id: id, version: rows.int32(row, 2), url: rows.text(row, 3), payloadFormat: rows.word(row, 4),
            state: rows.bool(row, 6) ? .deleted : rows.bool(row, 5) ? .enabled : .disabled,
            // An erased one has none any more.
            secret: rows.bool(row, 6) ? [] : try EndpointSeal.openSecret(rows.bytes(row, 7), id, key),
            headers: rows.bool(row, 6) ? nil : try EndpointSeal.openHeaders(rows.optionalBytes(row, 8), id, key))
    }
}

/// Where an endpoint's sealed columns are bound to.
enum EndpointSeal {
    static func secret(_ secret: [UInt8], _ id: EndpointID, _ key: DataKey) -> [UInt8] {
        key.seal(secret, table: "endpoint", column: "secret", row: id.uuid.text)
    }
    static func headers(_ headers: [UInt8]?, _ id: EndpointID, _ key: DataKey) -> [UInt8]? {
        headers.map { key.seal($0, table: "endpoint", column: "headers", row: id.uuid.text) }
    }
    static func openSecret(_ sealed: [UInt8], _ id: EndpointID, _ key: DataKey) throws(StoreError) -> [UInt8] {
        try key.open(sealed, table: "endpoint", column: "secret", row: id.uuid.text)
    }
    static func openHeaders(_ sealed: [UInt8]?, _ id: EndpointID, _ key: DataKey) throws(StoreError) -> [UInt8]? {
        guard let sealed else { return nil }
        return try key.open(sealed, table: "endpoint", column: "headers", row: id.uuid.text)
    }
}
