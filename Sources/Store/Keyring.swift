package import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// The keys that are not in the database: the pepper of secret digests and the master keys that wrap data keys.
package struct Keyring: Sendable {
    let pepperID: String
    private let pepper: HMACKey
    let masterKeys: MasterKeys

    /// `pepper` is at least 32 random bytes; `pepperID` is stored beside each digest made with it.
    package init(pepperID: String, pepper: [UInt8], masterKeys: MasterKeys) {
        precondition(pepper.count >= 32, "a pepper has at least 32 bytes")
        self.pepperID = pepperID
        self.pepper = HMACKey(pepper)
        self.masterKeys = masterKeys
    }

    /// What is stored of a secret: HMAC-SHA-256 under the pepper. Secrets are 256 random bits, so no slow hash is
    /// needed, and without the pepper a stolen table tells nothing.
    package func digest(of secret: [UInt8]) -> [UInt8] { pepper.authenticate(secret) }
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
            self.init(id: id, owner: owner, bytes: try keyring.masterKeys.unwrap(wrapped, owner: owner.text))
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
        let wrapped = keyring.masterKeys.wrap(dataKey: bytes, owner: owner.text)
        return (
            DataKey(id: id, owner: owner, bytes: bytes),
            Query(.createDataKey, [.uuid(owner), .uuid(id), .bytes(wrapped), .time(clock.now())])
        )
    }
}
