import Domain
import JSON
import Postgres
import SQL

/// A played transfer as it stands.
struct StoredTransfer: Sendable {
    let id: UUIDValue
    let subClientId: UUIDValue?
    let clientId: UUIDValue
    let userId: [UInt8]
    let transactionId: [UInt8]?
    let transferType: [UInt8]
    let networkId: UUIDValue
    let networkName: [UInt8]
    let symbol: [UInt8]
    let sourceAmount: Amount
    let destinationAmount: Amount
    let amountInFiat: Amount
    let feeIsInclusive: Bool
    let sourceAddress: [UInt8]
    let destinationAddress: [UInt8]
    let refundAddress: [UInt8]
    let transactionHash: [UInt8]?
    /// `pending`, `failed` or `succeeded`.
    let status: [UInt8]
    /// As on the wire, such as `RefundPending`.
    let refundStatus: [UInt8]?
    let createdAt: Timestamp
    let executedAt: Timestamp?
    /// The integration that paid; nil for one that the catalogue has no more.
    let source: CatalogueIntegration?
    let fees: PlayedTransfer.Fees
    let funding: [FundingStep]
}

/// The posts of one transfer's webhooks.
struct StoredWebhookLog: Sendable {
    let transferId: UUIDValue
    let uri: [UInt8]
    let status: Int32?
    let message: [UInt8]
    let sentAt: Timestamp
    let answeredAt: Timestamp?
}

/// The transfers that were played, in PostgreSQL. Loop-bound, like the database it wraps.
struct TransferStore: Sendable {
    let database: Database

    struct Page: Sendable {
        var transfers: [StoredTransfer] = []
        var total: Int64 = 0
        /// By transfer; empty unless they were asked for.
        var logs: [UUIDValue: [StoredWebhookLog]] = [:]
    }

    func page(of client: UUIDValue, _ filter: TransferFilter, at now: Timestamp) async throws(PostgresError) -> Page {
        // All transfers of the stand-in are of the sandbox.
        if filter.isSandbox == false { return Page() }
        let query = Query(
            .sandboxListTransfers,
            [
                .uuid(client), .timestamp(now), .uuidOrNull(filter.id), .text(filter.transactionId),
                filter.statuses.map { .stringArray($0.map(\.rawValue)) } ?? .null, .text(filter.userId),
                .text(filter.hash), .uuidOrNull(filter.subClientId), .timestampOrNull(filter.from),
                .timestampOrNull(filter.to), .text(filter.minAmountInFiat?.text), .text(filter.maxAmountInFiat?.text),
                .string(filter.order.rawValue), .bool(filter.isDescending), .int64(filter.offset), .int64(filter.count),
                filter.integrationIds.map { .uuidArray($0.map { UUIDBits(high: $0.high, low: $0.low) }) } ?? .null,
                .uuidArray(CatalogueIntegration.all.map { UUIDBits(high: $0.id.high, low: $0.id.low) }),
                .stringArray(CatalogueIntegration.all.map(\.type)),
            ])
        let rows = try await database.run(query, lane: .read)
        var page = Page(total: rows.int64(0, 0))
        for row in rows.indices where !rows.isNull(row, 1) { page.transfers.append(TransferStore.read(rows, row)) }
        if filter.includesWebhookLogs { page.logs = try await logs(of: page.transfers) }
        return page
    }

    private func logs(of transfers: [StoredTransfer]) async throws(PostgresError) -> [UUIDValue: [StoredWebhookLog]] {
        let ids = transfers.map { UUIDBits(high: $0.id.high, low: $0.id.low) }
        let rows = try await database.run(Query(.sandboxListWebhookLogs, [.uuidArray(ids)]), lane: .read)
        let logs = rows.indices.map { row in
            StoredWebhookLog(
                transferId: rows.uuidValue(row, 0), uri: rows.text(row, 1), status: rows.int32OrNil(row, 2),
                message: rows.text(row, 3), sentAt: Timestamp(microseconds: rows.timestamp(row, 4)),
                answeredAt: rows.timestampOrNil(row, 5).map { Timestamp(microseconds: $0) })
        }
        return Dictionary(grouping: logs, by: \.transferId)
    }

    private static func read(_ rows: Rows, _ row: Int) -> StoredTransfer {
        let amount = { (column: Int) in Amount(plain: rows.text(row, column)) ?? .zero }
        return StoredTransfer(
            id: rows.uuidValue(row, 1), subClientId: rows.isNull(row, 2) ? nil : rows.uuidValue(row, 2),
            clientId: rows.uuidValue(row, 3), userId: rows.text(row, 4), transactionId: rows.textOrNil(row, 5),
            transferType: rows.text(row, 6), networkId: rows.uuidValue(row, 7), networkName: rows.text(row, 8),
            symbol: rows.text(row, 9), sourceAmount: amount(10), destinationAmount: amount(11),
            amountInFiat: amount(12), feeIsInclusive: rows.bool(row, 13), sourceAddress: rows.text(row, 14),
            destinationAddress: rows.text(row, 15), refundAddress: rows.text(row, 16),
            transactionHash: rows.textOrNil(row, 17), status: rows.text(row, 18), refundStatus: rows.textOrNil(row, 19),
            createdAt: Timestamp(microseconds: rows.timestamp(row, 20)),
            executedAt: rows.timestampOrNil(row, 21).map { Timestamp(microseconds: $0) },
            source: CatalogueIntegration.find(rows.uuidValue(row, 22)),
            fees: PlayedTransfer.Fees(
                withdrawal: amount(23), processing: amount(24),
                gas: TransferFee(amount: amount(25), symbol: rows.text(row, 26))),
            funding: (try? JSONDocument.parse(rows.jsonb(row, 27))).flatMap { [FundingStep](json: $0.root) } ?? [])
    }
}

extension Rows {
    fileprivate func uuidValue(_ row: Int, _ column: Int) -> UUIDValue {
        let bits = uuid(row, column)
        return UUIDValue(high: bits.high, low: bits.low)
    }
}

extension Parameter {
    fileprivate static func uuidOrNull(_ value: UUIDValue?) -> Parameter { value.map { .uuid($0) } ?? .null }
    fileprivate static func timestampOrNull(_ value: Timestamp?) -> Parameter { value.map { .timestamp($0) } ?? .null }
}
