import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// `/admin/v1/sub-clients`: the PSP's merchants.
enum SubClientRoutes {
    static let all: [Route] = [
        .adminWrite(.post, "/admin/v1/sub-clients", needs: .manageSubClients, create),
        .admin(.get, "/admin/v1/sub-clients", needs: .viewSubClients, list),
        .admin(.get, "/admin/v1/sub-clients/{subClientId}", needs: .viewSubClients, get),
        .adminWrite(.patch, "/admin/v1/sub-clients/{subClientId}", needs: .manageSubClients, update),
        .admin(.delete, "/admin/v1/sub-clients/{subClientId}", needs: .manageSubClients, close),
        .admin(.post, "/admin/v1/sub-clients/{subClientId}/activate", needs: .activateSubClients, activate),
        .adminWrite(.post, "/admin/v1/sub-clients/{subClientId}/suspend", needs: .activateSubClients, suspend),
    ]

    @Sendable private static func create(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let body = try await call.json()
        var fields = try Fields(body.value)
        let externalID = fields.nullable("externalId", .text(APILimits.externalIDCharacters))
        let new = newSubClient(&fields, externalID: externalID)
        try fields.finish()
        return try await call.create(
            .platform(scope), body: body.bytes,
            answer: { (made: SubClient) in
                CreatedAnswer(
                    location: Array("/admin/v1/sub-clients/".utf8) + made.id.text, version: made.version,
                    body: json(made))
            },
            make: { store, keeping throws(StoreError) in
                try await store.createSubClient(scope, new, keeping: keeping)
            })
    }

    /// Reads all that a sub-client is made of but its external id.
    static func newSubClient(_ fields: inout Fields, externalID: [UInt8]?) -> NewSubClient {
        var new = NewSubClient(
            legalName: fields.required("legalName", .name(APILimits.nameCharacters)),
            displayName: fields.required("displayName", .name(APILimits.nameCharacters)),
            country: fields.required("country", .country), externalID: externalID,
            website: fields.nullable("website", .website))
        if let metadata = fields.nullable("metadata", .metadata) { new.metadata = metadata }
        return new
    }

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let wanted = filter(&query)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.subClients(scope, wanted, page)
        }
        return .json(200, found.json(write))
    }

    static func filter(_ query: inout QueryParameters) -> SubClientFilter {
        var filter = SubClientFilter()
        filter.status = query.word("status")
        filter.externalID = query.text("externalId", APILimits.externalIDCharacters)
        filter.text = query.text("text", APILimits.searchCharacters)
        filter.country = query.country("country")
        filter.createdFrom = query.time("createdFrom")
        filter.createdBefore = query.time("createdBefore")
        return filter
    }

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: SubClientID = try call.identifier(0)
        return answer(try await call.store { store throws(StoreError) in try await store.subClient(scope, id) })
    }

    @Sendable private static func update(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: SubClientID = try call.identifier(0)
        let version = try call.expectedVersion()
        var fields = try Fields(try await call.json().value)
        var changes = SubClientChanges()
        changes.legalName = fields.optional("legalName", .name(APILimits.nameCharacters))
        changes.displayName = fields.optional("displayName", .name(APILimits.nameCharacters))
        changes.country = fields.optional("country", .country)
        changes.externalID = fields.change("externalId", .text(APILimits.externalIDCharacters))
        changes.website = fields.change("website", .website)
        if case .set(let metadata) = fields.change("metadata", .metadata) {
            changes.metadata = metadata ?? Array("{}".utf8)
        }
        changes.requestsPerSecond = fields.change("requestsPerSecond", .integer(SheddingLimits.rates))
        try fields.finish(needsOne: true)
        return answer(
            try await call.store { store throws(StoreError) in
                try await store.updateSubClient(scope, id, changes, version: version)
            })
    }

    @Sendable private static func close(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: SubClientID = try call.identifier(0)
        let version = try call.expectedVersion()
        try await call.store { store throws(StoreError) in
            try await store.closeSubClient(scope, id, version: version)
        }
        call.tell("subClient", is: SubClientStatus.closed.rawValue, [(.subClient, .bytes(id.text))])
        return .noContent
    }

    @Sendable private static func activate(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: SubClientID = try call.identifier(0)
        let version = try call.expectedVersion()
        return changed(
            call,
            try await call.store { store throws(StoreError) in
                try await store.activateSubClient(scope, id, version: version)
            })
    }

    @Sendable private static func suspend(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: SubClientID = try call.identifier(0)
        let version = try call.expectedVersion()
        var fields = try Fields(try await call.json().value)
        let reason = fields.required("reason", .text(APILimits.reasonCharacters))
        try fields.finish()
        return changed(
            call,
            try await call.store { store throws(StoreError) in
                try await store.suspendSubClient(scope, id, reason: reason, version: version)
            })
    }

    // MARK: Answers

    private static func changed(_ call: Call, _ subClient: SubClient) -> Response {
        call.tell("subClient", is: subClient.status.rawValue, [(.subClient, .bytes(subClient.id.text))])
        return answer(subClient)
    }

    private static func answer(_ subClient: SubClient) -> Response {
        .json(200, json(subClient)).tagged(subClient.version)
    }

    @Sendable private static func json(_ subClient: SubClient) -> [UInt8] { jsonObject { write(subClient, &$0) } }

    @Sendable private static func write(_ subClient: SubClient, _ json: inout JSONWriter) {
        json.member("id", subClient.id)
        json.member("legalName", subClient.legalName)
        json.member("displayName", subClient.displayName)
        json.member("country", subClient.country)
        json.member("externalId", subClient.externalID)
        json.member("website", subClient.website)
        json.member("metadata", json: subClient.metadata)
        json.member("status", word: subClient.status)
        json.member("statusReason", subClient.statusReason)
        json.member("requestsPerSecond", subClient.requestsPerSecond)
        json.member("version", subClient.version)
        json.member("createdAt", subClient.createdAt)
        json.member("updatedAt", subClient.updatedAt)
    }
}
