import Domain
import Postgres
import SQL

/// A post that is owed and that this process has leased.
struct ClaimedWebhook: Sendable {
    let id: Int64
    let clientId: UUIDValue
    /// What `WebhookBody.event` wrote.
    let event: [UInt8]
    /// Counted from 1.
    let attempt: Int32
    /// How many attempts are signed wrongly before one is signed rightly.
    let wrongSignatures: Int32

    var isSignedWrongly: Bool { attempt <= wrongSignatures }
}

/// One post of a webhook, as Mesh logs it.
struct WebhookPost: Sendable {
    let uri: String
    let sentAt: Timestamp
    /// Nil if no answer came, as is `status`.
    let answeredAt: Timestamp?
    let status: Int?
    /// The start of the answer, or why none came.
    let message: String
}

/// The webhooks that are owed, in PostgreSQL. Loop-bound, like the database it wraps.
struct WebhookStore: Sendable {
    let database: Database

    /// Leases up to `limit` webhooks that are due at `now`. Leases go by the machine's time, which nobody sets.
    func claim(
        _ limit: Int, at now: Timestamp, machineTime: Timestamp
    ) async throws(PostgresError) -> [ClaimedWebhook] {
        let query = Query(
            .sandboxClaimWebhooks,
            [
                .timestamp(now), .timestamp(machineTime + SandboxLimits.lease), .int32(Int32(limit)),
                .timestamp(machineTime),
            ])
        let rows = try await database.run(query, lane: .write)
        return rows.indices.map { row in
            let client = rows.uuid(row, 1)
            return ClaimedWebhook(
                id: rows.int64(row, 0), clientId: UUIDValue(high: client.high, low: client.low),
                event: rows.bytes(row, 2), attempt: rows.int32(row, 3), wrongSignatures: rows.int32(row, 4))
        }
    }

    /// When the next webhook that nobody works on is due; nil if there is none.
    func nextDue() async throws(PostgresError) -> Timestamp? {
        let rows = try await database.run(Query(.sandboxNextWebhook), lane: .read)
        return rows.isEmpty ? nil : Timestamp(microseconds: rows.timestamp(0, 0))
    }

    /// Deletes what nobody is owed any more: nothing was posted.
    func delete(_ webhook: ClaimedWebhook) async throws(PostgresError) {
        _ = try await database.run(deletion(webhook), lane: .write)
    }

    /// Records a post that was answered 200.
    func finish(_ webhook: ClaimedWebhook, _ post: WebhookPost) async throws(PostgresError) {
        _ = try await database.run(Unit(entry(webhook, post), deletion(webhook)), lane: .write)
    }

    /// Records a post that was not, and when the next one is.
    func retry(_ webhook: ClaimedWebhook, _ post: WebhookPost, at moment: Timestamp) async throws(PostgresError) {
        let retry = Query(
            .sandboxRetryWebhook, [.int64(webhook.id), .int32(webhook.attempt), .timestamp(moment)])
        _ = try await database.run(Unit(entry(webhook, post), retry), lane: .write)
    }

    private func deletion(_ webhook: ClaimedWebhook) -> Query {
        Query(.sandboxDeleteWebhook, [.int64(webhook.id)])
    }

    private func entry(_ webhook: ClaimedWebhook, _ post: WebhookPost) -> Query {
        Query(
            .sandboxLogWebhook,
            [
                .int64(webhook.id), .string(post.uri), post.status.map { .int32(Int32($0)) } ?? .null,
                .string(post.message), .timestamp(post.sentAt), post.answeredAt.map { .timestamp($0) } ?? .null,
            ])
    }

    /// Gives back what a process that was killed had leased.
    func releaseAll() async throws(PostgresError) {
        _ = try await database.run(Query(.sandboxReleaseWebhooks), lane: .write)
    }
}
