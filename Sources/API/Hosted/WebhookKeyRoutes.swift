import Crypto
import Domain
import HTTPServer
import JSON
import Store

/// `GET /.well-known/webhook-keys/{subClientId}`: the public keys by which a sub-client's webhooks are verified, for
/// whoever verifies them. Each is a JSON Web Key (RFC 8037) with some members of ours.
///
/// Of an endpoint it shows its identifier and nothing more, and a sub-client that is not there has no keys.
enum WebhookKeyRoutes {
    static let all: [Route] = [
        Route(.get, "/.well-known/webhook-keys/{subClientId}", bodyLimit: 0, .open(get))
    ]

    @Sendable private static func get(_ call: Call) async throws(Problem) -> Response {
        let subClient: SubClientID = try call.identifier(0)
        let keys = try await call.store { store throws(StoreError) in try await store.webhookKeys(of: subClient) }
        let body = jsonObject { json in
            json.key("keys")
            json.beginArray()
            for key in keys {
                json.beginObject()
                write(key, &json)
                json.endObject()
            }
            json.endArray()
        }
        let digest = Digest.sha256(body)
        var response =
            call.hasCopy(tagged: Hex.encode(digest)) ? Response(status: 304) : Response.json(200, body)
        // Short: a key is used as soon as it is made, though beside its predecessor. Pages may read it, it is public.
        response.headers.add("Cache-Control", text: "public, max-age=\(APILimits.webhookKeyLifetimeSeconds)")
        response.headers.add("Access-Control-Allow-Origin", "*")
        return response.tagged(digest: digest)
    }

    private static func write(_ key: WebhookKey, _ json: inout JSONWriter) {
        json.member("kid", key.id)
        json.member("kty", "OKP")
        json.member("crv", "Ed25519")
        json.member("alg", "EdDSA")
        json.member("use", "sig")
        json.member("x", Base64.encodeURLSafe(key.publicKey))
        json.member("publicKey", WebhookSecretText.publicKey(key.publicKey))
        json.member("endpointId", key.endpoint)
        json.member("environment", word: key.environment)
        json.member("createdAt", key.createdAt)
        json.member("expiresAt", key.expiresAt)
    }
}
