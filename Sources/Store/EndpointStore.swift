package import Domain
import Postgres
import Runtime
import SQL

extension StoreError {
    /// The sub-client has as many endpoints in this environment as it may have.
    package static let tooManyEndpoints = StoreError.conflict(constraint: "endpoint_limit")
}

extension Store {
    /// Makes an endpoint in the scope's environment. Throws `.tooManyEndpoints` beyond `limit`, `.subClientClosed`,
    /// and `.notFound` if there is no such sub-client or the scope has no environment.
    package func createEndpoint(
        _ scope: TenantScope, _ new: NewEndpoint, limit: Int, keeping: Keeping<CreatedEndpoint>? = nil
    ) async throws(StoreError) -> CreatedEndpoint {
        guard let environment = scope.environment else { throw .notFound }
        let now = clock.now()
        let id: EndpointID = identifiers.next()
        let test = try await newTest(new.testPayload, for: id, scope, now: now)
        // Its data keys are gone with an erased sub-client, and must not be made again.
        try await refuseClosed(scope)
        let key = try await dataKey(scope)
        let secret = NewEndpointSecret(new.secret, id: identifiers.next())
        let made = CreatedEndpoint(
            endpoint: Endpoint(
                id: id, environment: environment, url: new.url, eventTypes: new.eventTypes,
                payloadFormat: new.payloadFormat, description: new.description, enabled: new.enabled,
                disabledReason: nil, settings: new.settings, version: 1, createdAt: now, updatedAt: now,
                headers: new.headers, secrets: [secret.shown(at: now)], health: EndpointHealth.Shared()),
            secret: new.secret, testDelivery: test?.delivery)
        let keep = try await keep(keeping, made, key: key, now: now, ifMade: (scope.subClient, id.uuid))
        let results = try await audited(
            scope, change(.endpointCreated, scope, id),
            [
                insert(new, id, environment, scope, key, limit: limit, now: now),
                insert(secret, scope, id, key, now: now, end: now),
            ] + (test?.queries ?? []) + keep)
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
            [.id(scope.subClient), .word(scope.environment), page.after, page.rowLimit, .time(clock.now())], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try endpoint(rows, at: row, scope) }
    }

    /// Throws `.notFound`, and `.stale` if its version is not `version` (nil for any).
    package func updateEndpoint(
        _ scope: TenantScope, _ id: EndpointID, _ changes: EndpointChanges, version: Int32?
    ) async throws(StoreError) -> Endpoint {
        let now = clock.now()
        var sealedHeaders: [UInt8]?
        var pair: [Query] = []
        if changes.headers.value != nil || changes.signatures?.contains(.v1a) == true {
            let found = try await run(scope, [getQuery(scope, id)], on: .read)[0]
            let key = try sealingKey(found, scope)
            sealedHeaders = EndpointSeal.headers(changes.headers.value, id, key)
            if changes.signatures?.contains(.v1a) == true {
                let secrets = try endpoint(found, scope).secrets
                pair = secrets.filter { $0.publicKey == nil }.map { givePair(to: $0.id, scope, id, key) }
            }
        }
        let results = try await audited(
            scope, change(.endpointUpdated, scope, id),
            [
                update(scope, id, changes, sealedHeaders, version: version, now: now),
                Query(.resumeEndpoint, [.id(scope.subClient), .id(id), .time(now)]),
            ] + pair + [getQuery(scope, id)])
        if results[0].isEmpty, let last = results.last, !last.isEmpty { throw .stale }
        return try endpoint(results[results.count - 1], scope)
    }

    /// Enabling makes what was held due. Throws `.notFound`.
    package func setEndpoint(
        _ scope: TenantScope, _ id: EndpointID, enabled: Bool
    ) async throws(StoreError) -> Endpoint {
        let now = clock.now()
        let results = try await audited(
            scope, change(enabled ? .endpointEnabled : .endpointDisabled, scope, id),
            [
                Query(
                    .setEndpointEnabled,
                    [.id(scope.subClient), .id(id), .word(scope.environment), .bool(enabled), .time(now)]),
                Query(.resumeEndpoint, [.id(scope.subClient), .id(id), .time(now)]),
                getQuery(scope, id),
            ])
        return try endpoint(results[2], scope)
    }

    /// Cancels what is still owed to it, and forgets what signed for it. Throws `.notFound`.
    package func deleteEndpoint(_ scope: TenantScope, _ id: EndpointID) async throws(StoreError) {
        let now = clock.now()
        let results = try await audited(
            scope, change(.endpointDeleted, scope, id),
            [
                Query(.deleteEndpoint, [.id(scope.subClient), .id(id), .word(scope.environment), .time(now)]),
                Query(.cancelEndpointDeliveries, [.id(scope.subClient), .id(id), .time(now)]),
                Query(.forgetRemovedEndpointSecrets, [.id(scope.subClient), .id(id)]),
            ])
        if results[0].isEmpty { throw .notFound }
    }

    // MARK: Parts

    func change(_ action: AuditAction, _ scope: TenantScope, _ id: EndpointID) -> AuditedChange {
        AuditedChange(action, of: .endpoint, id.uuid, subClient: scope.subClient)
    }

    func getQuery(_ scope: TenantScope, _ id: EndpointID) -> Query {
        Query(.getEndpoint, [.id(scope.subClient), .id(id), .word(scope.environment), .time(clock.now())])
    }

    private func refuseClosed(_ scope: TenantScope) async throws(StoreError) {
        if scope.subClient.uuid == DataKey.platformOwner { return }
        let found = try await run(scope, .getSubClient, [.id(scope.subClient)], on: .read)
        if found.isEmpty { throw .notFound }
        let status: SubClientStatus = try found.word(0, 7)
        if status == .closed || status == .erased { throw .subClientClosed }
    }

    private func insert(
        _ new: NewEndpoint, _ id: EndpointID, _ environment: Environment, _ scope: TenantScope, _ key: DataKey,
        limit: Int, now: Timestamp
    ) -> Query {
        Query(
            .createEndpoint,
            [
                .id(scope.subClient), .id(id), .word(environment), .text(new.url), .textArray(new.eventTypes),
                .word(new.payloadFormat), .text(new.description), .uuid(key.id),
                .data(EndpointSeal.headers(new.headers, id, key)), .bool(new.enabled), .time(now),
                .int32(Int32(limit)), .schemes(new.settings.signatures), .word(new.settings.ordering),
                .bool(new.settings.supersede), .int32(new.settings.rateLimitPerSecond),
                .int32(new.settings.maxConcurrency), .schedule(new.settings.retrySchedule),
            ])
    }

    private func update(
        _ scope: TenantScope, _ id: EndpointID, _ changes: EndpointChanges, _ sealedHeaders: [UInt8]?,
        version: Int32?, now: Timestamp
    ) -> Query {
        Query(
            .updateEndpoint,
            [
                .id(scope.subClient), .id(id), .word(scope.environment), .text(changes.url),
                changes.eventTypes.map { .textArray($0) } ?? .null, .word(changes.payloadFormat),
                .text(changes.description.value), .bool(changes.description.isSet),
                .bool(ifSet: changes.enabled), .data(sealedHeaders), .bool(changes.headers.isSet),
                .int32(version), .time(now), .schemes(changes.signatures), .word(changes.ordering),
                .bool(ifSet: changes.supersede), .int32(changes.rateLimitPerSecond.value),
                .bool(changes.rateLimitPerSecond.isSet), .int32(changes.maxConcurrency.value),
                .bool(changes.maxConcurrency.isSet), .schedule(changes.retrySchedule.value),
                .bool(changes.retrySchedule.isSet),
            ])
    }

    /// The key that an endpoint's columns and secrets are sealed with; an endpoint has one. Throws `.notFound`.
    func sealingKey(_ rows: Rows, at row: Int = 0, _ scope: TenantScope) throws(StoreError) -> DataKey {
        if rows.isEmpty { throw .notFound }
        return try DataKey(
            id: rows.uuidValue(row, 11), owner: scope.subClient.uuid, wrapped: rows.bytes(row, 12), keyring: keyring)
    }

    func endpoint(_ rows: Rows, at row: Int = 0, _ scope: TenantScope) throws(StoreError) -> Endpoint {
        if rows.isEmpty { throw .notFound }
        let id: EndpointID = try rows.id(row, 0)
        var headers: [UInt8]?
        if let sealed = rows.optionalBytes(row, 10) {
            headers = try EndpointSeal.openHeaders(sealed, id, try sealingKey(rows, at: row, scope))
        }
        return try Endpoint(
            id: id, environment: rows.word(row, 1), url: rows.text(row, 2),
            eventTypes: rows.textArray(row, 3).compactMap { $0 }, payloadFormat: rows.word(row, 4),
            description: rows.optionalText(row, 5), enabled: rows.bool(row, 6),
            disabledReason: rows.optionalWord(row, 19), settings: EndpointSettings(rows, row, from: 13),
            version: rows.int32(row, 7), createdAt: rows.time(row, 8), updatedAt: rows.time(row, 9), headers: headers,
            secrets: EndpointSecret.all(rows, row, from: 20), health: rows.endpointHealth(row, 24))
    }
}
