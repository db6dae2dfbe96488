import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// `/admin/v1/sub-clients/{subClientId}/credentials`: the keys a merchant's server uses.
enum CredentialRoutes {
    static let all: [Route] = [
        .adminWrite(.post, "/admin/v1/sub-clients/{subClientId}/credentials", needs: .manageCredentials, create),
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/credentials", needs: .viewSubClients, list),
        .admin(
            .get, "/admin/v1/sub-clients/{subClientId}/credentials/{credentialId}", needs: .viewSubClients, get),
        .admin(
            .delete, "/admin/v1/sub-clients/{subClientId}/credentials/{credentialId}", needs: .manageCredentials, revoke
        ),
        .adminWrite(
            .post, "/admin/v1/sub-clients/{subClientId}/credentials/{credentialId}/rotate", needs: .manageCredentials,
            rotate),
        .admin(
            .delete, "/admin/v1/sub-clients/{subClientId}/credentials/{credentialId}/secrets/{secretId}",
            needs: .manageCredentials, revokeSecret),
    ]

    @Sendable private static func create(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let subClient: SubClientID = try call.identifier(0)
        let body = try await call.json()
        var fields = try Fields(body.value)
        let new = NewCredential(
            environment: fields.required("environment", .word),
            access: fields.required("access", .word),
            name: fields.required("name", .name(APILimits.credentialNameCharacters)),
            expiresAt: fields.nullable("expiresAt", .future(after: call.context.clock.now())),
            allowedIPs: fields.nullable("allowedIps", .ipBlocks) ?? [])
        try fields.finish()
        return try await call.create(
            .platform(scope), body: body.bytes,
            answer: { made(subClient, $0) },
            make: { store, keeping throws(StoreError) in
                try await store.createCredential(scope, for: subClient, new, keeping: keeping)
            })
    }

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = try await call.subClient(scope)
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.credentials(tenant, page) }
        return .json(200, found.json(write))
    }

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let id: CredentialID = try call.identifier(1)
        let found = try await call.store { store throws(StoreError) in try await store.credential(tenant, id) }
        return .json(
            200,
            jsonObject { json in
                write(found.credential, &json)
                json.key("secrets")
                json.beginArray()
                for secret in found.secrets {
                    json.beginObject()
                    json.member("id", secret.id)
                    json.member("hint", secret.hint)
                    json.member("createdAt", secret.createdAt)
                    json.member("expiresAt", secret.expiresAt)
                    json.member("lastUsedAt", secret.lastUsedAt)
                    json.endObject()
                }
                json.endArray()
            })
    }

    @Sendable private static func rotate(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let subClient: SubClientID = try call.identifier(0)
        let id: CredentialID = try call.identifier(1)
        let body = try await call.json()
        var fields = try Fields(body.value)
        let overlap = fields.required("overlapSeconds", .integer(APILimits.overlapSeconds))
        try fields.finish()
        return try await call.create(
            .platform(scope), body: body.bytes, answer: { made(subClient, $0) },
            make: { store, keeping throws(StoreError) in
                try await store.rotateCredential(
                    scope, of: subClient, id, overlap: .seconds(overlap), keeping: keeping)
            })
    }

    @Sendable private static func revokeSecret(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let credential: CredentialID = try call.identifier(1)
        let id: CredentialSecretID = try call.identifier(2)
        try await call.store { store throws(StoreError) in
            try await store.revokeSecret(tenant, of: credential, id)
        }
        return .noContent
    }

    @Sendable private static func revoke(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let id: CredentialID = try call.identifier(1)
        try await call.store { store throws(StoreError) in try await store.revokeCredential(tenant, id) }
        return .noContent
    }

    // MARK: Answers

    private static func made(_ subClient: SubClientID, _ made: CreatedCredential) -> CreatedAnswer {
        CreatedAnswer(
            location: Array("/admin/v1/sub-clients/".utf8) + subClient.text + Array("/credentials/".utf8)
                + made.credential.id.text,
            body: jsonObject { json in
                write(made.credential, &json)
                json.member("secretId", made.secretID)
                json.member("clientSecret", made.secret)
            })
    }

    @Sendable private static func write(_ credential: Credential, _ json: inout JSONWriter) {
        json.member("id", credential.id)
        json.member("clientId", credential.clientID)
        json.member("environment", word: credential.environment)
        json.member("access", word: credential.access)
        json.member("name", credential.name)
        json.key("allowedIps")
        if credential.allowedIPs.isEmpty {
            json.null()
        } else {
            json.beginArray()
            for block in credential.allowedIPs { json.string(block.description) }
            json.endArray()
        }
        json.member("secretHint", credential.secretHint)
        json.member("createdAt", credential.createdAt)
        json.member("expiresAt", credential.expiresAt)
        json.member("revokedAt", credential.revokedAt)
        json.member("lastUsedAt", credential.lastUsedAt)
    }
}

extension Call {
    /// The sub-client whose id stands first in the path, as the scope to read it in. Throws 404.
    func subClient(_ scope: PlatformScope) async throws(Problem) -> TenantScope {
        let id: SubClientID = try identifier(0)
        _ = try await store { store throws(StoreError) in try await store.subClient(scope, id) }
        return scope.tenant(id)
    }
}
