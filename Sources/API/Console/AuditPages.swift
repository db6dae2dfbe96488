import Domain
import HTTPServer
import JSON
import Store

/// `/console/audit`: who changed what.
enum AuditPages {
    static let all: [Route] = [.page("/console/audit", needs: .viewAudit, list)]

    private static let path = ConsolePath("/console/audit")

    @Sendable private static func list(_ call: ConsoleCall) async throws(Problem) -> Response {
        var query = call.query
        let filter = AuditRoutes.filter(&query)
        let cursor = query.integer("cursor", 1...Int(Int32.max))
        let given = query.given
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.auditEntries(
                call.scope, filter, before: cursor.map { Int64($0) }, limit: ConsoleLimits.rows)
        }
        var html = HTMLWriter(now: call.now)
        html.consolePage("Audit", in: .audit, call.visitor) { html in
            html.filters(path) { html in
                html.field("Action, such as endpoint.created", "action", given("action"))
                html.field("Sub-client", "subClientId", given("subClientId"))
                html.field("Member", "memberId", given("memberId"))
                html.field("Target", "targetId", given("targetId"))
                html.field("Since (RFC 3339)", "from", given("from"))
                html.field("Before (RFC 3339)", "before", given("before"))
            }
            html.table(
                "Audit entries", ["When", "Action", "By", "Target", "Sub-client", "From address", "Values"],
                empty: "None that these filters let through.", rows: found.entries.map(row))
            if found.hasMore, let last = found.entries.last {
                let names: [StaticString] = ["action", "subClientId", "memberId", "targetId", "from", "before"]
                let next = names.reduce(path) { $0.asking($1, given($1)) }.asking("cursor", "\(last.seq)")
                html.element(.p, [.class("more")]) { $0.element(.a, [.href(next)], text: "Next page") }
            }
        }
        return Console.page(html)
    }

    private static func row(_ entry: AuditEntry) -> [ConsoleCell] {
        guard let facts = AuditFacts(entry.body) else { return [.time(entry.at), .text("unreadable")] }
        let noun = AuditNoun.allCases.first { facts.targetType.elementsEqual($0.rawValue.utf8) }
        let subClient = facts.subClient.flatMap { $0 == UUIDValue(high: 0, low: 0) ? nil : SubClientID($0) }
        return [
            .time(entry.at), .name(facts.action), .id(AuditRoutes.actorID(facts) ?? facts.actorType),
            .id(noun?.text(of: facts.target)),
            subClient.map { .id($0.text, SubClientPages.path.at($0.text)) } ?? .none, .name(facts.address),
            values(entry),
        ]
    }

    private static func values(_ entry: AuditEntry) -> ConsoleCell {
        guard let details = entry.details else { return .text("erased") }
        let root = try? JSONDocument.parse(details).root
        return ConsoleCell { html in
            html.element(.details) { html in
                html.element(.summary) { $0.text("Entry \(entry.seq)") }
                for name: StaticString in ["before", "after"] {
                    guard let value = root?[name], !value.isNull else { continue }
                    html.element(.h3, text: "\(name)")
                    html.element(.pre, text: ConsoleText.shown(Array(value.raw)))
                }
            }
        }
    }
}
