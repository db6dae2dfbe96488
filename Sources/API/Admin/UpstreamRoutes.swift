import Domain
import HTTPServer
import JSON
import Runtime
import Store
import Upstream

/// `/admin/v1/upstreams`: the PSP's accounts at Mesh. Secrets go in and never out.
enum UpstreamRoutes {
    static let all: [Route] = [
        .adminWrite(.post, "/admin/v1/upstreams", needs: .manageUpstreams, create),
        .admin(.get, "/admin/v1/upstreams", needs: .viewUpstreams, list),
        .admin(.get, "/admin/v1/upstreams/{upstreamId}", needs: .viewUpstreams, get),
        .adminWrite(.patch, "/admin/v1/upstreams/{upstreamId}", needs: .manageUpstreams, update),
        .admin(.delete, "/admin/v1/upstreams/{upstreamId}", needs: .manageUpstreams, delete),
    ]

    @Sendable private static func create(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let body = try await call.json()
        let configuration = call.context.configuration
        let baseURL = Rule<[UInt8]>.baseURL(configuration.upstreamPolicy)
        let secret = Rule.secret(APILimits.upstreamSecretCharacters)
        var fields = try Fields(body.value)
        let new = NewUpstream(
            name: fields.required("name", .name(APILimits.upstreamNameCharacters)),
            environment: fields.required("environment", .word),
            baseURL: fields.required("baseUrl", baseURL),
            adminBaseURL: fields.nullable("adminBaseUrl", baseURL),
            clientID: fields.required("clientId", .uuid),
            clientSecret: fields.required("clientSecret", secret),
            adminClientSecret: fields.nullable("adminClientSecret", secret),
            webhookSecrets: fields.required("webhookSecrets", .webhookSecrets))
        try fields.finish()
        if new.environment == .production, configuration.allowsPrivateTargets {
            throw Problem(.conflict, "No production upstream while private targets are allowed.")
        }
        let response = try await call.create(
            .platform(scope), body: body.bytes,
            answer: { (made: Upstream) in
                CreatedAnswer(
                    location: Array("/admin/v1/upstreams/".utf8) + made.id.text,
                    body: jsonObject { write(made, configuration, &$0) })
            },
            make: { store, keeping throws(StoreError) in
                try await store.createUpstream(scope, new, keeping: keeping)
            })
        await call.context.upstreams.refresh()
        call.tell("upstream", is: "created", [(.environment, .text(new.environment.rawValue))])
        return response
    }

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.upstreams(scope, page) }
        let configuration = call.context.configuration
        return .json(200, found.json { write($0, configuration, &$1) })
    }

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: UpstreamID = try call.identifier(0)
        return answer(call, try await call.store { store throws(StoreError) in try await store.upstream(scope, id) })
    }

    @Sendable private static func update(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: UpstreamID = try call.identifier(0)
        let body = try await call.json()
        let baseURL = Rule<[UInt8]>.baseURL(call.context.configuration.upstreamPolicy)
        let secret = Rule.secret(APILimits.upstreamSecretCharacters)
        var fields = try Fields(body.value)
        var changes = UpstreamChanges()
        changes.name = fields.optional("name", .name(APILimits.upstreamNameCharacters))
        changes.baseURL = fields.optional("baseUrl", baseURL)
        changes.adminBaseURL = fields.change("adminBaseUrl", baseURL)
        changes.clientID = fields.optional("clientId", .uuid)
        changes.clientSecret = fields.optional("clientSecret", secret)
        changes.adminClientSecret = fields.change("adminClientSecret", secret)
        changes.webhookSecrets = fields.optional("webhookSecrets", .webhookSecrets)
        try fields.finish(needsOne: true)
        let updated = try await call.store { store throws(StoreError) in
            try await store.updateUpstream(scope, id, changes)
        }
        await call.context.upstreams.refresh()
        call.tell("upstream", is: "changed", [(.upstream, .bytes(id.text))])
        return answer(call, updated)
    }

    @Sendable private static func delete(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: UpstreamID = try call.identifier(0)
        try await call.store { store throws(StoreError) in try await store.deleteUpstream(scope, id) }
        await call.context.upstreams.refresh()
        call.tell("upstream", is: "deleted", [(.upstream, .bytes(id.text))])
        return .noContent
    }

    // MARK: Answers

    private static func answer(_ call: Call, _ upstream: Upstream) -> Response {
        .json(200, jsonObject { write(upstream, call.context.configuration, &$0) })
    }

    private static func write(_ upstream: Upstream, _ configuration: APIConfiguration, _ json: inout JSONWriter) {
        json.member("id", upstream.id)
        json.member("environment", word: upstream.environment)
        json.member("name", upstream.name)
        json.member("baseUrl", upstream.baseURL)
        json.member("adminBaseUrl", upstream.adminBaseURL)
        json.member("clientId", upstream.clientID)
        json.member("webhookSecretCount", Int64(upstream.webhookSecretCount))
        json.member("inboundUrl", "\(configuration.publicURL)/inbound/mesh/\(upstream.id)")
        json.member("createdAt", upstream.createdAt)
        json.member("updatedAt", upstream.updatedAt)
    }
}
