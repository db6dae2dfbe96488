import Domain
import HTTPServer
import JSON
import Store

/// `/admin/v1/members`: the PSP's team, and `/admin/v1/me`: who of it calls.
enum MemberRoutes {
    static let all: [Route] = [
        .admin(.get, "/admin/v1/me", needs: .viewSubClients, me),
        .adminWrite(.post, "/admin/v1/members", needs: .manageTeam, create),
        .admin(.get, "/admin/v1/members", needs: .viewTeam, list),
        .admin(.get, "/admin/v1/members/{memberId}", needs: .viewTeam, get),
        .adminWrite(.patch, "/admin/v1/members/{memberId}", needs: .manageTeam, update),
        .admin(.delete, "/admin/v1/members/{memberId}", needs: .manageTeam, delete),
    ]

    @Sendable private static func me(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        guard case .member(let id, let key) = scope.actor.identity else { throw .internal }
        let member = try await call.store { store throws(StoreError) in try await store.member(scope, id) }
        return .json(
            200,
            jsonObject { json in
                write(member, &json)
                json.member("keyId", key)
                json.key("permissions")
                json.beginArray()
                for permission in Permission.allCases where member.role.allows(permission) {
                    json.string(permission.rawValue)
                }
                json.endArray()
            })
    }

    @Sendable private static func create(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let body = try await call.json()
        var fields = try Fields(body.value)
        let new = NewMember(
            name: fields.required("name", .name(APILimits.memberNameCharacters)),
            email: fields.nullable("email", .email),
            role: fields.required("role", .word))
        try fields.finish()
        return try await call.create(
            .platform(scope), body: body.bytes,
            answer: { (made: Member) in
                CreatedAnswer(
                    location: Array("/admin/v1/members/".utf8) + made.id.text, version: made.version,
                    body: jsonObject { write(made, &$0) })
            },
            make: { store, keeping throws(StoreError) in
                try await store.createMember(scope, new, keeping: keeping)
            })
    }

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.members(scope, page) }
        return .json(200, found.json(write))
    }

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: MemberID = try call.identifier(0)
        return answer(try await call.store { store throws(StoreError) in try await store.member(scope, id) })
    }

    @Sendable private static func update(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: MemberID = try call.identifier(0)
        let version = try call.expectedVersion()
        var fields = try Fields(try await call.json().value)
        var changes = MemberChanges()
        changes.name = fields.optional("name", .name(APILimits.memberNameCharacters))
        changes.email = fields.change("email", .email)
        changes.role = fields.optional("role", .word)
        try fields.finish(needsOne: true)
        return answer(
            try await call.store { store throws(StoreError) in
                try await store.updateMember(scope, id, changes, version: version)
            })
    }

    @Sendable private static func delete(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: MemberID = try call.identifier(0)
        try await call.store { store throws(StoreError) in try await store.deleteMember(scope, id) }
        return .noContent
    }

    // MARK: Answers

    private static func answer(_ member: Member) -> Response {
        .json(200, jsonObject { write(member, &$0) }).tagged(member.version)
    }

    @Sendable private static func write(_ member: Member, _ json: inout JSONWriter) {
        json.member("id", member.id)
        json.member("name", member.name)
        json.member("email", member.email)
        json.member("role", word: member.role)
        json.member("version", member.version)
        json.member("createdAt", member.createdAt)
        json.member("updatedAt", member.updatedAt)
    }
}
