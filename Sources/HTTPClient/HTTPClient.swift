package import Runtime

/// Sends HTTP/1.1 requests from one loop, over kept connections, to addresses that a policy admits. Loop-bound.
///
/// The way of a request: its URL and headers are judged; its host is looked up, in the DNS alone where the policy is
/// public; all addresses are judged; it waits for a place; curl connects to one of these addresses and to no other, or
/// reuses a connection of the same partition.
@safe
package final class HTTPClient: @unchecked Sendable {
    private let loop: EventLoop
    private let configuration: HTTPClientConfiguration
    private let book: AddressBook
    private let places: Places
    private let engine: TransferEngine
    private let resolver: DNSResolver
    private let refusals: RefusalLog?
    private var isClosed = false

    package init(loop: EventLoop, configuration: HTTPClientConfiguration) {
        loop.assertOnLoop()
        self.loop = loop
        self.configuration = configuration
        engine = TransferEngine(loop: loop, configuration: configuration)
        places = Places(
            loop, maximum: configuration.maximumTransfers, maximumWaiting: configuration.maximumWaiting)
        let dns = DNSResolver(loop, timeout: configuration.resolverTimeout, servers: configuration.nameServers)
        resolver = dns
        refusals = configuration.log.map { RefusalLog($0) }
        let system = Resolver(loop, timeout: configuration.resolverTimeout)
        let injected = configuration.resolve
        book = AddressBook(
            loop,
            AddressBook.Lifetimes(
                success: configuration.addressLifetime, failure: configuration.addressFailureLifetime,
                stale: configuration.staleAddressLifetime)
        ) { (host, isAbsolute, isUrgent) async throws(ResolverError) in
            if let injected { return try await injected(host, isAbsolute) }
            if isAbsolute { return try await dns.addresses(of: host, isUrgent: isUrgent) }
            return try await system.addresses(of: host, isAbsolute: false)
        }
    }

    /// Sends one request and gives its answer, whatever its status. Redirects are answers like others.
    ///
    /// At most one request goes out, or two with `resendsOnStaleConnection`. Cancelling the task ends the transfer.
    package func send(_ request: OutgoingRequest) async throws(ClientError) -> IncomingResponse {
        try await exchange(request).result.get()
    }

    /// As `send`, with what is known of a request that has no answer: how far it came, and when.
    package func exchange(_ request: OutgoingRequest) async -> Exchange {
        loop.assertOnLoop()
        let start = EventLoop.monotonicNanoseconds
        var resolved = start
        let deadline = start &+ request.totalTimeout.wholeNanoseconds
        var exchange: Exchange
        do throws(ClientError) {
            let addresses = try await judgedAddresses(of: request, until: deadline)
            resolved = EventLoop.monotonicNanoseconds
            try await takePlace(until: deadline)
            exchange = await engine.exchange(
                request, pinned: HTTPClient.pinned(addresses), within: HTTPClient.left(until: deadline))
            places.leave()
        } catch {
            exchange = Exchange(.failure(error))
        }
        let end = EventLoop.monotonicNanoseconds
        // Without addresses all of the time went into asking for them, or none of it.
        exchange.timings.dns = .nanoseconds(Int64((resolved == start ? end : resolved) - start))
        exchange.timings.total = .nanoseconds(Int64(end - start))
        switch exchange.result {
        case .success(var response):
            response.timings = exchange.timings
            exchange.result = .success(response)
        case .failure(.addressRefused(let refusal)): refusals?.tell(request.url, refusal)
        case .failure: break
        }
        return exchange
    }

    private func judgedAddresses(
        of request: OutgoingRequest, until deadline: UInt64
    ) async throws(ClientError) -> [IPAddress] {
        guard !isClosed else { throw .closed(.notStarted) }
        guard RequestHeaders.areValid(request.headers) else { throw .invalidRequest }
        if let objection = request.policy.objection(to: request.url) { throw .urlRefused(objection) }
        let addresses = try await addresses(of: request, until: deadline)
        if let refusal = request.policy.objection(toAll: addresses) { throw .addressRefused(refusal) }
        return addresses
    }

    /// A place to give back by `places.leave()`.
    private func takePlace(until deadline: UInt64) async throws(ClientError) {
        if !places.takeNow() {
            switch await places.take(within: HTTPClient.left(until: deadline)) {
            case .granted: break
            case .refused: throw isClosed ? .closed(.notStarted) : .tooManyTransfers
            case .cancelled: throw .cancelled(.notStarted)
            }
        }
        if isClosed {
            places.leave()
            throw .closed(.notStarted)
        }
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
        resolver.close()
        engine.close()
    }
}
