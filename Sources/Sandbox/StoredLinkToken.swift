import Domain

/// A link token as the database knows it.
struct StoredLinkToken: Sendable {
    let clientId: UUIDValue
    var subClientId: UUIDValue?
    let userId: [UInt8]
    let transactionId: [UInt8]?
    /// Nil in a token without transfer options.
    var transferType: [UInt8]?
    var integrationId: UUIDValue?
    var restrictsAccounts = true
    var disablesAPIKeys = false
    var fundingIsEnabled = false
    /// None in a token that only connects an account.
    let destinations: [Destination]
    var verification: VerificationOptions?
    let amountInFiat: Amount?
    let clientFee: Amount?
    let feeIsInclusive: Bool
    let expiresAt: Timestamp
    /// Whether a transfer was made with it.
    let isUsed: Bool
    /// Whether a page used it up, with or without a transfer.
    var isOpened = false

    /// Why a token cannot be completed.
    enum Refusal: Error { case used, expired, connectsOnly }

    /// Fails unless it can be used at `now`. A used token is used, even if it has expired since.
    func check(at now: Timestamp) throws(Refusal) {
        if isUsed || isOpened { throw .used }
        if now >= expiresAt { throw .expired }
    }

    /// Where a transfer at `now` would go that no user picks the destination of: to the first.
    func destination(at now: Timestamp) throws(Refusal) -> Destination {
        try check(at: now)
        guard let destination = destinations.first else { throw .connectsOnly }
        return destination
    }
}
