import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// What sessions of the console are held to.
package enum ConsoleTerms {
    /// A working day: then the key is asked for again, however busy the session was.
    package static let lifetime: Duration = .seconds(8 * 3_600)
    /// Without a page that a person asked for; what a page asks for by itself does not count.
    package static let idle: Duration = .seconds(1_800)
    /// How far the time of the last page may lag: not every page writes.
    static let seenLag: Duration = .seconds(60)
    /// Keys refused from one place within `refusalWindow`, after which it is turned away unheard. Keys cannot be
    /// guessed: this bounds what a stranger writes into the audit chain.
    package static let refusals: Int32 = 10
    package static let refusalWindow: Duration = .seconds(300)
    /// How long ended sessions are kept.
    static let keptEnded: Duration = .seconds(7 * 86_400)
}

/// A person of the PSP's team at the console.
package struct ConsoleSession: Sendable {
    package let id: ConsoleSessionID
    /// As the key's own: with its member's role.
    package var scope: PlatformScope
    package let memberName: [UInt8]
    package let expiresAt: Timestamp
}

extension Store {
    /// Begins a session in place of the key with which `scope` was recognised, and gives its token: 43 characters.
    package func beginConsoleSession(_ scope: PlatformScope) async throws(StoreError) -> [UInt8] {
        guard let key = scope.actor.key else { throw .notFound }
        let now = clock.now()
        let id: ConsoleSessionID = identifiers.next()
        let token = Base64.encodeURLSafe(Random.bytes(32))
        _ = try await audited(
            scope, AuditedChange(.consoleSignedIn, of: .consoleSession, id.uuid),
            [
                Query(.forgetConsoleSessions, [.time(now - ConsoleTerms.keptEnded)]),
                Query(
                    .createConsoleSession,
                    [
                        .id(id), .bytes(Digest.sha256(token)), .id(key), .time(now),
                        .time(now + ConsoleTerms.lifetime),
                    ]),
            ])
        return token
    }

    /// The session of a token, or nil if it is over, or its key is revoked or expired: nothing of that is remembered
    /// from an earlier call. `isActive` tells a person's request from one that a page makes by itself.
    package func consoleSession(token: [UInt8], isActive: Bool) async throws(StoreError) -> ConsoleSession? {
        let now = clock.now()
        let rows = try await run(
            PlatformScope.system, .findConsoleSession,
            [.bytes(Digest.sha256(token)), .time(now), .time(now - ConsoleTerms.idle)], on: .read)
        if rows.isEmpty { return nil }
        let id: ConsoleSessionID = try rows.id(0, 0)
        let key: AdminKeyID = try rows.id(0, 3)
        if isActive {
            uses.withValue { $0.note(key, at: now) }
            if try now - rows.time(0, 1) >= ConsoleTerms.seenLag {
                _ = try await run(PlatformScope.system, .touchConsoleSession, [.id(id), .time(now)])
            }
        }
        return try ConsoleSession(
            id: id, scope: PlatformScope(actor: Actor(.member(rows.id(0, 4), key: key)), role: rows.word(0, 5)),
            memberName: rows.text(0, 6), expiresAt: rows.time(0, 2))
    }

    package func endConsoleSession(_ scope: PlatformScope, _ id: ConsoleSessionID) async throws(StoreError) {
        _ = try await audited(
            scope, AuditedChange(.consoleSignedOut, of: .consoleSession, id.uuid),
            [Query(.endConsoleSession, [.id(id), .time(clock.now())])])
    }

    /// Whether so many keys were refused from a place that it is to be turned away.
    package func isConsoleShut(to place: String) async throws(StoreError) -> Bool {
        let since = clock.now() - ConsoleTerms.refusalWindow
        let rows = try await run(
            PlatformScope.system, .countConsoleRefusals, [.string(place), .time(since)], on: .read)
        return try rows.int32(0, 0) >= ConsoleTerms.refusals
    }

    /// Counts and tells a key that was refused. `scope` is nobody's: `PlatformScope.system` on behalf of the request.
    package func noteConsoleRefusal(_ scope: PlatformScope, at place: String) async throws(StoreError) {
        let now = clock.now()
        let change = AuditedChange(.consoleRefused, of: .consoleSession, identifiers.next(ConsoleSessionID.self).uuid)
        _ = try await run(
            PlatformScope.system,
            [
                auditNote(change, scope.actor, facts: Array("{}".utf8)),
                Query(.forgetConsoleRefusals, [.time(now - ConsoleTerms.refusalWindow - .seconds(60))]),
                Query(.noteConsoleRefusal, [.string(place), .time(now)]),
            ], on: .serial)
    }
}
