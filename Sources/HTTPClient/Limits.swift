/// Every bound of the HTTP client, with its unit and its reason.
enum Limits {
    /// Bytes of a URL: the length every server and proxy takes.
    static let urlBytes = 2_048
    /// Bytes of a host name and of one label: RFC 1035 section 2.3.4, without the root's dot.
    static let hostBytes = 253
    static let labelBytes = 63
    /// Bytes of all response header lines of one transfer, interim responses and trailers included. What honest servers
    /// send is under 8 KiB.
    package static let responseHeadBytes = 32 * 1_024
    /// Addresses of one host that are tried: enough for both families and a few dead ones; all answers are judged.
    static let pinnedAddresses = 6
    /// Addresses of one host that are remembered, of both families, besides one of each block that may forbid it.
    static let rememberedAddresses = 32
    /// How often a refused host is told of in the log, and how many are told of in that time.
    static let refusalLogInterval: Duration = .seconds(60)
    static let refusalsRemembered = 1_000
    /// Hosts whose addresses are remembered: one per endpoint of a busy node; past it, those that ran out are dropped.
    static let rememberedHosts = 16_384
    /// Bytes curl reads at once; a small one, because each open transfer holds one.
    static let readBufferBytes = 2 * 1_024
    /// Bytes a closing peer may leave unread on an idle connection before we stop draining it.
    static let idleDrainBytes = 64 * 1_024
    /// Seconds an idle connection is silent before TCP probes it, and between probes.
    static let keepaliveSeconds = 30
    /// Bytes of request headers a caller may add: below every server's usual 8 KiB.
    static let requestHeadBytes = 8 * 1_024
}
