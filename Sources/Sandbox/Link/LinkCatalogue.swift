import Domain
import JSON

/// Which integrations a session offers.
struct LinkCatalogue: Sendable {
    struct Entry: Sendable {
        let integration: CatalogueIntegration
        /// Those it reaches, of those the token's destinations are on.
        let networks: [CatalogueNetwork]
    }

    let entries: [Entry]

    /// What the merchant's configuration leaves of the catalogue, and the token can use of that.
    init(_ token: StoredLinkToken, _ configuration: CatalogConfiguration?) {
        let wanted = LinkCatalogue.networks(of: token)
        entries = CatalogueIntegration.all.compactMap { integration in
            guard configuration?.shows(integration) ?? true else { return nil }
            let networks = wanted.filter { network in integration.sends(on: network) }
            let isUseful = token.journey != .verify || integration.category == .deFiWallet
            // Only what is managed could settle.
            let settles = token.destinations.isEmpty || integration.isManaged
            return networks.isEmpty || !isUseful || !settles ? nil : Entry(integration: integration, networks: networks)
        }
    }

    /// Where a transfer may go, what a wallet is to be verified on, or everything.
    private static func networks(of token: StoredLinkToken) -> [CatalogueNetwork] {
        if !token.destinations.isEmpty {
            return CatalogueNetwork.all.filter { network in
                token.destinations.contains { $0.networkId == network.id }
            }
        }
        guard let type = token.verification?.networkType, type != .unknown else { return CatalogueNetwork.all }
        return CatalogueNetwork.all.filter { $0.type == type.rawValue }
    }

    func entry(_ id: UUIDValue) -> Entry? { entries.first { $0.integration.id == id } }

    /// Every integration is up: the stand-in's own exchanges and wallets do not fail by themselves.
    var json: [UInt8] {
        var json = JSONWriter(reservingCapacity: 8_192)
        json.beginObject()
        json.objects("integrations", entries) { entry, json in
            json.member("id", entry.integration.id.text)
            json.member("name", entry.integration.name)
            json.member("type", entry.integration.type)
            json.member("category", entry.integration.category == .exchange ? "exchange" : "wallet")
            json.member("isUp", true)
            json.objects("networks", entry.networks) { network, json in
                json.member("id", network.id.text)
                json.member("name", network.name)
                json.member("networkType", network.type)
            }
        }
        json.endObject()
        return json.bytes
    }
}

extension CatalogConfiguration {
    /// A list that is empty says as little as one that is not there.
    func shows(_ integration: CatalogueIntegration) -> Bool {
        if let integrationWhiteList, !integrationWhiteList.isEmpty {
            return integrationWhiteList.contains(integration.id)
        }
        let category: Category = integration.category == .exchange ? .exchange : .wallet
        return excludeIntegrationCategories?.contains(category) != true
            && excludeIntegrations?.contains(integration.id) != true
    }
}
