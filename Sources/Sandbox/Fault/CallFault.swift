import JSON

/// How a call of Mesh's APIs is answered in place of what it would be.
struct CallFault: Sendable, Equatable {
    enum Answer: String, CaseIterable, Sendable {
        /// Do nothing and answer 500, 503, 429, 401.
        case serverFailure, unavailable, tooManyRequests, unauthorized
        /// Does nothing and never answers.
        case hang
        /// Does the work and answers 504 without a body, as a proxy does whose upstream's answer got lost.
        case dropAnswer
        /// Does the work, and the connection ends in the middle of the answer.
        case cut
        /// Does the work and answers with the first half of the body, as if that were all.
        case malformed
    }

    /// The calls it waits for, by the names of `SandboxRoute.callName`; nil for any.
    var operations: [String]?
    /// Nil for the right answer, late.
    var answer: Answer?
    /// How long every answer is held back, in milliseconds.
    var delayMilliseconds: Int64 = 0
    /// The `Retry-After` of a 429 or 503; nil for none.
    var retryAfterSeconds: Int64?

    func concerns(_ operation: String) -> Bool { operations?.contains(operation) ?? true }

    // MARK: JSON

    static let names = ["operations", "answer", "delayMs", "retryAfterSeconds"]

    init() {}

    init(_ object: StrictObject) throws(Completion.Fault) {
        operations = try object.words("operations", of: SandboxRouteTable.callNames)
        answer = try object.word("answer", Answer.self)
        delayMilliseconds = try object.integer("delayMs", SandboxLimits.faultDelayMilliseconds) ?? 0
        retryAfterSeconds = try object.integer("retryAfterSeconds", SandboxLimits.retryAfterSeconds)
        if retryAfterSeconds != nil, answer != .tooManyRequests, answer != .unavailable {
            throw object.fault("retryAfterSeconds", "goes with tooManyRequests and unavailable")
        }
        if answer == nil, delayMilliseconds == 0 { throw object.fault("must have an answer or a delayMs") }
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        if let operations { json.array("operations", operations) { $1.string($0) } }
        if let answer { json.member("answer", answer.rawValue) }
        if delayMilliseconds > 0 { json.member("delayMs", integer: delayMilliseconds) }
        if let retryAfterSeconds { json.member("retryAfterSeconds", integer: retryAfterSeconds) }
        json.endObject()
    }
}

extension SandboxRoute {
    /// What a fault names the call by; nil for what is no call of Mesh's.
    var callName: String? {
        guard ignoresCase else { return nil }
        if case .account(let operation) = operation { return operation.rawValue }
        if case .managed(let operation) = operation { return operation.rawValue }
        return "\(operation)"
    }

    var isOfAccounts: Bool {
        if case .account = operation { return true }
        return false
    }
}

extension SandboxRouteTable {
    package static let callNames = routes.compactMap(\.callName)
}
