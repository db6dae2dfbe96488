import Domain
import JSON

/// One fault, whom it strikes, and how often.
struct FaultRule: Sendable, Equatable {
    enum Fault: Sendable, Equatable {
        case transfer(TransferFault)
        case webhooks(WebhookFault)
        case call(CallFault)
    }

    /// Nil for every account.
    var clientId: UUIDValue?
    /// As the stand-in was given it; nil for every user. Not of calls.
    var userId: [UInt8]?
    /// As the stand-in was given it; nil for every transfer. Not of calls.
    var transactionId: [UInt8]?
    /// How often it still strikes, at least once; nil until it is removed.
    var uses: Int64?
    let fault: Fault

    /// Whether it strikes this transfer, if it strikes transfers.
    func concerns(_ transfer: OutcomeQuestion) -> Bool {
        (clientId == nil || clientId == transfer.clientId) && (userId == nil || userId == transfer.origin.userId)
            && (transactionId == nil || transactionId == transfer.origin.transactionId)
    }

    // MARK: JSON

    static let names = ["clientId", "userId", "transactionId", "uses", "transfer", "webhooks", "call"]

    init(_ fault: Fault) { self.fault = fault }

    init(_ object: StrictObject) throws(Completion.Fault) {
        clientId = try object.uuid("clientId")
        userId = try object.text("userId", units: SandboxLimits.userIdUnits)
        transactionId = try object.text("transactionId", units: SandboxLimits.transactionIdUnits)
        uses = try object.integer("uses", SandboxLimits.faultUses)
        let transfer = try object.object("transfer", names: TransferFault.names)
        let webhooks = try object.object("webhooks", names: WebhookFault.names)
        let call = try object.object("call", names: CallFault.names)
        switch (transfer, webhooks, call) {
        case (let transfer?, nil, nil): fault = .transfer(try TransferFault(transfer))
        case (nil, let webhooks?, nil): fault = .webhooks(try WebhookFault(webhooks))
        case (nil, nil, let call?):
            fault = .call(try CallFault(call))
            for name in ["userId", "transactionId"] where object[name] != nil {
                throw object.fault(name, "goes with transfer and webhooks")
            }
        default: throw object.fault("must have one of transfer, webhooks and call")
        }
    }

    /// Reads `{"rules":[…]}`.
    static func parse(_ body: [UInt8]) throws(Completion.Fault) -> [FaultRule] {
        let object = try StrictObject.parse(body, names: ["rules"])
        guard let entries = try object.objects("rules", atMost: SandboxLimits.faultRules, names: names) else {
            throw object.fault("rules", "is required")
        }
        var rules: [FaultRule] = []
        for entry in entries { rules.append(try FaultRule(entry)) }
        return rules
    }

    /// Reads what `json` wrote; nil for what a later version may have written.
    init?(json: [UInt8]) {
        guard let object = try? StrictObject.parse(json, names: FaultRule.names), let rule = try? FaultRule(object)
        else { return nil }
        self = rule
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        if let clientId { json.member("clientId", clientId.text) }
        if let userId { json.member("userId", userId) }
        if let transactionId { json.member("transactionId", transactionId) }
        if let uses { json.member("uses", integer: uses) }
        switch fault {
        case .transfer(let fault):
            json.key("transfer")
            fault.write(to: &json)
        case .webhooks(let fault):
            json.key("webhooks")
            fault.write(to: &json)
        case .call(let fault):
            json.key("call")
            fault.write(to: &json)
        }
        json.endObject()
    }
}

extension OutcomeQuestion {
    init(of token: StoredLinkToken, to destination: Destination) {
        self.init(
            clientId: token.clientId, origin: TransferOrigin(userId: token.userId, transactionId: token.transactionId),
            amountInFiat: PlayedTransfer.amountInFiat(of: token, to: destination), address: destination.address)
    }
}
