package import Domain
package import HTTPClient
import Runtime

/// Calls an upstream's API with the PSP's keys. Loop-bound, like the HTTP client in it.
package struct MeshClient: Sendable {
    private let client: HTTPClient
    private let policy: AddressPolicy

    package init(client: HTTPClient, policy: AddressPolicy) {
        self.client = client
        self.policy = policy
    }

    /// `POST {baseUrl}/api/v1/linktoken`. Redirects are not followed: they would carry the keys elsewhere.
    package func createLinkToken(
        _ upstream: ActiveUpstream, body: [UInt8], trace: TraceContext? = nil
    ) async -> LinkTokenOutcome {
        guard let url = upstream.linkTokenURL else { return .unreachable(reason: "urlRefused") }
        // A token that was minted and lost does no harm, so a connection that turns out closed is worth a second try.
        let request = OutgoingRequest(
            method: .post, url: url,
            headers: [("Content-Type", Array("application/json".utf8))] + MeshClient.headers(upstream, trace),
            body: body,
            connectTimeout: UpstreamLimits.connectTimeout, totalTimeout: UpstreamLimits.callTimeout,
            responseLimit: UpstreamLimits.answerBytes, policy: policy,
            partition: upstream.id.uuid.high ^ upstream.id.uuid.low, resendsOnStaleConnection: true)
        do throws(UpstreamFailure) {
            let answer = try await send(request)
            return LinkTokenOutcome(status: answer.status, retryAfter: answer.retryAfter, body: answer.body)
        } catch {
            switch error {
            case .failed(let reason): return .failed(reason: reason)
            default: return .unreachable(reason: error.reason)
            }
        }
    }

    /// Makes one call as it stands. One that ended without an answer on a connection used before is made once more: all
    /// of Mesh's calls that come here change nothing when they are repeated.
    package func answer(
        _ call: MeshCall, of upstream: ActiveUpstream, trace: TraceContext? = nil
    ) async throws(UpstreamFailure) -> MeshAnswer {
        let parsed = try? TargetURL(upstream.baseURL + call.path, options: policy.urlOptions)
        guard let url = parsed, policy.objection(to: url) == nil else { throw .unreachable(reason: "urlRefused") }
        let type = call.body.isEmpty ? [] : [("Content-Type", Array("application/json".utf8))]
        let answer = try await send(
            OutgoingRequest(
                method: call.method, url: url, headers: type + MeshClient.headers(upstream, trace),
                body: call.body,
                connectTimeout: UpstreamLimits.connectTimeout, totalTimeout: UpstreamLimits.callTimeout,
                responseLimit: call.answerBytes, policy: policy,
                partition: upstream.id.uuid.high ^ upstream.id.uuid.low, resendsOnStaleConnection: true))
        return try MeshAnswer(to: call, status: answer.status, retryAfter: answer.retryAfter, body: answer.body)
    }

    private static func headers(
        _ upstream: ActiveUpstream, _ trace: TraceContext?
    ) -> [(name: String, value: [UInt8])] {
        [
            ("Accept", Array("application/json".utf8)), ("X-Client-Id", upstream.clientID),
            ("X-Client-Secret", upstream.clientSecret.exposed),
        ] + (trace.map { [("traceparent", $0.traceparent)] } ?? [])
    }

    private func send(
        _ request: OutgoingRequest
    ) async throws(UpstreamFailure) -> (status: Int, retryAfter: [UInt8]?, body: [UInt8]) {
        let answer: IncomingResponse
        do throws(ClientError) {
            answer = try await client.send(request)
        } catch {
            switch error {
            case .badResponse, .connectionReset: throw .failed(reason: error.code)
            default: throw .unreachable(reason: error.code)
            }
        }
        if answer.bodyWasCut || answer.isIncomplete { throw .failed(reason: "incompleteAnswer") }
        return (answer.status, answer.headers["retry-after"].map { [UInt8]($0) }, answer.body)
    }
}
