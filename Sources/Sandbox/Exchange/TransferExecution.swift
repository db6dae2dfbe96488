import Domain

/// For whom a transfer is made: what it carries beside amounts.
struct TransferOrigin: Sendable, Equatable {
    /// The client's user.
    let userId: [UInt8]
    var transactionId: [UInt8]?
    var subClientId: UUIDValue?
    var transferType = TransferOptions.TransferType.deposit
}

/// A preview as it is kept until it is executed or forgotten.
struct StoredPreview: Sendable, Equatable {
    let id: UUIDValue
    /// The account it was made for.
    let accountId: UUIDValue
    let quote: TransferQuote
    let origin: TransferOrigin
    let expiresAt: Timestamp
    let isExecuted: Bool
}

/// An execution that does not become a transfer.
enum ExecutionFault: Error, Equatable {
    /// A code is wanted; nothing is used up.
    case mfaRequired
    case mfaFailed
    case refused(ExecuteCode)
    /// The balance has gone since the preview.
    case short(symbol: [UInt8])

    /// In Mesh's words; nil where the status says all.
    var message: String? {
        switch self {
        case .mfaRequired: nil
        case .mfaFailed: "The multi-factor authentication code is not correct."
        case .refused(.previewExpired): "The preview is expired."
        case .refused(.transferIsRequested): "The transfer is already requested."
        case .refused(.previewNotFound): "Could not find the preview."
        case .refused(.addressNotRegistered): "The target address is not registered."
        case .short(let symbol):
            PreviewFault(code: .insufficientFunds, subject: String(decoding: symbol, as: UTF8.self)).message
        }
    }
}

/// Decides executions.
enum TransferExecution {
    /// What an execution writes: the transfer with its events, and the portfolio after it.
    struct Result: Sendable {
        let transfer: PlayedTransfer
        let portfolio: Portfolio
    }

    /// - Parameters:
    ///   - preview: nil if there is none of the id.
    ///   - portfolio: as it stands, credits of the past paid in.
    static func decide(
        _ preview: StoredPreview?, of account: ConnectedAccount, _ portfolio: Portfolio, code: [UInt8]?,
        _ plan: OutcomePlan, now: Timestamp, random: inout some RandomNumberGenerator
    ) throws(ExecutionFault) -> Result {
        guard let preview, preview.accountId == account.id else { throw .refused(.previewNotFound) }
        if preview.isExecuted { throw .refused(.transferIsRequested) }
        if now >= preview.expiresAt { throw .refused(.previewExpired) }
        if plan.needsMFA, !account.source.isWallet {
            guard let code, !code.isEmpty else { throw .mfaRequired }
            guard code == Array(TestUser.code.utf8) else { throw .mfaFailed }
        }
        if let refusal = plan.executeFailure { throw .refused(refusal) }
        let debits = preview.quote.debits
        let left: Portfolio
        do throws(Portfolio.Short) {
            left = try portfolio.debited(debits)
        } catch {
            throw .short(symbol: error.symbol)
        }
        let transfer = PlayedTransfer(
            of: preview, from: account, as: plan.completion ?? Completion(.succeeded), now: now, random: &random)
        return Result(transfer: transfer, portfolio: promising(left, debits, for: transfer))
    }

    /// A transfer that ends as failed gives back all it took, when it fails; one that is refunded, what had arrived.
    private static func promising(
        _ left: Portfolio, _ debits: [Portfolio.Leg], for transfer: PlayedTransfer
    ) -> Portfolio {
        if let failure = transfer.failsAt { return left.promising(debits, at: failure) }
        guard let refund = transfer.isRefundedAt else { return left }
        return left.promising([Portfolio.Leg(symbol: transfer.symbol, amount: transfer.destinationAmount)], at: refund)
    }
}

extension PlayedTransfer {
    /// When what was sent is there; nil if it never is.
    var arrivesAt: Timestamp? {
        events.first { equalsIgnoringASCIICase($0.status, "Succeeded") }?.happensAt
    }

    /// When what had arrived is back; nil if it stays there.
    var isRefundedAt: Timestamp? {
        events.first { equalsIgnoringASCIICase($0.status, "RefundSucceeded") }?.happensAt
    }

    /// When the transfer fails for good; nil if it arrives or stays on its way.
    var failsAt: Timestamp? {
        if arrivesAt != nil { return nil }
        return events.first { equalsIgnoringASCIICase($0.status, "Failed") }?.happensAt
    }
}
