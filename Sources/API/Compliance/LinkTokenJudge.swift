import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// What a link token was judged by, to be stored with its session.
struct Judgement: Sendable {
    let revision: Int32
    /// The most a day's link sessions may ask for together.
    let perDayMaximum: ExactDecimal?
    let violations: [ComplianceViolation]
}

/// Holds link tokens against where a sub-client stands and what its policy says.
enum LinkTokenJudge {
    /// Everything that forbids the token in the scope's environment, but for the sub-client's status. Production needs
    /// an approved business. Asks the database for the day's total if the policy limits it and the amount alone does
    /// not decide; with `looksAtDay` false the total counts as small.
    static func judge(
        _ token: TokenFacts, _ standing: CurrentStanding, _ scope: TenantScope, in environment: Environment,
        looksAtDay: Bool = true, _ store: Store
    ) async throws(StoreError) -> Judgement {
        var token = token
        let maximum = standing.policy.rules.perDayMaximum
        if let maximum, let amount = token.transfer?.amount {
            let hasRoom =
                if !looksAtDay { true } else if amount > maximum { false } else {
                    try await store.dayHasRoom(scope, for: amount, below: maximum, revision: standing.revision)
                }
            token.transfer?.dayHasRoom = hasRoom
        }
        var violations: [ComplianceViolation] = []
        if environment == .production, let violation = standing.kyb.violation(at: store.clock.now()) {
            violations.append(violation)
        }
        violations += standing.policy.evaluate(token)
        return Judgement(
            revision: standing.revision, perDayMaximum: token.transfer == nil ? nil : maximum, violations: violations)
    }

    /// The end user's country, by the one `X-End-User-Country`; nil if it is absent, repeated or no country.
    static func endUserCountry(_ headers: HeaderFields) -> CountryCode? {
        headers["x-end-user-country"].flatMap { value in
            CountryCode(text: value.map { $0 &- UInt8(ascii: "a") < 26 ? $0 & 0xDF : $0 })
        }
    }
}

extension Call {
    /// Judges a merchant's link token by what is in force now. Throws 403 if the sub-client is not active, and 451 with
    /// all that forbids the token.
    ///
    /// It is asked twice: before the upstream, and once the token has come, because a policy binds within a second
    /// however long the upstream took. The second time it leaves the day's total to the commit.
    func judge(
        _ request: LinkTokenRequest, _ principal: Principal, isMinted: Bool = false
    ) async throws(MeshProblem) -> Judgement {
        var token = request.facts
        token.endUserCountry = LinkTokenJudge.endUserCountry(head.headers)
        let facts = token
        // What memory refuses is asked again of the database: a lifted rule lets a token pass at once.
        for fresh in [false, true] {
            let standing = try await inMeshWords { _ throws(StoreError) in
                try await context.policies.standing(principal.scope, fresh: fresh)
            }
            let isActive = standing.status.allowsLinkTokens(in: principal.environment)
            let judgement = try await inMeshWords { store throws(StoreError) in
                try await LinkTokenJudge.judge(
                    facts, standing, principal.scope, in: principal.environment, looksAtDay: !isMinted, store)
            }
            if isActive, judgement.violations.isEmpty { return judgement }
            if fresh { throw isActive ? .forbidden(judgement.violations) : .notActive }
        }
        throw .internal
    }

    private func inMeshWords<Value>(
        _ work: (Store) async throws(StoreError) -> Value
    ) async throws(MeshProblem) -> Value {
        do {
            return try await work(store)
        } catch {
            throw meshProblem(error)
        }
    }
}

extension MeshProblem {
    /// The policy forbids the link token.
    static func forbidden(_ violations: [ComplianceViolation]) -> MeshProblem {
        var problem = MeshProblem(
            451, .unavailableForLegalReasons, "The policy of this client forbids this link token.",
            errorType: "policyViolation")
        problem.errorData = jsonObject { $0.member("violations", violations) }
        return problem
    }
}
