/// Why a body could not be had.
package enum BodyError: Error, Equatable, Sendable {
    /// It is, or says that it is, larger than the limit: answer 413. The connection ends after the answer.
    case tooLarge
    /// The client broke the framing, was too slow or went away. The server has answered what there was to answer
    /// (400, 408); what the handler returns is dropped.
    case lost
    /// The body has been asked for before, the request has been answered already, or the task was cancelled.
    case unavailable
}

/// The body of a request. It is read from the connection when it is asked for, and not before, so that a client nobody
/// has authenticated cannot make the server hold more than 64 KiB.
package struct RequestBody: Sendable {
    let connection: Connection?
    let exchange: UInt64

    /// Reads the whole body, at most `limit` bytes, once. A client that waits for `100 Continue` is told so now.
    ///
    /// A body that announces more than `limit` fails without a byte being read.
    package func collect(upTo limit: Int) async throws(BodyError) -> [UInt8] {
        guard let connection else { return [] }
        return try await connection.collectBody(of: exchange, upTo: limit).get()
    }
}
