import Domain
import Postgres
import SQL

/// Link tokens in PostgreSQL. Loop-bound, like the database it wraps.
struct LinkTokenStore: Sendable {
    let database: Database

    /// Keeps a token that was minted for `request`; false if the account has no sub-client of the id it names.
    func insert(
        _ token: LinkToken, for request: LinkTokenRequest, of client: UUIDValue, at now: Timestamp
    ) async throws(PostgresError) -> Bool {
        // A session with several destinations ends at the one the user picks; here it is the first.
        let destination = request.transfer?.destinations.first
        let query = Query(
            .sandboxInsertLinkToken,
            [
                .bytes(token.digest), .uuid(client), .text(request.userId), .text(request.transfer?.transactionId),
                destination.map { .uuid($0.networkId) } ?? .null, .text(destination?.symbol),
                .text(destination?.address), .text(destination?.amount?.text), .text(destination?.minAmount?.text),
                .text(request.transfer?.amountInFiat?.text), .text(request.transfer?.clientFee?.text),
                .bool(request.transfer?.feeIsInclusive ?? false), .timestamp(now),
                .timestamp(now + SandboxLimits.linkTokenLife), request.subClientId.map { .uuid($0) } ?? .null,
                request.transfer.map { .string($0.type.rawValue) } ?? .null,
            ])
        return try await database.run(query, lane: .write).affected == 1
    }

    func find(_ token: LinkToken) async throws(PostgresError) -> StoredLinkToken? {
        let rows = try await database.run(Query(.sandboxFindLinkToken, [.bytes(token.digest)]), lane: .read)
        return rows.isEmpty ? nil : LinkTokenStore.read(rows)
    }

    private static func read(_ rows: Rows) -> StoredLinkToken {
        let amount = { (column: Int) in rows.textOrNil(0, column).flatMap { Amount(plain: $0) } }
        let destination = rows.uuidOrNil(0, 3).map { id in
            Destination(
                networkId: UUIDValue(high: id.high, low: id.low), symbol: rows.text(0, 4), address: rows.text(0, 5),
                amount: amount(6), minAmount: amount(7))
        }
        let client = rows.uuid(0, 0)
        return StoredLinkToken(
            clientId: UUIDValue(high: client.high, low: client.low), userId: rows.text(0, 1),
            transactionId: rows.textOrNil(0, 2), destination: destination, amountInFiat: amount(8),
            clientFee: amount(9), feeIsInclusive: rows.bool(0, 10),
            expiresAt: Timestamp(microseconds: rows.timestamp(0, 11)), isUsed: !rows.isNull(0, 12))
    }

    /// Consumes a token and owes the webhooks of its transfer, in one transaction.
    ///
    /// False if the token was used in the meantime; then nothing is owed. Without an address nothing is owed either.
    func use(
        _ token: LinkToken, for transfer: PlayedTransfer, hasAddress: Bool, at now: Timestamp
    ) async throws(PostgresError) -> Bool {
        let owed = hasAddress ? transfer.owedWebhooks : []
        let query = Query(
            .sandboxUseLinkToken,
            [
                .bytes(token.digest), .timestamp(now), .uuid(transfer.id),
                .uuidArray(owed.map { UUIDBits(high: $0.eventId.high, low: $0.eventId.low) }),
                .bytesArray(owed.map(\.event)),
                .timestampArray(owed.map { $0.dueAt.microseconds }), .string(transfer.network.name),
                .text(transfer.sourceAmount.text), .text(transfer.destinationAmount.text),
                .text(transfer.amountInFiat.text), .text(transfer.sourceAddress), .text(transfer.refundAddress),
                .text(transfer.events.lazy.compactMap(\.transactionHash).first),
                .textArray(transfer.events.map(\.status)),
                .timestampArray(transfer.events.map { $0.happensAt.microseconds }), .uuid(transfer.source.id),
                .text(transfer.fees.withdrawal.text), .text(transfer.fees.processing.text),
                .text(transfer.fees.gas.amount.text), .text(transfer.fees.gas.symbol), .jsonb(transfer.funding.json),
                .int32Array(owed.map(\.wrongSignatures)),
            ])
        return try await database.run(query, lane: .write).int64(0, 0) == 1
    }

    /// Forgets tokens that expired long ago, and transfers made long ago.
    func sweep(at now: Timestamp) async throws(PostgresError) {
        let unit = Unit(
            Query(.sandboxDeleteOldLinkTokens, [.timestamp(now - SandboxLimits.expiredTokenMemory)]),
            Query(.sandboxDeleteOldTransfers, [.timestamp(now - SandboxLimits.transferMemory)]))
        _ = try await database.run(unit, lane: .write)
    }
}

extension Parameter {
    static func uuid(_ value: UUIDValue) -> Parameter { .uuid(high: value.high, low: value.low) }
    static func timestamp(_ moment: Timestamp) -> Parameter { .timestamp(microsecondsSince1970: moment.microseconds) }

    static func text(_ bytes: [UInt8]?) -> Parameter {
        guard let bytes else { return .null }
        return .text(bytes)
    }
}
