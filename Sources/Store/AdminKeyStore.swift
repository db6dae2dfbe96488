import Crypto
package import Domain
import Postgres
import Runtime
import SQL

extension Store {
    /// Makes an admin key. Its text is returned this once; the store keeps a digest.
    package func createAdminKey(name: String, expiresAt: Timestamp? = nil)
        async throws(StoreError) -> (id: AdminKeyID, key: [UInt8])
    {
        let key = SecretKeyText.make(prefix: .admin)
        let id = identifiers.next(AdminKeyID.self)
        _ = try await run(
            PlatformScope.system, .createAdminKey,
            [
                .id(id), .string(name), .bytes(keyring.digest(of: key)), .string(keyring.pepperID),
                .text(Array(key.suffix(4))), .time(clock.now()), .time(expiresAt),
            ])
        return (id, key)
    }

    package func countAdminKeys() async throws(StoreError) -> Int64 {
        try await run(PlatformScope.system, .countAdminKeys, [], on: .read).int64(0, 0)
    }
}
