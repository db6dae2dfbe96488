/// Why a request has no answer.
package enum ClientError: Error, Sendable, Equatable {
    /// How far the request had come.
    package struct Progress: Sendable, Equatable {
        /// Whether sending had begun: the peer may have got it, and may have acted on it.
        package var requestStarted: Bool
        /// Whether the connection had served another request before. Such a failure is often only the peer having
        /// closed an idle connection at that moment, and worth one retry at once.
        package var connectionWasReused: Bool

        package init(requestStarted: Bool, connectionWasReused: Bool) {
            self.requestStarted = requestStarted
            self.connectionWasReused = connectionWasReused
        }

        package static let notStarted = Progress(requestStarted: false, connectionWasReused: false)
    }

    package enum TLSFailure: Sendable, Equatable {
        /// No common version or cipher, a peer that does not speak TLS, a broken handshake.
        case handshake
        /// The chain ends in no authority we trust; self-signed too.
        case untrusted
        case expired
        case wrongName
        /// A chain that breaks another rule: a weak key, a wrong purpose.
        case certificate
        /// Our own configuration: the file of authorities cannot be read.
        case configuration
    }

    /// A header or a body this client does not send.
    case invalidRequest
    /// The policy forbids the URL, whatever its host resolves to.
    case urlRefused(AddressPolicy.URLObjection)
    /// No place became free in time, or too many wait already.
    case tooManyTransfers
    /// The name does not exist or has no address.
    case dnsFailed
    /// The name server did not answer, or not in time.
    case dnsTimeout
    /// An address of the host is one we do not connect to. Which, and why, is for the operator alone.
    case addressRefused(AddressRefusal)
    case connectFailed
    case connectTimeout
    case tlsFailed(TLSFailure)
    case timeout(Progress)
    /// The connection ended before a status line.
    case connectionReset(Progress)
    /// Not HTTP/1.x, ambiguous framing, or headers beyond the limit.
    case badResponse(Progress)
    case cancelled(Progress)
    /// The client was closed.
    case closed(Progress)

    private var progress: Progress {
        switch self {
        case .timeout(let progress), .connectionReset(let progress), .badResponse(let progress),
            .cancelled(let progress), .closed(let progress):
            progress
        default: .notStarted
        }
    }

    /// Whether the peer may have seen the request: if not, repeating it is free of doubt.
    package var mayHaveReachedPeer: Bool { progress.requestStarted }

    package var connectionWasReused: Bool { progress.connectionWasReused }

    /// A stable word for records and metrics.
    package var code: String {
        switch self {
        case .invalidRequest: "invalidRequest"
        case .urlRefused: "urlRefused"
        case .tooManyTransfers: "tooManyTransfers"
        case .dnsFailed: "dnsFailed"
        case .dnsTimeout: "dnsTimeout"
        case .addressRefused: "addressRefused"
        case .connectFailed: "connectFailed"
        case .connectTimeout: "connectTimeout"
        case .tlsFailed(.handshake): "tlsFailed"
        case .tlsFailed(.untrusted): "tlsUntrusted"
        case .tlsFailed(.expired): "tlsExpired"
        case .tlsFailed(.wrongName): "tlsWrongName"
        case .tlsFailed(.certificate): "tlsBadCertificate"
        case .tlsFailed(.configuration): "tlsConfiguration"
        case .timeout: "timeout"
        case .connectionReset: "connectionReset"
        case .badResponse: "badResponse"
        case .cancelled: "cancelled"
        case .closed: "clientClosed"
        }
    }
}
