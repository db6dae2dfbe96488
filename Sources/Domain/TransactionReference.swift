/// The `transactionId` we send to an upstream: it names the link session, and through it the sub-client, because an
/// upstream's webhook carries no tenant. It holds the sub-client as well, so that the session is found by primary key.
package struct TransactionReference: Hashable, Sendable {
    package let subClient: SubClientID
    package let linkSession: LinkSessionID

    /// `sg1_`, so that another product's references at the same upstream are told apart at a glance.
    private static let prefix: [UInt8] = [UInt8]("sg1_".utf8)

    package init(subClient: SubClientID, linkSession: LinkSessionID) {
        self.subClient = subClient
        self.linkSession = linkSession
    }

    private init?(span text: Span<UInt8>) {
        let start = Self.prefix.count
        let middle = start + Base32.digitsPerUUID
        guard text.count == middle + Base32.digitsPerUUID, text.starts(with: Self.prefix),
            let subClient = Base32.decode(text.extracting(start..<middle)),
            let linkSession = Base32.decode(text.extracting(middle...))
        else { return nil }
        self.init(subClient: SubClientID(subClient), linkSession: LinkSessionID(linkSession))
    }

    // Spelled out for what callers have: a generic initializer runs unspecialized outside this module.
    package init?(text: [UInt8]) { self.init(span: text.span) }
    package init?(text: ArraySlice<UInt8>) { self.init(span: text.span) }
    package init?(text: some Collection<UInt8>) { self.init(text: Array(text)) }

    /// 56 bytes; Mesh allows 128.
    package var text: [UInt8] {
        var text = Self.prefix
        Base32.append(subClient.uuid, to: &text)
        Base32.append(linkSession.uuid, to: &text)
        return text
    }
}
