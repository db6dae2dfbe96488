import Domain
import Postgres
import SQL

/// A message that a wallet's owner signed.
struct WalletVerification: Sendable, Equatable {
    let address: [UInt8]
    /// Mesh's `NetworkType`.
    let networkType: String
    let message: [UInt8]
    let signedMessageHash: [UInt8]
    let verifiedAt: Timestamp
}

/// What wallets signed, in PostgreSQL. Loop-bound, like the database it wraps.
struct VerificationStore: Sendable {
    let database: Database

    func insert(
        _ verification: WalletVerification, id: UUIDValue, userId: [UInt8], of client: UUIDValue
    ) async throws(PostgresError) {
        let query = Query(
            .sandboxInsertWalletVerification,
            [
                .uuid(client), .text(userId), .uuid(id), .text(verification.address),
                .string(verification.networkType), .text(verification.message),
                .text(verification.signedMessageHash), .timestamp(verification.verifiedAt),
            ])
        _ = try await database.run(query, lane: .write)
    }

    /// Of one address or of all, the oldest first.
    func list(
        userId: [UInt8], address: [UInt8]?, of client: UUIDValue
    ) async throws(PostgresError) -> [WalletVerification] {
        let query = Query(
            .sandboxListWalletVerifications,
            [.uuid(client), .text(userId), .text(address), .int64(SandboxLimits.verifications)])
        let rows = try await database.run(query, lane: .read)
        return rows.indices.map { row in
            WalletVerification(
                address: rows.text(row, 0), networkType: rows.string(row, 1), message: rows.text(row, 2),
                signedMessageHash: rows.text(row, 3),
                verifiedAt: Timestamp(microseconds: rows.timestamp(row, 4)))
        }
    }
}
