import Domain

/// A link token as the database knows it.
struct StoredLinkToken: Sendable {
    let clientId: UUIDValue
    let userId: [UInt8]
    let transactionId: [UInt8]?
    /// Nil in a token that only connects an account.
    let destination: Destination?
    let amountInFiat: Amount?
    let clientFee: Amount?
    let feeIsInclusive: Bool
    let expiresAt: Timestamp
    let isUsed: Bool

    /// Why a token cannot be completed.
    enum Refusal: Error { case used, expired, connectsOnly }

    /// Where a transfer at `now` would go. A used token is used, even if it has expired since.
    func destination(at now: Timestamp) throws(Refusal) -> Destination {
        if isUsed { throw .used }
        if now >= expiresAt { throw .expired }
        guard let destination else { throw .connectsOnly }
        return destination
    }
}
