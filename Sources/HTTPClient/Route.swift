import Runtime

/// The invented host name under which curl files a connection, and looks up the pinned addresses.
///
/// curl reuses a connection only if, besides scheme, host and port, the host of `CURLOPT_CONNECT_TO` is the same text
/// (both its cache key and its comparison contain it). A name made from the partition therefore keeps connections
/// apart, in one connection cache and at no cost. The name is never asked of a name server: its addresses come from
/// `CURLOPT_RESOLVE`.
struct Route: Hashable {
    let partition: UInt64
    /// Of the host and the policy: two hosts, or two policies, in one partition must not share an entry of addresses.
    let tag: UInt64
    let port: UInt16

    init(_ request: OutgoingRequest) {
        partition = request.partition
        port = request.url.port
        var hash = FNV1a()
        switch request.url.host {
        case .name(let name): for byte in name { hash.add(byte) }
        case .literal(let address): for byte in address.description.utf8 { hash.add(byte) }
        }
        hash.add(request.policy.looksUpAbsoluteNames ? 1 : 0)
        tag = hash.value
    }

    /// Bytes of `p` + 16 + `-` + 16.
    static let nameBytes = 34

    func addName(to arena: inout WireArena) {
        arena.add(UInt8(ascii: "p"))
        arena.addHex(partition)
        arena.add(UInt8(ascii: "-"))
        arena.addHex(tag)
    }
}

/// The 64-bit hash of Fowler, Noll and Vo: stable and short. A collision would be refused when the socket is opened.
private struct FNV1a {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
}

/// Which routes have an entry of addresses in curl's table: those in use, and those to be taken out with the next
/// request.
struct RouteTable {
    private var uses: [Route: Int] = [:]
    private var unused: [Route] = []

    /// Removals that ride with one request: more than one, so that the backlog shrinks.
    static let removalsPerRequest = 4

    /// Counts a use, and gives the routes whose entries go now.
    mutating func begin(_ route: Route) -> [Route] {
        uses[route, default: 0] += 1
        var removals: [Route] = []
        while removals.count < RouteTable.removalsPerRequest, let candidate = unused.popLast() {
            // Used again meanwhile, or listed twice and already gone: removing what is not there is harmless.
            if uses[candidate] == nil { removals.append(candidate) }
        }
        return removals
    }

    mutating func end(_ route: Route) {
        guard let count = uses[route] else { return }
        if count > 1 {
            uses[route] = count - 1
        } else {
            uses[route] = nil
            unused.append(route)
        }
    }
}
