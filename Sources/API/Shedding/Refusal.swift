import HTTPServer
package import Runtime

/// Why a request was refused before it was worked on, and when to come again.
struct Refusal: Error, Equatable {
    /// A label of `subgate_requests_refused_total`.
    enum Reason: Int, CaseIterable {
        /// Too many requests from one address, with one key, of one sub-client.
        case addressRate, keyRate, subClientRate
        /// Too many keys from one address that are none.
        case failedKeys
        /// One sub-client's requests are too many at once.
        case subClientBusy
        /// As much is under way as may be.
        case busy
        /// The connection was one of those kept for upstreams.
        case connections
        /// As many webhooks wait as can be stored in time.
        case webhooksBusy
        /// Webhooks that could not be stored in time, or not at all.
        case lateWebhook, webhook

        /// Whether it is the caller who sends too much, and not all callers together.
        var isCallers: Bool {
            switch self {
            case .addressRate, .keyRate, .subClientRate, .failedKeys, .subClientBusy: true
            case .busy, .connections, .webhooksBusy, .lateWebhook, .webhook: false
            }
        }

        var detail: String {
            switch self {
            case .addressRate: "Too many requests from your address."
            case .keyRate: "Too many requests with this key."
            case .subClientRate: "Too many requests of this sub-client."
            case .failedKeys: "Too many wrong keys from your address."
            case .subClientBusy: "Too many requests of this sub-client at once."
            case .busy, .connections, .webhooksBusy: "Too much is under way. Nothing was changed. Send it again."
            case .lateWebhook: "It may have been stored, but not in time. Send it again."
            case .webhook: "It may have been stored. Send it again."
            }
        }
    }

    let reason: Reason
    /// Nanoseconds; told in whole seconds, at least one.
    var after: UInt64 = 0

    var retryAfter: Int { max(1, Int(clamping: (after + 999_999_999) / 1_000_000_000)) }

    var problem: Problem {
        var problem = Problem(reason.isCallers ? .tooManyRequests : .unavailable, reason.detail)
        problem.retryAfter = retryAfter
        return problem
    }

    var meshProblem: MeshProblem {
        var problem =
            reason.isCallers
            ? MeshProblem(429, .tooManyRequest, reason.detail) : MeshProblem(503, .serverFailure, reason.detail)
        problem.retryAfter = retryAfter
        return problem
    }
}

/// Counts what was refused. Made once per process and shared by all loops.
package struct RefusalMetrics: Sendable {
    private let refused: MetricSet<Counter>

    package init(_ metrics: Metrics) {
        refused = metrics.counters(
            "subgate_requests_refused_total", help: "Requests refused before they were worked on, by reason.",
            MetricLabel("reason", of: Refusal.Reason.self))
    }

    func count(_ reason: Refusal.Reason) { refused[reason.rawValue].add() }
}
