import Domain
import HTTPServer
import JSON
import Store

/// `/console/sub-clients`: the PSP's merchants.
enum SubClientPages {
    static let all: [Route] = [
        .page("/console/sub-clients", needs: .viewSubClients, list),
        .page("/console/sub-clients/{subClientId}", needs: .viewSubClients, show),
    ]

    static let path = ConsolePath("/console/sub-clients")

    static func crumbs(_ subClient: SubClient? = nil) -> [ConsoleCrumb] {
        let all = ConsoleCrumb(name: Array("Sub-clients".utf8), path: path)
        guard let subClient else { return [all] }
        return [all, ConsoleCrumb(name: subClient.displayName, path: path.at(subClient.id.text))]
    }

    @Sendable private static func list(_ call: ConsoleCall) async throws(Problem) -> Response {
        var query = call.query
        let filter = SubClientRoutes.filter(&query)
        let page = query.page(of: ConsoleLimits.rows)
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.subClients(call.scope, filter, page)
        }
        var html = HTMLWriter(now: call.now)
        html.consolePage("Sub-clients", in: .subClients, call.visitor) { html in
            html.filters(path) { html in
                html.field("Name, at least 3 letters", "text", filter.text, .word(.minLength, "3"))
                html.field("External id", "externalId", filter.externalID)
                html.choice("Status", "status", filter.status)
            }
            html.table(
                "Sub-clients", ["Name", "Legal name", "Status", "Country", "External id", "Since"],
                empty: "None that these filters let through.", rows: found.items.map(row))
            html.more(
                found.next,
                path.asking("text", filter.text).asking("externalId", filter.externalID)
                    .asking("status", filter.status.map { Array($0.rawValue.utf8) }))
        }
        return Console.page(html)
    }

    private static func row(_ one: SubClient) -> [ConsoleCell] {
        [
            .link(one.displayName, path.at(one.id.text)), .name(one.legalName),
            .badge(one.status.rawValue, one.status.tone), .name(one.country), .id(one.externalID),
            .time(one.createdAt),
        ]
    }

    // MARK: One of them

    @Sendable private static func show(_ call: ConsoleCall) async throws(Problem) -> Response {
        let (subClient, tenant) = try await call.subClient()
        let query = call.query
        try query.finish()
        let whole = PageRequest(limit: ConsoleLimits.parts)
        let credentials = try await call.store { store throws(StoreError) in
            try await store.credentials(tenant, whole)
        }
        let endpoints = try await call.store { store throws(StoreError) in try await store.endpoints(tenant, whole) }
        let compliance = try await call.store { store throws(StoreError) in try await store.compliance(tenant) }
        let registrations = try await call.store { store throws(StoreError) in
            try await store.registrations(call.scope, of: tenant.subClient)
        }
        var html = HTMLWriter(now: call.now)
        html.consolePage(subClient.displayName, in: .subClients, call.visitor, crumbs: crumbs()) { html in
            html.facts(facts(subClient))
            html.element(.p, [.class("links")]) { html in
                html.element(.a, [.href(DeliveryPages.path(subClient.id))], text: "Deliveries")
                if call.visitor.may(.viewAudit) {
                    let audit = ConsolePath("/console/audit").asking("subClientId", subClient.id.text)
                    html.element(.a, [.href(audit)], text: "Audit")
                }
            }
            html.part("Endpoints") { $0.endpoints(endpoints.items, of: subClient.id) }
            html.part("Credentials") { $0.credentials(credentials.items) }
            html.part("Compliance policy") { $0.policy(compliance) }
            html.part("Registrations") { $0.registrations(registrations) }
        }
        return Console.page(html)
    }

    private static func facts(_ one: SubClient) -> [(name: String, value: ConsoleCell)] {
        [
            ("Id", .copied(one.id.text)), ("Status", .badge(one.status.rawValue, one.status.tone)),
            ("Reason", .name(one.statusReason)), ("Legal name", .name(one.legalName)), ("Country", .name(one.country)),
            ("External id", .copied(one.externalID)), ("Website", .name(one.website)),
            ("Created", .time(one.createdAt)), ("Updated", .time(one.updatedAt)),
        ]
    }
}

