package import Domain
import Postgres
import Runtime
import SQL

/// One link token minted for a sub-client.
package struct LinkSession: Sendable {
    package let id: LinkSessionID
    package let environment: Environment
    /// The merchant's own.
    package let transactionID: [UInt8]?
    /// The merchant's own.
    package let userID: [UInt8]
    package let transferType: [UInt8]
    /// Plain decimal text.
    package let amountInFiat: [UInt8]?
    package let expiresAt: Timestamp
    package let createdAt: Timestamp
    /// The furthest status of its transfers; nil before the first event.
    package let transferStatus: TransferStatus?
    /// The number of the compliance revision that judged it, 0 if there was none; nil for one from before there were
    /// any.
    package let complianceRevision: Int32?
}

/// A link session to be written once its token has come.
package struct NewLinkSession: Sendable {
    package let id: LinkSessionID
    package let environment: Environment
    package let upstream: UpstreamID
    package let credential: CredentialID
    package let transactionID: [UInt8]?
    package let userID: [UInt8]
    package let transferType: TransferType
    /// Plain decimal text.
    package let amountInFiat: [UInt8]?
    /// Whether the token asks for a transfer; without one no event will come.
    package let hasTransfer: Bool
    package let expiresAt: Timestamp
    /// The number of the compliance revision that judged it, 0 if there is none.
    package let complianceRevision: Int32?
    /// The most that a day's link sessions may ask for together; nil for no limit.
    package let perDayMaximum: ExactDecimal?

    package init(
        id: LinkSessionID, environment: Environment, upstream: UpstreamID, credential: CredentialID,
        transactionID: [UInt8]?, userID: [UInt8], transferType: TransferType, amountInFiat: [UInt8]?,
        hasTransfer: Bool, expiresAt: Timestamp, complianceRevision: Int32? = nil, perDayMaximum: ExactDecimal? = nil
    ) {
        self.id = id
        self.environment = environment
        self.upstream = upstream
        self.credential = credential
        self.transactionID = transactionID
        self.userID = userID
        self.transferType = transferType
        self.amountInFiat = amountInFiat
        self.hasTransfer = hasTransfer
        self.expiresAt = expiresAt
        self.complianceRevision = complianceRevision
        self.perDayMaximum = perDayMaximum
    }
}

extension Store {
    /// Throws `.dayIsFull`, and stores nothing, if it would take the day's total above `perDayMaximum`.
    package func createLinkSession(_ scope: TenantScope, _ new: NewLinkSession) async throws(StoreError) {
        let now = clock.now()
        let parameters: [Parameter] = [
            .id(scope.subClient), .id(new.id), .word(new.environment), .id(new.upstream), .id(new.credential),
            .text(new.transactionID), .text(new.userID), .word(new.transferType), .text(new.amountInFiat),
            .bool(new.hasTransfer), .time(new.expiresAt), .time(now),
            new.complianceRevision.map { .int32($0) } ?? .null,
        ]
        if let maximum = new.perDayMaximum {
            try await createCounted(scope, new, parameters + [.text(maximum.text)], now: now)
        } else {
            _ = try await run(scope, .createLinkSession, parameters)
        }
        noteUsage(scope.subClient, new.environment, UsageCount(linkTokens: 1))
    }

    /// Throws `.notFound`.
    package func linkSession(_ scope: TenantScope, _ id: LinkSessionID) async throws(StoreError) -> LinkSession {
        let rows = try await run(
            scope, .getLinkSession, [.id(scope.subClient), .id(id), .word(scope.environment)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try LinkSession(rows, 0)
    }

    package func linkSessions(_ scope: TenantScope, _ page: PageRequest) async throws(StoreError) -> Page<LinkSession> {
        let rows = try await run(
            scope, .listLinkSessions,
            [.id(scope.subClient), .word(scope.environment), page.after, page.rowLimit], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try LinkSession(rows, row) }
    }
}

extension LinkSession {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), environment: rows.word(row, 1), transactionID: rows.optionalText(row, 2),
            userID: rows.text(row, 3), transferType: rows.text(row, 4), amountInFiat: rows.optionalText(row, 5),
            expiresAt: rows.time(row, 6), createdAt: rows.time(row, 7), transferStatus: rows.optionalWord(row, 8),
            complianceRevision: rows.optionalInt32(row, 9))
    }
}
