/// A sub-client's rules as they were written. A rule that is nil sets no limit. Lists are never empty and name nothing
/// twice; who reads them in sees to that.
package struct ComplianceRules: Hashable, Sendable {
    package var transferTypes: [TransferType]?
    package var assets: [AssetRule]?
    package var destinations: [Destination]?
    package var perTransfer: FiatBounds?
    /// The most that all link tokens of one UTC day may ask for together.
    package var perDayMaximum: ExactDecimal?
    package var maxClientFee: ExactDecimal?
    package var integrations: ListRule<UUIDValue>?
    /// The amount above which a link token must have the user's wallet sign a message.
    package var walletVerificationAbove: ExactDecimal?
    package var countries: ListRule<CountryCode>?

    package init() {}

    /// What may be sent on one network.
    package struct AssetRule: Hashable, Sendable {
        package let network: UUIDValue
        /// Tickers, in any case; nil for all of the network.
        package let symbols: [[UInt8]]?

        package init(network: UUIDValue, symbols: [[UInt8]]?) {
            self.network = network
            self.symbols = symbols
        }
    }

    /// One entry of the book of addresses that money may go to.
    package struct Destination: Hashable, Sendable {
        package let network: UUIDValue
        package let address: [UInt8]
        /// The tag or memo that a token must have too; nil lets it have any, or none.
        package let addressTag: [UInt8]?
        /// For people.
        package let label: [UInt8]?

        package init(network: UUIDValue, address: [UInt8], addressTag: [UInt8]? = nil, label: [UInt8]? = nil) {
            self.network = network
            self.address = address
            self.addressTag = addressTag
            self.label = label
        }

        /// The address as it is compared: of EVM's form in lower case, every other as it is.
        package var comparedAddress: [UInt8] {
            guard DestinationBook.isEVM(address) else { return address }
            return address.map { $0 | 0x20 }
        }
    }

    package struct FiatBounds: Hashable, Sendable {
        package let minimum: ExactDecimal?
        package let maximum: ExactDecimal?

        package init(minimum: ExactDecimal?, maximum: ExactDecimal?) {
            self.minimum = minimum
            self.maximum = maximum
        }
    }

    package enum ListRule<Element: Hashable & Sendable>: Hashable, Sendable {
        case allow([Element])
        case deny([Element])
    }
}

/// A rule that was broken. The order of the cases is the order in which violations are told.
package enum ComplianceRule: String, Sendable, CaseIterable {
    /// The sub-client is not active. Not of the policy: production asks for it always.
    case status
    /// The business is not approved. Not of the policy: production asks for it always.
    case kyb
    case transferTypes, assets, destinations, perTransfer, perDay, maxClientFee, integrations, walletVerification
    case countries
}

package struct ComplianceViolation: Hashable, Sendable {
    package let rule: ComplianceRule
    /// What in the request is to blame: a path such as `transferOptions.toAddresses[1].address`, or a header's name.
    package let field: String
    package let message: String

    package init(_ rule: ComplianceRule, _ field: String, _ message: String) {
        self.rule = rule
        self.field = field
        self.message = message
    }
}
