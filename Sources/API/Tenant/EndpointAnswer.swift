import Crypto
import Domain
import HTTPServer
import JSON
import Store

/// Endpoints and what signs for them, as they are shown.
enum EndpointAnswer {
    static func response(_ endpoint: Endpoint) -> Response {
        Response.json(200, jsonObject { write(endpoint, &$0) }).tagged(endpoint.version)
    }

    @Sendable static func write(_ endpoint: Endpoint, _ json: inout JSONWriter) {
        json.member("id", endpoint.id)
        json.member("url", endpoint.url)
        json.key("eventTypes")
        json.beginArray()
        for type in endpoint.eventTypes { json.string(type) }
        json.endArray()
        json.member("payloadFormat", word: endpoint.payloadFormat)
        json.member("description", endpoint.description)
        json.member("headers", json: endpoint.headers ?? Array("{}".utf8))
        json.member("enabled", endpoint.enabled)
        json.member("disabledReason", word: endpoint.disabledReason)
        write(endpoint.health, isEnabled: endpoint.enabled, &json)
        write(endpoint.settings, &json)
        json.member("publicKey", endpoint.secrets.first?.publicKey.map { WebhookSecretText.publicKey($0) })
        write(endpoint.secrets, &json)
        json.member("environment", word: endpoint.environment)
        json.member("version", endpoint.version)
        json.member("createdAt", endpoint.createdAt)
        json.member("updatedAt", endpoint.updatedAt)
    }

    private static func write(_ health: EndpointHealth.Shared, isEnabled: Bool, _ json: inout JSONWriter) {
        json.key("health")
        json.beginObject()
        json.member("state", word: health.state(isEnabled: isEnabled))
        json.member("pausedUntil", health.pausedUntil)
        json.member("failingSince", health.failingSince)
        json.member("consecutiveFailures", Int64(health.consecutiveFailures))
        json.endObject()
    }

    private static func write(_ settings: EndpointSettings, _ json: inout JSONWriter) {
        json.key("signatures")
        json.beginArray()
        for scheme in settings.signatures { json.string(scheme.rawValue) }
        json.endArray()
        json.member("ordering", word: settings.ordering)
        json.member("supersede", settings.supersede)
        json.member("rateLimitPerSecond", settings.rateLimitPerSecond)
        json.member("maxConcurrency", settings.maxConcurrency)
        json.key("retrySchedule")
        if let schedule = settings.retrySchedule {
            json.beginArray()
            for delay in schedule.delays { json.integer(delay.components.seconds) }
            json.endArray()
        } else {
            json.null()
        }
    }

    /// What signs now, without the texts.
    static func write(_ secrets: [EndpointSecret], _ json: inout JSONWriter) {
        json.key("secrets")
        json.beginArray()
        for secret in secrets {
            json.beginObject()
            json.member("id", secret.id)
            json.member("publicKey", secret.publicKey.map { WebhookSecretText.publicKey($0) })
            json.member("createdAt", secret.createdAt)
            json.member("expiresAt", secret.expiresAt)
            json.endObject()
        }
        json.endArray()
    }

    /// The only answer that shows a new secret.
    @Sendable static func json(_ made: RotatedEndpointSecret) -> [UInt8] {
        jsonObject { json in
            json.member("endpointId", made.endpoint)
            json.member("secretId", made.secret.id)
            json.member("secret", made.text)
            json.member("publicKey", made.secret.publicKey.map { WebhookSecretText.publicKey($0) })
            json.member("createdAt", made.secret.createdAt)
            json.member("previousSecretsEndAt", made.previousEndAt)
        }
    }
}
