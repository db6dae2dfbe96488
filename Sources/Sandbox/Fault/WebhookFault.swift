import JSON

/// A member of a webhook's body that stays the same in all attempts, spelled as on the wire.
enum WebhookField: String, CaseIterable, Sendable {
    case eventId = "EventId"
    case userId = "UserId"
    case transactionId = "TransactionId"
    case transferId = "TransferId"
    case transferStatus = "TransferStatus"
    case transactionHash = "TxHash"
    case chain = "Chain"
    case token = "Token"
    case sourceAccountProvider = "SourceAccountProvider"
    case sourceAddress = "SourceAddress"
    case destinationAddress = "DestinationAddress"
    case refundAddress = "RefundAddress"
    case sourceAmount = "SourceAmount"
    case destinationAmount = "DestinationAmount"
    case timestamp = "Timestamp"
}

/// What becomes of the webhooks of one transfer; the transfer itself goes its way.
struct WebhookFault: Sendable, Equatable {
    /// The statuses whose webhooks it concerns, compared without case; nil for all.
    var statuses: [[UInt8]]?
    /// Posts of each webhook beside the first.
    var duplicates: Int64 = 0
    /// How much later than its event each webhook is posted, in milliseconds.
    var delayMilliseconds: Int64 = 0
    /// Whether nothing is posted.
    var isLost = false
    /// Whether the last webhook is posted first, in its own time, and the others after it.
    var isReversed = false
    var nullFields: [WebhookField] = []
    var missingFields: [WebhookField] = []
    /// In place of the webhook's `TransferStatus`.
    var status: [UInt8]?
    /// In place of both of the webhook's amounts.
    var amount: Amount?
    /// How many posts of each webhook are signed wrongly before one is signed rightly.
    var wrongSignatures: Int64 = 0

    /// Whether it concerns the webhook of an event of this status.
    func concerns(_ status: [UInt8]) -> Bool {
        guard let statuses else { return true }
        return statuses.contains { $0.elementsEqual(status) { lowercaseASCII($0) == lowercaseASCII($1) } }
    }

    // MARK: JSON

    static let names = [
        "of", "duplicates", "delayMs", "lost", "reversed", "nullFields", "missingFields", "status", "amount",
        "wrongSignatures",
    ]

    init() {}

    init(_ object: StrictObject) throws(Completion.Fault) {
        statuses = try object.texts("of", units: SandboxLimits.statusUnits, count: SandboxLimits.listedStatuses)
        duplicates = try object.integer("duplicates", SandboxLimits.duplicates) ?? 0
        delayMilliseconds = try object.integer("delayMs", SandboxLimits.delayMilliseconds) ?? 0
        isLost = try object.bool("lost") ?? false
        isReversed = try object.bool("reversed") ?? false
        nullFields = try object.words("nullFields", WebhookField.self) ?? []
        missingFields = try object.words("missingFields", WebhookField.self) ?? []
        status = try object.text("status", units: SandboxLimits.statusUnits)
        amount = try object.amount("amount")
        wrongSignatures = try object.integer("wrongSignatures", SandboxLimits.wrongSignatures) ?? 0
        var nothing = WebhookFault()
        nothing.statuses = statuses
        if self == nothing { throw object.fault("must name what becomes of the webhooks") }
    }

    /// What does nothing is left out.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        if let statuses { json.array("of", statuses) { $1.string($0) } }
        if duplicates > 0 { json.member("duplicates", integer: duplicates) }
        if delayMilliseconds > 0 { json.member("delayMs", integer: delayMilliseconds) }
        if isLost { json.member("lost", true) }
        if isReversed { json.member("reversed", true) }
        if !nullFields.isEmpty { json.array("nullFields", nullFields) { $1.string($0.rawValue) } }
        if !missingFields.isEmpty { json.array("missingFields", missingFields) { $1.string($0.rawValue) } }
        if let status { json.member("status", status) }
        if let amount { json.member("amount", amount.text) }
        if wrongSignatures > 0 { json.member("wrongSignatures", integer: wrongSignatures) }
        json.endObject()
    }
}
