package import Domain
import Postgres
import Runtime
import SQL

/// A URL a sub-client registered for webhooks, without its secret.
package struct Endpoint: Sendable {
    package let id: EndpointID
    package let environment: Environment
    package let url: [UInt8]
    package let eventTypes: [[UInt8]]
    package let payloadFormat: PayloadFormat
    package let description: [UInt8]?
    package let enabled: Bool
    package let version: Int32
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// A JSON object of strings, or nil for none.
    package let headers: [UInt8]?
}

/// An endpoint that was just made, with its signing secret's text.
package struct CreatedEndpoint: Sendable {
    package let endpoint: Endpoint
    package let secret: [UInt8]
}

package struct NewEndpoint: Sendable {
    package var url: [UInt8]
    package var eventTypes: [[UInt8]]
    package var payloadFormat: PayloadFormat
    package var description: [UInt8]?
    /// A JSON object of strings.
    package var headers: [UInt8]?
    package var enabled: Bool
    /// `whsec_…`
    package var secret: [UInt8]

    package init(
        url: [UInt8], eventTypes: [[UInt8]], payloadFormat: PayloadFormat, description: [UInt8]? = nil,
        headers: [UInt8]? = nil, enabled: Bool = true, secret: [UInt8]
    ) {
        self.url = url
        self.eventTypes = eventTypes
        self.payloadFormat = payloadFormat
        self.description = description
        self.headers = headers
        self.enabled = enabled
        self.secret = secret
    }
}

package struct EndpointChanges: Sendable {
    package var url: [UInt8]?
    package var eventTypes: [[UInt8]]?
    package var payloadFormat: PayloadFormat?
    package var description: Change<[UInt8]> = .keep
    package var headers: Change<[UInt8]> = .keep
    package var enabled: Bool?
    package init() {}
}

extension StoreError {
    /// The sub-client has as many endpoints in this environment as it may have.
    package static let tooManyEndpoints = StoreError.conflict(constraint: "endpoint_limit")
}

extension Store {
    /// Makes an endpoint in the scope's environment. Throws `.tooManyEndpoints` beyond `limit`, `.notFound` if the
    /// scope has no environment.
    package func createEndpoint(
        _ scope: TenantScope, _ new: NewEndpoint, limit: Int, keeping: Keeping<CreatedEndpoint>? = nil
    ) async throws(StoreError) -> CreatedEndpoint {
        guard let environment = scope.environment else { throw .notFound }
        let now = clock.now()
        let made = CreatedEndpoint(
            endpoint: Endpoint(
                id: identifiers.next(), environment: environment, url: new.url, eventTypes: new.eventTypes,
                payloadFormat: new.payloadFormat, description: new.description, enabled: new.enabled, version: 1,
                createdAt: now, updatedAt: now, headers: new.headers),
            secret: new.secret)
        let id = made.endpoint.id
        let key = try await dataKey(scope)
        let insert = Query(
            .createEndpoint,
            [
                .id(scope.subClient), .id(id), .word(environment), .text(new.url), .textArray(new.eventTypes),
                .word(new.payloadFormat), .text(new.description), .uuid(key.id),
                .data(EndpointSeal.headers(new.headers, id, key)), .bytes(EndpointSeal.secret(new.secret, id, key)),
                .bool(new.enabled), .time(now), .int32(Int32(limit)),
            ])
        let keep = try await keep(keeping, made, key: key, now: now, ifMade: (scope.subClient, id.uuid))
        let results = try await audited(scope, change(.endpointCreated, scope, id), [insert] + keep)
        if results[0].isEmpty { throw .tooManyEndpoints }
        return made
    }

    /// Throws `.notFound`.
    package func endpoint(_ scope: TenantScope, _ id: EndpointID) async throws(StoreError) -> Endpoint {
        try endpoint(try await run(scope, [getQuery(scope, id)], on: .read)[0], scope)
    }

    package func endpoints(_ scope: TenantScope, _ page: PageRequest) async throws(StoreError) -> Page<Endpoint> {
        let rows = try await run(
            scope, .listEndpoints,
            [.id(scope.subClient), .word(scope.environment), page.after, page.rowLimit], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try endpoint(rows, at: row, scope) }
    }

