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

/// Which routes have an entry of addresses in curl's table, and which. To write one costs as much as the rest of a
/// request's preparation, so an entry stays until its addresses change or there are too many.
struct RouteTable {
    private struct Entry {
        var addresses: [IPAddress]
        /// Whether curl has them for sure: a transfer may end before curl has looked at what it was told with it.
        var isConfirmed = false
        /// Transfers under way that may look at it.
        var uses: Int
        /// Whether it stands in `unused`.
        var isListed = false
    }

    /// What curl is told with one request.
    struct Changes {
        /// Whether the route's addresses must be written: curl does not have just these.
        var writes: Bool
        /// Routes whose entries go.
        var removals: [Route]
    }

    private var entries: [Route: Entry] = [:]
    /// Those that were without use when they were listed, the oldest first.
    private var unused: ArraySlice<Route> = []

    /// Removals that ride with one request: more than one, so that a backlog shrinks.
    static let removalsPerRequest = 4
    /// Entries kept: curl finds one among so many by a short walk, and it does so only to connect.
    static let keptEntries = 512

    /// Counts a use.
    mutating func begin(_ route: Route, _ addresses: [IPAddress]) -> Changes {
        var changes = Changes(writes: true, removals: [])
        if let index = entries.index(forKey: route) {
            entries.values[index].uses += 1
            if entries.values[index].addresses != addresses {
                entries.values[index].addresses = addresses
                entries.values[index].isConfirmed = false
            }
            changes.writes = !entries.values[index].isConfirmed
            return changes
        }
        while entries.count >= RouteTable.keptEntries, changes.removals.count < RouteTable.removalsPerRequest,
            let candidate = unused.popFirst()
        {
            if entries[candidate]?.uses == 0 {
                entries[candidate] = nil
                changes.removals.append(candidate)
            } else {
                entries[candidate]?.isListed = false
            }
        }
        entries[route] = Entry(addresses: addresses, uses: 1)
        return changes
    }

    /// curl has taken these addresses in.
    mutating func confirm(_ route: Route, _ addresses: [IPAddress]) {
        guard let index = entries.index(forKey: route), entries.values[index].addresses == addresses else { return }
        entries.values[index].isConfirmed = true
    }

    /// A transfer that wrote addresses is carried out once more, and may overwrite newer ones.
    mutating func doubt(_ route: Route) { entries[route]?.isConfirmed = false }

    mutating func end(_ route: Route) {
        guard let index = entries.index(forKey: route) else { return }
        entries.values[index].uses -= 1
        if entries.values[index].uses == 0, !entries.values[index].isListed {
            entries.values[index].isListed = true
            unused.append(route)
        }
    }
}
