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
        // The transfer of a control call, which has no user to pick a destination, goes to the first.
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
                request.integrationId.map { .uuid($0) } ?? .null, .bool(request.restrictMultipleAccounts),
                .bool(request.disablesAPIKeys), .bool(request.transfer?.fundingIsEnabled ?? false),
                .jsonb(Destination.json(request.transfer?.destinations ?? [])),
                request.verification.map { .jsonb($0.json) } ?? .null,
            ])
        return try await database.run(query, lane: .write).affected == 1
    }

    func find(_ token: LinkToken) async throws(PostgresError) -> StoredLinkToken? {
        let rows = try await database.run(Query(.sandboxFindLinkToken, [.bytes(token.digest)]), lane: .read)
        return rows.isEmpty ? nil : LinkTokenStore.read(rows)
    }

    /// The first columns of a row: those of a token.
    static func read(_ rows: Rows) -> StoredLinkToken {
        let amount = { (column: Int) in rows.textOrNil(0, column).flatMap { Amount(plain: $0) } }
        let uuid = { (column: Int) in rows.uuidOrNil(0, column).map { UUIDValue(high: $0.high, low: $0.low) } }
        let client = rows.uuid(0, 0)
        return StoredLinkToken(
            clientId: UUIDValue(high: client.high, low: client.low), subClientId: uuid(9), userId: rows.text(0, 1),
            transactionId: rows.textOrNil(0, 2), transferType: rows.textOrNil(0, 10), integrationId: uuid(11),
            restrictsAccounts: rows.bool(0, 12), disablesAPIKeys: rows.bool(0, 13), fundingIsEnabled: rows.bool(0, 14),
            destinations: Destination.stored(rows.jsonb(0, 15)),
            verification: rows.jsonbOrNil(0, 16).flatMap(VerificationOptions.init(stored:)), amountInFiat: amount(3),
            clientFee: amount(4), feeIsInclusive: rows.bool(0, 5),
            expiresAt: Timestamp(microseconds: rows.timestamp(0, 6)), isUsed: !rows.isNull(0, 7),
            isOpened: !rows.isNull(0, 8))
    }

    /// How many columns those are.
    static let columns = 17

    /// Consumes a token and owes the webhooks of its transfer, in one transaction.
    ///
    /// False if the token was used in the meantime; then nothing is owed. Without an address nothing is owed either.
    ///
    /// - Parameters:
    ///   - digest: of the token's auth code.
    ///   - isOpened: whether the session of a page asks, which alone can use a token that a page opened.
    func use(
        _ digest: [UInt8], isOpened: Bool, for transfer: PlayedTransfer, hasAddress: Bool, at now: Timestamp
    ) async throws(PostgresError) -> Bool {
        let owed = hasAddress ? transfer.owedWebhooks : []
        let query = Query(
            .sandboxUseLinkToken,
            [
                .bytes(digest), .timestamp(now), .uuid(transfer.id),
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
                .uuid(transfer.network.id), .text(transfer.symbol), .text(transfer.destinationAddress),
                .bool(isOpened),
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
