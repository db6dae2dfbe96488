import Domain

/// Which of a client's transfers are asked for: the query of Mesh's `GET /transfers/managed/mesh`.
struct TransferFilter: Sendable {
    enum Status: String, CaseIterable { case pending, succeeded, failed }

    /// What the page is sorted by.
    enum Order: String, CaseIterable {
        case id, clientTransferId, userId, fromType, amountInFiat, status, createdTimestamp, symbol, networkName
    }

    let count: Int64
    let offset: Int64
    let id: UUIDValue?
    let transactionId: [UInt8]?
    let userId: [UInt8]?
    let integrationIds: [UUIDValue]?
    let statuses: [Status]?
    let from: Timestamp?
    let to: Timestamp?
    let minAmountInFiat: Amount?
    let maxAmountInFiat: Amount?
    let order: Order
    let isDescending: Bool
    let hash: [UInt8]?
    let subClientId: UUIDValue?
    let isSandbox: Bool?
    let includesRefunds: Bool
    let includesWebhookLogs: Bool

    init(_ query: MeshQuery) throws(RequestFault) {
        count = try query.integer("Count", SandboxLimits.count) ?? SandboxLimits.standardCount
        offset = try query.integer("Offset", SandboxLimits.offset) ?? 0
        id = try query.uuid("Id")
        transactionId = try query.text("ClientTransactionId", units: SandboxLimits.transactionIdUnits)
        userId = try query.text("UserId", units: SandboxLimits.userIdUnits)
        integrationIds = try query.all("IntegrationIds", atMost: SandboxLimits.integrationIds, "must hold UUIDs") {
            UUIDValue(text: $0)
        }
        let words = Status.allCases.map(\.rawValue).joined(separator: ", ")
        statuses = try query.all("Statuses", atMost: SandboxLimits.statuses, "must hold \(words) only") { text in
            Status.allCases.first { equalsIgnoringASCIICase(text, $0.rawValue) }
        }
        from = try query.integer("FromTimestamp", SandboxLimits.unixSeconds).map { Timestamp(seconds: $0) }
        // Seconds that are whole include what happens within the last one.
        to = try query.integer("ToTimestamp", SandboxLimits.unixSeconds).map { Timestamp(seconds: $0) + .seconds(1) }
        minAmountInFiat = try query.amount("MinAmountInFiat")
        maxAmountInFiat = try query.amount("MaxAmountInFiat")
        let order = try query.choice("OrderBy", Order.self)
        self.order = order ?? .createdTimestamp
        // The newest first, unless another order is asked for.
        isDescending = try query.bool("DescendingOrder") ?? (order == nil)
        hash = try query.text("Hash", units: SandboxLimits.freeTextUnits)
        subClientId = try query.uuid("SubClientId")
        isSandbox = try query.bool("IsSandBox")
        includesRefunds = try query.bool("IncludeRefundInformation") ?? false
        includesWebhookLogs = try query.bool("IncludeWebhooksLogs") ?? false
    }
}
