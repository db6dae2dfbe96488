import Domain
import Postgres

/// Who a link token was minted for, as the Link page shows and obeys it.
struct LinkMerchant: Sendable {
    let name: [UInt8]
    /// On our own host, so that the page loads it whatever name it was reached by.
    let logoPath: [UInt8]?
    let origins: AllowedOrigins
    let catalog: CatalogConfiguration?

    /// What the account itself is called: the stand-in's configuration gives it no name.
    static let accountName = "Sandbox merchant"
}

extension AccountStore {
    /// The sub-client as far as it is set up, else the account.
    func merchant(_ subClient: UUIDValue?, of account: UUIDValue) async throws(PostgresError) -> LinkMerchant {
        let settings = try await settings(account)
        var found: RegisteredClient?
        if let subClient { found = try await find(subClient, of: account) }
        let urls = found?.callbackUrls ?? []
        return LinkMerchant(
            name: found?.displayName ?? Array(LinkMerchant.accountName.utf8),
            logoPath: found.flatMap { client in
                client.hasLogo ? Array("/public/clients/logo/\(account)/\(client.id)".utf8) : nil
            },
            origins: AllowedOrigins(callbackUrls: urls.isEmpty ? settings.callbackUrls : urls),
            catalog: (found?.catalog ?? settings.catalog).flatMap(CatalogConfiguration.init(stored:)))
    }
}
