import HTTPServer
import JSON

/// An answer to the Link page that is not a success. The page says the code in the user's language; the message is for
/// developers, and never carries input.
struct LinkRefusal: Error, Sendable, Equatable {
    let status: Int
    let code: String
    let message: String
    /// What of the body is to blame.
    var field: String?

    static let unknown = LinkRefusal(status: 404, code: "unknown", message: "There is no such link token.")
    static let noCall = LinkRefusal(status: 404, code: "unknown", message: "The Link page has no such call.")
    static let used = LinkRefusal(status: 410, code: "used", message: "The link token has been used.")
    static let expired = LinkRefusal(status: 410, code: "expired", message: "The link token has expired.")
    static let session = LinkRefusal(
        status: 401, code: "session", message: "X-Link-Session names no session that is open.")
    static let originNotAllowed = LinkRefusal(
        status: 403, code: "originNotAllowed",
        message: "The page's origin is not in the callback URLs of the sub-client, or else of the account.")
    static let wrongCredentials = LinkRefusal(
        status: 422, code: "wrongCredentials", message: "No test user has this name and password.")
    static let wrongCode = LinkRefusal(status: 422, code: "wrongCode", message: "The code is not right.")
    static let integrationDown = LinkRefusal(
        status: 503, code: "integrationDown", message: "The integration does not answer.")
    static let unavailable = LinkRefusal(
        status: 503, code: "unavailable", message: "The database did not answer. Try again.")
    static let mediaType = LinkRefusal(status: 415, code: "invalid", message: "The body must be application/json.")
    static let tooLarge = LinkRefusal(
        status: 413, code: "invalid", message: "The body may have \(SandboxLimits.linkBodyBytes) bytes.")
    static let unreadable = LinkRefusal(status: 400, code: "invalid", message: "The body could not be read.")

    static func invalid(_ message: String, field: String? = nil) -> LinkRefusal {
        LinkRefusal(status: 400, code: "invalid", message: message, field: field)
    }

    /// A preview or an execution that fails with one of Mesh's codes.
    static func exchange(_ code: String, _ message: String) -> LinkRefusal {
        LinkRefusal(status: 422, code: code, message: message)
    }

    var response: Response {
        var json = JSONWriter()
        json.beginObject()
        json.key("error")
        json.beginObject()
        json.member("code", code)
        json.member("message", message)
        if let field { json.member("field", field) }
        json.endObject()
        json.endObject()
        return LinkRefusal.response(status, json.bytes)
    }

    /// Any answer to the page's calls.
    static func response(_ status: Int, _ body: [UInt8]) -> Response {
        var response = Response(status: status, contentType: "application/json", body: body)
        response.headers.add("Cache-Control", "no-store")
        response.headers.add("X-Content-Type-Options", "nosniff")
        return response
    }
}
