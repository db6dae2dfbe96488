/// An answer of a managed call that is not 200.
struct ManagedRefusal: Error {
    let code: Int
    let status: Envelope.Status
    let message: String
    let errorType: String

    static func bad(_ message: String, errorType: String = "invalidField") -> ManagedRefusal {
        ManagedRefusal(code: 400, status: .badRequest, message: message, errorType: errorType)
    }

    static func missing(_ message: String) -> ManagedRefusal {
        ManagedRefusal(code: 404, status: .notFound, message: message, errorType: "")
    }

    /// No token by its form.
    static let malformedToken = bad("Invalid integration token provided.", errorType: "invalidIntegrationToken")
    /// A token that does not count any more, where the answer has no status of its own to say so.
    static let refusedToken = bad(ManagedRefusal.unauthorized, errorType: "unauthorizedToken")
    static let otherType = bad("The field Type is not the type of the connected account")
    static let unavailable = ManagedRefusal(
        code: 500, status: .serverFailure, message: "The request could not be processed", errorType: "")

    static let unauthorized = "Unauthorized token"
}
