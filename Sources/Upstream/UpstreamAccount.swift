package import Domain
import HTTPClient
import Runtime
import Store

/// What it takes to call an upstream's Account Management API.
package struct UpstreamAccount: Sendable {
    package let upstream: UpstreamID
    package let environment: Environment
    /// Of the upstream's row: another may mean other keys.
    let version: Int32
    let clientID: [UInt8]
    let clientSecret: Secret
    /// Scheme, host and port; nil if the stored address does not pass today's policy.
    private let baseURL: [UInt8]?
    private let policy: AddressPolicy

    /// Nil without an address and a key.
    init?(_ upstream: OpenUpstream, policy: AddressPolicy) {
        guard let baseURL = upstream.adminBaseURL, let secret = upstream.adminClientSecret else { return nil }
        self.upstream = upstream.id
        environment = upstream.environment
        version = upstream.version
        clientID = upstream.clientID.text
        clientSecret = secret
        self.policy = policy
        let url = try? TargetURL(baseURL, options: policy.urlOptions)
        self.baseURL = url.flatMap { policy.objection(to: $0) == nil ? baseURL : nil }
    }

    /// `/admin/api/v1` and `path` under the base URL.
    func url(_ path: String) -> TargetURL? {
        baseURL.flatMap { try? TargetURL($0 + Array("/admin/api/v1\(path)".utf8), options: policy.urlOptions) }
    }
}
