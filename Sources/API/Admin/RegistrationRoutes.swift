import Domain
import HTTPServer
import JSON
import Runtime
import Store
import Upstream

/// How sub-clients stand at the upstreams, and whether the upstreams think so too.
enum RegistrationRoutes {
    static let all: [Route] = [
        .admin(
            .get, "/admin/v1/sub-clients/{subClientId}/registrations", needs: .viewSubClients, list),
        .admin(
            .post, "/admin/v1/sub-clients/{subClientId}/registrations/{upstreamId}/retry", needs: .manageRegistration,
            retry),
        .admin(.get, "/admin/v1/upstreams/{upstreamId}/drift", needs: .viewUpstreams, drift),
    ]

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = try await call.subClient(scope)
        let query = QueryParameters(call)
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.registrations(scope, of: tenant.subClient)
        }
        return .json(
            200,
            jsonObject { json in
                json.key("data")
                json.beginArray()
                for registration in found {
                    json.beginObject()
                    write(registration, &json)
                    json.endObject()
                }
                json.endArray()
                json.member("nextCursor", nil as [UInt8]?)
            })
    }

    @Sendable private static func retry(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let subClient: SubClientID = try call.identifier(0)
        let upstream: UpstreamID = try call.identifier(1)
        let retried = try await call.store { store throws(StoreError) in
            try await store.retryRegistration(scope, of: subClient, at: upstream)
        }
        return .json(202, jsonObject { write(retried, &$0) })
    }

    private static func write(_ registration: Registration, _ json: inout JSONWriter) {
        json.member("upstreamId", registration.upstream)
        json.member("upstreamName", registration.upstreamName)
        json.member("environment", word: registration.environment)
        json.member("state", word: registration.state)
        json.member("upstreamSubClientId", registration.upstreamSubClientID)
        json.member("attempts", Int64(registration.attempts))
        json.member("nextAttemptAt", registration.dueAt)
        json.member("lastError", registration.lastError)
        json.member("lastErrorMessage", registration.lastErrorMessage)
        json.member("lastAttemptAt", registration.lastAttemptAt)
        json.member("syncedAt", registration.syncedAt)
        json.member("createdAt", registration.createdAt)
        json.member("updatedAt", registration.updatedAt)
    }

    // MARK: Drift

    @Sendable private static func drift(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: UpstreamID = try call.identifier(0)
        let query = QueryParameters(call)
        try query.finish()
        _ = try await call.store { store throws(StoreError) in try await store.upstream(scope, id) }
        guard let account = await call.context.upstreams.upstream(id)?.account else {
            throw Problem(.conflict, "The upstream has no adminBaseUrl and adminClientSecret.")
        }
        let now = call.context.clock.now()
        // What is being registered at this moment may show as missing: the upstream is asked first.
        let found = try await list(call, account)
        let wanted = try await wanted(call, scope, id)
        let report = DriftReport(wanted: wanted, found: found, environment: account.environment)
        return .json(
            200,
            jsonObject { json in
                json.member("upstreamId", id)
                json.member("checkedAt", now)
                json.member("wantedCount", Int64(report.wantedCount))
                json.member("foundCount", Int64(report.foundCount))
                json.member("findingCount", Int64(report.findings.count))
                json.key("findings")
                json.beginArray()
                for finding in report.findings.prefix(APILimits.driftFindings) { write(finding, &json) }
                json.endArray()
            })
    }

    private static func list(
        _ call: Call, _ account: UpstreamAccount
    ) async throws(Problem) -> [RegisteredSubClient] {
        do {
            return try await call.context.accounts.list(account)
        } catch {
            call.context.log.warn(
                "the upstream's sub-clients cannot be listed",
                [
                    (.requestId, .bytes(call.requestID)), (.upstream, .bytes(account.upstream.text)),
                    (.reason, .text(error.code)),
                ])
            throw Problem(.unavailable, "The upstream does not list its sub-clients: \(error.code).")
        }
    }

    private static func wanted(
        _ call: Call, _ scope: PlatformScope, _ upstream: UpstreamID
    ) async throws(Problem) -> [WantedRegistration] {
        var wanted: [WantedRegistration] = []
        while true {
            let last = wanted.last?.subClient
            let page = try await call.store { store throws(StoreError) in
                try await store.wantedRegistrations(
                    scope, at: upstream, after: last, limit: APILimits.driftPage)
            }
            wanted += page
            if page.count < APILimits.driftPage { return wanted }
        }
    }

    private static func write(_ finding: DriftFinding, _ json: inout JSONWriter) {
        json.beginObject()
        json.member("kind", word: finding.kind)
        json.member("subClientId", finding.subClient)
        json.member("upstreamSubClientId", finding.upstreamSubClientID)
        json.member("legalName", finding.legalName)
        json.member("displayName", finding.displayName)
        json.key("fields")
        json.beginArray()
        for field in finding.fields {
            json.beginObject()
            json.member("name", field.name)
            json.member("wanted", json: field.wanted)
            json.member("found", json: field.found)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
