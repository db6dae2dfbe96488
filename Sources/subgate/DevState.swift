import Crypto
import Domain
import JSON
import Runtime

/// What `subgate dev` made on its first start and uses again on every later one.
struct DevState: Sendable {
    var adminKey: String
    var upstreamClientID: String
    var upstreamClientSecret: String
    /// Made on the first start that knows of it: folders of earlier versions have none.
    var upstreamAdminSecret: String
    var webhookSecret: String
    var upstreamID: String?
    var subClientID: String?
    var clientID: String?
    var clientSecret: String?
    var endpointID: String?
    var endpointSecret: String?
    /// The shop's origin that Link is allowed on, once the branding was set.
    var shopOrigin: String?

    private static let names: [(String, any WritableKeyPath<DevState, String?> & Sendable)] = [
        ("upstreamId", \.upstreamID), ("subClientId", \.subClientID), ("clientId", \.clientID),
        ("clientSecret", \.clientSecret), ("endpointId", \.endpointID), ("endpointSecret", \.endpointSecret),
        ("shopOrigin", \.shopOrigin),
    ]

    /// Fresh secrets for the upstream; everything else is made through the API.
    init(adminKey: String) {
        self.adminKey = adminKey
        upstreamClientID = String(
            decoding: UUIDValue(version4: (RandomSource.system.next(), RandomSource.system.next())).text, as: UTF8.self)
        upstreamClientSecret = "sk_sand_" + String(decoding: Hex.encode(Random.bytes(24)), as: UTF8.self)
        upstreamAdminSecret = DevState.newAdminSecret()
        webhookSecret = String(decoding: Hex.encode(Random.bytes(24)), as: UTF8.self)
    }

    private static func newAdminSecret() -> String {
        "am_sand_" + String(decoding: Hex.encode(Random.bytes(24)), as: UTF8.self)
    }

    init?(_ bytes: [UInt8]) {
        guard let root = try? JSONDocument.parse(bytes).root, let adminKey = root["adminKey"]?.text,
            let upstreamClientID = root["upstreamClientId"]?.text,
            let upstreamClientSecret = root["upstreamClientSecret"]?.text,
            let webhookSecret = root["webhookSecret"]?.text
        else { return nil }
        self.adminKey = adminKey
        self.upstreamClientID = upstreamClientID
        self.upstreamClientSecret = upstreamClientSecret
        upstreamAdminSecret = root["upstreamAdminSecret"]?.text ?? DevState.newAdminSecret()
        self.webhookSecret = webhookSecret
        for (name, path) in DevState.names { self[keyPath: path] = root[name]?.text }
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in [
            ("adminKey", adminKey), ("upstreamClientId", upstreamClientID),
            ("upstreamClientSecret", upstreamClientSecret), ("upstreamAdminSecret", upstreamAdminSecret),
            ("webhookSecret", webhookSecret),
        ] {
            writer.key(name)
            writer.string(value)
        }
        for (name, path) in DevState.names {
            guard let value = self[keyPath: path] else { continue }
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
        return writer.bytes
    }
}
