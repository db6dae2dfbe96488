import JSON

/// How a user's transfer goes and what becomes of its webhooks; in a control call, of which link token too.
struct Completion: Sendable {
    enum Outcome: String, CaseIterable, Sendable {
        case succeeded, failed, pending, refundPending, refundSucceeded, refundFailed

        fileprivate var statuses: [String] {
            switch self {
            case .pending: ["Pending"]
            case .succeeded: ["Pending", "Succeeded"]
            case .failed: ["Pending", "Failed"]
            case .refundPending: ["Pending", "Succeeded", "RefundPending"]
            case .refundSucceeded: ["Pending", "Succeeded", "RefundPending", "RefundSucceeded"]
            case .refundFailed: ["Pending", "Succeeded", "RefundPending", "RefundFailed"]
            }
        }
    }

    /// Nil for a text no link token could have, and where no control call asked.
    let token: LinkToken?
    var outcome: Outcome
    /// Whether the control call said how the transfer goes; if not, faults and magic values may.
    var isDecided = true
    /// Between one event and the next, in milliseconds.
    var delayMilliseconds: Int64
    /// Before each event of a refund, in milliseconds; nil for the same.
    var refundDelayMilliseconds: Int64?
    /// Posts of each event beside the first.
    let duplicates: Int64
    /// The `TransferStatus` of each event in order, in place of the usual.
    var listedStatuses: [[UInt8]]?
    /// Statuses whose webhooks are lost: the transfer gets there, and nobody is told.
    let lostStatuses: [String]
    /// What else becomes of the webhooks.
    var webhookFaults: [WebhookFault] = []

    /// The statuses of the transfer's events, spelled as on the wire.
    var statuses: [[UInt8]] { listedStatuses ?? outcome.statuses.map { Array($0.utf8) } }

    /// When each event happens, in milliseconds from the first.
    var offsets: [Int64] {
        var offset: Int64 = 0
        return statuses.enumerated().map { index, status in
            let isRefund = equalsIgnoringASCIICase(status.prefix(6), "refund")
            if index > 0 { offset += isRefund ? refundDelayMilliseconds ?? delayMilliseconds : delayMilliseconds }
            return offset
        }
    }

    /// Whether the webhooks of a status, in whatever case, are lost.
    func loses(_ status: [UInt8]) -> Bool {
        lostStatuses.contains { equalsIgnoringASCIICase(status, $0) }
    }

    /// The transfer as `other` has it, which was decided elsewhere, and the webhooks as both have it.
    func going(as other: Completion) -> Completion {
        var completion = self
        completion.outcome = other.outcome
        completion.delayMilliseconds = other.delayMilliseconds
        completion.refundDelayMilliseconds = other.refundDelayMilliseconds
        completion.listedStatuses = other.listedStatuses
        completion.webhookFaults += other.webhookFaults
        return completion
    }

    // MARK: JSON

    /// One field and what is wrong with it.
    struct Fault: Error, Equatable {
        /// Nil if the body as a whole is to blame.
        let field: String?
        let message: String
    }

    private static let names = [
        "linkToken", "paymentLink", "outcome", "delayMs", "refundDelayMs", "duplicates", "webhooks", "lost",
    ]

    /// Reads a body strictly: no unknown field, exact names. `token` is nil for a text no link token could have.
    static func parse(_ body: [UInt8]) throws(Fault) -> Completion {
        try Completion(StrictObject.parse(body, names: names))
    }

    private init(_ object: StrictObject) throws(Fault) {
        token = try Completion.token(object)
        let word = try object.word("outcome", Outcome.self)
        outcome = word ?? .succeeded
        delayMilliseconds = try object.integer("delayMs", SandboxLimits.delayMilliseconds) ?? 0
        refundDelayMilliseconds = try object.integer("refundDelayMs", SandboxLimits.delayMilliseconds)
        duplicates = try object.integer("duplicates", SandboxLimits.duplicates) ?? 0
        let (units, count) = (SandboxLimits.statusUnits, SandboxLimits.listedStatuses)
        listedStatuses = try object.texts("webhooks", units: units, count: count)
        let lost = try object.texts("lost", units: units, count: count)
        lostStatuses = (lost ?? []).map { String(decoding: $0, as: UTF8.self) }
        isDecided = word != nil || listedStatuses != nil
        for name in ["delayMs", "refundDelayMs"] where !isDecided && object[name] != nil {
            throw object.fault(name, "goes with outcome or webhooks")
        }
    }

    private static func token(_ object: StrictObject) throws(Fault) -> LinkToken? {
        let units = 1...SandboxLimits.tokenTextBytes
        let (token, link) = (
            try object.text("linkToken", units: units), try object.text("paymentLink", units: units)
        )
        switch (token, link) {
        case (nil, nil): throw object.fault("One of linkToken and paymentLink is required.")
        case (.some, .some): throw object.fault("linkToken and paymentLink exclude each other.")
        case (let text?, nil): return LinkToken(text: text)
        case (nil, let text?): return LinkToken(paymentLink: text)
        }
    }
}
