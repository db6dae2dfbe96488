/// Asks the machine's name servers for addresses, and nothing else: no hosts file, no search domains, no cache of the
/// system's. Loop-bound.
///
/// The system's resolver holds a thread for each lookup, and there are few: a dozen names whose servers never answer
/// would keep all others waiting. Here a lookup is two sockets on the loop.
package final class DNSResolver: @unchecked Sendable {
    private let loop: EventLoop
    private let timeout: Duration
    private let random: RandomSource
    private let findServers: () -> [NameServer]
    private var servers: [NameServer] = []
    private var serversCountUntil: UInt64 = 0
    private var running: [ObjectIdentifier: (lookup: DNSLookup, promise: Answer)] = [:]
    private var urgent: ArraySlice<Waiting> = []
    private var waiting: ArraySlice<Waiting> = []
    private var isClosed = false

    private typealias Answer = Promise<DNSLookup.Outcome>

    private struct Waiting {
        let host: [UInt8]
        let promise: Answer
    }

    /// - Parameter timeout: how long one call waits for its answer, queueing included.
    /// - Parameter servers: whom to ask, in this order; nil for the machine's own.
    package init(
        _ loop: EventLoop, timeout: Duration, random: RandomSource = .system, servers: [NameServer]? = nil
    ) {
        self.loop = loop
        self.timeout = timeout
        self.random = random
        findServers = { servers ?? NameServers.read().map { NameServer($0) } }
    }

    /// All addresses of a host, IPv4 first, each once.
    ///
    /// - Parameter host: an ASCII name. It is looked up as it stands, from the root.
    /// - Parameter isUrgent: goes before those that are not: for names that have answered before.
    package func addresses(of host: [UInt8], isUrgent: Bool = false) async throws(ResolverError) -> [IPAddress] {
        loop.assertOnLoop()
        guard !isClosed, urgent.count + waiting.count < RuntimeLimits.dnsWaiting else { throw .temporary }
        let promise = Answer()
        if isUrgent {
            urgent.append(Waiting(host: host, promise: promise))
        } else {
            waiting.append(Waiting(host: host, promise: promise))
        }
        startWaiting()
        switch await promise.value(within: timeout, on: loop) {
        case .value(let outcome):
            var seen: Set<IPAddress> = []
            return try outcome.get().filter { seen.insert($0).inserted }
        case .timedOut: throw .timeout
        case .cancelled: throw .cancelled
        }
    }

    private func startWaiting() {
        while running.count < RuntimeLimits.dnsLookups, !isClosed {
            guard let next = urgent.popFirst() ?? waiting.popFirst() else { return }
            // Whoever asked has given up.
            if next.promise.isSettled { continue }
            let lookup = DNSLookup(loop, servers: currentServers()) { [weak self] lookup, outcome in
                self?.ended(lookup, outcome)
            }
            running[ObjectIdentifier(lookup)] = (lookup, next.promise)
            let ids = random.next()
            lookup.start(next.host, ids: (UInt16(truncatingIfNeeded: ids), UInt16(truncatingIfNeeded: ids >> 16)))
        }
    }

    private func ended(_ lookup: DNSLookup, _ outcome: DNSLookup.Outcome) {
        running.removeValue(forKey: ObjectIdentifier(lookup))?.promise.fulfil(outcome)
        startWaiting()
    }

    private func currentServers() -> [NameServer] {
        let now = EventLoop.monotonicNanoseconds
        if servers.isEmpty || now >= serversCountUntil {
            servers = findServers()
            serversCountUntil = now + UInt64(RuntimeLimits.nameServersFreshness.components.seconds) * 1_000_000_000
        }
        return servers
    }

    /// Ends all lookups as temporary failures.
    package func close() {
        loop.assertOnLoop()
        isClosed = true
        for (lookup, promise) in running.values {
            lookup.close()
            promise.fulfil(.failure(.temporary))
        }
        running = [:]
        for one in urgent + waiting { one.promise.fulfil(.failure(.temporary)) }
        urgent = []
        waiting = []
    }
}
