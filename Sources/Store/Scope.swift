package import Domain
package import Runtime

/// Who makes a change, and from where: what an audit entry says of it.
package struct Actor: Hashable, Sendable {
    package enum Identity: Hashable, Sendable {
        /// Subgate's own work.
        case system
        case member(MemberID, key: AdminKeyID)
        case credential(CredentialID)
    }

    package let identity: Identity
    /// Of the request that asked for it; empty for Subgate's own work.
    package let requestID: [UInt8]
    /// The caller's; nil for Subgate's own work.
    package let address: IPAddress?

    init(_ identity: Identity, requestID: [UInt8] = [], address: IPAddress? = nil) {
        self.identity = identity
        self.requestID = requestID
        self.address = address
    }

    package static let system = Actor(.system)
}

/// Proof that a request acts for one sub-client in one environment: only authentication makes it, and every function
/// that reads or writes a sub-client's rows takes it first.
package struct TenantScope: Hashable, Sendable {
    package let subClient: SubClientID
    /// Nil when an admin looks: then rows of both environments are seen.
    package let environment: Environment?
    package let actor: Actor

    init(subClient: SubClientID, environment: Environment?, actor: Actor) {
        self.subClient = subClient
        self.environment = environment
        self.actor = actor
    }

    /// The same in one environment: the scope's own, or any if it has none.
    package func within(_ environment: Environment) -> TenantScope {
        precondition(self.environment ?? environment == environment, "a scope never leaves its environment")
        return TenantScope(subClient: subClient, environment: environment, actor: actor)
    }

    /// The same, on behalf of one request.
    package func asked(by requestID: [UInt8], from address: IPAddress?) -> TenantScope {
        TenantScope(
            subClient: subClient, environment: environment,
            actor: Actor(actor.identity, requestID: requestID, address: address))
    }
}

/// Proof that the platform itself acts: an authenticated admin, the inbound path, the dispatcher.
package struct PlatformScope: Hashable, Sendable {
    package let actor: Actor
    /// What the acting member is; nil for Subgate's own work, which may do everything.
    package let role: Role?

    init(actor: Actor, role: Role?) {
        self.actor = actor
        self.role = role
    }

    /// Subgate's own work. Never use it for a request that a person made.
    package static let system = PlatformScope(actor: .system, role: nil)

    package func allows(_ permission: Permission) -> Bool { role?.allows(permission) ?? true }

    /// The platform acting on one sub-client's behalf.
    package func tenant(_ subClient: SubClientID, _ environment: Environment? = nil) -> TenantScope {
        TenantScope(subClient: subClient, environment: environment, actor: actor)
    }

    /// The same, on behalf of one request.
    package func asked(by requestID: [UInt8], from address: IPAddress?) -> PlatformScope {
        PlatformScope(
            actor: Actor(actor.identity, requestID: requestID, address: address), role: role)
    }
}
