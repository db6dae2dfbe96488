import HTTPServer

/// What people see who open the stand-in's root in a browser: static text. No scripts.
struct Pages: Sendable {
    let baseURL: String

    /// `GET /`.
    func about() -> Response {
        let text = """
            This is Subgate's sandbox: it stands in for Mesh while you develop and test. No money moves here.

            POST \(baseURL)/api/v1/linktoken                   mints a link token, as Mesh does
                 \(baseURL)/b2b-iframe/…/broker-connect        is its Link page: the token is this address in base64
            POST \(baseURL)/sandbox/v1/link-tokens/complete    plays what its user does, and posts the webhooks
            PUT  \(baseURL)/sandbox/v1/faults                  forces outcomes of transfers, webhooks and calls
            PUT  \(baseURL)/sandbox/v1/clock                   sets its clock
            POST \(baseURL)/sandbox/v1/reset                   forgets all that was played
                 \(baseURL)/admin/api/v1/…                     keeps sub-clients, as Mesh's Account Management API does

            """
        return Pages.response("text/plain; charset=utf-8", Array(text.utf8))
    }

    private static func response(_ contentType: StaticString, _ body: [UInt8]) -> Response {
        var response = Response(status: 200, contentType: contentType, body: body)
        response.headers.add(
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox")
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("Referrer-Policy", "no-referrer")
        response.headers.add("Cache-Control", "no-store")
        return response
    }
}
