import Crypto
import HTTPServer

/// What people see who open the stand-in in a browser: static text that says how a link token is completed. No scripts.
struct Pages: Sendable {
    let baseURL: String

    /// `GET /`.
    func about() -> Response {
        let text = """
            This is Subgate's sandbox: it stands in for Mesh while you develop and test. No money moves here.

            POST \(baseURL)/api/v1/linktoken                   mints a link token, as Mesh does
            POST \(baseURL)/sandbox/v1/link-tokens/complete    plays what its user does, and posts the webhooks
            PUT  \(baseURL)/sandbox/v1/faults                  forces outcomes of transfers, webhooks and calls
            PUT  \(baseURL)/sandbox/v1/clock                   sets its clock
            POST \(baseURL)/sandbox/v1/reset                   forgets all that was played
                 \(baseURL)/admin/api/v1/…                     keeps sub-clients, as Mesh's Account Management API does

            """
        return Pages.response("text/plain; charset=utf-8", Array(text.utf8))
    }

    /// `GET /paylink?linkToken=…`.
    func payLink(query: ArraySlice<UInt8>?) -> Response {
        page(token: query.flatMap { PercentCoding.parameter("linkToken", of: $0) })
    }

    /// `GET /b2b-iframe/{clientId}/broker-connect?auth_code=…`: the token is this very address in base64.
    func connect(path: ArraySlice<UInt8>, query: ArraySlice<UInt8>?) -> Response {
        let url = Array(baseURL.utf8) + path + (query.map { [UInt8(ascii: "?")] + $0 } ?? [])
        return page(token: Base64.encode(url))
    }

    /// The token is shown only if it is one by its form, and escaped nevertheless.
    private func page(token: [UInt8]?) -> Response {
        var text = Array(Pages.start.utf8)
        if let token, token.count <= SandboxLimits.tokenTextBytes, LinkToken(text: token) != nil {
            text += "<p>Nobody needs to sign in here: this link token is completed by a call.</p>\n<pre>".utf8
            text += Pages.escaped(call(token))
            text += "</pre>\n<p>The outcome is <code>succeeded</code>, <code>failed</code>, <code>pending</code> ".utf8
            text += "or that of a refund.</p>".utf8
        } else {
            text += "<p>This address carries no link token.</p>".utf8
        }
        text += Pages.end.utf8
        return Pages.response("text/html; charset=utf-8", text)
    }

    private func call(_ token: [UInt8]) -> [UInt8] {
        let start = """
            curl -X POST \(baseURL)/sandbox/v1/link-tokens/complete \\
              -H 'Content-Type: application/json' \\
              -d '{"outcome":"succeeded","linkToken":"
            """
        return Array(start.utf8) + token + "\"}'".utf8
    }

    private static let start = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Subgate sandbox</title></head>
        <body>
        <h1>Subgate sandbox</h1>

        """
    private static let end = "\n</body>\n</html>\n"

    static func escaped(_ bytes: [UInt8]) -> [UInt8] {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(bytes.count + 32)
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "&"): escaped += "&amp;".utf8
            case UInt8(ascii: "<"): escaped += "&lt;".utf8
            case UInt8(ascii: ">"): escaped += "&gt;".utf8
            case UInt8(ascii: "\""): escaped += "&quot;".utf8
            case UInt8(ascii: "'"): escaped += "&#39;".utf8
            default: escaped.append(byte)
            }
        }
        return escaped
    }

    private static func response(_ contentType: StaticString, _ body: [UInt8]) -> Response {
        var response = Response(status: 200, contentType: contentType, body: body)
        // Anyone may frame the page, as a merchant's checkout does with Mesh's; nothing may be loaded or run in it.
        response.headers.add(
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors *; sandbox")
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("Referrer-Policy", "no-referrer")
        response.headers.add("Cache-Control", "no-store")
        return response
    }
}