    /// Throws `.notFound`, and `.stale` if its version is not `version` (nil for any).
    package func updateEndpoint(
        _ scope: TenantScope, _ id: EndpointID, _ changes: EndpointChanges, version: Int32?
    ) async throws(StoreError) -> Endpoint {
        guard let environment = scope.environment else { throw .notFound }
        let now = clock.now()
        var sealedHeaders: [UInt8]?
        if let headers = changes.headers.value {
            sealedHeaders = EndpointSeal.headers(headers, id, try await sealingKey(scope, id))
        }
        let results = try await audited(
            scope, change(.endpointUpdated, scope, id),
            [
                Query(
                    .updateEndpoint,
                    [
                        .id(scope.subClient), .id(id), .word(environment), .text(changes.url),
                        changes.eventTypes.map { .textArray($0) } ?? .null, .word(changes.payloadFormat),
                        .text(changes.description.value), .bool(changes.description.isSet),
                        changes.enabled.map { .bool($0) } ?? .null, .data(sealedHeaders),
                        .bool(changes.headers.isSet), version.map { .int32($0) } ?? .null, .time(now),
                    ]),
                Query(.resumeEndpoint, [.id(scope.subClient), .id(id), .time(now)]),
                getQuery(scope, id),
            ])
        if results[0].isEmpty, !results[2].isEmpty { throw .stale }
        return try endpoint(results[2], scope)
    }

    /// Enabling makes what was held due. Throws `.notFound`.
    package func setEndpoint(
        _ scope: TenantScope, _ id: EndpointID, enabled: Bool
    ) async throws(StoreError) -> Endpoint {
        guard let environment = scope.environment else { throw .notFound }
        let now = clock.now()
        let results = try await audited(
            scope, change(enabled ? .endpointEnabled : .endpointDisabled, scope, id),
            [
                Query(
                    .setEndpointEnabled,
                    [.id(scope.subClient), .id(id), .word(environment), .bool(enabled), .time(now)]),
                Query(.resumeEndpoint, [.id(scope.subClient), .id(id), .time(now)]),
                getQuery(scope, id),
            ])
        return try endpoint(results[2], scope)
    }

    /// Cancels what is still owed to it. Throws `.notFound`.
    package func deleteEndpoint(_ scope: TenantScope, _ id: EndpointID) async throws(StoreError) {
        guard let environment = scope.environment else { throw .notFound }
        let now = clock.now()
        let results = try await audited(
            scope, change(.endpointDeleted, scope, id),
            [
                Query(.deleteEndpoint, [.id(scope.subClient), .id(id), .word(environment), .time(now)]),
                Query(.cancelEndpointDeliveries, [.id(scope.subClient), .id(id), .time(now)]),
            ])
        if results[0].isEmpty { throw .notFound }
    }

    private func change(_ action: AuditAction, _ scope: TenantScope, _ id: EndpointID) -> AuditedChange {
        AuditedChange(action, of: .endpoint, id.uuid, subClient: scope.subClient)
    }

    private func getQuery(_ scope: TenantScope, _ id: EndpointID) -> Query {
        Query(.getEndpoint, [.id(scope.subClient), .id(id), .word(scope.environment)])
    }

    /// The key that an endpoint's columns are sealed with; a row has one.
    private func sealingKey(_ scope: TenantScope, _ id: EndpointID) async throws(StoreError) -> DataKey {
        let rows = try await run(scope, [getQuery(scope, id)], on: .read)[0]
        if rows.isEmpty { throw .notFound }
        return try dataKey(rows, 0, scope)
    }

    private func dataKey(_ rows: Rows, _ row: Int, _ scope: TenantScope) throws(StoreError) -> DataKey {
        try DataKey(
            id: rows.uuidValue(row, 11), owner: scope.subClient.uuid, wrapped: rows.bytes(row, 12), keyring: keyring)
    }

    private func endpoint(_ rows: Rows, at row: Int = 0, _ scope: TenantScope) throws(StoreError) -> Endpoint {
        if rows.isEmpty { throw .notFound }
        let id: EndpointID = rows.id(row, 0)
        var headers: [UInt8]?
        if let sealed = rows.optionalBytes(row, 10) {
            headers = try EndpointSeal.openHeaders(sealed, id, try dataKey(rows, row, scope))
        }
        return Endpoint(
            id: id, environment: rows.word(row, 1), url: rows.text(row, 2),
            eventTypes: rows.textArray(row, 3).compactMap { $0 }, payloadFormat: rows.word(row, 4),
            description: rows.optionalText(row, 5), enabled: rows.bool(row, 6), version: rows.int32(row, 7),
            createdAt: rows.time(row, 8), updatedAt: rows.time(row, 9), headers: headers)
    }
}
