import Domain

/// What opens an account: a test user at an exchange, or a wallet on networks of one type.
struct SignIn: Sendable, Equatable {
    let source: Source
    let holder: Holder

    /// Why nobody is signed in.
    enum Fault: Error, Equatable { case unknownIntegration, wrongCredentials }

    /// At an exchange, before a code is asked for.
    static func exchange(
        _ integrationId: UUIDValue, user: [UInt8], password: [UInt8]
    ) throws(Fault) -> SignIn {
        guard let integration = CatalogueIntegration.find(integrationId), integration.category == .exchange else {
            throw .unknownIntegration
        }
        guard let user = TestUser.find(name: user, password: password) else { throw .wrongCredentials }
        return SignIn(source: Source(integration: integration, networkType: nil), holder: .user(name: user.name))
    }

    /// At a wallet, which asks for nothing. It must be on a network of the type.
    static func wallet(_ integrationId: UUIDValue, networkType: String) throws(Fault) -> SignIn {
        guard let integration = CatalogueIntegration.find(integrationId), integration.category == .deFiWallet,
            CatalogueNetwork.all.contains(where: { $0.type == networkType && integration.sends(on: $0) })
        else { throw .unknownIntegration }
        return SignIn(
            source: Source(integration: integration, networkType: networkType),
            holder: .wallet(integration: integration, networkType: networkType))
    }

    /// Whether a code is the one that every test user's phone shows.
    static func isCode(_ code: [UInt8]) -> Bool { code == Array(TestUser.code.utf8) }

    static func == (left: SignIn, right: SignIn) -> Bool {
        left.holder == right.holder && left.source.integration.id == right.source.integration.id
    }
}
