import Crypto
import Domain
import HTTPServer
import JSON
import Runtime
import Store
import Upstream

/// `POST /api/v1/linktoken`: Mesh's own call, which a merchant's existing client makes with only the base URL changed.
///
/// It writes no audit entry: what it makes is a link session, which is its record (who minted it, when, for whom, under
/// which revision) and cannot be changed by anyone; and thousands in a second would stand in line for the chain.
enum LinkTokenRoutes {
    static let all: [Route] = [
        Route(.post, "/api/v1/linktoken", bodyLimit: APILimits.linkTokenBytes, .mesh(.readWrite, create))
    ]

    /// Judge, rewrite, ask the upstream, judge again, commit the session, answer. A token that reached a merchant is
    /// always routable; one that did not never matters.
    @Sendable private static func create(_ call: Call, _ principal: Principal) async throws(MeshProblem) -> Response {
        let began = call.context.clock.monotonic()
        guard principal.subClientStatus.allowsLinkTokens(in: principal.environment) else { throw .notActive }
        let request = try LinkTokenRequest(try await call.meshBody())
        _ = try await call.judge(request, principal)
        let upstream = try await call.upstream(of: principal)
        let session: LinkSessionID = call.context.identifiers.next()
        let subClient = principal.scope.subClient
        let body = request.rewritten(
            userID: NamespacedUser.id(of: request.userID, in: subClient),
            transactionID: TransactionReference(subClient: subClient, linkSession: session).text,
            subClientID: principal.registration.flatMap { $0.upstream == upstream.id ? $0.subClientID : nil })
        let (clock, metrics) = (call.context.clock, call.context.requestMetrics)
        let asked = clock.monotonic()
        let outcome = await call.context.mesh.createLinkToken(upstream, body: body, trace: call.trace)
        metrics.linkToken(outcome, upstream: clock.monotonic() &- asked)
        guard case .minted(let plain) = outcome else {
            throw call.meshProblem(outcome.failure ?? .failed(reason: "unknown"), upstream)
        }
        let minted = LinkTokenStyle.apply(principal.linkStyle, to: plain)

        let judgement = try await call.judge(request, principal, isMinted: true)
        let new = NewLinkSession(
            id: session, environment: principal.environment, upstream: upstream.id, credential: principal.credential,
            transactionID: request.transactionID, userID: request.userID, transferType: request.transferType,
            amountInFiat: request.amountInFiat, hasTransfer: request.hasTransfer,
            expiresAt: clock.now() + APILimits.linkTokenLifetime,
            complianceRevision: judgement.revision, perDayMaximum: judgement.perDayMaximum)
        do {
            try await call.store.createLinkSession(principal.scope, new)
        } catch .dayIsFull {
            // The minted token reaches nobody.
            throw .forbidden(judgement.perDayMaximum.map { [CompliancePolicy.dayIsFull($0)] } ?? [])
        } catch {
            throw call.meshProblem(error)
        }
        metrics.linkTokenMinted(nanoseconds: clock.monotonic() &- began)
        let content = jsonObject { json in
            json.member("linkToken", minted.linkToken)
            json.member("paymentLink", minted.paymentLink)
        }
        return .json(
            200,
            MeshEnvelope.ok(
                content: content, errorHash: minted.errorHash, teamCode: minted.teamCode, requestID: call.requestID))
    }
}

extension Call {
    /// The whole body of a request in Mesh's format. Throws 415 and 413.
    func meshBody() async throws(MeshProblem) -> [UInt8] {
        guard MediaType.isJSON(head.headers, alsoSuffixes: true) else { throw .unsupportedMediaType }
        do {
            return try await requestBody.collect(upTo: route.bodyLimit)
        } catch .tooLarge {
            throw .tooLarge
        } catch {
            // Nobody reads this answer: the connection is lost.
            throw MeshProblem(400, .badRequest, "The request body did not arrive.", errorType: "badRequest")
        }
    }
}
