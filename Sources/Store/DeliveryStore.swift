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
    /// The node that made it.
    package let node: UUIDValue?
    /// JSON, as the dispatcher keeps it: headers and timings.
    package let exchange: [UInt8]?
}

/// Which deliveries are wanted: those that all of these let through.
package struct DeliveryFilter: Sendable {
    package var status: DeliveryStatus?
    package var endpoint: EndpointID?
    package var type: EventType?
    package var event: EventID?
    package var transfer: TransferID?
    /// The status of the last answer.
    package var statusCodes: ClosedRange<Int32>?
    /// By the time of the event, with which a delivery's identifier begins.
    package var window = TimeWindow()
    package init() {}
}

/// Which attempts of a delivery are wanted.
package struct AttemptFilter: Sendable {
    package var succeeded: Bool?
    package var statusCodes: ClosedRange<Int32>?
    package init() {}
}

extension StoreError {
    /// The delivery is being attempted, has been delivered, or its endpoint takes nothing.
    package static let deliveryNotRetryable = StoreError.conflict(constraint: "delivery_not_retryable")
}

extension Store {
    /// The delivery and its latest hundred attempts, oldest first. Throws `.notFound`.
    package func delivery(
        _ scope: TenantScope, _ id: DeliveryID
    ) async throws(StoreError) -> (delivery: Delivery, attempts: [Attempt]) {
        let results = try await run(
            scope,
            [
                Query(.getDelivery, [.id(scope.subClient), .id(id), .word(scope.environment)]),
                Query(.listLatestAttempts, [.id(scope.subClient), .id(id)]),
            ], on: .read)
        if results[0].isEmpty { throw .notFound }
        return try (
            Delivery(results[0], 0), results[1].indices.map { row throws(StoreError) in try Attempt(results[1], row) }
        )
    }

    /// A page looks at no more than `PageRequest.examinedRows` deliveries, so it may be short and yet have a next one.
    package func deliveries(
        _ scope: TenantScope, _ filter: DeliveryFilter, _ page: PageRequest
    ) async throws(StoreError) -> Page<Delivery> {
        let start: [Parameter] = [
            .id(scope.subClient), .word(scope.environment), page.below(filter.window), page.notBelow(filter.window),
            page.rowLimit,
        ]
        let end: [Parameter] = [
            .word(filter.status), .word(filter.type), .id(filter.endpoint), .int32(filter.statusCodes?.lowerBound),
            .int32(filter.statusCodes?.upperBound),
        ]
        guard let events = try await events(scope, of: filter) else {
            let rows = try await run(
                scope, .listDeliveries, start + [.int32(PageRequest.examinedRows)] + end, on: .read)
            return try Page(rows, page, boundColumn: 11) { row throws(StoreError) in try Delivery(rows, row) }
        }
        let rows = try await run(scope, .listEventDeliveries, start + [.uuids(events)] + end, on: .read)
        return try Page(rows, page) { row throws(StoreError) in try Delivery(rows, row) }
    }

    /// The events that a filter names, itself or by their transfer; nil if it names none.
    private func events(_ scope: TenantScope, of filter: DeliveryFilter) async throws(StoreError) -> [UUIDValue]? {
        guard let transfer = filter.transfer else { return filter.event.map { [$0.uuid] } }
        let rows = try await run(
            scope, .listTransferEventIds, [.id(scope.subClient), .id(transfer), .int32(Store.transferEvents)],
            on: .read)
        let found = try rows.indices.map { row throws(StoreError) in try rows.uuidValue(row, 0) }
        return filter.event.map { event in found.filter { $0 == event.uuid } } ?? found
    }

    /// Events of one transfer that a filter by it looks at, the latest ones: a transfer has a handful.
    private static let transferEvents: Int32 = 1_000

    /// The attempts of a delivery, latest first. Throws `.notFound`.
    package func attempts(
        _ scope: TenantScope, of delivery: DeliveryID, _ filter: AttemptFilter, _ page: PageRequest
    ) async throws(StoreError) -> Page<Attempt> {
        let results = try await run(
            scope,
            [
                Query(.getDelivery, [.id(scope.subClient), .id(delivery), .word(scope.environment)]),
                Query(
                    .listAttempts,
                    [
                        .id(scope.subClient), .id(delivery), page.after, page.rowLimit,
                        filter.succeeded.map { .bool($0) } ?? .null, .int32(filter.statusCodes?.lowerBound),
                        .int32(filter.statusCodes?.upperBound),
                    ]),
            ], on: .read)
        if results[0].isEmpty { throw .notFound }
        return try Page(results[1], page) { row throws(StoreError) in try Attempt(results[1], row) }
    }

    /// Makes a delivery due now. Throws `.notFound`, `.deliveryNotRetryable`.
    package func retryDelivery(_ scope: TenantScope, _ id: DeliveryID) async throws(StoreError) -> Delivery {
        let environment = scope.environment
        let results = try await audited(
            scope, AuditedChange(.deliveryRetried, of: .delivery, id.uuid, subClient: scope.subClient),
            [
                Query(.retryDelivery, [.id(scope.subClient), .id(id), .word(environment), .time(clock.now())]),
                Query(.getDelivery, [.id(scope.subClient), .id(id), .word(environment)]),
            ])
        if !results[0].isEmpty { return try Delivery(results[0], 0) }
        throw results[1].isEmpty ? .notFound : .deliveryNotRetryable
    }
}

extension Delivery {
    init(_ rows: Rows, _ row: Int) throws(StoreError) {
        let status: DeliveryStatus = try rows.word(row, 4)
        // While a node works on it, its time is the end of a lease, which means nothing to its owner.
        let isWaiting = status == .pending || status == .retrying
        try self.init(
            id: rows.id(row, 0), event: rows.id(row, 1), eventType: rows.word(row, 2), endpoint: rows.id(row, 3),
            status: status, attempts: rows.int32(row, 5), nextAttemptAt: isWaiting ? rows.optionalTime(row, 6) : nil,
            lastStatusCode: rows.optionalInt32(row, 7), lastError: rows.optionalText(row, 8),
            createdAt: rows.time(row, 9), updatedAt: rows.time(row, 10))
    }
}

extension Attempt {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), number: rows.int32(row, 1), startedAt: rows.time(row, 2),
            duration: .microseconds(rows.int64(row, 3)), statusCode: rows.optionalInt32(row, 4),
            errorCode: rows.optionalText(row, 5), responseBody: rows.optionalBytes(row, 6),
            node: rows.isNull(row, 7) ? nil : rows.uuidValue(row, 7), exchange: rows.optionalBytes(row, 8))
    }
}
