import Crypto
import Domain
import HTTPServer
import Runtime

/// Decides who calls: Mesh's two headers against the configured accounts.
struct ClientKeys: Sendable {
    private struct Key: Sendable {
        let clientId: UUIDValue
        /// Digests are compared, so that neither the length nor the content of a secret shows in the time it takes.
        let secretDigest: [UInt8]
    }

    private let keys: [Key]

    init(_ clients: [SandboxClient]) {
        keys = clients.map { client in
            Key(clientId: client.clientId, secretDigest: Digest.sha256(client.clientSecret.exposed))
        }
    }

    /// The account whose id and secret the request carries, each exactly once.
    func client(of headers: HeaderFields) -> UUIDValue? {
        guard let id = headers["x-client-id"], let secret = headers["x-client-secret"] else { return nil }
        return client(id: id, secret: Array(secret))
    }

    func client(id: some Collection<UInt8>, secret: [UInt8]) -> UUIDValue? {
        guard let clientId = UUIDValue(text: id) else { return nil }
        let digest = Digest.sha256(secret)
        var found: UUIDValue?
        for key in keys {
            // Compared also for other ids: which ids exist does not show in the time it takes.
            let isSecret = constantTimeEqual(key.secretDigest, digest)
            if isSecret, key.clientId == clientId { found = clientId }
        }
        return found
    }
}
