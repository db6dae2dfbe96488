package import HTTPServer
import JSON

/// A failure as callers see it: RFC 9457 problem+json with a stable `code`.
///
/// It never holds the caller's values or anything internal: codes, texts of ours, and names of fields.
package struct Problem: Error, Equatable, Sendable {
    package enum Code: String, CaseIterable, Sendable {
        case invalid, unauthorized, forbidden, notFound, methodNotAllowed, conflict, preconditionFailed, tooLarge
        case unsupportedMediaType, idempotencyMismatch, tooManyRequests, `internal`, unavailable

        package var status: Int {
            switch self {
            case .invalid: 400
            case .unauthorized: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .preconditionFailed: 412
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .idempotencyMismatch: 422
            case .tooManyRequests: 429
            case .internal: 500
            case .unavailable: 503
            }
        }

        var title: StaticString {
            switch self {
            case .invalid: "Invalid request"
            case .unauthorized: "Unauthorized"
            case .forbidden: "Forbidden"
            case .notFound: "Not found"
            case .methodNotAllowed: "Method not allowed"
            case .conflict: "Conflict"
            case .preconditionFailed: "Precondition failed"
            case .tooLarge: "Too large"
            case .unsupportedMediaType: "Unsupported media type"
            case .idempotencyMismatch: "Idempotency key used before"
            case .tooManyRequests: "Too many requests"
            case .internal: "Internal error"
            case .unavailable: "Unavailable"
            }
        }
    }

    /// One field that is to blame: a path such as `eventTypes[1]`, or a parameter's or header's name.
    package struct FieldError: Equatable, Sendable {
        package let field: String
        package let message: String

        package init(field: String, message: String) {
            self.field = field
            self.message = message
        }
    }

    package let code: Code
    package let detail: String
    package let errors: [FieldError]
    /// The value of `Allow`, with `methodNotAllowed`.
    package var allow: String?
    /// Seconds for `Retry-After`.
    package var retryAfter: Int?
    /// Whether `WWW-Authenticate` asks for a bearer token, with `unauthorized`.
    package var asksForBearer = false

    package init(_ code: Code, _ detail: String, errors: [FieldError] = []) {
        self.code = code
        self.detail = detail
        self.errors = errors
        retryAfter = code == .unavailable || code == .tooManyRequests ? APILimits.retryAfterSeconds : nil
    }

    // MARK: The usual ones

    package static let notFound = Problem(.notFound, "Nothing of yours has this address.")
    static let forbidden = Problem(.forbidden, "This credential may only read.")
    static let addressForbidden = Problem(.forbidden, "This credential may not be used from this address.")
    static let unsignedWebhook = Problem(.unauthorized, "The signature is missing or wrong.")
    static let unavailable = Problem(.unavailable, "Nothing was changed. Send it again.")
    static let outcomeUnknown = Problem(.unavailable, "It may have been done. Send it again.")
    static let `internal` = Problem(.internal, "The request failed on our side.")

    package static let unauthorized: Problem = {
        var problem = Problem(.unauthorized, "The key is missing or wrong.")
        problem.asksForBearer = true
        return problem
    }()

    static func methodNotAllowed(allow: String) -> Problem {
        var problem = Problem(.methodNotAllowed, "This address does not take the method.")
        problem.allow = allow
        return problem
    }

    /// Names the first fields that are to blame, and counts the others: a body may hold a hundred thousand.
    static func invalid(_ errors: [FieldError]) -> Problem {
        let told = APILimits.toldErrors
        let detail =
            switch errors.count {
            case 1: "One field is not right."
            case ...told: "\(errors.count) fields are not right."
            default: "\(errors.count) fields are not right; the first \(told) are named."
            }
        return Problem(.invalid, detail, errors: Array(errors.prefix(told)))
    }

    static func invalid(field: String, _ message: String) -> Problem {
        invalid([FieldError(field: field, message: message)])
    }

    // MARK: On the wire

    package func response(requestID: [UInt8]) -> Response {
        var response = Response(
            status: code.status, headers: ResponseHeaders(contentType: "application/problem+json"),
            body: body(requestID: requestID))
        if let allow { response.headers.add("Allow", text: allow) }
        if let retryAfter { response.headers.add("Retry-After", text: "\(retryAfter)") }
        if asksForBearer { response.headers.add("WWW-Authenticate", "Bearer") }
        return response
    }

    package func body(requestID: [UInt8]) -> [UInt8] { body(requestID: requestID, status: code.status) }

    /// The body of an answer that the HTTP server gives by itself, for `HTTPServerConfiguration.errorBody`.
    package static func serverError(status: Int, requestID: [UInt8]) -> (contentType: String, body: [UInt8]) {
        let code = Code.allCases.first { $0.status == status } ?? (status < 500 ? .invalid : .unavailable)
        let problem = Problem(code, "The request was refused before it was read in full.")
        return ("application/problem+json", problem.body(requestID: requestID, status: status))
    }

    private func body(requestID: [UInt8], status: Int) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("type", "about:blank")
        json.member("title", "\(code.title)")
        json.member("status", Int64(status))
        json.member("code", code.rawValue)
        json.member("detail", detail)
        json.member("requestId", requestID)
        json.member("errors", errors)
        json.endObject()
        return json.bytes
    }
}

extension JSONWriter {
    /// Nothing where there are none.
    mutating func member(_ name: String, _ errors: [Problem.FieldError]) {
        if errors.isEmpty { return }
        key(name)
        beginArray()
        for error in errors {
            beginObject()
            member("field", error.field)
            member("message", error.message)
            endObject()
        }
        endArray()
    }
}
