package import Domain
import Postgres
import Runtime
import SQL

/// What is known of a logo without its bytes.
package struct LogoFacts: Sendable {
    /// SHA-256 of its bytes: its version, and part of its public address.
    package let digest: [UInt8]
    package let mediaType: LogoMediaType
    /// Pixels.
    package let width: Int
    package let height: Int
    package let byteCount: Int
    package let updatedAt: Timestamp
}

package enum LogoMediaType: String, Sendable, CaseIterable {
    case png = "image/png"
    case jpeg = "image/jpeg"
}

/// An image that was found whole, to be kept.
package struct NewLogo: Sendable {
    package let digest: [UInt8]
    package let mediaType: LogoMediaType
    /// Pixels.
    package let width: Int
    package let height: Int
    package let bytes: [UInt8]

    package init(digest: [UInt8], mediaType: LogoMediaType, width: Int, height: Int, bytes: [UInt8]) {
        self.digest = digest
        self.mediaType = mediaType
        self.width = width
        self.height = height
        self.bytes = bytes
    }
}

/// A logo as it is served.
package struct Logo: Sendable {
    package let digest: [UInt8]
    package let mediaType: LogoMediaType
    package let bytes: [UInt8]
}

extension Store {
    /// In place of the one before, if any. Throws `.notFound` without such a sub-client, and `.subClientClosed`.
    package func putLogo(_ scope: TenantScope, _ new: NewLogo) async throws(StoreError) -> LogoFacts {
        let results = try await audited(
            scope, change(scope, .logoReplaced, of: .logo),
            [
                Query(
                    .putLogo,
                    [
                        .id(scope.subClient), .bytes(new.digest), .word(new.mediaType), .int32(Int32(new.width)),
                        .int32(Int32(new.height)), .bytes(new.bytes), .time(clock.now()),
                    ]),
                Query(.getBranding, [.id(scope.subClient)]),
            ])
        if results[1].isEmpty { throw .notFound }
        if results[0].isEmpty { throw .subClientClosed }
        return try LogoFacts(results[1], 0, from: 16)
    }

    /// Throws `.notFound` if the sub-client has none.
    package func logo(_ scope: TenantScope) async throws(StoreError) -> Logo {
        let rows = try await run(scope, .getLogo, [.id(scope.subClient)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try Logo(digest: rows.bytes(0, 0), mediaType: rows.word(0, 1), bytes: rows.bytes(0, 2))
    }

    /// The one that has `digest`. Throws `.notFound` if the sub-client's logo is another by now, or none.
    package func logo(_ scope: TenantScope, digest: [UInt8]) async throws(StoreError) -> Logo {
        let rows = try await run(scope, .getLogoByDigest, [.id(scope.subClient), .bytes(digest)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try Logo(digest: digest, mediaType: rows.word(0, 0), bytes: rows.bytes(0, 1))
    }

    /// One that has none is left as it is. Throws `.notFound` without such a sub-client.
    package func deleteLogo(_ scope: TenantScope) async throws(StoreError) {
        let results = try await audited(
            scope, change(scope, .logoDeleted, of: .logo),
            [Query(.deleteLogo, [.id(scope.subClient)]), Query(.getBranding, [.id(scope.subClient)])])
        if results[1].isEmpty { throw .notFound }
    }
}

extension LogoFacts {
    /// Reads six columns, as `get_branding` gives them.
    init(_ rows: Rows, _ row: Int, from column: Int) throws(StoreError) {
        try self.init(
            digest: rows.bytes(row, column), mediaType: rows.word(row, column + 1),
            width: Int(rows.int32(row, column + 2)), height: Int(rows.int32(row, column + 3)),
            byteCount: Int(rows.int32(row, column + 4)), updatedAt: rows.time(row, column + 5))
    }
}
