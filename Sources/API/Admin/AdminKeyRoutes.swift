import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// `/admin/v1/members/{memberId}/keys`: the keys of the team for this API, and the exchange of one's own.
enum AdminKeyRoutes {
    static let all: [Route] = [
        .adminWrite(.post, "/admin/v1/members/{memberId}/keys", needs: .manageTeam, create),
        .admin(.get, "/admin/v1/members/{memberId}/keys", needs: .viewTeam, list),
        .adminWrite(.post, "/admin/v1/members/{memberId}/keys/{keyId}/rotate", needs: .manageTeam, rotate),
        .admin(.delete, "/admin/v1/members/{memberId}/keys/{keyId}", needs: .manageTeam, revoke),
        // Everyone may exchange the key they hold.
        .adminWrite(.post, "/admin/v1/me/rotate-key", needs: .viewSubClients, rotateOwn),
    ]

    @Sendable private static func create(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let member: MemberID = try call.identifier(0)
        let body = try await call.json()
        var fields = try Fields(body.value)
        let name = fields.required("name", .name(APILimits.memberNameCharacters))
        let expiresAt = fields.nullable("expiresAt", .future(after: call.context.clock.now()))
        try fields.finish()
        return try await call.create(
            .platform(scope), body: body.bytes, answer: { made(member, $0) },
            make: { store, keeping throws(StoreError) in
                try await store.createAdminKey(scope, for: member, name: name, expiresAt: expiresAt, keeping: keeping)
            })
    }

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let member: MemberID = try call.identifier(0)
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            _ = try await store.member(scope, member)
            return try await store.adminKeys(scope, of: member, page)
        }
        return .json(200, found.json(write))
    }

    @Sendable private static func rotate(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        try await rotate(call, scope, member: try call.identifier(0), key: try call.identifier(1))
    }

    @Sendable private static func rotateOwn(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        guard case .member(let member, let key) = scope.actor.identity else { throw .internal }
        return try await rotate(call, scope, member: member, key: key)
    }

    private static func rotate(
        _ call: Call, _ scope: PlatformScope, member: MemberID, key: AdminKeyID
    ) async throws(Problem) -> Response {
        let body = try await call.json()
        var fields = try Fields(body.value)
        let overlap = fields.required("overlapSeconds", .integer(APILimits.overlapSeconds))
        let expiresAt = fields.nullable("expiresAt", .future(after: call.context.clock.now()))
        try fields.finish()
        return try await call.create(
            .platform(scope), body: body.bytes, answer: { made(member, $0) },
            make: { store, keeping throws(StoreError) in
                try await store.rotateAdminKey(
                    scope, of: member, key, overlap: .seconds(overlap), expiresAt: expiresAt, keeping: keeping)
            })
    }

    @Sendable private static func revoke(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let member: MemberID = try call.identifier(0)
        let key: AdminKeyID = try call.identifier(1)
        try await call.store { store throws(StoreError) in try await store.revokeAdminKey(scope, of: member, key) }
        return .noContent
    }

    // MARK: Answers

    @Sendable private static func made(_ member: MemberID, _ made: CreatedAdminKey) -> CreatedAnswer {
        CreatedAnswer(
            location: Array("/admin/v1/members/".utf8) + member.text + Array("/keys/".utf8) + made.key.id.text,
            body: jsonObject { json in
                write(made.key, &json)
                json.member("key", made.text)
            })
    }

    @Sendable private static func write(_ key: AdminKey, _ json: inout JSONWriter) {
        json.member("id", key.id)
        json.member("name", key.name)
        json.member("keyHint", key.hint)
        json.member("createdAt", key.createdAt)
        json.member("expiresAt", key.expiresAt)
        json.member("revokedAt", key.revokedAt)
        json.member("lastUsedAt", key.lastUsedAt)
    }
}
