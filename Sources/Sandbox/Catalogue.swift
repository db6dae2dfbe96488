import Domain
import JSON

/// The `content` of Mesh's catalogue calls, written once. Logos are null: the stand-in hosts no pictures.
struct Catalogue: Sendable {
    let networks: [UInt8]
    let managedIntegrations: [UInt8]
    let tokens: [UInt8]
    let integrations: [UInt8]
    let status: [UInt8]

    init() {
        networks = Catalogue.object { json in
            json.objects("networks", CatalogueNetwork.all, Catalogue.writeNetwork)
        }
        managedIntegrations = Catalogue.object { json in
            json.objects("integrations", CatalogueIntegration.managed, Catalogue.writeManaged)
        }
        tokens = Catalogue.object { json in json.objects("tokens", Catalogue.symbols, Catalogue.writeToken) }
        integrations = Catalogue.object { json in
            json.objects("items", CatalogueIntegration.all, Catalogue.writeIntegration)
        }
        var json = JSONWriter(reservingCapacity: 4_096)
        json.beginArray()
        for integration in CatalogueIntegration.all { Catalogue.writeStatus(integration, &json) }
        json.endArray()
        status = json.bytes
    }

    // MARK: Networks and tokens

    private static func writeNetwork(_ network: CatalogueNetwork, _ json: inout JSONWriter) {
        json.member("id", network.id.text)
        json.member("name", network.name)
        json.member("chainId", network.chainId)
        json.member("networkType", network.type)
        json.member("nativeSymbol", network.nativeSymbol)
        json.members(null: "logoUrl")
        json.member("addressPattern", network.addressPattern.regularExpression)
        json.array("supportedTokens", network.tokens) { $1.string($0) }
        json.objects("tokens", network.tokens) { symbol, json in
            json.member("symbol", symbol)
            json.members(null: "logoUrl", "contractAddress")
        }
        json.array("supportedBrokerTypes", brokerTypes { $0.sends(on: network) }) { $1.string($0) }
    }

    private static func writeToken(_ symbol: String, _ json: inout JSONWriter) {
        let networks = CatalogueNetwork.all.filter { $0.tokens.contains(symbol) }
        let integrations = CatalogueIntegration.managed.filter { networks.contains(where: $0.sends) }
        json.member("token", symbol)
        json.members(null: "tokenLogoUrl")
        json.objects("networks", networks) { network, json in
            json.member("id", network.id.text)
            json.member("name", network.name)
            json.members(null: "logoUrl")
        }
        json.array("supportedIntegrations", integrations) { $1.string($0.id.text) }
        json.objects("integrationNetworks", integrations) { integration, json in
            json.member("integrationId", integration.id.text)
            json.array("networkIds", networks.filter(integration.sends)) { $1.string($0.id.text) }
        }
    }

    /// Every ticker once, in the order of the networks.
    private static let symbols: [String] = {
        var symbols: [String] = []
        for symbol in CatalogueNetwork.all.flatMap(\.tokens) where !symbols.contains(symbol) { symbols.append(symbol) }
        return symbols
    }()

    private static func brokerTypes(_ isIncluded: (CatalogueIntegration) -> Bool) -> [String] {
        var types: [String] = []
        for integration in CatalogueIntegration.managed where isIncluded(integration) {
            if !types.contains(integration.type) { types.append(integration.type) }
        }
        return types
    }

    // MARK: Integrations

    private static func writeManaged(_ integration: CatalogueIntegration, _ json: inout JSONWriter) {
        json.member("id", integration.id.text)
        json.member("type", integration.type)
        json.member("name", integration.name)
        json.objects("networks", CatalogueNetwork.all.filter(integration.sends)) { network, json in
            json.member("id", network.id.text)
            json.member("name", network.name)
            json.member("chainId", network.chainId)
            json.members(null: "logoUrl")
            json.member("nativeSymbol", network.nativeSymbol)
            json.array("supportedTokens", network.tokens) { $1.string($0) }
            json.array("supportedDevices", ["android", "ios", "web"]) { $1.string($0) }
        }
        json.member("supportsOutgoingTransfers", true)
        json.member("supportsIncomingTransfers", true)
    }

    private static func writeIntegration(_ integration: CatalogueIntegration, _ json: inout JSONWriter) {
        json.member("id", integration.id.text)
        json.member("name", integration.name)
        json.member("type", integration.type)
        json.member("deFiWalletProviderId", integration.walletProviderId?.text)
        json.array("categories", [integration.category]) { $1.string($0.rawValue) }
        json.members(null: "style", "logo", "forgotPasswordLink")
        json.member("cryptoTransfersSupported", true)
        json.members(null: "brokerGroup")
    }

    private static func writeStatus(_ integration: CatalogueIntegration, _ json: inout JSONWriter) {
        json.beginObject()
        json.member("type", integration.type)
        json.member("name", integration.name)
        json.member("isUp", true)
        json.members(null: "description", "downTimeStart", "downTimeEnd")
        json.array("supportedProducts", integration.isManaged ? ["portfolio", "transfers"] : ["portfolio"]) {
            $1.string($0)
        }
        json.key("deFiWalletData")
        if let provider = integration.walletProviderId {
            json.beginObject()
            json.member("id", provider.text)
            json.member("name", integration.name)
            json.endObject()
        } else {
            json.null()
        }
        json.endObject()
    }

    private static func object(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 16_384)
        json.beginObject()
        write(&json)
        json.endObject()
        return json.bytes
    }
}
