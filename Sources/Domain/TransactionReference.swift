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

    package init?(text: some Collection<UInt8>) {
        guard text.count == Self.prefix.count + 2 * Base32.digitsPerUUID, text.starts(with: Self.prefix),
            let subClient = Base32.decode(text.dropFirst(Self.prefix.count).prefix(Base32.digitsPerUUID)),
            let linkSession = Base32.decode(text.dropFirst(Self.prefix.count + Base32.digitsPerUUID))
        else { return nil }
        self.init(subClient: SubClientID(subClient), linkSession: LinkSessionID(linkSession))
    }

    /// 56 bytes; Mesh allows 128.
    package var text: [UInt8] {
        var text = Self.prefix
        Base32.append(subClient.uuid, to: &text)
        Base32.append(linkSession.uuid, to: &text)
        return text
    }
}
