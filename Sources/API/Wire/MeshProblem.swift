package import HTTPServer
import Crypto
import JSON

/// Mesh's status words: `ApiResult.status` of its OpenAPI document.
package enum MeshStatus: String, CaseIterable, Sendable {
    case ok, serverFailure, permissionDenied, badRequest, notFound, conflict, tooManyRequest, locked
    case unavailableForLegalReasons
}

/// A failure on `/api/v1`, in Mesh's envelope with Mesh's words.
package struct MeshProblem: Error, Equatable, Sendable {
    package let status: Int
    package let word: MeshStatus
    package let message: [UInt8]
    package var displayMessage: [UInt8]?
    package var errorType: [UInt8]?
    /// The upstream's, if the failure is its; otherwise made from the request's id.
    package var errorHash: [UInt8]?
    package var teamCode: [UInt8]?
    package var retryAfter: Int?
    package var allow: String?
    /// JSON; nil for null.
    package var errorData: [UInt8]?

    package init(_ status: Int, _ word: MeshStatus, _ message: String, errorType: String? = nil) {
        self.init(status, word, message: [UInt8](message.utf8), errorType: errorType.map { [UInt8]($0.utf8) })
    }

    package init(_ status: Int, _ word: MeshStatus, message: [UInt8], errorType: [UInt8]? = nil) {
        self.status = status
        self.word = word
        self.message = message
        self.errorType = errorType
        retryAfter = status == 429 || status == 503 ? APILimits.retryAfterSeconds : nil
    }

    static let unauthorized = MeshProblem(401, .permissionDenied, "The client id or secret is missing or wrong.")
    static let readOnly = MeshProblem(403, .permissionDenied, "This API key may only read.")
    static let addressForbidden = MeshProblem(
        403, .permissionDenied, "This API key may not be used from this address.")
    static let notActive = MeshProblem(403, .permissionDenied, "This client is not active.")
    static let notFound = MeshProblem(404, .notFound, "Not found.")
    static let noUpstream = MeshProblem(404, .notFound, "No Mesh account is set up for this environment.")
    static let tooLarge = MeshProblem(413, .badRequest, "The request body is too large.", errorType: "badRequest")
    static let unsupportedMediaType = MeshProblem(
        415, .badRequest, "The request body must be application/json.", errorType: "badRequest")
    static let upstreamFailed = MeshProblem(502, .serverFailure, "The upstream service failed.")
    static let upstreamAway = MeshProblem(503, .serverFailure, "The upstream service cannot be reached now.")
    static let unavailable = MeshProblem(503, .serverFailure, "The service is not available now.")
    static let `internal` = MeshProblem(500, .serverFailure, "The request failed on our side.")

    static func methodNotAllowed(allow: String) -> MeshProblem {
        var problem = MeshProblem(405, .badRequest, "This address does not take the method.", errorType: "badRequest")
        problem.allow = allow
        return problem
    }

    static func missing(_ field: String) -> MeshProblem {
        MeshProblem(400, .badRequest, "The \(field) field is required.", errorType: "missingField")
    }

    static func invalid(_ field: String, _ rule: String) -> MeshProblem {
        MeshProblem(400, .badRequest, "The field \(field) \(rule)", errorType: "invalidField")
    }

    package func response(requestID: [UInt8]) -> Response {
        var response = Response(status: status, contentType: "application/json", body: body(requestID: requestID))
        if let allow { response.headers.add("Allow", text: allow) }
        if let retryAfter { response.headers.add("Retry-After", text: "\(retryAfter)") }
        if status == 401 { response.headers.add("WWW-Authenticate", "X-Client-Secret") }
        return response
    }

    package func body(requestID: [UInt8]) -> [UInt8] {
        jsonObject { json in
            json.member("status", word: word)
            json.member("message", message)
            json.member("displayMessage", displayMessage)
            json.member("errorHash", errorHash ?? MeshEnvelope.errorHash(requestID))
            json.member("teamCode", teamCode)
            json.member("errorType", errorType ?? [])
            if let errorData {
                json.member("errorData", json: errorData)
            } else {
                json.member("errorData", nil as [UInt8]?)
            }
            json.member("content", nil as [UInt8]?)
        }
    }
}

/// Mesh's `ApiResult`, of success.
package enum MeshEnvelope {
    /// `content` is one JSON value.
    package static func ok(content: [UInt8], errorHash: [UInt8]?, teamCode: [UInt8]?, requestID: [UInt8]) -> [UInt8] {
        jsonObject { json in
            json.member("content", json: content)
            json.member("status", word: MeshStatus.ok)
            json.member("message", "")
            json.member("displayMessage", nil as [UInt8]?)
            json.member("errorHash", errorHash ?? MeshEnvelope.errorHash(requestID))
            json.member("teamCode", teamCode)
            json.member("errorType", "")
            json.member("errorData", nil as [UInt8]?)
        }
    }

    /// Eight hexadecimal digits, as Mesh's, by which the request is found in our log: they are made from its id.
    static func errorHash(_ requestID: [UInt8]) -> [UInt8] { Hex.encode(Array(Digest.sha256(requestID).prefix(4))) }
}
