/// What an identifier names: its prefix tells a person, and a parser, which table to look in.
package protocol IdentifierKind: Sendable {
    static var prefix: StaticString { get }
}

/// An identifier of one kind: in text its prefix and a UUIDv7 as 26 digits of Crockford's base32, lower case.
package struct Identifier<Kind: IdentifierKind>: Hashable, Sendable {
    package let uuid: UUIDValue

    package init(_ uuid: UUIDValue) { self.uuid = uuid }

    /// Parses `prefix_` and 26 digits; there is exactly one text for each identifier, so comparing text is safe.
    package init?(text: some Collection<UInt8>) {
        let prefixLength = Kind.prefix.utf8CodeUnitCount
        guard text.count == prefixLength + Base32.digitsPerUUID,
            text.prefix(prefixLength).elementsEqual(Kind.prefix.bytes),
            let uuid = Base32.decode(text.dropFirst(prefixLength))
        else { return nil }
        self.uuid = uuid
    }

    package var text: [UInt8] {
        var text = Kind.prefix.bytes
        text.reserveCapacity(text.count + Base32.digitsPerUUID)
        Base32.append(uuid, to: &text)
        return text
    }
}

extension Identifier: CustomStringConvertible {
    package var description: String { String(decoding: text, as: UTF8.self) }
}

extension StaticString {
    var bytes: [UInt8] { withUTF8Buffer { unsafe [UInt8]($0) } }
}

package enum SubClientKind: IdentifierKind { package static let prefix: StaticString = "sc_" }
package enum CredentialKind: IdentifierKind { package static let prefix: StaticString = "cred_" }
package enum EndpointKind: IdentifierKind { package static let prefix: StaticString = "we_" }
package enum LinkSessionKind: IdentifierKind { package static let prefix: StaticString = "ls_" }
package enum TransferKind: IdentifierKind { package static let prefix: StaticString = "tr_" }
package enum EventKind: IdentifierKind { package static let prefix: StaticString = "evt_" }
package enum DeliveryKind: IdentifierKind { package static let prefix: StaticString = "dlv_" }
package enum AttemptKind: IdentifierKind { package static let prefix: StaticString = "att_" }
package enum UpstreamKind: IdentifierKind { package static let prefix: StaticString = "up_" }
package enum AdminKeyKind: IdentifierKind { package static let prefix: StaticString = "key_" }
package enum QuarantineKind: IdentifierKind { package static let prefix: StaticString = "qrt_" }

package typealias SubClientID = Identifier<SubClientKind>
package typealias CredentialID = Identifier<CredentialKind>
package typealias EndpointID = Identifier<EndpointKind>
package typealias LinkSessionID = Identifier<LinkSessionKind>
package typealias TransferID = Identifier<TransferKind>
package typealias EventID = Identifier<EventKind>
package typealias DeliveryID = Identifier<DeliveryKind>
package typealias AttemptID = Identifier<AttemptKind>
package typealias UpstreamID = Identifier<UpstreamKind>
package typealias AdminKeyID = Identifier<AdminKeyKind>
package typealias QuarantineID = Identifier<QuarantineKind>
