/// Where the check of a business stands ("know your business").
package enum KYBStatus: String, Sendable, CaseIterable {
    case unverified, pending, approved, rejected, expired
}

/// What is known of a sub-client as a business. Its texts are free: people and regulators read them.
package struct KYB: Hashable, Sendable {
    package var status: KYBStatus
    /// When an approval ends; nil for never.
    package var expiresAt: Timestamp?
    package var legalEntity: [UInt8]?
    package var registrationNumber: [UInt8]?
    package var address: [UInt8]?
    /// Its number as a virtual asset service provider, by which exchanges let a custodial platform be paid.
    package var vaspID: [UInt8]?
    package var platformCategory: [UInt8]?
    /// The merchant category code, four digits (ISO 18245).
    package var mcc: [UInt8]?

    package init(
        status: KYBStatus, expiresAt: Timestamp? = nil, legalEntity: [UInt8]? = nil,
        registrationNumber: [UInt8]? = nil, address: [UInt8]? = nil, vaspID: [UInt8]? = nil,
        platformCategory: [UInt8]? = nil, mcc: [UInt8]? = nil
    ) {
        self.status = status
        self.expiresAt = expiresAt
        self.legalEntity = legalEntity
        self.registrationNumber = registrationNumber
        self.address = address
        self.vaspID = vaspID
        self.platformCategory = platformCategory
        self.mcc = mcc
    }

    /// What a new sub-client has.
    package static let none = KYB(status: .unverified)

    /// Whether the business is approved at `moment`: an approval is over at its `expiresAt` exactly.
    package func isApproved(at moment: Timestamp) -> Bool {
        status == .approved && expiresAt.map { moment < $0 } ?? true
    }

    /// Why it is not approved at `moment`, for link tokens of production; nil if it is.
    package func violation(at moment: Timestamp) -> ComplianceViolation? {
        if isApproved(at: moment) { return nil }
        if status == .approved {
            return ComplianceViolation(
                .kyb, "kyb.expiresAt", "must not be over: the approval of the business has ended")
        }
        return ComplianceViolation(.kyb, "kyb.status", "must be approved; it is \(status.rawValue)")
    }
}
