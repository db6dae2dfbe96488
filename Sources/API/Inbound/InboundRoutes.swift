import Domain
import HTTPServer
import Runtime
import Store
import Upstream

/// `POST /inbound/mesh/{upstreamId}`: webhooks from upstreams. 200 is said after the commit, never before.
enum InboundRoutes {
    static let all: [Route] = [
        Route(.post, "/inbound/mesh/{upstreamId}", bodyLimit: APILimits.inboundBytes, .inbound(receive))
    ]

    @Sendable private static func receive(
        _ call: Call, _ facts: inout RequestFacts
    ) async throws(Problem) -> Response {
        let id: UpstreamID = try call.identifier(0)
        // Before its body is read and its signature looked at: that is most of what it costs here.
        if !call.context.hasRoom() || call.head.waited > call.context.configuration.acknowledgeWithin / 2 {
            return call.refuse(Refusal(reason: .webhooksBusy), &facts)
        }
        guard let tag = WebhookSignature.tag(call.head.headers) else { throw .unsignedWebhook }
        guard let upstream = await call.context.upstreams.upstream(id) else {
            throw call.context.upstreams.isCurrent ? .notFound : .unavailable
        }
        let body = try await call.bytes()
        let waited = UInt64(call.head.waited.microseconds) * 1_000
        let arrived = call.context.clock.monotonic() &- waited
        guard WebhookSignature.isValid(tag, for: body, keys: upstream.webhookKeys) else { throw .unsignedWebhook }
        let event = try MeshEvent.read(
            body, upstream: upstream.id, id: call.context.identifiers.next(),
            transferID: call.context.identifiers.next())
        facts.event = (event.id, event.traceID)
        facts.subClient = event.reference?.subClient
        do {
            let fate = try await call.context.accept(event)
            facts.fate = fate
            if fate == .erased { call.context.requestMetrics.erasedEvents.add() }
            if fate == .quarantined {
                call.context.log.warn(
                    "an event has no sub-client",
                    [
                        (.requestId, .bytes(call.requestID)), (.traceId, .bytes(facts.traceText)),
                        (.upstream, .bytes(upstream.id.text)), (.event, .bytes(event.id.text)),
                        (.reason, .text(event.unroutableReason ?? "noLinkSession")),
                    ])
            }
        } catch {
            throw refuse(call, error, isLate(call, since: arrived) ? .lateWebhook : .webhook, &facts)
        }
        // Stored, but the upstream has given up on it: it sends it again, and gets its 200 for a repetition.
        if isLate(call, since: arrived) { throw refuse(call, .outcomeUnknown, .lateWebhook, &facts) }
        var response = Response(status: 200)
        response.welcomes = true
        return response
    }

    private static func isLate(_ call: Call, since arrived: UInt64) -> Bool {
        let limit = UInt64(call.context.configuration.acknowledgeWithin.microseconds) * 1_000
        return call.context.clock.monotonic() &- arrived > limit
    }

    private static func refuse(
        _ call: Call, _ error: StoreError, _ reason: Refusal.Reason, _ facts: inout RequestFacts
    ) -> Problem {
        let problem = call.problem(error)
        // A statement that should not fail does so while somebody replaces the schema, and after that no more. Whatever
        // it was, nothing is acknowledged: the upstream is to send it again.
        if problem.code != .unavailable, problem.code != .internal { return problem }
        call.context.gate.metrics.count(reason)
        facts.refusal = reason
        return Refusal(reason: reason).problem
    }
}
