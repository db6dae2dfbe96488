import Domain
import HTTPServer
import Postgres
import Runtime

/// The two pages people see: Link at a token's own address, and the page of a payment link that frames it. Both are the
/// same text for everybody; what differs is who may frame them. Loop-bound.
struct LinkShells: Sendable {
    let tokens: LinkTokenStore
    let accounts: AccountStore
    let log: Log

    private static let link = Array(PageFile.named("link.html").text.utf8)
    private static let payLink = Array(PageFile.named("paylink.html").text.utf8)

    /// `GET /b2b-iframe/{clientId}/broker-connect?auth_code=…`
    func connect(_ head: RequestHead) async -> Response {
        do throws(PostgresError) {
            let origins = try await origins(head)
            return LinkShells.response(LinkShells.link, frameSource: "'none'", ancestors: origins.frameAncestors)
        } catch {
            log.error("a link page cannot be served", [(.error, .text(error.description))])
            return Problem.unavailable.response(requestId: head.requestId)
        }
    }

    /// `GET /paylink?linkToken=…`: a page of its own, which nobody frames.
    func payLink() -> Response {
        LinkShells.response(LinkShells.payLink, frameSource: "'self'", ancestors: Array("'none'".utf8))
    }

    /// Of the token in the address, else of the account in it, else any: a page without a token only says so.
    private func origins(_ head: RequestHead) async throws(PostgresError) -> AllowedOrigins {
        if let code = head.query.flatMap({ PercentCoding.parameter("auth_code", of: $0) }),
            let token = LinkToken(authCode: code), let stored = try await tokens.find(token)
        {
            return try await accounts.merchant(stored.subClientId, of: stored.clientId).origins
        }
        let segments = head.path.split(separator: UInt8(ascii: "/"))
        guard segments.count == 3, let client = UUIDValue(text: segments[1]) else {
            return AllowedOrigins(callbackUrls: [])
        }
        return try await accounts.merchant(nil, of: client).origins
    }

    private static func response(_ body: [UInt8], frameSource: String, ancestors: [UInt8]) -> Response {
        var response = Response(status: 200, contentType: "text/html; charset=utf-8", body: body)
        let policy = """
            default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
            frame-src \(frameSource); base-uri 'none'; form-action 'none'; frame-ancestors \

            """
        response.headers.add("Content-Security-Policy", Array(policy.utf8) + ancestors)
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("Referrer-Policy", "no-referrer")
        response.headers.add("Cache-Control", "no-store")
        return response
    }
}
