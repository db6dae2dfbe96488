import Domain
import Postgres
import SQL

/// Previews and their execution in PostgreSQL. Loop-bound, like the database it wraps.
struct PreviewStore: Sendable {
    let database: Database

    /// - Parameter authCodeDigest: of the link token in whose session the preview is made; nil outside of one.
    func insert(
        _ preview: StoredPreview, of client: UUIDValue, authCodeDigest: [UInt8]?
    ) async throws(PostgresError) {
        let origin = preview.origin
        let query = Query(
            .sandboxInsertPreview,
            [
                .uuid(client), .text(origin.userId), .uuid(preview.id), .uuid(preview.accountId),
                .jsonb(preview.quote.json), .text(origin.transactionId),
                origin.subClientId.map { .uuid($0) } ?? .null, .string(origin.transferType.rawValue),
                authCodeDigest.map { .bytes($0) } ?? .null, .timestamp(preview.expiresAt),
            ])
        _ = try await database.run(query, lane: .write)
    }

    /// A preview, if there is one of the id, with the portfolio of a holder: both of one moment.
    struct Found: Sendable {
        let preview: StoredPreview?
        /// The digest of the link token in whose session the preview was made.
        let authCodeDigest: [UInt8]?
        let portfolio: PortfolioStore.Versioned
    }

    /// Nil if the holder's portfolio was never looked at.
    func find(_ id: UUIDValue, _ holder: Holder, of client: UUIDValue) async throws(PostgresError) -> Found? {
        let query = Query(.sandboxFindPreview, [.uuid(client), .string(holder.key), .uuid(id)])
        let rows = try await database.run(query, lane: .read)
        if rows.isEmpty { return nil }
        return Found(
            preview: PreviewStore.read(rows), authCodeDigest: rows.bytesOrNil(0, 9),
            portfolio: PortfolioStore.read(rows, 0, from: 10))
    }

    private static func read(_ rows: Rows) -> StoredPreview? {
        guard let id = rows.uuidOrNil(0, 0), let quote = TransferQuote(json: rows.jsonb(0, 3)) else { return nil }
        let account = rows.uuid(0, 2)
        let type = TransferOptions.TransferType(rawValue: rows.string(0, 6)) ?? .deposit
        return StoredPreview(
            id: UUIDValue(high: id.high, low: id.low), accountId: UUIDValue(high: account.high, low: account.low),
            quote: quote,
            origin: TransferOrigin(
                userId: rows.text(0, 1), transactionId: rows.textOrNil(0, 4),
                subClientId: rows.uuidOrNil(0, 5).map { UUIDValue(high: $0.high, low: $0.low) }, transferType: type),
            expiresAt: Timestamp(microseconds: rows.timestamp(0, 7)), isExecuted: rows.bool(0, 8))
    }

    /// Stores an execution, with its webhooks if there is an address for them. False if the portfolio has changed since
    /// it was read, or the session's one transfer was made: then nothing is stored.
    func execute(
        _ result: TransferExecution.Result, of account: ConnectedAccount, version: Int64, feeIsInclusive: Bool,
        hasAddress: Bool, at now: Timestamp
    ) async throws(PostgresError) -> Bool {
        let transfer = result.transfer
        let owed = hasAddress ? transfer.owedWebhooks : []
        let query = Query(
            .sandboxExecutePreview,
            [.uuid(account.clientId), .string(account.holder.key), .int64(version)]
                + PortfolioStore.parameters(result.portfolio) + [
                    .uuid(transfer.id), .timestamp(now), .uuid(transfer.network.id), .string(transfer.network.name),
                    .text(transfer.symbol), .text(transfer.sourceAmount.text), .text(transfer.destinationAmount.text),
                    .text(transfer.amountInFiat.text), .bool(feeIsInclusive), .text(transfer.sourceAddress),
                    .text(transfer.destinationAddress), .text(transfer.refundAddress),
                    .text(transfer.events.lazy.compactMap(\.transactionHash).first),
                    .textArray(transfer.events.map(\.status)),
                    .timestampArray(transfer.events.map { $0.happensAt.microseconds }), .uuid(transfer.source.id),
                    .text(transfer.fees.withdrawal.text), .text(transfer.fees.processing.text),
                    .text(transfer.fees.gas.amount.text), .text(transfer.fees.gas.symbol),
                    .jsonb(transfer.funding.json),
                    .uuidArray(owed.map { UUIDBits(high: $0.eventId.high, low: $0.eventId.low) }),
                    .bytesArray(owed.map(\.event)), .timestampArray(owed.map { $0.dueAt.microseconds }),
                    .int32Array(owed.map(\.wrongSignatures)),
                ])
        do throws(PostgresError) {
            return try await database.run(query, lane: .write).int64(0, 0) == 1
        } catch {
            if error.sqlState == .uniqueViolation, error.constraint == "preview_of_link_token" { return false }
            throw error
        }
    }

    func sweep(before moment: Timestamp) async throws(PostgresError) {
        _ = try await database.run(Query(.sandboxDeleteOldPreviews, [.timestamp(moment)]), lane: .write)
    }
}
