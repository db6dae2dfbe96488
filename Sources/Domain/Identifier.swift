/// What an identifier names: its prefix tells a person, and a parser, which table to look in.
package protocol IdentifierKind: Sendable {
    /// ASCII, ending in `_`.
    static var prefix: [UInt8] { get }
}

/// An identifier of one kind: in text its prefix and a UUIDv7 as 26 digits of Crockford's base32, lower case.
package struct Identifier<Kind: IdentifierKind>: Hashable, Sendable {
    package let uuid: UUIDValue

    package init(_ uuid: UUIDValue) { self.uuid = uuid }

    /// Parses `prefix_` and 26 digits; there is exactly one text for each identifier, so comparing text is safe.
    private init?(span text: Span<UInt8>) {
        let prefix = Kind.prefix
        guard text.count == prefix.count + Base32.digitsPerUUID, text.starts(with: prefix),
            let uuid = Base32.decode(text.extracting(prefix.count...))
        else { return nil }
        self.uuid = uuid
    }

    // Spelled out for what callers have: a generic initializer runs unspecialized outside this module.
    package init?(text: [UInt8]) { self.init(span: text.span) }
    package init?(text: ArraySlice<UInt8>) { self.init(span: text.span) }
    package init?(text: some Collection<UInt8>) { self.init(text: Array(text)) }

    package var text: [UInt8] {
        var text = Kind.prefix
        text.reserveCapacity(text.count + Base32.digitsPerUUID)
        Base32.append(uuid, to: &text)
        return text
    }
}

extension Identifier: CustomStringConvertible {
    package var description: String { String(decoding: text, as: UTF8.self) }
}

package enum SubClientKind: IdentifierKind { package static let prefix = [UInt8]("sc_".utf8) }
package enum CredentialKind: IdentifierKind { package static let prefix = [UInt8]("cred_".utf8) }
package enum CredentialSecretKind: IdentifierKind { package static let prefix = [UInt8]("sec_".utf8) }
package enum EndpointKind: IdentifierKind { package static let prefix = [UInt8]("we_".utf8) }
package enum EndpointSecretKind: IdentifierKind { package static let prefix = [UInt8]("whs_".utf8) }
package enum LinkSessionKind: IdentifierKind { package static let prefix = [UInt8]("ls_".utf8) }
package enum TransferKind: IdentifierKind { package static let prefix = [UInt8]("tr_".utf8) }
package enum EventKind: IdentifierKind { package static let prefix = [UInt8]("evt_".utf8) }
package enum DeliveryKind: IdentifierKind { package static let prefix = [UInt8]("dlv_".utf8) }
package enum AttemptKind: IdentifierKind { package static let prefix = [UInt8]("att_".utf8) }
package enum UpstreamKind: IdentifierKind { package static let prefix = [UInt8]("up_".utf8) }
package enum AdminKeyKind: IdentifierKind { package static let prefix = [UInt8]("key_".utf8) }
package enum MemberKind: IdentifierKind { package static let prefix = [UInt8]("mem_".utf8) }
package enum AuditEntryKind: IdentifierKind { package static let prefix = [UInt8]("aud_".utf8) }
package enum QuarantineKind: IdentifierKind { package static let prefix = [UInt8]("qrt_".utf8) }
package enum ErasureKind: IdentifierKind { package static let prefix = [UInt8]("era_".utf8) }
package enum RecoveryKind: IdentifierKind { package static let prefix = [UInt8]("rec_".utf8) }
package enum ConsoleSessionKind: IdentifierKind { package static let prefix = [UInt8]("cs_".utf8) }

package typealias SubClientID = Identifier<SubClientKind>
package typealias CredentialID = Identifier<CredentialKind>
package typealias CredentialSecretID = Identifier<CredentialSecretKind>
package typealias EndpointID = Identifier<EndpointKind>
package typealias EndpointSecretID = Identifier<EndpointSecretKind>
package typealias LinkSessionID = Identifier<LinkSessionKind>
package typealias TransferID = Identifier<TransferKind>
package typealias EventID = Identifier<EventKind>
package typealias DeliveryID = Identifier<DeliveryKind>
package typealias AttemptID = Identifier<AttemptKind>
package typealias UpstreamID = Identifier<UpstreamKind>
package typealias AdminKeyID = Identifier<AdminKeyKind>
package typealias MemberID = Identifier<MemberKind>
package typealias AuditEntryID = Identifier<AuditEntryKind>
package typealias QuarantineID = Identifier<QuarantineKind>
package typealias ErasureID = Identifier<ErasureKind>
package typealias RecoveryID = Identifier<RecoveryKind>
package typealias ConsoleSessionID = Identifier<ConsoleSessionKind>
