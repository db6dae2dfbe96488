import Domain
import JSON

/// Addresses: what an account can be paid at, and whether one will do.
extension ManagedRoutes {
    /// The address for a token on the network that is named, or on the first that will do.
    func address(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let symbol = try depositSymbol(object)
        let networkId = try object.uuid("networkId")
        _ = try object.text("mfaCode", units: SandboxLimits.freeTextUnits)
        let account = try await liveAccount(object, client)
        let network = networks(account, symbol).first { networkId == nil || networkId == $0.id }
        guard let network else { throw ManagedRoutes.noAddress }
        return ManagedRoutes.object { ManagedRoutes.write(account, symbol, network, &$0) }
    }

    /// The addresses for a token on the networks that are named, or on all. Mesh publishes no schema for the answer.
    func addresses(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let symbol = try depositSymbol(object)
        var ids: [UUIDValue]?
        if let entries = try object.objects("networks") {
            ids = []
            for entry in entries { ids?.append(try entry.requiredUUID("networkId")) }
        }
        _ = try object.text("mfaCode", units: SandboxLimits.freeTextUnits)
        let account = try await liveAccount(object, client)
        let networks = networks(account, symbol).filter { ids?.contains($0.id) ?? true }
        if networks.isEmpty { throw ManagedRoutes.noAddress }
        return ManagedRoutes.object { json in
            json.objects("addresses", networks) { ManagedRoutes.write(account, symbol, $0, &$1) }
        }
    }

    private static let noAddress = ManagedRefusal.missing("The address for the symbol is not found")

    /// `symbol`, or the ticker behind an `addressType` such as `ethAddress`.
    private func depositSymbol(_ object: MeshObject) throws -> [UInt8] {
        if let symbol = try object.text("symbol", units: SandboxLimits.symbolUnits) { return symbol }
        guard let type = try object.choice("addressType", AddressType.self) else {
            throw RequestFault.missing("Symbol")
        }
        return Array(type.symbol.utf8)
    }

    private func networks(_ account: ConnectedAccount, _ symbol: [UInt8]) -> [CatalogueNetwork] {
        CatalogueNetwork.all.filter { account.source.sends(symbol, on: $0) }
    }

    private static func write(
        _ account: ConnectedAccount, _ symbol: [UInt8], _ network: CatalogueNetwork, _ json: inout JSONWriter
    ) {
        json.member("symbol", symbol)
        json.member("address", account.depositAddress(on: network))
        json.member("chain", network.name)
        json.member("memo", account.depositTag(on: network))
        json.members(null: "minimumDepositAmount")
        json.member("networkId", network.id.text)
        json.members(null: "brokerResponseStatus", "errorMessage")
    }

    // MARK: Verification

    private enum FailureReason: String {
        case notSupportedOnIntegration, notSupportedOnNetwork, invalidAddressFormat, notSupportedOnToken
    }

    /// Whether an integration could send a token to an address: `TransferVerificationRequest`, all of it texts.
    func verifyTransfer(_ object: MeshObject) throws -> [UInt8] {
        let text = { (name: String) throws(RequestFault) in
            try object.text(name, units: 0...SandboxLimits.addressUnits.upperBound) ?? []
        }
        let integration = UUIDValue(text: try text("integrationId")).flatMap(CatalogueIntegration.find)
        let network = UUIDValue(text: try text("networkId")).flatMap(CatalogueNetwork.find)
        let (token, address) = (try text("token"), try text("targetAddress"))
        let reason: FailureReason? =
            if let integration, let network {
                if !integration.sends(on: network) {
                    .notSupportedOnNetwork
                } else if !network.has(token) {
                    .notSupportedOnToken
                } else if !network.addressPattern.matches(address) {
                    .invalidAddressFormat
                } else {
                    nil
                }
            } else {
                integration == nil ? .notSupportedOnIntegration : .notSupportedOnNetwork
            }
        return ManagedRoutes.object { json in
            json.member("status", reason == nil ? "succeeded" : "failed")
            json.member(
                "errorMessage",
                reason == nil
                    ? "transfer request verification is successful" : "The transfer request could not be verified")
            json.member("failureReason", reason?.rawValue)
        }
    }
}

/// Mesh's `CryptocurrencyAddressType`.
private enum AddressType: String, CaseIterable {
    case ethAddress, btcAddress, ltcAddress, solAddress, algoAddress, celoAddress, cardanoAddress, polygonAddress
    case bnbAddress, elrondAddress, neoAddress, xrpAddress, flowAddress, harmonyOneAddress, tronAddress, dogeAddress
    case opAddress

    /// The ticker; of those the stand-in does not have, one that is on no network.
    var symbol: String {
        switch self {
        case .cardanoAddress: "ADA"
        case .polygonAddress: "POL"
        case .tronAddress: "TRX"
        case .opAddress: "ETH"
        default: String(rawValue.dropLast("Address".count)).uppercased()
        }
    }
}
