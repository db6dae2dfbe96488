import Domain
import Postgres
import Runtime
import SQL

/// Data keys that were looked at, and those of them that no master key at hand opens.
package struct DataKeyCount: Hashable, Sendable {
    package var opened = 0
    package var unopened = 0
}

extension Store {
    /// Opens every data key there is.
    package func checkDataKeys() async throws(StoreError) -> DataKeyCount {
        var count = DataKeyCount()
        var last = (owner: DataKey.platformOwner, id: DataKey.platformOwner)
        while true {
            let rows = try await run(
                PlatformScope.system, .listDataKeys, [.uuid(last.owner), .uuid(last.id), .int32(1_000)], on: .read)
            if rows.isEmpty { return count }
            for row in rows.indices {
                last = try (rows.uuidValue(row, 0), rows.uuidValue(row, 1))
                do throws(StoreError) {
                    _ = try DataKey(id: last.id, owner: last.owner, wrapped: rows.bytes(row, 2), keyring: keyring)
                    count.opened += 1
                } catch {
                    if error != .undecipherable { throw error }
                    count.unopened += 1
                }
            }
        }
    }
}
