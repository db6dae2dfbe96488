import Domain

extension Addresses {
    /// Whose account of the stand-in an address belongs to, if anybody's: a wallet's, or what a test user is paid at by
    /// an exchange. Addresses follow from their owners, so each is tried.
    static func owner(of address: [UInt8], on network: CatalogueNetwork, clientId: UUIDValue) -> Holder? {
        for integration in CatalogueIntegration.all where integration.sends(on: network) {
            switch integration.category {
            case .deFiWallet:
                if wallet(integration, networkType: network.type) == address {
                    return .wallet(integration: integration, networkType: network.type)
                }
            case .exchange:
                let holders = TestUser.all.lazy.map { Holder.user(name: $0.name) }
                let owner = holders.first { deposit(integration, network, clientId: clientId, holder: $0) == address }
                if let owner { return owner }
            }
        }
        return nil
    }
}
