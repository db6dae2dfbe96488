package import Domain

/// Proof that a request acts for one sub-client in one environment: only authentication makes it, and every function
/// that reads or writes a sub-client's rows takes it first.
package struct TenantScope: Hashable, Sendable {
    package let subClient: SubClientID
    /// Nil when an admin looks: then rows of both environments are seen.
    package let environment: Environment?

    init(subClient: SubClientID, environment: Environment?) {
        self.subClient = subClient
        self.environment = environment
    }
}

/// Proof that the platform itself acts: an authenticated admin, the inbound path, the dispatcher.
package struct PlatformScope: Hashable, Sendable {
    /// Who acts: an admin key, or nil for Subgate's own work.
    package let adminKey: AdminKeyID?

    init(adminKey: AdminKeyID?) { self.adminKey = adminKey }

    /// Subgate's own work. Never use it for a request that a person made.
    package static let system = PlatformScope(adminKey: nil)

    /// The platform acting on one sub-client's behalf.
    package func tenant(_ subClient: SubClientID, _ environment: Environment? = nil) -> TenantScope {
        TenantScope(subClient: subClient, environment: environment)
    }
}
