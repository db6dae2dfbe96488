import Domain
import HTTPServer
import JSON
import Postgres
import Runtime

/// `POST /api/v1/linktoken` as Mesh answers it. Loop-bound.
struct LinkTokenRoutes: Sendable {
    let keys: ClientKeys
    let store: LinkTokenStore
    let baseURL: String
    let clock: Clock
    let random: RandomSource
    let log: Log

    func create(_ request: Request) async -> Response {
        // Mesh's 401 has no body.
        guard let client = keys.client(of: request.head.headers) else { return Response(status: 401) }
        guard MediaType.isJSON(request.head.headers) else {
            return failure(415, "The content type is not supported", errorType: "badRequest")
        }
        let body: [UInt8]
        do throws(BodyError) {
            body = try await request.body.collect(upTo: SandboxLimits.linkTokenBodyBytes)
        } catch {
            if error == .tooLarge { return failure(413, "The request body is too large", errorType: "badRequest") }
            return failure(400, "The request body could not be read", errorType: "badRequest")
        }
        do throws(RequestFault) {
            return await mint(try LinkTokenRequest.parse(body), for: client)
        } catch {
            return failure(400, error.message, errorType: error.kind.rawValue)
        }
    }

    private func mint(_ request: LinkTokenRequest, for client: UUIDValue) async -> Response {
        let token = LinkToken()
        do throws(PostgresError) {
            guard try await store.insert(token, for: request, of: client, at: clock.now()) else {
                return failure(400, "The sub client is not found", errorType: "invalidField")
            }
        } catch {
            log.error("a link token cannot be stored", [(.error, .text(error.description))])
            return failure(500, "The request could not be processed", status: .serverFailure, errorType: "")
        }
        let text = token.text(
            baseURL: baseURL, clientId: client, restrictMultipleAccounts: request.restrictMultipleAccounts)
        let link =
            request.transfer?.generatesPayLink == true ? LinkToken.paymentLink(baseURL: baseURL, token: text) : nil
        let envelope = Envelope.success([("linkToken", text), ("paymentLink", link)], hash: random.next())
        return envelope.response(200)
    }

    private func failure(
        _ code: Int, _ message: String, status: Envelope.Status = .badRequest, errorType: String
    ) -> Response {
        Envelope.failure(status, message, errorType: errorType, hash: random.next()).response(code)
    }
}
