import Crypto
import Domain

/// Whose portfolio an account shows: a test user's, the same at every exchange, or a wallet's own.
enum Holder: Sendable, Equatable {
    case user(name: String)
    case wallet(integration: CatalogueIntegration, networkType: String)

    /// What the database knows it by.
    var key: String {
        switch self {
        case .user(let name): "user:\(name)"
        case .wallet(let integration, let networkType): "wallet:\(integration.id):\(networkType)"
        }
    }

    /// What it owns at first.
    var portfolio: Portfolio {
        switch self {
        case .user(let name): TestUser.all.first { $0.name == name }?.portfolio ?? Portfolio(balances: [], cash: .zero)
        case .wallet(_, let networkType): .ofWallet(networkType: networkType)
        }
    }

    static func == (left: Holder, right: Holder) -> Bool { left.key == right.key }
}

/// An account that a client's user connected: an exchange's or a wallet.
struct ConnectedAccount: Sendable {
    /// Mesh's `meshAccountId`.
    let id: UUIDValue
    let clientId: UUIDValue
    /// The client's user.
    let userId: [UInt8]
    let source: Source
    let holder: Holder
    /// When its access token stops counting.
    var accessExpiresAt: Timestamp

    /// The institution's own id of the account: a wallet's is its address.
    var accountId: [UInt8] { walletAddress ?? Array("\(source.integration.type)-\(holderName)".utf8) }

    var accountName: [UInt8] {
        Array((source.isWallet ? source.integration.name : "\(source.integration.name) (\(holderName))").utf8)
    }

    /// The one address of a wallet, the same for everyone; nil for an exchange.
    var walletAddress: [UInt8]? {
        guard case .wallet(let integration, let networkType) = holder else { return nil }
        return Addresses.wallet(integration, networkType: networkType)
    }

    private var holderName: String {
        switch holder {
        case .user(let name): name
        case .wallet(let integration, _): integration.name
        }
    }

    /// What sends on a network: the wallet, or the exchange's own address, which all its users share.
    func sendingAddress(on network: CatalogueNetwork) -> [UInt8] {
        walletAddress ?? Addresses.omnibus(source.integration, network)
    }

    /// What the account can be paid at on a network: refunds go there too.
    func depositAddress(on network: CatalogueNetwork) -> [UInt8] {
        walletAddress ?? Addresses.deposit(source.integration, network, clientId: clientId, holder: holder)
    }

    /// The second half of an address, where a network has one.
    func depositTag(on network: CatalogueNetwork) -> [UInt8]? {
        guard !source.isWallet, ["ripple", "stellar", "tvm"].contains(network.type) else { return nil }
        return Addresses.tag(clientId: clientId, holder: holder)
    }
}

/// Addresses that follow from who owns them, so that nothing is stored and everyone finds the same.
enum Addresses {
    static func wallet(_ integration: CatalogueIntegration, networkType: String) -> [UInt8] {
        AddressPattern.of(networkType: networkType).address(of: "wallet \(integration.id) \(networkType)")
    }

    static func omnibus(_ integration: CatalogueIntegration, _ network: CatalogueNetwork) -> [UInt8] {
        network.addressPattern.address(of: "omnibus \(integration.id) \(network.type)")
    }

    static func deposit(
        _ integration: CatalogueIntegration, _ network: CatalogueNetwork, clientId: UUIDValue, holder: Holder
    ) -> [UInt8] {
        network.addressPattern.address(of: "deposit \(integration.id) \(network.type) \(clientId) \(holder.key)")
    }

    /// Nine digits.
    static func tag(clientId: UUIDValue, holder: Holder) -> [UInt8] {
        let digest = Digest.sha256(Array("tag \(clientId) \(holder.key)".utf8))
        return Array(
            String(100_000_000 + digest.prefix(4).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 900_000_000).utf8)
    }
}

/// A token that gives access to a connected account, as text: of 32 random bytes, like nothing else here.
struct AccessToken: Sendable, Equatable {
    let text: [UInt8]

    private static let prefix = Array("mat_".utf8)

    /// Makes a new one.
    init() { text = AccessToken.prefix + Base64.encodeURLSafe(Random.bytes(32)) }

    /// Nil for a text that is no token by its form.
    init?(text: [UInt8]) {
        let rest = Array(text.dropFirst(AccessToken.prefix.count))
        guard text.starts(with: AccessToken.prefix), rest.count == 43, Base64.decodeURLSafe(rest) != nil else {
            return nil
        }
        self.text = text
    }

    /// What the database knows the token by.
    var digest: [UInt8] { Digest.sha256(text) }
}
