package import Domain
import Postgres
import Runtime
import SQL

/// One event owed to one endpoint, as its owner sees it.
package struct Delivery: Sendable {
    package let id: DeliveryID
    package let event: EventID
    package let eventType: EventType
    package let endpoint: EndpointID
    package let status: DeliveryStatus
    package let attempts: Int32
    /// Nil unless another attempt will be made at a known time.
    package let nextAttemptAt: Timestamp?
    package let lastStatusCode: Int32?
    package let lastError: [UInt8]?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

/// One HTTP request made for a delivery.
package struct Attempt: Sendable {
    package let id: AttemptID
    package let number: Int32
    package let startedAt: Timestamp
    package let duration: Duration
    package let statusCode: Int32?
    package let errorCode: [UInt8]?
    /// Any bytes: the start of what the receiver answered.
    package let responseBody: [UInt8]?
}

package struct DeliveryFilter: Sendable {
    package var status: DeliveryStatus?
    package var endpoint: EndpointID?
    package init() {}
}

extension StoreError {
    /// The delivery is being attempted, has been delivered, or its endpoint takes nothing.
    package static let deliveryNotRetryable = StoreError.conflict(constraint: "delivery_not_retryable")
}

extension Store {
    /// Throws `.notFound`.
    package func delivery(
        _ scope: TenantScope, _ id: DeliveryID
    ) async throws(StoreError) -> (delivery: Delivery, attempts: [Attempt]) {
        let results = try await run(
            scope,
            [
                Query(.getDelivery, [.id(scope.subClient), .id(id), .word(scope.environment)]),
                Query(.listAttempts, [.id(scope.subClient), .id(id)]),
            ], on: .read)
        if results[0].isEmpty { throw .notFound }
        let rows = results[1]
        let attempts = rows.indices.map { row in
            Attempt(
                id: rows.id(row, 0), number: rows.int32(row, 1), startedAt: rows.time(row, 2),
                duration: .microseconds(rows.int64(row, 3)), statusCode: rows.optionalInt32(row, 4),
                errorCode: rows.optionalText(row, 5), responseBody: rows.optionalBytes(row, 6))
        }
        return (Delivery(results[0], 0), attempts)
    }

    package func deliveries(
        _ scope: TenantScope, _ filter: DeliveryFilter, _ page: PageRequest
    ) async throws(StoreError) -> Page<Delivery> {
        let rows = try await run(
            scope, .listDeliveries,
            [
                .id(scope.subClient), .word(scope.environment), page.after, page.rowLimit, .word(filter.status),
                .id(filter.endpoint),
            ], on: .read)
        return Page(rows, page) { Delivery(rows, $0) }
    }

    /// Makes a delivery due now. Throws `.notFound`, `.deliveryNotRetryable`.
    package func retryDelivery(_ scope: TenantScope, _ id: DeliveryID) async throws(StoreError) -> Delivery {
        guard let environment = scope.environment else { throw .notFound }
        let results = try await audited(
            scope, AuditedChange(.deliveryRetried, of: .delivery, id.uuid, subClient: scope.subClient),
            [
                Query(.retryDelivery, [.id(scope.subClient), .id(id), .word(environment), .time(clock.now())]),
                Query(.getDelivery, [.id(scope.subClient), .id(id), .word(environment)]),
            ])
        if !results[0].isEmpty { return Delivery(results[0], 0) }
        throw results[1].isEmpty ? .notFound : .deliveryNotRetryable
    }
}

extension Delivery {
    init(_ rows: Rows, _ row: Int) {
        let status: DeliveryStatus = rows.word(row, 4)
        // While a node works on it, its time is the end of a lease, which means nothing to its owner.
        let isWaiting = status == .pending || status == .retrying
        self.init(
            id: rows.id(row, 0), event: rows.id(row, 1), eventType: rows.word(row, 2), endpoint: rows.id(row, 3),
            status: status, attempts: rows.int32(row, 5), nextAttemptAt: isWaiting ? rows.optionalTime(row, 6) : nil,
            lastStatusCode: rows.optionalInt32(row, 7), lastError: rows.optionalText(row, 8),
            createdAt: rows.time(row, 9), updatedAt: rows.time(row, 10))
    }
}
