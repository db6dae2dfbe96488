import Domain

/// The members that many managed requests have in common.
extension MeshObject {
    /// A text that must be there.
    func required(_ name: String, units: ClosedRange<Int>) throws(RequestFault) -> [UInt8] {
        guard let text = try text(name, units: units) else { throw .missing(MeshObject.label(name)) }
        return text
    }

    func requiredUUID(_ name: String) throws(RequestFault) -> UUIDValue {
        guard let id = try uuid(name) else { throw .missing(MeshObject.label(name)) }
        return id
    }

    /// The currency amounts are told in: dollars if none is named, nil for one that has no price here.
    func currency() throws(RequestFault) -> FiatCurrency? {
        guard let name = try text("fiatCurrency", units: SandboxLimits.symbolUnits) else { return .usd }
        return FiatCurrency.find(name)
    }

    /// `amount` or `amountInFiat`.
    func ask() throws(RequestFault) -> TransferTerms.Ask? {
        switch (try amount("amount"), try amount("amountInFiat")) {
        case (let tokens?, nil): return .tokens(tokens)
        case (nil, let money?): return .fiat(money)
        case (nil, nil): return nil
        case (.some, .some): throw .invalid("The fields AmountInFiat and Amount cannot be used together")
        }
    }
}

/// A token and the type of integration it is said to be for.
struct Credential: Sendable {
    let token: [UInt8]
    let type: [UInt8]

    init(_ object: MeshObject, token: String, type: String) throws(RequestFault) {
        self.token = try object.required(token, units: SandboxLimits.authTokenUnits)
        self.type = try object.required(type, units: SandboxLimits.symbolUnits)
    }

    private init(token: [UInt8], type: [UInt8]) {
        self.token = token
        self.type = type
    }

    /// Nil where neither is there.
    static func optional(_ object: MeshObject, token: String, type: String) throws(RequestFault) -> Credential? {
        guard let text = try object.text(token, units: SandboxLimits.authTokenUnits) else { return nil }
        guard let type = try object.text(type, units: SandboxLimits.symbolUnits) else {
            throw .missing(MeshObject.label(type))
        }
        return Credential(token: text, type: type)
    }

    /// Whether the type is the account's. Mesh's calls for transfers take `coinbase` for its sandbox too.
    func names(_ source: Source, forTransfer: Bool = false) -> Bool {
        let own = source.integration.type
        return equalsIgnoringASCIICase(type, own)
            || forTransfer && own == "sandboxCoinbase" && equalsIgnoringASCIICase(type, "coinbase")
    }
}

/// `ConfigureTransferRequest` of Mesh's OpenAPI.
struct ConfigureRequest: Sendable {
    let from: Credential
    let to: Credential?
    let targets: [TransferTarget]?
    let symbol: [UInt8]?
    let networkId: UUIDValue?
    /// Nil in terms of a currency that has no price here.
    let currency: FiatCurrency?
    var terms: TransferTerms

    init(_ object: MeshObject) throws(RequestFault) {
        from = try Credential(object, token: "fromAuthToken", type: "fromType")
        to = try Credential.optional(object, token: "toAuthToken", type: "toType")
        var targets: [TransferTarget]?
        if let entries = try object.objects("toAddresses") {
            targets = []
            for entry in entries { targets?.append(try TransferTarget(entry)) }
        }
        self.targets = targets
        if targets == nil, to == nil { throw .invalid("Either `ToAddresses` or `ToAuthToken` should be provided.") }
        symbol = try object.text("symbol", units: SandboxLimits.symbolUnits)
        networkId = try object.uuid("networkId")
        currency = try object.currency()
        terms = TransferTerms(
            ask: try object.ask(), currency: currency ?? .usd,
            feeIsInclusive: try object.bool("isInclusiveFeeEnabled") ?? false)
        // For wallets, which do not transfer this way.
        _ = try object.bool("isAtomicBatchTxAvailable")
        _ = try object.text("caipNetworkId", units: SandboxLimits.freeTextUnits)
    }
}

extension TransferTarget {
    /// `TransferToAddress`, with what link tokens add to it.
    init(_ object: MeshObject) throws(RequestFault) {
        networkId = try object.requiredUUID("networkId")
        symbol = try object.required("symbol", units: SandboxLimits.symbolUnits)
        address = try object.required("address", units: SandboxLimits.addressUnits)
        addressTag = try object.text("addressTag", units: SandboxLimits.freeTextUnits)
        amount = try object.amount("amount")
        minAmount = try object.amount("minAmount")
        minAmountInFiat = try object.amount("minAmountInFiat")
    }
}

/// `PreviewTransferRequest` of Mesh's OpenAPI: what is missing is the preview's to say.
struct ManagedPreviewRequest: Sendable {
    let from: Credential
    let to: Credential?
    let hasBothAmounts: Bool
    /// Nil for one that has no price here.
    let currency: FiatCurrency?
    var request: PreviewRequest

    init(_ object: MeshObject) throws(RequestFault) {
        from = try Credential(object, token: "fromAuthToken", type: "fromType")
        to = try Credential.optional(object, token: "toAuthToken", type: "toType")
        let (tokens, money) = (try object.amount("amount"), try object.amount("amountInFiat"))
        hasBothAmounts = tokens != nil && money != nil
        currency = try object.currency()
        request = PreviewRequest(
            networkId: try object.uuid("networkId"),
            symbol: try object.text("symbol", units: 0...SandboxLimits.symbolUnits.upperBound),
            toAddress: try object.text("toAddress", units: 0...SandboxLimits.addressUnits.upperBound),
            addressTag: try object.text("addressTag", units: SandboxLimits.freeTextUnits))
        request.terms = TransferTerms(
            ask: tokens.map { .tokens($0) } ?? money.map { .fiat($0) }, currency: currency ?? .usd,
            feeIsInclusive: try object.bool("isInclusiveFeeEnabled") ?? false)
    }
}
