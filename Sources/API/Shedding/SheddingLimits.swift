/// What a node takes before it refuses, each bound with its unit and its reason.
package enum SheddingLimits {
    // MARK: Rates

    /// Seconds in which an empty bucket fills: a caller may send this much of its rate at once. A merchant's server
    /// that works off a queue sends in bursts.
    static let burstSeconds = 10
    /// Requests a second from one address, or from one /64 of IPv6. Many sub-clients may share an address, that of a
    /// hosting company's gateway: five of them at their full rate.
    package static let ratePerAddress = 500
    /// Requests a second with one credential, or with one admin key: two thousand times what a shop with 4 000 orders a
    /// day needs, and a fiftieth of what one core answers.
    package static let ratePerKey = 100
    /// Requests a second of one sub-client in one environment, all its keys together.
    package static let ratePerSubClient = 200
    /// Keys that are refused a second, from one address: a person who mistypes needs one; each costs a query.
    package static let failuresPerAddress = 5
    /// Rates that may be asked for: a million a second is a bucket's step of a microsecond.
    package static let rates = 1...1_000_000

    /// Buckets of one kind on a node: 16 bytes each, so 256 KiB a kind, 1 MiB in all. Only callers of the last ten
    /// seconds need one.
    static let buckets = 16_384
    /// Buckets a caller's may be among. More cost time at each request; fewer are shared sooner when there are too many
    /// callers.
    static let bucketsPerSet = 8
    /// Parts of a table, each with a lock of its own, so that the loops of a node seldom wait for each other.
    static let stripes = 8

    // MARK: Work under way

    /// Merchants' and admins' requests under way on one loop. Each may wait for the database or an upstream: a thousand
    /// at 5 000 a second wait 200 ms, and more would only wait longer.
    package static let requestsInFlight = 1_024
    package static let requestsInFlightRange = 4...100_000
    /// In percent of it, up to where each kind is still taken. Reads can be asked again and a link token is asked for
    /// by a person who can press a button again; a write may belong to something half done; an admin may be the one
    /// who is to end the overload.
    static let shareOfReads = 75
    static let shareOfLinkTokens = 75
    static let shareOfWrites = 90
    static let shareOfAdmins = 100
    /// In percent of it, for the sandbox: a load test there leaves production a third of what link tokens may have.
    static let shareOfSandbox = 50
    /// In percent of it, for one sub-client: three that wait for something slow leave room for a fourth.
    static let shareOfSubClient = 25

    // MARK: What is told of refusals

    /// Refused requests that have a log line each, of one loop in one interval: enough to see who is refused and where.
    static let refusalLines = 10
    static let refusalInterval = Duration.seconds(1)

    // MARK: Connections

    /// Connections of the public listener on one loop, where the process may have as many descriptors.
    package static let connections = 16_384
    /// Of a loop's share of the process's descriptors, those not for callers: connections to receivers (1 024 attempts
    /// at once), to the database, to upstreams, and of the other listeners.
    package static let otherDescriptors = 2_048
    /// In percent of a listener's connections, those that only upstreams may use once all others are taken.
    package static let shareOfReservedConnections = 12

    // MARK: Webhooks of upstreams

    /// Within how many milliseconds an upstream wants its answer: Mesh's documents say 200. One that comes later is of
    /// no use to it.
    package static let acknowledgementMilliseconds = 200
    package static let acknowledgementRange = 10...60_000
}
