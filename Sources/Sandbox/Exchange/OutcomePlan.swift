import Domain

/// What is forced upon one preview and its execution; by default nothing is, and both go as the balances have it.
struct OutcomePlan: Sendable {
    /// The preview fails so, whatever is asked.
    var previewFailure: PreviewCode?
    /// The execution fails so, after a code was asked for; nothing is debited.
    var executeFailure: ExecuteCode?
    /// Whether an exchange asks for a code before it sends, as Mesh's sandbox does. Wallets never do.
    var needsMFA = true
    /// How the transfer goes once it is on its way; nil lets it succeed. `token` in it is not read.
    var completion: Completion?
    /// What is behind it.
    var rules = OutcomeRules()

    static let none = OutcomePlan()
}

extension Completion {
    /// A completion that no control call asked for.
    init(
        _ outcome: Outcome, delayMilliseconds: Int64 = 0, duplicates: Int64 = 0, statuses: [[UInt8]]? = nil,
        lostStatuses: [String] = []
    ) {
        token = nil
        self.outcome = outcome
        self.delayMilliseconds = delayMilliseconds
        self.duplicates = duplicates
        listedStatuses = statuses
        self.lostStatuses = lostStatuses
    }
}

/// What there is to know of a transfer when it is decided what is forced on it.
struct OutcomeQuestion: Sendable {
    let clientId: UUIDValue
    let origin: TransferOrigin
    /// What is asked for without fees, in dollars.
    let amountInFiat: Amount
    /// Where it is to arrive.
    let address: [UInt8]
}

/// Who decides what is forced. Asking uses nothing up.
typealias OutcomePlanner = @Sendable (OutcomeQuestion) -> OutcomePlan

/// The rules behind a plan, whose uses are counted once it has come to pass; magic values have none.
struct OutcomeRules: Sendable, Equatable {
    /// For how the transfer fails or goes.
    var transfer: UUIDValue?
    var webhooks: [UUIDValue] = []

    /// What came of a plan.
    enum Stage: Sendable {
        /// The preview or the execution failed as it says.
        case failed
        /// The transfer was made as it says, and its webhooks are owed.
        case played
        /// The transfer was made as a control call said; its webhooks are as the plan says.
        case playedOtherwise
    }
}

/// Who counts what was used.
typealias OutcomeSpender = @Sendable (OutcomeRules, OutcomeRules.Stage) async -> Void
