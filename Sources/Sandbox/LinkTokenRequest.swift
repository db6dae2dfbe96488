import Domain
import JSON

/// A request for a link token that passed Mesh's checks (`GetLinkTokenRequest` of Mesh's OpenAPI): what the stand-in
/// needs of it.
struct LinkTokenRequest: Sendable, Equatable {
    let userId: [UInt8]
    let subClientId: UUIDValue?
    /// The one integration Link starts with.
    let integrationId: UUIDValue?
    let restrictMultipleAccounts: Bool
    let disablesAPIKeys: Bool
    let verification: VerificationOptions?
    /// Nil in a token that only connects an account.
    let transfer: TransferOptions?

    /// - Throws: the first fault, in the order of Mesh's schema.
    static func parse(_ body: [UInt8]) throws(RequestFault) -> LinkTokenRequest {
        try LinkTokenRequest(MeshObject.parse(body))
    }

    private init(_ object: MeshObject) throws(RequestFault) {
        guard let userId = try object.text("userId", units: SandboxLimits.userIdUnits) else { throw .missing("UserId") }
        self.userId = userId
        subClientId = try object.uuid("subClientId")
        integrationId = try object.uuid("integrationId")
        _ = try object.uuid("configurationId")
        restrictMultipleAccounts = try object.bool("restrictMultipleAccounts") ?? true
        transfer = try object.object("transferOptions").map { options throws(RequestFault) in
            try TransferOptions(options)
        }
        verification = try object.object("verifyWalletOptions").map { options throws(RequestFault) in
            try VerificationOptions(options)
        }
        disablesAPIKeys = try object.bool("disableApiKeyGeneration") ?? false
        try LinkTokenRequest.checkBrokerType(object)
    }

    /// Deprecated, and an open list but for three that Link cannot start with.
    private static func checkBrokerType(_ object: MeshObject) throws(RequestFault) {
        guard let type = try object.text("brokerType", units: 1...SandboxLimits.freeTextUnits.upperBound) else {
            return
        }
        let refused = ["deFiWallet", "cryptocurrencyAddress", "cryptocurrencyWallet"]
        if refused.contains(where: { equalsIgnoringASCIICase(type, $0) }) {
            throw .invalid("The field BrokerType has a value that is not supported")
        }
    }
}

/// `LinkTokenTransferOptions` of Mesh's OpenAPI.
struct TransferOptions: Sendable, Equatable {
    let transactionId: [UInt8]?
    let type: TransferType
    let destinations: [Destination]
    let amountInFiat: Amount?
    let clientFee: Amount?
    let feeIsInclusive: Bool
    let generatesPayLink: Bool
    /// The switch of SmartFunding, which is off unless the request turns it on.
    let fundingIsEnabled: Bool

    /// `TransferTypeEnum`, with the values that are not in the documents but in the live schema.
    enum TransferType: String, CaseIterable {
        case deposit, payment, onramp, fiatOnRamp, fiatOffRamp, subscribe, unsubscribe
    }

    fileprivate init(_ object: MeshObject) throws(RequestFault) {
        var destinations: [Destination] = []
        for entry in try object.objects("toAddresses") ?? [] { destinations.append(try Destination(entry)) }
        self.destinations = destinations
        amountInFiat = try object.amount("amountInFiat")
        transactionId = try object.text("transactionId", units: SandboxLimits.transactionIdUnits)
        let fee = try object.amount("clientFee", largest: Amount(whole: 1))
        let type = try object.choice("transferType", TransferType.self) ?? .deposit
        self.type = type
        // The fee is a payment's; elsewhere Mesh passes it over.
        clientFee = type == .payment ? fee : nil
        feeIsInclusive = try object.bool("isInclusiveFeeEnabled") ?? false
        _ = try object.text("description", units: SandboxLimits.descriptionUnits)
        try TransferOptions.checkGoods(object)
        fundingIsEnabled = try object.object("fundingOptions")?.bool("enabled") ?? false
        generatesPayLink = try object.bool("generatePayLink") ?? false
        if generatesPayLink, transactionId == nil { throw .missing("TransactionId") }
        if type == .payment, amountInFiat != nil, destinations.contains(where: { $0.amount != nil }) {
            throw .invalid("The fields AmountInFiat and Amount cannot be used together")
        }
    }

    private static func checkGoods(_ object: MeshObject) throws(RequestFault) {
        for goods in try object.objects("goodsDetails") ?? [] {
            for name in ["goodsCategory", "referenceGoodsId", "goodsName", "goodsDetail"] {
                _ = try goods.text(name, units: SandboxLimits.freeTextUnits)
            }
            _ = try goods.choice("goodsType", GoodsType.self)
        }
    }

    private enum GoodsType: String, CaseIterable {
        case tangible = "01"
        case virtual = "02"
    }
}
