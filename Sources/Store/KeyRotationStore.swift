import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// A key that was ever held, and what needs it now.
package struct KeyUse: Sendable {
    package let kind: KeyKind
    package let id: String
    /// Data keys that it wraps, or secrets and admin keys that work and have their digest under it.
    package let users: Int64
    /// When one of them was last used, roughly; nil for master keys, and if none was.
    package let lastUsedAt: Timestamp?
    /// When a node held it for the first time; nil if none did.
    package let firstHeldAt: Timestamp?
}

/// A running node, and its keys as `kind:id`.
package struct KeyHolder: Sendable {
    package let name: String
    package let held: [String]
    package let current: [String]
}

/// What one step of a rotation did.
package struct RewrappedKeys: Sendable {
    package var rewrapped = 0
    /// Data keys that do not open, or name a master key that is not loaded: they stay as they are.
    package var failed: [UUIDValue] = []
    /// Where the next step begins; nil at the end.
    package var next: DataKeyPlace?

    package init(next: DataKeyPlace? = DataKeyPlace()) { self.next = next }
}

/// A place in the list of all data keys.
package struct DataKeyPlace: Hashable, Sendable {
    let owner: UUIDValue
    let id: UUIDValue

    /// Before the first one.
    package init() { self.init(UUIDValue(high: 0, low: 0), UUIDValue(high: 0, low: 0)) }

    init(_ owner: UUIDValue, _ id: UUIDValue) {
        self.owner = owner
        self.id = id
    }
}

extension Store {
    /// Wraps data keys under the current master key that are under another, `count` at most looked at, from `place` on.
    ///
    /// Nothing is locked between reading and writing: a row is only written if it still is what was read, so any number
    /// may work at once, and each step that was done stays done.
    package func rewrapDataKeys(from place: DataKeyPlace, count: Int) async throws(StoreError) -> RewrappedKeys {
        let keys = keyring.keys.masterKeys
        let rows = try await run(
            PlatformScope.system, .listDataKeys,
            [.uuid(place.owner), .uuid(place.id), .int32(Int32(clamping: count))], on: .read)
        var done = RewrappedKeys(next: nil)
        var (owners, ids, before, after) = ([UUIDValue](), [UUIDValue](), [[UInt8]](), [[UInt8]]())
        for row in rows.indices {
            let (owner, id) = try (rows.uuidValue(row, 0), rows.uuidValue(row, 1))
            if rows.count == count { done.next = DataKeyPlace(owner, id) }
            let wrapped = try rows.bytes(row, 2)
            if !keys.needsRewrap(wrapped) { continue }
            guard let dataKey = try? keys.unwrap(wrapped, owner: owner.text) else {
                done.failed.append(id)
                continue
            }
            owners.append(owner)
            ids.append(id)
            before.append(wrapped)
            after.append(keys.wrap(dataKey: dataKey, owner: owner.text))
        }
        if ids.isEmpty { return done }
        done.rewrapped = try await run(
            PlatformScope.system, .rewrapDataKeys,
            [.uuids(owners), .uuids(ids), .bytesArray(before), .bytesArray(after)]
        ).affected
        return done
    }

    /// Every key that was ever held, and those that something needs although none was.
    package func keyUses() async throws(StoreError) -> [KeyUse] {
        let rows = try await run(PlatformScope.system, .listKeys, [.time(clock.now())], on: .read)
        return try rows.indices.map { row throws(StoreError) in
            try KeyUse(
                kind: rows.word(row, 0), id: rows.string(row, 1), users: rows.int64(row, 2),
                lastUsedAt: rows.optionalTime(row, 3), firstHeldAt: rows.optionalTime(row, 4))
        }
    }

    package func keyHolders() async throws(StoreError) -> [KeyHolder] {
        let rows = try await run(PlatformScope.system, .listKeyHolders, [], on: .read)
        return try rows.indices.map { row throws(StoreError) in
            try KeyHolder(
                name: rows.string(row, 0), held: rows.stringArray(row, 1).compactMap { $0 },
                current: rows.stringArray(row, 2).compactMap { $0 })
        }
    }

    /// Revokes every client secret and admin key that still has its digest under a pepper: nobody has used them since
    /// there was another, and they could not be recognised without it. Each is an entry of the audit. Returns how many.
    package func revokeSecrets(underPepper id: String) async throws(StoreError) -> Int {
        let chunk = Parameter.int32(200)
        var count = 0
        while true {
            let secrets = try await run(PlatformScope.system, .listPepperedSecrets, [.string(id), chunk])
            for row in secrets.indices {
                try await revokeSecret(
                    PlatformScope.system.tenant(secrets.id(row, 0)), of: secrets.id(row, 1), secrets.id(row, 2))
            }
            let keys = try await run(PlatformScope.system, .listPepperedAdminKeys, [.string(id), chunk])
            for row in keys.indices {
                try await revokeAdminKey(PlatformScope.system, of: keys.id(row, 0), keys.id(row, 1))
            }
            if secrets.isEmpty, keys.isEmpty { return count }
            count += secrets.count + keys.count
        }
    }
}
