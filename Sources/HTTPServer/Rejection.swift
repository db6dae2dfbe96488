/// Why a request is answered by the server itself and its connection ended. The raw value is the status.
package enum Rejection: Int, Error, Sendable, CaseIterable {
    /// The bytes are not a request, or could be read in two ways.
    case badRequest = 400
    /// The head, or the body, did not come in time.
    case timeout = 408
    case targetTooLong = 414
    /// An `Expect` other than `100-continue`.
    case expectationFailed = 417
    case fieldsTooLarge = 431
    /// A method that is a valid token and that nobody here knows.
    case unknownMethod = 501
    /// No room for another connection.
    case overloaded = 503
    /// A version other than HTTP/1.0 and HTTP/1.1.
    case unsupportedVersion = 505
}
