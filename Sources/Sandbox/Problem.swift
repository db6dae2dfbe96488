import HTTPServer
import JSON

/// An answer of the control call that says what was wrong (RFC 9457).
struct Problem: Sendable {
    let status: Int
    let code: StaticString
    let title: StaticString
    let detail: String
    /// Fields that are to blame.
    var errors: [(field: String, message: String)] = []

    static let unsupportedMediaType = Problem(
        status: 415, code: "unsupportedMediaType", title: "Unsupported media type",
        detail: "The body must be application/json.")
    static let tooLarge = Problem(
        status: 413, code: "tooLarge", title: "Body too large",
        detail: "The body may have \(SandboxLimits.controlBodyBytes) bytes.")
    static let unreadable = Problem(
        status: 400, code: "invalid", title: "Invalid request", detail: "The body could not be read.")
    static let unknownToken = Problem(
        status: 404, code: "notFound", title: "Not found", detail: "The sandbox minted no such link token.")
    static let usedToken = Problem(
        status: 409, code: "conflict", title: "Conflict", detail: "The link token has been used.")
    static let expiredToken = Problem(
        status: 410, code: "gone", title: "Gone", detail: "The link token has expired.")
    static let noTransfer = Problem(
        status: 422, code: "unprocessable", title: "Nothing to transfer",
        detail: "The link token has no transferOptions with toAddresses: it only connects an account.")
    /// A rule or a magic value lets the transfer fail before it is made.
    static func transferFails(_ code: String) -> Problem {
        Problem(
            status: 422, code: "unprocessable", title: "The transfer is not made", detail: "It fails with \(code).")
    }
    static let unavailable = Problem(
        status: 503, code: "unavailable", title: "Unavailable", detail: "The database did not answer. Try again.")
    static let notFound = Problem(
        status: 404, code: "notFound", title: "Not found", detail: "The sandbox has no such path.")
    static let methodNotAllowed = Problem(
        status: 405, code: "methodNotAllowed", title: "Method not allowed", detail: "See the Allow header.")

    /// What the HTTP server refuses before it reaches a route.
    static func ofServer(_ status: Int) -> Problem {
        switch status {
        case 413: tooLarge
        case 500, 501, 505:
            Problem(
                status: status, code: "internal", title: "Not served", detail: "The server cannot serve this request.")
        case 503: Problem(status: 503, code: "unavailable", title: "Unavailable", detail: "Too many connections.")
        default:
            Problem(
                status: status, code: "invalid", title: "Invalid request", detail: "The request is not acceptable HTTP."
            )
        }
    }

    static func invalid(_ fault: Completion.Fault) -> Problem {
        guard let field = fault.field else {
            return Problem(status: 400, code: "invalid", title: "Invalid request", detail: fault.message)
        }
        return Problem(
            status: 400, code: "invalid", title: "Invalid request", detail: "One field is not right.",
            errors: [(field, fault.message)])
    }

    func response(requestId: [UInt8]) -> Response {
        Response(status: status, contentType: "application/problem+json", body: body(requestId: requestId))
    }

    func body(requestId: [UInt8]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string("about:blank")
        writer.key("title")
        writer.string(title.description)
        writer.key("status")
        writer.integer(Int64(status))
        writer.key("code")
        writer.string(code.description)
        writer.key("detail")
        writer.string(detail)
        writer.key("requestId")
        writer.string(requestId)
        if !errors.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for (field, message) in errors {
                writer.beginObject()
                writer.key("field")
                writer.string(field)
                writer.key("message")
                writer.string(message)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}
