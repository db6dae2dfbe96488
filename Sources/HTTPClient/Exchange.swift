/// Where the time of one request went. A part that did not happen, or did not end, is zero: a reused connection has no
/// connect and no tls, a handshake that hangs no tls, a silent peer no first byte.
package struct Timings: Sendable, Hashable {
    /// Looking the name up, or finding that it is known.
    package var dns: Duration = .zero
    /// TCP alone.
    package var connect: Duration = .zero
    /// From TCP up to TLS up.
    package var tls: Duration = .zero
    /// From the start of the transfer to the first byte of the answer.
    package var firstByte: Duration = .zero
    /// From the call to its end.
    package var total: Duration = .zero

    package init() {}
}

/// What became of one request: its answer or why there is none, and how far it came either way.
package struct Exchange: Sendable {
    package var result: Result<IncomingResponse, ClientError>
    package var timings: Timings
    /// The numeric address that the request went to; empty if it went nowhere.
    package var peer: String
    /// How often the request went out: 2 if the first time was on a kept connection that turned out closed, 0 if it
    /// never did.
    package var sends: Int

    package init(
        _ result: Result<IncomingResponse, ClientError>, timings: Timings = Timings(), peer: String = "", sends: Int = 0
    ) {
        self.result = result
        self.timings = timings
        self.peer = peer
        self.sends = sends
    }
}
