import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// A sub-client's deliveries, and one with its attempts.
enum DeliveryPages {
    static let all: [Route] = [
        .page("/console/sub-clients/{subClientId}/deliveries", needs: .viewEvents, list),
        .page("/console/sub-clients/{subClientId}/deliveries/{deliveryId}", needs: .viewEvents, show),
        .form(
            "/console/sub-clients/{subClientId}/deliveries/{deliveryId}/retry", needs: .operateDeliveries, retry),
        .form(
            "/console/sub-clients/{subClientId}/deliveries/{deliveryId}/replay", needs: .operateDeliveries, replay),
    ]

    static func path(_ subClient: SubClientID) -> ConsolePath {
        SubClientPages.path.at(subClient.text).at("deliveries")
    }

    private enum Done: String, CaseIterable {
        case retried, replayed

        var words: String {
            switch self {
            case .retried: "It is due now and is sent again."
            case .replayed: "Its event is sent again to every endpoint that asks for it."
            }
        }
    }

    @Sendable private static func list(_ call: ConsoleCall) async throws(Problem) -> Response {
        let (subClient, tenant) = try await call.subClient()
        var query = call.query
        let filter = DeliveryRoutes.filter(&query)
        let given = query.given
        let page = query.page(of: ConsoleLimits.rows)
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.deliveries(tenant, filter, page)
        }
        let path = path(subClient.id)
        var html = HTMLWriter(now: call.now)
        html.consolePage("Deliveries", in: .subClients, call.visitor, crumbs: SubClientPages.crumbs(subClient)) {
            html in
            html.filters(path) { html in
                html.choice("Status", "status", filter.status)
                html.choice("Event type", "type", filter.type)
                html.field("Endpoint", "endpointId", filter.endpoint?.text)
                html.field("Event", "eventId", filter.event?.text)
                html.field("Transfer", "transferId", filter.transfer?.text)
                html.field("Last answer, such as 5xx", "lastStatusCode", given("lastStatusCode"))
                html.field("Since (RFC 3339)", "createdAfter", given("createdAfter"))
                html.field("Before (RFC 3339)", "createdBefore", given("createdBefore"))
            }
            html.live("deliveries") { html in
                html.table(
                    "Deliveries",
                    ["Delivery", "Event type", "Status", "Attempts", "Last answer", "Next attempt", "Made"],
                    empty: "None that these filters let through.",
                    rows: found.items.map { row($0, path) })
            }
            let names: [StaticString] = [
                "status", "type", "endpointId", "eventId", "transferId", "lastStatusCode", "createdAfter",
                "createdBefore",
            ]
            html.more(found.next, names.reduce(path) { $0.asking($1, given($1)) })
        }
        return Console.page(html)
    }

    private static func row(_ one: Delivery, _ path: ConsolePath) -> [ConsoleCell] {
        [
            .id(one.id.text, path.at(one.id.text)), .text(one.eventType.rawValue),
            .badge(one.status.rawValue, one.status.tone), .text("\(one.attempts)"), lastAnswer(one),
            .time(one.nextAttemptAt), .time(one.createdAt),
        ]
    }

    private static func lastAnswer(_ one: Delivery) -> ConsoleCell {
        if let code = one.lastStatusCode { return .text("\(code)") }
        return .name(one.lastError)
    }

    // MARK: One of them

    @Sendable private static func show(_ call: ConsoleCall) async throws(Problem) -> Response {
        let (subClient, tenant) = try await call.subClient()
        let id: DeliveryID = try call.call.identifier(1)
        var query = call.query
        let done: Done? = query.word("done")
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.delivery(tenant, id) }
        let delivery = found.delivery
        let path = path(subClient.id)
        let back = ConsoleCrumb(name: Array("Deliveries".utf8), path: path)
        var html = HTMLWriter(now: call.now)
        html.consolePage(
            "Delivery of \(delivery.eventType.rawValue)", in: .subClients, call.visitor,
            crumbs: SubClientPages.crumbs(subClient) + [back]
        ) { html in
            html.notice(done?.words)
            html.live("facts") { $0.facts(facts(delivery, subClient.id)) }
            if call.visitor.may(.operateDeliveries) {
                html.element(.div, [.class("acts")]) { html in
                    html.form(path.at(id.text).at("retry"), call.visitor) {
                        $0.button("Send again now", .class("main"))
                    }
                    html.form(path.at(id.text).at("replay"), call.visitor) {
                        $0.button("Replay the event to all endpoints", .class("quiet"))
                    }
                }
            }
            html.part("Attempts") { html in
                html.live("attempts") { $0.attempts(found.attempts) }
            }
        }
        return Console.page(html)
    }

    private static func facts(_ one: Delivery, _ subClient: SubClientID) -> [(name: String, value: ConsoleCell)] {
        [
            ("Id", .copied(one.id.text)), ("Status", .badge(one.status.rawValue, one.status.tone)),
            ("Event", .copied(one.event.text)),
            ("Endpoint", .id(one.endpoint.text, EndpointPages.path(subClient, one.endpoint))),
            ("Attempts", .text("\(one.attempts)")), ("Last answer", lastAnswer(one)),
            ("Next attempt", .time(one.nextAttemptAt)), ("Made", .time(one.createdAt)),
            ("Updated", .time(one.updatedAt)),
        ]
    }

    // MARK: Changes

    @Sendable private static func retry(_ call: ConsoleCall) async throws(Problem) -> Response {
        let tenant = call.scope.tenant(try call.call.identifier(0))
        let id: DeliveryID = try call.call.identifier(1)
        _ = try await call.store { store throws(StoreError) in try await store.retryDelivery(tenant, id) }
        return Console.redirect(to: path(tenant.subClient).at(id.text).asking("done", Done.retried.rawValue))
    }

    @Sendable private static func replay(_ call: ConsoleCall) async throws(Problem) -> Response {
        let tenant = call.scope.tenant(try call.call.identifier(0))
        let id: DeliveryID = try call.call.identifier(1)
        let event = try await call.store { store throws(StoreError) in
            try await store.delivery(tenant, id).delivery.event
        }
        _ = try await call.store { store throws(StoreError) in try await store.replayEvent(tenant, event, to: nil) }
        return Console.redirect(to: path(tenant.subClient).at(id.text).asking("done", Done.replayed.rawValue))
    }
}

