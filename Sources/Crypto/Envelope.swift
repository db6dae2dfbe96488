/// Secrets at rest: values are sealed under a data key per owner, and data keys are wrapped under a master key.
///
/// A wrapped data key is version (1) | length of the master key's id (1) | id | sealed key. A sealed value is version
/// (1) | sealed bytes. Both bind where they belong by associated data, so that a row copied to another place does not
/// open.
package enum Envelope {
    private static let version: UInt8 = 1

    /// A new random data key, 32 bytes.
    package static func makeDataKey() -> [UInt8] { Random.bytes(CryptoLimits.keyBytes) }

    /// Seals a value for one place under its owner's data key; `keyId` names that data key in the database.
    package static func seal(
        _ plaintext: [UInt8], dataKey: [UInt8], keyId: [UInt8], context: SealContext
    ) -> [UInt8] {
        [version] + AEAD.seal(plaintext, key: dataKey, associatedData: context.bound(to: keyId, version))
    }

    /// Opens what `seal` returned for the same key and place. Throws `CryptoError.cannotOpen` for anything else.
    package static func open(
        _ sealed: [UInt8], dataKey: [UInt8], keyId: [UInt8], context: SealContext
    ) throws(CryptoError) -> [UInt8] {
        guard sealed.first == version else { throw .cannotOpen }
        let associated = context.bound(to: keyId, version)
        return try AEAD.open(Array(sealed.dropFirst()), key: dataKey, associatedData: associated)
    }

    /// The id of the master key that wraps this data key, or nil if the bytes are no wrapped key.
    package static func masterKeyId(ofWrapped wrapped: [UInt8]) -> [UInt8]? { split(wrapped)?.id }

    fileprivate static func join(id: [UInt8], sealed: [UInt8]) -> [UInt8] { [version, UInt8(id.count)] + id + sealed }

    fileprivate static func split(_ wrapped: [UInt8]) -> (id: [UInt8], sealed: [UInt8])? {
        guard wrapped.count >= 2, wrapped[0] == version else { return nil }
        let end = 2 + Int(wrapped[1])
        guard (1...CryptoLimits.masterKeyIdBytes).contains(end - 2), wrapped.count >= end else { return nil }
        return (Array(wrapped[2..<end]), Array(wrapped[end...]))
    }

    fileprivate static func binding(ofWrappedKeyFor owner: [UInt8], masterKeyId: [UInt8]) -> [UInt8] {
        var fields = BoundFields("subgate wrapped data key", version)
        fields.append(owner)
        fields.append(masterKeyId)
        return fields.bytes
    }
}

extension MasterKeys {
    /// Wraps an owner's data key under the current master key.
    package func wrap(dataKey: [UInt8], owner: [UInt8]) -> [UInt8] {
        precondition(dataKey.count == CryptoLimits.keyBytes, "a data key has 32 bytes")
        guard let master = key(currentId) else { preconditionFailure("the current master key is loaded") }
        let associated = Envelope.binding(ofWrappedKeyFor: owner, masterKeyId: currentId)
        let sealed = AEAD.seal(dataKey, key: master, associatedData: associated)
        return Envelope.join(id: currentId, sealed: sealed)
    }

    /// The data key that `wrap` wrapped for the same owner, under whichever loaded master key it names.
    ///
    /// Throws `CryptoError.unknownMasterKey` if that key is not loaded and `.cannotOpen` for any other reason.
    package func unwrap(_ wrapped: [UInt8], owner: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let (id, sealed) = Envelope.split(wrapped) else { throw .cannotOpen }
        guard let master = key(id) else { throw .unknownMasterKey }
        let associated = Envelope.binding(ofWrappedKeyFor: owner, masterKeyId: id)
        let dataKey = try AEAD.open(sealed, key: master, associatedData: associated)
        guard dataKey.count == CryptoLimits.keyBytes else { throw .cannotOpen }
        return dataKey
    }

    /// Whether a wrapped data key should be unwrapped and wrapped anew, because the master key has changed.
    package func needsRewrap(_ wrapped: [UInt8]) -> Bool { Envelope.masterKeyId(ofWrapped: wrapped) != currentId }
}
