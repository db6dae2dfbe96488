import Domain
import HTTPServer
import Store

/// `/console/quarantine`: events that no sub-client could be found for.
enum QuarantinePages {
    static let all: [Route] = [
        .page("/console/quarantine", needs: .viewEvents, list),
        .form("/console/quarantine/{quarantineId}/assign", needs: .operateDeliveries, assign),
    ]

    private static let path = ConsolePath("/console/quarantine")

    private enum Done: String, CaseIterable { case assigned }

    @Sendable private static func list(_ call: ConsoleCall) async throws(Problem) -> Response {
        var query = call.query
        let done: Done? = query.word("done")
        let page = query.page(of: ConsoleLimits.rows)
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.quarantine(call.scope, page) }
        var html = HTMLWriter(now: call.now)
        html.consolePage("Quarantine", in: .quarantine, call.visitor) { html in
            html.element(
                .p, [.class("soft")], text: "Events of upstreams that belong to no sub-client, as far as we can tell.")
            if done != nil { html.notice("The event is the sub-client's now, and is delivered.") }
            if found.items.isEmpty { html.element(.p, text: "None.") }
            html.element(.ol, [.class("attempts")]) { html in
                for event in found.items { html.element(.li) { $0.quarantined(event, path, call.visitor) } }
            }
            html.more(found.next, path)
        }
        return Console.page(html)
    }

    @Sendable private static func assign(_ call: ConsoleCall) async throws(Problem) -> Response {
        let id: QuarantineID = try call.call.identifier(0)
        guard let subClient = call.form.value("subClientId").flatMap({ SubClientID(text: ConsoleText.trimmed($0)) })
        else { throw .invalid(field: "subClientId", "must be a sub-client's id") }
        _ = try await QuarantineRoutes.assign(call.call, call.scope, id, to: subClient)
        return Console.redirect(to: path.asking("done", Done.assigned.rawValue))
    }
}

extension HTMLWriter {
    fileprivate mutating func quarantined(_ event: QuarantinedEvent, _ path: ConsolePath, _ visitor: ConsoleVisitor) {
        facts([
            ("Id", .copied(event.id.text)), ("Reason", .name(event.reason)), ("Received", .time(event.receivedAt)),
            ("Upstream", .id(event.upstream.text)), ("Its event there", .id(event.upstreamEventID.text)),
        ])
        element(.details) { html in
            html.element(.summary) { $0.text("Payload") }
            html.element(.pre, text: ConsoleText.shown(event.payload))
        }
        if visitor.may(.operateDeliveries) {
            form(path.at(event.id.text).at("assign"), visitor) { html in
                html.field("Sub-client's id", "subClientId", nil, .flag(.required), .word(.maxLength, "64"))
                html.button("Assign", .class("main"))
            }
        }
    }
}