extension HTMLWriter {
    fileprivate mutating func attempts(_ attempts: [Attempt]) {
        if attempts.isEmpty { return element(.p, [.class("soft")], text: "None yet.") }
        element(.ol, [.class("attempts")]) { html in
            for attempt in attempts.reversed() {
                html.element(.li) { html in
                    html.element(.details, attempt.id == attempts.last?.id ? [.flag(.open)] : []) { html in
                        html.element(.summary) { html in
                            html.element(.strong, text: "Attempt \(attempt.number)")
                            html.outcome(attempt)
                            html.element(.span, text: "\(attempt.duration.milliseconds) ms")
                            html.element(.span) { $0.time(attempt.startedAt) }
                        }
                        html.exchange(attempt)
                    }
                }
            }
        }
    }

    private mutating func outcome(_ attempt: Attempt) {
        let isSuccess = attempt.statusCode.map { (200..<300).contains($0) } ?? false
        let reason = attempt.errorCode.map { String(decoding: $0, as: UTF8.self) }
        let word = attempt.statusCode.map { "answered \($0)" } ?? reason ?? "no answer"
        badge(word, isSuccess ? .good : .bad)
    }

    private mutating func exchange(_ attempt: Attempt) {
        let exchange = attempt.exchange.flatMap { try? JSONDocument.parse($0).root }
        element(.div, [.class("exchange")]) { html in
            html.facts([
                ("Id", .copied(attempt.id.text)),
                ("Error", attempt.errorCode.map { .name($0) } ?? .none),
                ("Node", .id(attempt.node?.text)),
                ("Timings", .text(Self.timings(exchange?["timings"], attempt.duration))),
            ])
            html.fields("Request headers", exchange?["requestHeaders"])
            html.fields("Answer's headers", exchange?["responseHeaders"])
            html.element(.h3, text: "Answer's body")
            let body = attempt.responseBody ?? []
            if body.isEmpty {
                html.element(.p, [.class("soft")], text: "Empty.")
            } else {
                html.element(.pre, text: ConsoleText.shown(body))
            }
        }
    }

    private static func timings(_ timings: JSONValue?, _ total: Duration) -> String {
        let parts: [(String, StaticString)] = [
            ("name", "dnsUs"), ("connect", "connectUs"), ("TLS", "tlsUs"), ("first byte", "firstByteUs"),
        ]
        let known = parts.compactMap { name, source in
            timings?[source]?.integer.map { "\(name) \(($0 + 500) / 1_000) ms" }
        }
        return (known + ["in all \(total.milliseconds) ms"]).joined(separator: ", ")
    }

    private mutating func fields(_ title: String, _ pairs: JSONValue?) {
        let fields = (pairs?.elements.map { $0 } ?? []).compactMap { pair -> [[UInt8]]? in
            let parts = pair.elements.compactMap(\.string)
            return parts.count == 2 ? parts : nil
        }
        element(.h3, text: title)
        if fields.isEmpty { return element(.p, [.class("soft")], text: "None.") }
        element(.pre) { html in
            for field in fields { html.text(field[0] + Array(": ".utf8) + field[1] + [10]) }
        }
    }
}
