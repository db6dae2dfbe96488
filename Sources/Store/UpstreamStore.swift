package import Domain
import Postgres
package import Runtime
import SQL

/// One Mesh account in one environment, without its secrets.
package struct Upstream: Sendable {
    package let id: UpstreamID
    package let name: [UInt8]
    package let environment: Environment
    package let baseURL: [UInt8]
    package let adminBaseURL: [UInt8]?
    package let clientID: UUIDValue
    package let webhookSecretCount: Int
    package let version: Int32
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

package struct NewUpstream: Sendable {
    package var name: [UInt8]
    package var environment: Environment
    package var baseURL: [UInt8]
    package var adminBaseURL: [UInt8]?
    package var clientID: UUIDValue
    package var clientSecret: Secret
    package var adminClientSecret: Secret?
    package var webhookSecrets: [Secret]

    package init(
        name: [UInt8], environment: Environment, baseURL: [UInt8], adminBaseURL: [UInt8]? = nil, clientID: UUIDValue,
        clientSecret: Secret, adminClientSecret: Secret? = nil, webhookSecrets: [Secret]
    ) {
        self.name = name
        self.environment = environment
        self.baseURL = baseURL
        self.adminBaseURL = adminBaseURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.adminClientSecret = adminClientSecret
        self.webhookSecrets = webhookSecrets
    }
}

package struct UpstreamChanges: Sendable {
    package var name: [UInt8]?
    package var baseURL: [UInt8]?
    package var adminBaseURL: Change<[UInt8]> = .keep
    package var clientID: UUIDValue?
    package var clientSecret: Secret?
    package var adminClientSecret: Change<Secret> = .keep
    package var webhookSecrets: [Secret]?
    package init() {}
}

/// An upstream with its secrets opened: what a node needs to call it and to verify its webhooks.
package struct OpenUpstream: Sendable {
    package let id: UpstreamID
    package let environment: Environment
    package let version: Int32
    package let baseURL: [UInt8]
    package let clientID: UUIDValue
    package let clientSecret: Secret
    package let webhookSecrets: [Secret]
    /// Both, or sub-clients are not registered there.
    package let adminBaseURL: [UInt8]?
    package let adminClientSecret: Secret?
}

extension StoreError {
    /// Link sessions were minted at it, so its events will still come.
    package static let upstreamInUse = StoreError.conflict(constraint: "upstream_in_use")
}

extension Store {
    /// Throws `.conflict` with `upstream_environment_key` if the environment has one.
    package func createUpstream(
        _ scope: PlatformScope, _ new: NewUpstream, keeping: Keeping<Upstream>? = nil
    ) async throws(StoreError) -> Upstream {
        let now = clock.now()
        let key = try await dataKey(scope)
        let made = Upstream(
            id: identifiers.next(), name: new.name, environment: new.environment, baseURL: new.baseURL,
            adminBaseURL: new.adminBaseURL, clientID: new.clientID, webhookSecretCount: new.webhookSecrets.count,
            version: 1, createdAt: now, updatedAt: now)
        let seal = UpstreamSeal(id: made.id, key: key)
        let insert = Query(
            .createUpstream,
            [
                .id(made.id), .text(new.name), .word(new.environment), .text(new.baseURL), .text(new.adminBaseURL),
                .uuid(new.clientID), .uuid(key.id), .bytes(seal.clientSecret(new.clientSecret)),
                .data(new.adminClientSecret.map(seal.adminClientSecret)),
                .bytesArray(new.webhookSecrets.map(seal.webhookSecret)), .time(now),
            ])
        let keep = try await keep(keeping, made, key: key, now: now)
        _ = try await audited(
            scope, AuditedChange(.upstreamCreated, of: .upstream, made.id.uuid), [insert] + keep)
        return made
    }

    /// Throws `.notFound`.
    package func upstream(_ scope: PlatformScope, _ id: UpstreamID) async throws(StoreError) -> Upstream {
        let rows = try await run(scope, .getUpstream, [.id(id)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try Upstream(rows, 0)
    }

    package func upstreams(_ scope: PlatformScope, _ page: PageRequest) async throws(StoreError) -> Page<Upstream> {
        let rows = try await run(scope, .listUpstreams, [page.after, page.rowLimit], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try Upstream(rows, row) }
    }

    /// Throws `.notFound`.
    package func updateUpstream(
        _ scope: PlatformScope, _ id: UpstreamID, _ changes: UpstreamChanges
    ) async throws(StoreError) -> Upstream {
        let keyRows = try await run(scope, .upstreamDataKey, [.id(id)], on: .read)
        if keyRows.isEmpty { throw .notFound }
        let seal = UpstreamSeal(id: id, key: try platformKey(keyRows, id: 0, wrapped: 1, row: 0))
        let update = Query(
            .updateUpstream,
            [
                .id(id), .text(changes.name), .text(changes.baseURL), .text(changes.adminBaseURL.value),
                .uuid(changes.clientID), .data(changes.clientSecret.map(seal.clientSecret)),
                .data(changes.adminClientSecret.value.map(seal.adminClientSecret)),
                changes.webhookSecrets.map { .bytesArray($0.map(seal.webhookSecret)) } ?? .null, .time(clock.now()),
                .bool(changes.adminBaseURL.isSet), .bool(changes.adminClientSecret.isSet),
            ])
        let rows = try await audited(
            scope, AuditedChange(.upstreamUpdated, of: .upstream, id.uuid), [update])[0]
        if rows.isEmpty { throw .notFound }
        return try Upstream(rows, 0)
    }

    /// Throws `.notFound`, `.upstreamInUse`.
    package func deleteUpstream(_ scope: PlatformScope, _ id: UpstreamID) async throws(StoreError) {
        let results = try await audited(
            scope, AuditedChange(.upstreamDeleted, of: .upstream, id.uuid),
            [Query(.getUpstream, [.id(id)]), Query(.deleteUpstream, [.id(id), .time(clock.now())])])
        if results[0].isEmpty { throw .notFound }
        if results[1].isEmpty { throw .upstreamInUse }
    }

    /// All upstreams with their secrets, newest first: Subgate's own work, for `UpstreamDirectory`.
    package func loadUpstreams() async throws(StoreError) -> [OpenUpstream] {
        let rows = try await run(PlatformScope.system, .loadUpstreams, [], on: .read)
        var upstreams: [OpenUpstream] = []
        for row in rows.indices {
            let id: UpstreamID = try rows.id(row, 0)
            let seal = UpstreamSeal(id: id, key: try platformKey(rows, id: 7, wrapped: 8, row: row))
            var webhookSecrets: [Secret] = []
            for sealed in try rows.bytesArray(row, 6) {
                if let sealed { webhookSecrets.append(try seal.open(sealed, "webhook_secrets")) }
            }
            try upstreams.append(
                OpenUpstream(
                    id: id, environment: rows.word(row, 1), version: rows.int32(row, 4), baseURL: rows.text(row, 2),
                    clientID: rows.uuidValue(row, 3), clientSecret: try seal.open(rows.bytes(row, 5), "client_secret"),
                    webhookSecrets: webhookSecrets, adminBaseURL: rows.optionalText(row, 9),
                    adminClientSecret: try rows.optionalBytes(row, 10).map { sealed throws(StoreError) in
                        try seal.open(sealed, "admin_client_secret")
                    }))
        }
        return upstreams
    }

    private func platformKey(_ rows: Rows, id: Int, wrapped: Int, row: Int) throws(StoreError) -> DataKey {
        try DataKey(
            id: rows.uuidValue(row, id), owner: DataKey.platformOwner, wrapped: rows.bytes(row, wrapped),
            keyring: keyring)
    }
}

/// Where an upstream's sealed columns are bound to.
private struct UpstreamSeal {
    let id: UpstreamID
    let key: DataKey

    func clientSecret(_ secret: Secret) -> [UInt8] { seal(secret, "client_secret") }
    func adminClientSecret(_ secret: Secret) -> [UInt8] { seal(secret, "admin_client_secret") }
    func webhookSecret(_ secret: Secret) -> [UInt8] { seal(secret, "webhook_secrets") }

    func open(_ sealed: [UInt8], _ column: StaticString) throws(StoreError) -> Secret {
        Secret(try key.open(sealed, table: "upstream", column: column, row: id.uuid.text))
    }

    private func seal(_ secret: Secret, _ column: StaticString) -> [UInt8] {
        key.seal(secret.exposed, table: "upstream", column: column, row: id.uuid.text)
    }
}

extension Upstream {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), name: rows.text(row, 1), environment: rows.word(row, 2), baseURL: rows.text(row, 3),
            adminBaseURL: rows.optionalText(row, 4), clientID: rows.uuidValue(row, 5),
            webhookSecretCount: Int(rows.int32(row, 6)), version: rows.int32(row, 7), createdAt: rows.time(row, 8),
            updatedAt: rows.time(row, 9))
    }
}
