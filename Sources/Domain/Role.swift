/// What a member of the PSP's team is.
package enum Role: String, Sendable, CaseIterable {
    case owner, admin, developer, compliance, support
}

/// One thing that the admin API lets someone do.
package enum Permission: String, Sendable, CaseIterable {
    case viewSubClients
    /// Create, change, import and close them.
    case manageSubClients
    /// Activate and suspend them.
    case activateSubClients
    case manageBranding
    case manageCredentials
    case manageEndpoints
    case viewCompliance
    case manageCompliance
    /// Link sessions, transfers, events with their payloads, deliveries, quarantine.
    case viewEvents
    /// Send deliveries again, assign quarantined events.
    case operateDeliveries
    case viewUpstreams
    case manageUpstreams
    /// Repeat registrations at upstreams, compare them.
    case manageRegistration
    case viewTeam
    case manageTeam
    case viewAudit
    case erase
    case viewUsage
}

extension Role {
    /// Who may do what: the one table. Rows are permissions, columns the roles in the order of their cases.
    package static let table: [(permission: Permission, roles: Set<Role>)] = [
        (.viewSubClients, [.owner, .admin, .developer, .compliance, .support]),
        (.manageSubClients, [.owner, .admin]),
        (.activateSubClients, [.owner, .admin, .compliance]),
        (.manageBranding, [.owner, .admin, .developer]),
        (.manageCredentials, [.owner, .admin, .developer]),
        (.manageEndpoints, [.owner, .admin, .developer]),
        (.viewCompliance, [.owner, .admin, .developer, .compliance, .support]),
        (.manageCompliance, [.owner, .compliance]),
        (.viewEvents, [.owner, .admin, .developer, .compliance, .support]),
        (.operateDeliveries, [.owner, .admin, .developer, .support]),
        (.viewUpstreams, [.owner, .admin, .developer, .compliance, .support]),
        (.manageUpstreams, [.owner, .admin]),
        (.manageRegistration, [.owner, .admin, .developer]),
        (.viewTeam, [.owner, .admin, .compliance]),
        (.manageTeam, [.owner, .admin]),
        (.viewAudit, [.owner, .admin, .compliance]),
        (.erase, [.owner, .compliance]),
        (.viewUsage, [.owner, .admin, .developer, .compliance, .support]),
    ]

    /// One bit a permission, by its place among the cases.
    private static let allowed: [Role: UInt32] = {
        var allowed: [Role: UInt32] = [:]
        for (position, permission) in Permission.allCases.enumerated() {
            let roles = table.first { $0.permission == permission }?.roles ?? []
            for role in roles { allowed[role, default: 0] |= 1 << UInt32(position) }
        }
        return allowed
    }()

    /// Whether this role allows everything that `other` does: nobody gives, or takes over, what they may not do
    /// themselves.
    package func includes(_ other: Role) -> Bool {
        Permission.allCases.allSatisfy { !other.allows($0) || allows($0) }
    }

    package func allows(_ permission: Permission) -> Bool {
        guard let position = Permission.allCases.firstIndex(of: permission) else { return false }
        return (Role.allowed[self] ?? 0) & 1 << UInt32(position) != 0
    }
}
