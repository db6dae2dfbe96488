package import Domain
import Postgres
import Runtime
import SQL

// The background's side of erasures: find, erase a chunk, end.

/// An erasure that has something to do now.
package struct DueErasure: Sendable {
    package let subClient: SubClientID
    package let id: ErasureID
    package let subject: ErasureSubject
    /// Of an end user's.
    let userID: [UInt8]?
}

/// What is to be done after a chunk. The raw values are the database's words.
package enum ErasureProgress: String, Sendable {
    /// The next chunk.
    case going
    /// Nothing for a while.
    case waiting
    /// To end it.
    case ended
    /// Nothing: another node has it, or it is done.
    case busy
}

extension Store {
    /// Up to `limit` erasures, those that wait longest first. One whose user id does not open is left out.
    package func dueErasures(limit: Int) async throws(StoreError) -> [DueErasure] {
        let rows = try await run(
            PlatformScope.system, .listDueErasures, [.time(clock.now()), .int32(Int32(limit))])
        return rows.indices.compactMap { try? dueErasure(rows, $0) }
    }

    private func dueErasure(_ rows: Rows, _ row: Int) throws(StoreError) -> DueErasure {
        let id: ErasureID = try rows.id(row, 1)
        var userID: [UInt8]?
        if let sealed = rows.optionalBytes(row, 3) {
            guard let wrapped = rows.optionalBytes(row, 5) else { throw .undecipherable }
            let key = try DataKey(
                id: rows.uuidValue(row, 4), owner: rows.uuidValue(row, 0), wrapped: wrapped, keyring: keyring)
            userID = try ErasureSeal.openUser(sealed, id, key)
        }
        return try DueErasure(subClient: rows.id(row, 0), id: id, subject: rows.word(row, 2), userID: userID)
    }

    /// Erases up to `size` rows of one kind, with what hangs on them. `settling` is how long after the request its last
    /// sweep begins: longer than anyone goes on who read the rows as they were before.
    package func eraseChunk(
        _ due: DueErasure, size: Int, settling: Duration
    ) async throws(StoreError) -> ErasureProgress {
        let chunk = Query(
            .eraseChunk,
            [
                .id(due.subClient), .id(due.id), .text(due.userID), .time(clock.now()),
                .int32(Int32(settling.components.seconds)), .int32(Int32(size)),
            ])
        let unlinked = due.userID.map { user in
            Query(
                .eraseUnlinked,
                [
                    .id(due.subClient), .id(due.id), .bytes(NamespacedUser.id(of: user, in: due.subClient)),
                    .int32(Int32(size)),
                ])
        }
        let results = try await run(PlatformScope.system, [unlinked, chunk].compactMap { $0 })
        return try results[results.count - 1].word(0, 0)
    }

    /// Ends an erasure that has nothing left to do: of a sub-client, its few rows are erased once more and then its
    /// keys.
    package func end(_ due: DueErasure) async throws(StoreError) {
        let now = clock.now()
        let end = Query(.endErasure, [.id(due.subClient), .id(due.id), .time(now)])
        switch due.subject {
        case .endUser:
            _ = try await run(PlatformScope.system, [end])
        case .subClient:
            _ = try await run(
                PlatformScope.system,
                Store.erasing(due.subClient, now: now) + [Query(.eraseDataKeys, [.id(due.subClient)]), end])
        }
    }
}
