import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// `/admin/v1/sub-clients/{subClientId}/compliance`: what a sub-client's link tokens may ask for.
enum ComplianceRoutes {
    static let all: [Route] = [
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/compliance", needs: .viewCompliance, get),
        Route(
            .put, "/admin/v1/sub-clients/{subClientId}/compliance", bodyLimit: APILimits.complianceBytes,
            .admin(.manageCompliance, replace)),
        .admin(
            .get, "/admin/v1/sub-clients/{subClientId}/compliance/revisions", needs: .viewCompliance, revisions),
        Route(
            .post, "/admin/v1/sub-clients/{subClientId}/compliance/evaluate", bodyLimit: APILimits.evaluationBytes,
            .admin(.viewCompliance, evaluate)),
    ]

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let compliance = try await call.store { store throws(StoreError) in try await store.compliance(tenant) }
        let body = jsonObject { json in
            json.members(of: compliance.inForce)
            json.key("scheduled")
            if let next = compliance.next {
                json.beginObject()
                json.members(of: next)
                json.endObject()
            } else {
                json.null()
            }
        }
        return .json(200, body).tagged(compliance.latest)
    }

    @Sendable private static func replace(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = scope.tenant(try call.identifier(0))
        let version = try call.expectedVersion()
        let body = try ComplianceBody(try await call.json().value, now: call.context.clock.now())
        let new = NewComplianceRevision(rules: body.rules.json, kyb: body.kyb, effectiveAt: body.effectiveAt)
        let made = try await call.store { store throws(StoreError) in
            try await store.reviseCompliance(tenant, new, version: version)
        }
        call.context.policies.forget(tenant.subClient)
        return .json(200, jsonObject { $0.members(of: made) }).tagged(made.number)
    }

    @Sendable private static func revisions(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let tenant = try await call.subClient(scope)
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.complianceRevisions(tenant, page)
        }
        return .json(200, found.json { $1.members(of: $0) })
    }

    /// What would become of a link token now. Nothing is minted, counted or stored.
    @Sendable private static func evaluate(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: SubClientID = try call.identifier(0)
        var fields = try Fields(try await call.json().value)
        let environment: Environment = fields.required("environment", .word)
        var token = fields.required("linkToken", .linkToken)
        token.endUserCountry = fields.nullable("endUserCountry", .assignedCountry)
        try fields.finish()
        let tenant = scope.tenant(id, environment)
        let standing = try await call.store { _ throws(StoreError) in
            try await call.context.policies.standing(tenant, fresh: true)
        }
        let facts = token
        let judgement = try await call.store { store throws(StoreError) in
            try await LinkTokenJudge.judge(facts, standing, tenant, in: environment, store)
        }
        var violations = judgement.violations
        if !standing.status.allowsLinkTokens(in: environment) {
            let message = "must be active; it is \(standing.status.rawValue)"
            violations.insert(ComplianceViolation(.status, "status", message), at: 0)
        }
        let body = jsonObject { json in
            json.member("allowed", violations.isEmpty)
            json.member("revision", Int64(judgement.revision))
            json.member("violations", violations)
        }
        return .json(200, body)
    }
}

extension Rule where Value == TokenFacts {
    /// The body of a link token request, in Mesh's format.
    static let linkToken = Rule(placeholder: TokenFacts()) { value, path, errors in
        do throws(MeshProblem) {
            return try LinkTokenRequest(Array(value.raw)).facts
        } catch {
            let message = String(decoding: error.message, as: UTF8.self)
            errors.append(Problem.FieldError(field: path, message: "is not a link token request: \(message)"))
            return nil
        }
    }
}