extension HTMLWriter {
    fileprivate mutating func endpoints(_ endpoints: [Endpoint], of subClient: SubClientID) {
        table(
            "Endpoints", ["URL", "Environment", "State", "Failing since", "Events", "Id"], empty: "None.",
            rows: endpoints.map { one in
                let state = one.health.state(isEnabled: one.enabled)
                return [
                    .link(one.url, EndpointPages.path(subClient, one.id)), .text(one.environment.rawValue),
                    .badge(state.rawValue, state.tone), .time(one.health.failingSince),
                    .name(Array(one.eventTypes.joined(separator: Array(", ".utf8)))), .id(one.id.text),
                ]
            })
    }

    fileprivate mutating func credentials(_ credentials: [Credential]) {
        let now = self.now
        table(
            "Credentials", ["Name", "Client id", "Environment", "Access", "Secret ends in", "State", "Last used"],
            empty: "None.",
            rows: credentials.map { one in
                let isExpired = one.expiresAt.map { $0 <= now } ?? false
                let state: ConsoleCell =
                    one.revokedAt != nil
                    ? .badge("revoked", .quiet) : isExpired ? .badge("expired", .quiet) : .badge("works", .good)
                return [
                    .name(one.name), .id(one.clientID.text), .text(one.environment.rawValue),
                    .text(one.access.rawValue), .id(one.secretHint), state, .time(one.lastUsedAt),
                ]
            })
    }

    fileprivate mutating func policy(_ compliance: Compliance) {
        let revision = compliance.inForce
        let kyb = revision.kyb
        facts([
            ("Business", .badge(kyb.status.rawValue, kyb.isApproved(at: now) ? .good : .warn)),
            ("Approved until", .time(kyb.expiresAt)), ("Legal entity", .name(kyb.legalEntity)),
            ("Revision", .text("\(revision.number) of \(compliance.latest)")),
            ("In force since", .time(revision.effectiveAt)), ("Next in force", .time(compliance.next?.effectiveAt)),
        ])
        let rules = revision.rules.flatMap { try? JSONDocument.parse($0).root }
        table(
            "Rules", ["Rule", "Value"], empty: "No rules: nothing is limited.",
            rows: (rules?.members.map { $0 } ?? []).filter { !$0.value.isNull }.map { rule in
                [.name(Array(rule.key.text.utf8)), .id(ConsoleText.shown(Array(rule.value.raw)))]
            })
    }

    fileprivate mutating func registrations(_ registrations: [Registration]) {
        table(
            "Registrations", ["Upstream", "Environment", "State", "Its id there", "Attempts", "Last error", "Synced"],
            empty: "None.",
            rows: registrations.map { one in
                [
                    .name(one.upstreamName), .text(one.environment.rawValue),
                    .badge(one.state.rawValue, one.state.tone), .id(one.upstreamSubClientID?.text),
                    .text("\(one.attempts)"), .name(one.lastErrorMessage ?? one.lastError), .time(one.syncedAt),
                ]
            })
    }
}

extension RegistrationState {
    var tone: ConsoleTone {
        switch self {
        case .synced: .good
        case .pending: .warn
        case .failed: .bad
        case .removed: .quiet
        }
    }
}

/// Long values as pages show them.
enum ConsoleText {
    /// What was pasted, without the blanks around it.
    static func trimmed(_ text: [UInt8]) -> [UInt8] {
        Array(text.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed())
    }

    static func shown(_ bytes: [UInt8]) -> [UInt8] {
        bytes.count <= ConsoleLimits.shownBytes
            ? bytes : Array(bytes.prefix(ConsoleLimits.shownBytes)) + Array(" … (cut)".utf8)
    }
}
