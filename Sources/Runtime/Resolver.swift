import CLibUV
import Glibc

/// Why a name has no addresses.
package enum ResolverError: Error, Sendable, Equatable {
    /// There is no such name, or it has no address.
    case notFound
    /// The name server failed or did not answer it: another time may do.
    case temporary
    /// No answer within the resolver's time.
    case timeout
    /// The calling task was cancelled.
    case cancelled
}

/// Asks the system's resolver on libuv's thread pool. Loop-bound.
///
/// A lookup cannot be interrupted once it runs, and a dead name server holds its thread for many seconds. So the caller
/// stops waiting at the deadline, the lookup keeps its place until it really ends, and further ones wait in a queue.
@safe
package final class Resolver: @unchecked Sendable {
    /// libuv's own pool has four threads of which lookups may use two; a thread costs little until it is used.
    private static let poolThreads = "24"
    /// What libuv lets slow work use of that pool: half.
    private static let maximumRunning = 12
    /// No waiting list is endless; past it a lookup fails as temporary.
    private static let maximumWaiting = 4_096

    private let loop: EventLoop
    private let timeout: Duration
    private var running = 0
    private var waiting: [Lookup] = []

    /// - Parameter timeout: how long one call waits for its answer, queueing included.
    package init(_ loop: EventLoop, timeout: Duration) {
        self.loop = loop
        self.timeout = timeout
        _ = Resolver.poolSize
    }

    /// libuv reads it when the pool is first used.
    private static let poolSize: Void = { unsafe _ = setenv("UV_THREADPOOL_SIZE", poolThreads, 0) }()

    /// All addresses of a host, IPv4 and IPv6, in the system's order of preference (RFC 6724), each once.
    ///
    /// - Parameter host: an ASCII name without a trailing dot. Numbers are the caller's business: getaddrinfo reads
    ///   `0x7f.1`.
    /// - Parameter isAbsolute: looks the name up as it stands in the DNS: no search domains, and no hosts file.
    package func addresses(of host: [UInt8], isAbsolute: Bool) async throws(ResolverError) -> [IPAddress] {
        loop.assertOnLoop()
        guard !host.isEmpty, host.count <= 253, !host.contains(0) else { throw .notFound }
        guard waiting.count < Resolver.maximumWaiting else { throw .temporary }
        let lookup = Lookup(host + (isAbsolute ? [UInt8(ascii: "."), 0] : [0]))
        waiting.append(lookup)
        startWaiting()
        let answer = await lookup.promise.value(within: timeout, on: loop)
        switch answer {
        case .value(let result): return try result.get()
        case .timedOut: throw abandon(lookup, .timeout)
        case .cancelled: throw abandon(lookup, .cancelled)
        }
    }

    private func abandon(_ lookup: Lookup, _ reason: ResolverError) -> ResolverError {
        waiting.removeAll { $0 === lookup }
        return reason
    }

    private func startWaiting() {
        while running < Resolver.maximumRunning, !waiting.isEmpty { start(waiting.removeFirst()) }
    }

    private func start(_ lookup: Lookup) {
        let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
        lookup.resolver = self
        unsafe request.pointee.data = unsafe Unmanaged.passRetained(lookup).toOpaque()
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        running += 1
        let status = unsafe lookup.name.withUnsafeBufferPointer { name in
            unsafe name.withMemoryRebound(to: CChar.self) { name in
                unsafe uv_getaddrinfo(
                    loop.handle, request,
                    { request, status, found in
                        let lookup = unsafe Unmanaged<Lookup>.fromOpaque(request!.pointee.data).takeRetainedValue()
                        unsafe request!.deallocate()
                        lookup.promise.fulfil(unsafe Resolver.result(status, found))
                        unsafe uv_freeaddrinfo(found)
                        lookup.resolver?.ended()
                    }, name.baseAddress, nil, &hints)
            }
        }
        if status == 0 { return }
        unsafe Unmanaged<Lookup>.fromOpaque(request.pointee.data).release()
        unsafe request.deallocate()
        running -= 1
        lookup.promise.fulfil(.failure(.temporary))
    }

    private func ended() {
        running -= 1
        startWaiting()
    }

    private static func result(
        _ status: Int32, _ found: UnsafeMutablePointer<addrinfo>?
    ) -> Result<[IPAddress], ResolverError> {
        switch status {
        case 0: break
        case UV_EAI_NONAME.rawValue, UV_EAI_NODATA.rawValue, UV_EAI_ADDRFAMILY.rawValue: return .failure(.notFound)
        default: return .failure(.temporary)
        }
        var addresses: [IPAddress] = []
        var seen: Set<IPAddress> = []
        var next = unsafe found
        while let info = unsafe next {
            if let socketAddress = unsafe info.pointee.ai_addr,
                let address = unsafe IPAddress(socketAddress: socketAddress, length: Int(info.pointee.ai_addrlen)),
                seen.insert(address).inserted
            {
                addresses.append(address)
            }
            unsafe next = unsafe info.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(.notFound) : .success(addresses)
    }

    /// One call's lookup. Loop-bound.
    private final class Lookup: @unchecked Sendable {
        /// Ends with a NUL.
        let name: [UInt8]
        let promise = Promise<Result<[IPAddress], ResolverError>>()
        /// Set while it runs: a lookup keeps its resolver.
        var resolver: Resolver?
        init(_ name: [UInt8]) { self.name = name }
    }
}
