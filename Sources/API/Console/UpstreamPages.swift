import Domain
import HTTPServer
import Store

/// `/console/upstreams`: the PSP's accounts at Mesh, how far behind we look at them, and who is registered there.
enum UpstreamPages {
    static let all: [Route] = [.page("/console/upstreams", needs: .viewUpstreams, list)]

    /// A sweep that is this far behind is told in colour: the standard pace looks every minute or so.
    private static let notableLag: Int64 = 900

    @Sendable private static func list(_ call: ConsoleCall) async throws(Problem) -> Response {
        var query = call.query
        let page = query.page(of: ConsoleLimits.rows)
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.upstreams(call.scope, page) }
        let sweeps = try await call.store { store throws(StoreError) in try await store.reconciliations(call.scope) }
        let counts = try await call.store { store throws(StoreError) in
            try await store.registrationCounts(call.scope)
        }
        let failed = try await call.store { store throws(StoreError) in
            try await store.failedRegistrations(call.scope, limit: ConsoleLimits.rows)
        }
        var html = HTMLWriter(now: call.now)
        html.consolePage("Upstreams", in: .upstreams, call.visitor) { html in
            if found.items.isEmpty { html.element(.p, text: "None.") }
            html.live("upstreams") { html in
                for upstream in found.items {
                    html.part(String(decoding: upstream.name, as: UTF8.self)) { html in
                        html.facts(facts(upstream, counts.filter { $0.upstream == upstream.id }))
                        html.sweeps(sweeps.filter { $0.upstream == upstream.id }, notableLag)
                        html.failed(failed.filter { $0.upstream == upstream.id })
                    }
                }
            }
            html.more(found.next, ConsolePath("/console/upstreams"))
        }
        return Console.page(html)
    }

    private static func facts(
        _ one: Upstream, _ counts: [RegistrationCount]
    ) -> [(name: String, value: ConsoleCell)] {
        var facts: [(name: String, value: ConsoleCell)] = [
            ("Id", .copied(one.id.text)), ("Environment", .text(one.environment.rawValue)),
            ("Address", .name(one.baseURL)), ("Address for accounts", .name(one.adminBaseURL)),
            ("Client id", .copied(one.clientID.text)), ("Webhook secrets", .text("\(one.webhookSecretCount)")),
        ]
        for state in RegistrationState.allCases {
            let count = counts.first { $0.state == state }?.count ?? 0
            let tone: ConsoleTone = count == 0 ? .quiet : state.tone
            facts.append(("Registrations \(state.rawValue)", .badge("\(count)", tone)))
        }
        return facts
    }
}

extension HTMLWriter {
    fileprivate mutating func sweeps(_ sweeps: [ReconciliationStanding], _ notableLag: Int64) {
        let now = self.now
        table(
            "Reconciliation", ["Look at transfers", "Done up to", "Behind", "Next", "Failures in a row"],
            empty: "Its transfers have not been looked at yet.",
            rows: sweeps.map { one in
                let lag = max(now.seconds - one.sweptUntil.seconds, 0)
                let isBehind = one.sweep == .recent && lag >= notableLag
                return [
                    .text(one.sweep.rawValue), .time(one.sweptUntil),
                    .badge(ConsoleSpan.magnitude(UInt64(lag)), isBehind ? .warn : .quiet), .time(one.dueAt),
                    .badge("\(one.failures)", one.failures > 0 ? .bad : .quiet),
                ]
            })
    }

    fileprivate mutating func failed(_ failed: [FailedRegistration]) {
        if failed.isEmpty { return }
        table(
            "Failed registrations", ["Sub-client", "Last error", "Tried", "Attempts"], empty: "",
            rows: failed.map { one in
                [
                    .link(one.displayName, SubClientPages.path.at(one.subClient.text)), .name(one.lastError),
                    .time(one.lastAttemptAt), .text("\(one.attempts)"),
                ]
            })
    }
}
