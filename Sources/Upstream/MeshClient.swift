import Domain
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
    package func createLinkToken(_ upstream: ActiveUpstream, body: [UInt8]) async -> LinkTokenOutcome {
        guard let url = upstream.linkTokenURL else { return .unreachable(reason: "urlRefused") }
        // A token that was minted and lost does no harm, so a connection that turns out closed is worth a second try.
        let request = OutgoingRequest(
            method: .post, url: url,
            headers: [
                ("Content-Type", Array("application/json".utf8)), ("Accept", Array("application/json".utf8)),
                ("X-Client-Id", upstream.clientID), ("X-Client-Secret", upstream.clientSecret.exposed),
            ], body: body, connectTimeout: UpstreamLimits.connectTimeout, totalTimeout: UpstreamLimits.callTimeout,
            responseLimit: UpstreamLimits.answerBytes, policy: policy,
            partition: upstream.id.uuid.high ^ upstream.id.uuid.low, resendsOnStaleConnection: true)
        do {
            let answer = try await client.send(request)
            if answer.bodyWasCut || answer.isIncomplete { return .failed(reason: "incompleteAnswer") }
            return LinkTokenOutcome(
                status: answer.status, retryAfter: answer.headers["retry-after"].map { [UInt8]($0) },
                body: answer.body)
        } catch {
            switch error {
            case .badResponse, .connectionReset: return .failed(reason: error.code)
            default: return .unreachable(reason: error.code)
            }
        }
    }
}
