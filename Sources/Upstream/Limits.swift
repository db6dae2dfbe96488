/// Every bound of the calls to upstreams, with its unit and its reason.
package enum UpstreamLimits {
    /// A link token took 144 to 223 ms at Mesh's sandbox; a merchant's user waits for it.
    static let callTimeout: Duration = .seconds(10)
    static let connectTimeout: Duration = .seconds(3)
    /// Bytes of answer: a link token's is about 2 KiB.
    static let answerBytes = 64 * 1024
    /// Bytes of a catalogue answer: Mesh's lists of networks, tokens and integrations take some hundred KiB each.
    package static let catalogueBytes = 4 * 1024 * 1024
    /// Members and elements of a catalogue answer: what that many bytes of real lists hold, twice.
    static let catalogueMembers = 512 * 1024
    /// Bytes of all catalogue answers that one loop keeps: those of a sandbox and a production account at their largest
    /// real size, several times over.
    package static let keptCatalogueBytes = 24 * 1024 * 1024
    /// How long a catalogue answer is good: Mesh's ids are stable, and it asks its clients to keep them.
    package static let catalogueFreshness: Duration = .seconds(300)
    /// How long a health answer is good.
    package static let statusFreshness: Duration = .seconds(15)
    /// How old an answer may be that is given while the upstream fails.
    package static let staleness: Duration = .seconds(3600)
    /// How long a failing upstream is left alone before it is asked again.
    package static let retryPause: Duration = .seconds(5)
    /// Bytes of a link token, and of a payment link.
    static let linkBytes = 8 * 1024
    /// Bytes of an upstream's words that are passed on.
    static let messageBytes = 1024
    /// How old what a node knows of upstreams may get.
    package static let refreshInterval: Duration = .seconds(1)
    /// Seconds to wait that an upstream may ask for and we pass on.
    static let retryAfterSeconds = 1...3600

    // MARK: Account management

    /// One call, from connecting to the last byte; the list without pages; the upload of 5 MB.
    package static let accountCallTimeout: Duration = .seconds(15)
    package static let accountListTimeout: Duration = .seconds(30)
    package static let accountLogoTimeout: Duration = .seconds(45)
    /// Bytes of the list: 10 000 sub-clients at 3 KB, most of it origins. And the members and elements in it.
    static let accountListBytes = 32 * 1024 * 1024
    static let accountListMembers = 2_000_000
    /// Bytes of an `id_token`: it must fit into a request's headers.
    static let accountTokenBytes = 4 * 1024
    /// How long a token is used that counts for an hour.
    static let accountTokenLife: Duration = .seconds(3_000)
}
