package import Runtime

/// The address that a request was refused for, and the rule that forbids it. Never shown to a tenant: it would tell
/// them how the network behind us looks.
package struct AddressRefusal: Sendable, Hashable {
    package enum Rule: Sendable, Hashable {
        /// The name has no address at all.
        case noAddress
        case block(AddressBlock)
        /// The address is a good one, but was not judged for this request, or its port was not.
        case notPinned
    }

    /// Nil when there is none, or when it could not be read.
    package var address: IPAddress?
    package var rule: Rule

    package init(address: IPAddress?, rule: Rule) {
        self.address = address
        self.rule = rule
    }
}

extension AddressRefusal: CustomStringConvertible {
    /// A line for the operator's log.
    package var description: String {
        let subject = address.map { "\($0)" } ?? "the address"
        return switch rule {
        case .noAddress: "the name has no address"
        case .block(let block): "\(subject) is in \(block.rawValue)"
        case .notPinned: "\(subject) was not judged for this request"
        }
    }
}
