/// Every bound of the calls to upstreams, with its unit and its reason.
package enum UpstreamLimits {
    /// A link token took 144 to 223 ms at Mesh's sandbox; a merchant's user waits for it.
    static let callTimeout: Duration = .seconds(10)
    static let connectTimeout: Duration = .seconds(3)
    /// Bytes of answer: a link token's is about 2 KiB.
    static let answerBytes = 64 * 1024
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
