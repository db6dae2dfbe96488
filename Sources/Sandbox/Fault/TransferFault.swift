import JSON

/// What is forced upon a transfer: how its preview or its execution fails, or how it goes.
struct TransferFault: Sendable, Equatable {
    var previewFailure: PreviewCode?
    var executeFailure: ExecuteCode?
    /// Whether the exchange asks for a code before it sends; nil for what it would do anyway.
    var asksForCode: Bool?
    var outcome: Completion.Outcome?
    /// The `TransferStatus` of each event in order, in place of an outcome.
    var statuses: [[UInt8]]?
    /// Between one event and the next, in milliseconds.
    var delayMilliseconds: Int64 = 0
    /// Before each event of a refund, in milliseconds; nil for the same.
    var refundDelayMilliseconds: Int64?

    static let none = TransferFault()

    func apply(to plan: inout OutcomePlan) {
        plan.previewFailure = previewFailure
        plan.executeFailure = executeFailure
        if let asksForCode { plan.needsMFA = asksForCode }
        guard outcome != nil || statuses != nil || delayMilliseconds > 0 else { return }
        var completion = Completion(
            outcome ?? .succeeded, delayMilliseconds: delayMilliseconds, statuses: statuses)
        completion.refundDelayMilliseconds = refundDelayMilliseconds
        plan.completion = completion
    }

    // MARK: JSON

    static let names = [
        "previewFailure", "executeFailure", "mfa", "outcome", "statuses", "delayMs", "refundDelayMs",
    ]

    init() {}

    init(_ object: StrictObject) throws(Completion.Fault) {
        previewFailure = try object.word("previewFailure", PreviewCode.self)
        executeFailure = try object.word("executeFailure", ExecuteCode.self)
        asksForCode = try object.bool("mfa")
        outcome = try object.word("outcome", Completion.Outcome.self)
        statuses = try object.texts(
            "statuses", units: SandboxLimits.statusUnits, count: SandboxLimits.listedStatuses)
        delayMilliseconds = try object.integer("delayMs", SandboxLimits.delayMilliseconds) ?? 0
        refundDelayMilliseconds = try object.integer("refundDelayMs", SandboxLimits.delayMilliseconds)
        let ends = [previewFailure != nil, executeFailure != nil, outcome != nil, statuses != nil]
        if ends.count(where: { $0 }) > 1 {
            throw object.fault("must have at most one of previewFailure, executeFailure, outcome and statuses")
        }
        let fails = previewFailure != nil || executeFailure != nil
        if fails, object["delayMs"] != nil || object["refundDelayMs"] != nil {
            throw object.fault("must have no delay where the transfer is not made")
        }
        if self == .none { throw object.fault("must name what becomes of the transfer") }
    }

    /// What is not forced is left out.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        if let previewFailure { json.member("previewFailure", previewFailure.rawValue) }
        if let executeFailure { json.member("executeFailure", executeFailure.rawValue) }
        if let asksForCode { json.member("mfa", asksForCode) }
        if let outcome { json.member("outcome", outcome.rawValue) }
        if let statuses { json.array("statuses", statuses) { $1.string($0) } }
        if delayMilliseconds > 0 { json.member("delayMs", integer: delayMilliseconds) }
        if let refundDelayMilliseconds { json.member("refundDelayMs", integer: refundDelayMilliseconds) }
        json.endObject()
    }
}
