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
}
