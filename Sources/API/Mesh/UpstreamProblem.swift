import Domain
import HTTPServer
import Runtime
import Store
import Upstream

extension Call {
    /// The upstream of a key's environment.
    func upstream(of principal: Principal) async throws(MeshProblem) -> ActiveUpstream {
        guard let upstream = await context.upstreams.upstream(for: principal.environment) else {
            throw context.upstreams.isCurrent ? .noUpstream : .unavailable
        }
        return upstream
    }

    /// The failure as the merchant may see it: what is the PSP's to mend goes to the log alone.
    func meshProblem(_ failure: UpstreamFailure, _ upstream: ActiveUpstream) -> MeshProblem {
        log(failure, upstream)
        switch failure {
        case .refused(let status, let refusal):
            var problem = MeshProblem(
                status, status == 404 ? .notFound : .badRequest, message: refusal.message,
                errorType: refusal.errorType ?? (status == 404 ? nil : Array("badRequest".utf8)))
            problem.displayMessage = refusal.displayMessage
            problem.errorHash = refusal.errorHash
            problem.teamCode = refusal.teamCode
            return problem
        case .tooManyRequests(let retryAfter):
            var problem = MeshProblem(429, .tooManyRequest, "The upstream service is busy. Try again later.")
            problem.retryAfter = retryAfter ?? APILimits.retryAfterSeconds
            return problem
        case .keysRefused, .failed: return .upstreamFailed
        case .unreachable: return .upstreamAway
        }
    }

    private func log(_ failure: UpstreamFailure, _ upstream: ActiveUpstream) {
        switch failure {
        case .refused, .tooManyRequests: break
        case .keysRefused(let status):
            context.log.error(
                "the upstream refuses our keys",
                [
                    (.requestId, .bytes(requestID)), (.traceId, .bytes(trace.traceText)),
                    (.upstream, .bytes(upstream.id.text)), (.status, .integer(status)),
                ])
        case .failed(let reason), .unreachable(let reason):
            context.log.warn(
                "the upstream failed",
                [
                    (.requestId, .bytes(requestID)), (.traceId, .bytes(trace.traceText)),
                    (.upstream, .bytes(upstream.id.text)),
                    (.environment, .text(upstream.environment.rawValue)), (.reason, .text(reason)),
                ])
        }
    }
}

extension MeshAnswer {
    /// In Mesh's envelope, with the upstream's own marks, by which its support finds the request.
    func response(_ call: Call) -> Response {
        .json(
            200,
            MeshEnvelope.ok(content: content, errorHash: errorHash, teamCode: teamCode, requestID: call.requestID))
    }
}
