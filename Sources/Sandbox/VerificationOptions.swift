import Domain
import JSON

/// `LinkTokenVerifyWalletOptions` of Mesh's OpenAPI: a message the user's wallet is to sign.
struct VerificationOptions: Sendable, Equatable {
    /// Nil or blank for the stand-in's own.
    let message: [UInt8]?
    /// If any, the wallet must have one of these.
    let addresses: [[UInt8]]?
    let networkType: NetworkType?

    enum NetworkType: String, CaseIterable, Sendable {
        case unknown, evm, solana, bitcoin, cardano, tron, avalancheX, tezos, dogecoin, ripple, stellar, litecoin, sui
        case aptos, tvm, injective
    }

    private enum VerificationMethod: String, CaseIterable { case signedMessage }

    init(_ object: MeshObject) throws(RequestFault) {
        message = try object.text("message", units: SandboxLimits.freeTextUnits)
        _ = try object.choices("verificationMethods", VerificationMethod.self)
        addresses = try object.texts("addresses", units: SandboxLimits.addressUnits)
        let network = try object.uuid("networkId").flatMap { id in CatalogueNetwork.all.first { $0.id == id } }
        let type = try object.choice("networkType", NetworkType.self)
        networkType = type ?? network.flatMap { NetworkType(rawValue: $0.type) }
    }

    // MARK: In the database

    /// Writes what `init(stored:)` reads.
    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("message", message)
        json.key("addresses")
        json.strings(addresses)
        json.member("networkType", networkType?.rawValue)
        json.endObject()
        return json.bytes
    }

    init?(stored: [UInt8]) {
        guard let object = try? MeshObject.parse(stored), let read = try? VerificationOptions(object) else {
            return nil
        }
        self = read
    }
}
