import Domain
import HTTPServer
import Postgres
import Runtime

/// `GET /public/clients/logo/{clientId}/{id}`: a logo as anyone sees it. Loop-bound.
struct LogoPage: Sendable {
    let store: AccountStore
    let log: Log

    func answer(_ request: Request) async -> Response {
        let segments = request.head.path.split(separator: UInt8(ascii: "/"))
        let id = request.head.requestId
        guard segments.count == 5, let account = UUIDValue(text: segments[3]),
            let subClient = UUIDValue(text: segments[4])
        else { return Problem.notFound.response(requestId: id) }
        do throws(PostgresError) {
            guard let logo = try await store.logo(subClient, of: account) else {
                return Problem.notFound.response(requestId: id)
            }
            var response = Response(
                status: 200, contentType: logo.kind == .png ? "image/png" : "image/jpeg", body: logo.bytes)
            response.headers.add("X-Content-Type-Options", "nosniff")
            response.headers.add("Content-Security-Policy", "default-src 'none'; sandbox")
            return response
        } catch {
            log.error("a logo cannot be read", [(.error, .text(error.description))])
            return Problem.unavailable.response(requestId: id)
        }
    }
}
