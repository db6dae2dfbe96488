import Crypto
import Domain
import HTTPServer
import JSON
import Runtime

/// Decides who calls the Account Management API: its keys get an `id_token`, and that gets everything else.
///
/// The token is a JWT (RFC 7519, HS256) under a key made of the account's admin secret: nothing of it is stored, and it
/// outlives a restart. Callers are to take it as opaque, as they are to take Mesh's.
struct AccountKeys: Sendable {
    private struct Key: Sendable {
        let clientId: UUIDValue
        let secretDigest: [UInt8]
        let tokenKey: HMACKey
    }

    private let keys: [Key]

    init(_ clients: [SandboxClient]) {
        keys = clients.compactMap { client in
            client.adminClientSecret.map { secret in
                Key(
                    clientId: client.clientId, secretDigest: Digest.sha256(secret.exposed),
                    tokenKey: HMACKey(Digest.sha256(Array("subgate sandbox id_token ".utf8), secret.exposed)))
            }
        }
    }

    /// A new token for an id and its secret; nil if they are not an account's.
    func token(id: [UInt8], secret: [UInt8], now: Timestamp, nonce: UUIDValue) -> [UInt8]? {
        guard let clientId = UUIDValue(text: id) else { return nil }
        let digest = Digest.sha256(secret)
        var found: Key?
        for key in keys {
            // Compared also for other ids: which ids exist does not show in the time it takes.
            let isSecret = constantTimeEqual(key.secretDigest, digest)
            if isSecret, key.clientId == clientId { found = key }
        }
        guard let found else { return nil }
        var claims = JSONWriter()
        claims.beginObject()
        claims.key("sub")
        claims.string(found.clientId.text)
        claims.key("iat")
        claims.integer(now.seconds)
        claims.key("exp")
        claims.integer((now + SandboxLimits.accountTokenLife).seconds)
        claims.key("jti")
        claims.string(nonce.text)
        claims.endObject()
        let signed = AccountKeys.header + [AccountKeys.dot] + Base64.encodeURLSafe(claims.bytes)
        return signed + [AccountKeys.dot] + Base64.encodeURLSafe(found.tokenKey.authenticate(signed))
    }

    /// The account whose token a request carries in its only `Authorization`, while it counts.
    func client(of headers: HeaderFields, now: Timestamp) -> UUIDValue? {
        guard let value = headers["authorization"], value.count <= SandboxLimits.accountTokenBytes,
            equalsIgnoringASCIICase(value.prefix(7), "Bearer ")
        else { return nil }
        let parts = value.dropFirst(7).split(separator: AccountKeys.dot, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual(AccountKeys.header),
            let tag = Base64.decodeURLSafe(Array(parts[2])), let claims = Base64.decodeURLSafe(Array(parts[1]))
        else { return nil }
        let signed = Array(value[parts[0].startIndex..<parts[1].endIndex])
        guard let key = keys.first(where: { $0.tokenKey.isValid(tag, for: signed) }),
            let expiry = (try? JSONDocument.parse(claims))?.root["exp"]?.integer, now.seconds < expiry
        else { return nil }
        return key.clientId
    }

    private static let dot = UInt8(ascii: ".")
    private static let header = Base64.encodeURLSafe(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
}
