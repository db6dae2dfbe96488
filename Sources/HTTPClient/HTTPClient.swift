package import Runtime

/// Sends HTTP/1.1 requests from one loop, over kept connections, to addresses that a policy admits. Loop-bound.
///
/// The way of a request: its URL and headers are judged; its host is looked up; all addresses are judged; it waits for
/// a place; curl connects to one of these addresses and to no other, or reuses a connection of the same partition.
@safe
package final class HTTPClient: @unchecked Sendable {
    private let loop: EventLoop
    private let configuration: HTTPClientConfiguration
    private let book: AddressBook
    private let places: Places
    private let engine: TransferEngine
    private var isClosed = false

    package init(loop: EventLoop, configuration: HTTPClientConfiguration) {
        loop.assertOnLoop()
        self.loop = loop
        self.configuration = configuration
        engine = TransferEngine(loop: loop, configuration: configuration)
        places = Places(
            loop, maximum: configuration.maximumTransfers, maximumWaiting: configuration.maximumWaiting)
        let resolve: AddressBook.Resolve
        if let injected = configuration.resolve {
            resolve = injected
        } else {
            let resolver = Resolver(loop, timeout: configuration.resolverTimeout)
            resolve = { (host, isAbsolute) async throws(ResolverError) in
                try await resolver.addresses(of: host, isAbsolute: isAbsolute)
            }
        }
        book = AddressBook(
            loop, lifetime: configuration.addressLifetime, failureLifetime: configuration.addressFailureLifetime,
            resolve: resolve)
    }

    /// Sends one request and gives its answer, whatever its status. Redirects are answers like others.
    ///
    /// At most one request goes out, or two with `resendsOnStaleConnection`. Cancelling the task ends the transfer.
    package func send(_ request: OutgoingRequest) async throws(ClientError) -> IncomingResponse {
        loop.assertOnLoop()
        let start = EventLoop.monotonicNanoseconds
        let deadline = start &+ request.totalTimeout.wholeNanoseconds
        guard !isClosed else { throw .closed(.notStarted) }
        guard RequestHeaders.areValid(request.headers) else { throw .invalidRequest }
        if let objection = request.policy.objection(to: request.url) { throw .urlRefused(objection) }
        let addresses = try await addresses(of: request, until: deadline)
        guard request.policy.admits(all: addresses) else { throw .addressRefused }
        let resolved = EventLoop.monotonicNanoseconds
        if !places.takeNow() {
            switch await places.take(within: HTTPClient.left(until: deadline)) {
            case .granted: break
            case .refused: throw isClosed ? .closed(.notStarted) : .tooManyTransfers
            case .cancelled: throw .cancelled(.notStarted)
            }
        }
        defer { places.leave() }
        guard !isClosed else { throw .closed(.notStarted) }
        var response = try await engine.send(
            request, pinned: HTTPClient.pinned(addresses), within: HTTPClient.left(until: deadline))
        response.timings.dns = .nanoseconds(Int64(resolved - start))
        response.timings.total = .nanoseconds(Int64(EventLoop.monotonicNanoseconds - start))
        return response
    }

    private func addresses(
        of request: OutgoingRequest, until deadline: UInt64
    ) async throws(ClientError) -> [IPAddress] {
        switch request.url.host {
        case .literal(let address): return [address]
        case .name(let host):
            let isAbsolute = request.policy.looksUpAbsoluteNames
            let answer: AddressBook.Answer
            if let known = book.known(host, isAbsolute: isAbsolute) {
                answer = known
            } else {
                switch await book.ask(host, isAbsolute: isAbsolute, within: HTTPClient.left(until: deadline)) {
                case .value(let value): answer = value
                case .timedOut: answer = .failure(.timeout)
                case .cancelled: answer = .failure(.cancelled)
                }
            }
            switch answer {
            case .success(let addresses): return addresses
            case .failure(.notFound): throw .dnsFailed
            case .failure(.temporary), .failure(.timeout): throw .dnsTimeout
            case .failure(.cancelled): throw .cancelled(.notStarted)
            }
        }
    }

    /// Some of both families, in the order given, so that a dead family leaves the other to try.
    private static func pinned(_ addresses: [IPAddress]) -> [IPAddress] {
        if addresses.count <= Limits.pinnedAddresses { return addresses }
        var left = (v4: Limits.pinnedAddresses / 2, v6: Limits.pinnedAddresses / 2)
        return addresses.filter { address in
            if case .v4 = address {
                left.v4 -= 1
                return left.v4 >= 0
            }
            left.v6 -= 1
            return left.v6 >= 0
        }
    }

    private static func left(until deadline: UInt64) -> Duration {
        let now = EventLoop.monotonicNanoseconds
        return .nanoseconds(deadline > now ? Int64(clamping: deadline - now) : 0)
    }

    /// Transfers in flight, and requests that wait for a place.
    package var load: (inFlight: Int, waiting: Int) { (places.taken, places.waitingCount) }

    /// Ends what is under way with `ClientError.closed` and closes all connections. Must be called before the client is
    /// let go.
    package func close() {
        loop.assertOnLoop()
        if isClosed { return }
        isClosed = true
        places.refuseAllWaiting()
        engine.close()
    }
}
