package import Runtime

/// How one `HTTPClient` behaves.
package struct HTTPClientConfiguration: Sendable {
    /// Transfers in flight at once. Each may hold a connection and about 30 KiB.
    package var maximumTransfers = 1_024
    /// Requests that may wait for a place.
    package var maximumWaiting = 16_384
    /// Connections kept idle, over all partitions; past it the one that was idle longest is closed.
    package var maximumIdleConnections = 2_048
    /// After this time an idle connection is not used again: shorter than the keep-alive time of common servers (75 s
    /// in nginx) and of load balancers (60 s).
    package var idleLifetime: Duration = .seconds(50)
    /// After this time a connection is not used again, so that a change of addresses is followed.
    package var connectionLifetime: Duration = .seconds(600)
    /// The PEM file of authorities; nil for the system's.
    package var authoritiesFile: String?
    /// How long addresses of a host are used before they are looked up again.
    package var addressLifetime: Duration = .seconds(5)
    /// How long a failed lookup counts.
    package var addressFailureLifetime: Duration = .seconds(1)
    /// How long the last addresses of a host go on being used when its name servers fail.
    package var staleAddressLifetime: Duration = .seconds(300)
    package var resolverTimeout: Duration = .seconds(5)
    /// Whom to ask for names of public policies; nil for the machine's own name servers.
    package var nameServers: [NameServer]?
    /// Where addresses that are refused are told of, with the reason; nil for nowhere.
    package var log: Log?
    /// Replaces the system's resolver. Its answers are judged like that one's.
    package var resolve: (@Sendable (_ host: [UInt8], _ isAbsolute: Bool) async throws(ResolverError) -> [IPAddress])?

    package init() {}
}
