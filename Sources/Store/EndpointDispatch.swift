package import Domain
import Postgres
import Runtime
import SQL

/// An endpoint as an attempt needs it.
package struct DispatchEndpoint: Sendable {
    package enum State: Sendable { case enabled, disabled, deleted }

    /// What signs, opened.
    package struct Secret: Sendable {
        package let id: EndpointSecretID
        /// `whsec_…`
        package let text: [UInt8]
        /// Of Ed25519; nil unless the endpoint wants signatures by its key pair.
        package let seed: [UInt8]?
    }

    package let id: EndpointID
    package let version: Int32
    package let url: [UInt8]
    package let payloadFormat: PayloadFormat
    package let state: State
    package let settings: EndpointSettings
    /// The current one first; empty for a deleted endpoint.
    package let secrets: [Secret]
    /// Custom headers as they were registered: a JSON object of strings, or nil.
    package let headers: [UInt8]?
    /// How it fares, as far as nodes have told each other, and how often that has changed.
    package let health: EndpointHealth.Shared
    package let healthVersion: Int32
}

extension Store {
    /// Loads endpoints with their secrets opened. One that does not exist, or whose secret does not open, is left out.
    package func loadEndpoints(_ wanted: [(SubClientID, EndpointID)]) async throws(StoreError) -> [DispatchEndpoint] {
        let rows = try await run(
            PlatformScope.system, .loadEndpoints,
            [.uuids(wanted.map(\.0.uuid)), .uuids(wanted.map(\.1.uuid)), .time(clock.now())], on: .read)
        // One that cannot be opened is left out rather than keeping the others from being read.
        return rows.indices.compactMap { try? dispatchEndpoint(rows, $0) }
    }

    private func dispatchEndpoint(_ rows: Rows, _ row: Int) throws(StoreError) -> DispatchEndpoint {
        let id: EndpointID = try rows.id(row, 1)
        let isDeleted = try rows.bool(row, 6)
        var secrets: [DispatchEndpoint.Secret] = []
        var headers: [UInt8]?
        if !isDeleted {
            let key = try DataKey(
                id: rows.uuidValue(row, 8), owner: rows.uuidValue(row, 0), wrapped: rows.bytes(row, 9),
                keyring: keyring)
            headers = try EndpointSeal.openHeaders(rows.optionalBytes(row, 7), id, key)
            secrets = try openSecrets(rows, row, of: id, key)
        }
        return try DispatchEndpoint(
            id: id, version: rows.int32(row, 2), url: rows.text(row, 3), payloadFormat: rows.word(row, 4),
            state: isDeleted ? .deleted : rows.bool(row, 5) ? .enabled : .disabled,
            settings: EndpointSettings(rows, row, from: 10), secrets: secrets, headers: headers,
            health: rows.endpointHealth(row, 19), healthVersion: rows.optionalInt32(row, 24) ?? 0)
    }

    private func openSecrets(
        _ rows: Rows, _ row: Int, of endpoint: EndpointID, _ key: DataKey
    ) throws(StoreError) -> [DispatchEndpoint.Secret] {
        if rows.isNull(row, 16) { return [] }
        let (texts, seeds) = try (rows.bytesArray(row, 17), rows.bytesArray(row, 18))
        var secrets: [DispatchEndpoint.Secret] = []
        for (index, bits) in try rows.uuidArray(row, 16).enumerated() {
            guard let bits, let text = texts[index] else { throw .undecipherable }
            let id = EndpointSecretID(UUIDValue(high: bits.high, low: bits.low))
            var seed: [UInt8]?
            if let sealed = seeds[index] { seed = try EndpointSeal.openSeed(sealed, id, of: endpoint, key) }
            secrets.append(
                DispatchEndpoint.Secret(
                    id: id, text: try EndpointSeal.openSecret(text, id, of: endpoint, key), seed: seed))
        }
        return secrets
    }
}

/// Where an endpoint's sealed values are bound to.
enum EndpointSeal {
    static func headers(_ headers: [UInt8]?, _ id: EndpointID, _ key: DataKey) -> [UInt8]? {
        headers.map { key.seal($0, table: "endpoint", column: "headers", row: id.uuid.text) }
    }

    static func openHeaders(_ sealed: [UInt8]?, _ id: EndpointID, _ key: DataKey) throws(StoreError) -> [UInt8]? {
        guard let sealed else { return nil }
        return try key.open(sealed, table: "endpoint", column: "headers", row: id.uuid.text)
    }

    static func secret(
        _ text: [UInt8], _ id: EndpointSecretID, of endpoint: EndpointID, _ key: DataKey
    ) -> [UInt8] {
        key.seal(text, table: "endpoint_secret", column: "secret", row: row(id, of: endpoint))
    }

    static func seed(_ seed: [UInt8], _ id: EndpointSecretID, of endpoint: EndpointID, _ key: DataKey) -> [UInt8] {
        key.seal(seed, table: "endpoint_secret", column: "seed", row: row(id, of: endpoint))
    }

    static func openSecret(
        _ sealed: [UInt8], _ id: EndpointSecretID, of endpoint: EndpointID, _ key: DataKey
    ) throws(StoreError) -> [UInt8] {
        // One from when an endpoint had a single secret: it has the endpoint's identifier, and is bound to its old
        // place.
        if id.uuid == endpoint.uuid {
            return try key.open(sealed, table: "endpoint", column: "secret", row: endpoint.uuid.text)
        }
        return try key.open(sealed, table: "endpoint_secret", column: "secret", row: row(id, of: endpoint))
    }

    static func openSeed(
        _ sealed: [UInt8], _ id: EndpointSecretID, of endpoint: EndpointID, _ key: DataKey
    ) throws(StoreError) -> [UInt8] {
        try key.open(sealed, table: "endpoint_secret", column: "seed", row: row(id, of: endpoint))
    }

    private static func row(_ id: EndpointSecretID, of endpoint: EndpointID) -> [UInt8] {
        endpoint.uuid.text + [UInt8(ascii: "/")] + id.uuid.text
    }
}
