/// Why a call to an upstream brought nothing.
package enum UpstreamFailure: Error, Equatable, Sendable {
    /// The request was not right: the merchant's to mend.
    case refused(status: Int, UpstreamRefusal)
    /// Seconds to wait, if it said.
    case tooManyRequests(retryAfter: Int?)
    /// It refused the PSP's own keys: the PSP's to mend, and no merchant's business.
    case keysRefused(status: Int)
    /// It failed, or answered what cannot be understood.
    case failed(reason: String)
    /// It cannot be reached, or not in time.
    case unreachable(reason: String)
}
