package import Domain
import Postgres
import Runtime
import SQL

/// One fact about a transfer, as stored.
package struct Event: Sendable {
    package let id: EventID
    package let type: EventType
    package let transfer: TransferID?
    package let linkSession: LinkSessionID?
    package let upstreamEventID: UUIDValue?
    package let occurredAt: Timestamp?
    package let receivedAt: Timestamp
    /// The body as it was received: it names our references, not the merchant's.
    package let payload: [UInt8]
    /// The merchant's own.
    package let transactionID: [UInt8]?
    /// The merchant's own.
    package let userID: [UInt8]?
    package let origin: EventOrigin
}

/// Which events are wanted: those that all of these let through.
package struct EventListFilter: Sendable {
    package var type: EventType?
    package var transfer: TransferID?
    /// By the time of receipt, with which an event's identifier begins.
    package var window = TimeWindow()
    package init() {}
}

/// An event that no sub-client could be found for.
package struct QuarantinedEvent: Sendable {
    package let id: QuarantineID
    package let upstream: UpstreamID
    package let upstreamEventID: UUIDValue
    package let reason: [UInt8]
    package let payload: [UInt8]
    package let receivedAt: Timestamp
}

extension Store {
    /// Throws `.notFound`.
    package func event(_ scope: TenantScope, _ id: EventID) async throws(StoreError) -> Event {
        let rows = try await run(
            scope, .getEvent, [.id(scope.subClient), .id(id), .word(scope.environment)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try Event(rows, 0)
    }

    /// A page looks at no more than `PageRequest.examinedRows` events, so it may be short and yet have a next one.
    package func events(
        _ scope: TenantScope, _ page: PageRequest, matching filter: EventListFilter = EventListFilter()
    ) async throws(StoreError) -> Page<Event> {
        let start: [Parameter] = [
            .id(scope.subClient), .word(scope.environment), page.below(filter.window), page.notBelow(filter.window),
            page.rowLimit,
        ]
        if let transfer = filter.transfer {
            let rows = try await run(
                scope, .listTransferEvents, start + [.id(transfer), .word(filter.type)], on: .read)
            return try Page(rows, page) { row throws(StoreError) in try Event(rows, row) }
        }
        let rows = try await run(
            scope, .listEvents, start + [.int32(PageRequest.examinedRows), .word(filter.type)], on: .read)
        return try Page(rows, page, boundColumn: 11) { row throws(StoreError) in try Event(rows, row) }
    }

    package func quarantine(
        _ scope: PlatformScope, _ page: PageRequest
    ) async throws(StoreError) -> Page<QuarantinedEvent> {
        let rows = try await run(scope, .listQuarantine, [page.after, page.rowLimit], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try QuarantinedEvent(rows, row) }
    }

    /// Throws `.notFound`.
    package func quarantined(
        _ scope: PlatformScope, _ id: QuarantineID
    ) async throws(StoreError) -> QuarantinedEvent {
        let rows = try await run(scope, .getQuarantined, [.id(id)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try QuarantinedEvent(rows, 0)
    }

    /// Takes an event out of quarantine and gives it to a sub-client, with a delivery to each endpoint that asks for
    /// its `type`; all in one commit, and once, however many ask. Returns the sub-client's event, which is an earlier
    /// one if it had the same from the upstream already. Throws `.notFound` for either, `.subClientClosed`.
    package func assign(
        _ scope: PlatformScope, _ event: QuarantinedEvent, to subClient: SubClientID, type: EventType,
        occurredAt: Timestamp?
    ) async throws(StoreError) -> Event {
        let id: EventID = identifiers.next()
        let results = try await audited(
            scope, AuditedChange(.quarantineAssigned, of: .quarantine, event.id.uuid, subClient: subClient),
            [
                Query(.getSubClient, [.id(subClient)]),
                Query(
                    .assignQuarantined,
                    [
                        .id(event.id), .id(subClient), .id(id), .word(type), .time(occurredAt), .time(clock.now()),
                    ]),
                Query(.getEventByKey, [.id(subClient), .id(event.upstream), .uuid(event.upstreamEventID)]),
            ])
        if results[0].isEmpty { throw .notFound }
        if results[1].isEmpty {
            let standing: SubClientStatus = try results[0].word(0, 7)
            throw [.closed, .erased].contains(standing) ? .subClientClosed : .notFound
        }
        let count = try UsageCount(events: results[1].int64(0, 1), deliveries: results[1].int64(0, 2))
        if count != UsageCount() { try noteUsage(subClient, results[1].word(0, 0), count) }
        if results[2].isEmpty { throw .notFound }
        return try Event(results[2], 0)
    }
}

extension QuarantinedEvent {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), upstream: rows.id(row, 1), upstreamEventID: rows.uuidValue(row, 2),
            reason: rows.text(row, 3), payload: rows.bytes(row, 4), receivedAt: rows.time(row, 5))
    }
}

extension Event {
    /// Reads the columns from `first` on.
    init(_ rows: Rows, _ row: Int, from first: Int = 0) throws(StoreError) {
        try self.init(
            id: rows.id(row, first), type: rows.word(row, first + 1), transfer: rows.optionalID(row, first + 2),
            linkSession: rows.optionalID(row, first + 3),
            upstreamEventID: rows.isNull(row, first + 4) ? nil : rows.uuidValue(row, first + 4),
            occurredAt: rows.optionalTime(row, first + 5), receivedAt: rows.time(row, first + 6),
            payload: rows.bytes(row, first + 7), transactionID: rows.optionalText(row, first + 8),
            userID: rows.optionalText(row, first + 9), origin: rows.word(row, first + 10))
    }
}
