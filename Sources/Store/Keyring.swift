package import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// The keys that are not in the database, as a node uses them at this moment: the peppers of secret digests and the
/// master keys that wrap data keys. All copies share one value, so that new keys reach every loop at once.
package struct Keyring: Sendable {
    private let current: Locked<KeySet>

    package init(_ keys: KeySet) { current = Locked(keys) }

    package var keys: KeySet { current.withValue { $0 } }

    /// Callable from any thread; what has begun goes on with the keys it began with.
    package func replace(with keys: KeySet) { current.withValue { $0 = keys } }

    func digest(of secret: [UInt8]) -> PepperedDigest { keys.digest(of: secret) }
}

/// What is stored of a secret, and the pepper that was used.
struct PepperedDigest: Hashable, Sendable {
    let bytes: [UInt8]
    let pepperID: String

    var parameters: [Parameter] { [.bytes(bytes), .string(pepperID)] }
}

/// Master keys and peppers that belong together. Of each, the current one is used for what is made from now on; the
/// others open, and recognise, what was made before.
package final class KeySet: Sendable {
    package let masterKeys: MasterKeys
    package let peppers: MasterKeys
    /// Whether other nodes use keys that are not among these: then a secret that is not recognised may still be a good
    /// one, and nobody is told that it is not.
    let isIncomplete: Bool

    private let pepperID: String
    private let pepper: HMACKey
    private let others: [(id: String, key: HMACKey)]

    package init(masterKeys: MasterKeys, peppers: MasterKeys, isIncomplete: Bool = false) {
        self.masterKeys = masterKeys
        self.peppers = peppers
        self.isIncomplete = isIncomplete
        let all = peppers.ids.map { id -> (id: String, key: HMACKey) in
            guard let key = peppers.digestKey(id) else { preconditionFailure("each id has its key") }
            return (String(decoding: id, as: UTF8.self), key)
        }
        let current = String(decoding: peppers.currentId, as: UTF8.self)
        guard let pepper = all.first(where: { $0.id == current }) else { preconditionFailure("one is the current") }
        pepperID = current
        self.pepper = pepper.key
        others = all.filter { $0.id != current }
    }

    /// HMAC-SHA-256 under the current pepper. Secrets are 256 random bits, so no slow hash is needed, and without the
    /// pepper a stolen table tells nothing.
    func digest(of secret: [UInt8]) -> PepperedDigest {
        PepperedDigest(bytes: pepper.authenticate(secret), pepperID: pepperID)
    }

    /// The same under each of the other peppers; none, and no work, while there is one.
    func otherDigests(of secret: [UInt8]) -> [PepperedDigest] {
        others.map { PepperedDigest(bytes: $0.key.authenticate(secret), pepperID: $0.id) }
    }

    /// Whether a digest is to be made anew: the current pepper stands before the one it was made with. One that stands
    /// before the current is what nodes are about to use.
    func isOutdated(_ digest: PepperedDigest) -> Bool {
        if digest.pepperID == pepperID { return false }
        let id = Array(digest.pepperID.utf8)
        guard let place = peppers.ids.firstIndex(of: id), let current = peppers.ids.firstIndex(of: peppers.currentId)
        else { return false }
        return place > current
    }
}

/// One owner's data key, unwrapped. The owner is a sub-client, or the platform under the nil UUID.
package struct DataKey: Sendable {
    package let id: UUIDValue
    let owner: UUIDValue
    private let bytes: [UInt8]

    static let platformOwner = UUIDValue(high: 0, low: 0)

    init(id: UUIDValue, owner: UUIDValue, bytes: [UInt8]) {
        self.id = id
        self.owner = owner
        self.bytes = bytes
    }

    init(id: UUIDValue, owner: UUIDValue, wrapped: [UInt8], keyring: Keyring) throws(StoreError) {
        do {
            self.init(id: id, owner: owner, bytes: try keyring.keys.masterKeys.unwrap(wrapped, owner: owner.text))
        } catch {
            throw .undecipherable
        }
    }

    func seal(_ plaintext: [UInt8], table: StaticString, column: StaticString, row: [UInt8]) -> [UInt8] {
        Envelope.seal(
            plaintext, dataKey: bytes, keyId: id.text,
            context: SealContext(owner: owner.text, table: table, column: column, row: row))
    }

    func open(_ sealed: [UInt8], table: StaticString, column: StaticString, row: [UInt8]) throws(StoreError) -> [UInt8]
    {
        do {
            return try Envelope.open(
                sealed, dataKey: bytes, keyId: id.text,
                context: SealContext(owner: owner.text, table: table, column: column, row: row))
        } catch {
            throw .undecipherable
        }
    }
}

extension Store {
    /// The key that seals new values of a sub-client; made on first use.
    func dataKey(_ scope: TenantScope) async throws(StoreError) -> DataKey {
        let owner = scope.subClient.uuid
        let rows = try await run(scope, .latestDataKey, [.uuid(owner)])
        if let key = try existingKey(rows, owner: owner) { return key }
        let (key, creation) = newKey(owner: owner)
        _ = try await run(scope, [creation])
        return key
    }

    /// The key that seals new values of the platform's own tables; made on first use.
    func dataKey(_ scope: PlatformScope) async throws(StoreError) -> DataKey {
        let rows = try await run(scope, .latestDataKey, [.uuid(DataKey.platformOwner)])
        if let key = try existingKey(rows, owner: DataKey.platformOwner) { return key }
        let (key, creation) = newKey(owner: DataKey.platformOwner)
        _ = try await run(scope, [creation])
        return key
    }

    private func existingKey(_ rows: Rows, owner: UUIDValue) throws(StoreError) -> DataKey? {
        if rows.isEmpty { return nil }
        return try DataKey(id: rows.uuidValue(0, 0), owner: owner, wrapped: rows.bytes(0, 1), keyring: keyring)
    }

    private func newKey(owner: UUIDValue) -> (DataKey, Query) {
        let bytes = Envelope.makeDataKey()
        // Version 7, so that the latest key is the one with the greatest id.
        let id = identifiers.next(EventID.self).uuid
        let wrapped = keyring.keys.masterKeys.wrap(dataKey: bytes, owner: owner.text)
        return (
            DataKey(id: id, owner: owner, bytes: bytes),
            Query(.createDataKey, [.uuid(owner), .uuid(id), .bytes(wrapped), .time(clock.now())])
        )
    }
}
