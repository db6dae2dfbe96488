import Domain
import HTTPServer
import Runtime
import Store

/// One endpoint, and how it fared over the last hour and day.
enum EndpointPages {
    static let all: [Route] = [
        .page("/console/sub-clients/{subClientId}/endpoints/{endpointId}", needs: .viewEvents, show)
    ]

    static func path(_ subClient: SubClientID, _ endpoint: EndpointID) -> ConsolePath {
        SubClientPages.path.at(subClient.text).at("endpoints").at(endpoint.text)
    }

    @Sendable private static func show(_ call: ConsoleCall) async throws(Problem) -> Response {
        let (subClient, tenant) = try await call.subClient()
        let id: EndpointID = try call.call.identifier(1)
        let query = call.query
        try query.finish()
        let endpoint = try await call.store { store throws(StoreError) in try await store.endpoint(tenant, id) }
        let sums = try await call.store { store throws(StoreError) in try await store.statistics(tenant, of: id) }
        let series = try await call.store { store throws(StoreError) in
            try await store.statisticSeries(tenant, of: id)
        }
        var html = HTMLWriter(now: call.now)
        html.consolePage(endpoint.url, in: .subClients, call.visitor, crumbs: SubClientPages.crumbs(subClient)) {
            html in
            html.live("health") { html in
                html.facts(facts(endpoint, sums))
                html.part("Last hour") { $0.chart(series.hour, sums.lastHour, spanOf: "five minutes") }
                html.part("Last day") { $0.chart(series.day, sums.lastDay, spanOf: "an hour") }
            }
            html.element(.p, [.class("links")]) { html in
                let deliveries = DeliveryPages.path(subClient.id).asking("endpointId", id.text)
                html.element(.a, [.href(deliveries)], text: "Its deliveries")
            }
        }
        return Console.page(html)
    }

    private static func facts(
        _ one: Endpoint, _ sums: EndpointStatistics
    ) -> [(name: String, value: ConsoleCell)] {
        let state = one.health.state(isEnabled: one.enabled)
        let isMore = sums.backlog >= Int64(Store.countedBacklog)
        return [
            ("Id", .copied(one.id.text)), ("State", .badge(state.rawValue, state.tone)),
            ("Disabled because", one.disabledReason.map { .text($0.rawValue) } ?? .none),
            ("Environment", .text(one.environment.rawValue)),
            ("Events", .name(Array(one.eventTypes.joined(separator: Array(", ".utf8))))),
            ("Description", .name(one.description)), ("Failing since", .time(one.health.failingSince)),
            ("Failures in a row", .text("\(one.health.consecutiveFailures)")),
            ("Paused until", .time(one.health.pausedUntil.flatMap { $0 > sums.at ? $0 : nil })),
            ("Owed", .text(isMore ? "\(Store.countedBacklog) deliveries or more" : "\(sums.backlog) deliveries")),
            ("Oldest due", .time(sums.oldestDueAt)), ("Updated", .time(one.updatedAt)),
        ]
    }
}
