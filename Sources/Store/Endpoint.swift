package import Domain
import Postgres

/// How an endpoint's webhooks are signed, ordered and paced.
package struct EndpointSettings: Sendable, Equatable {
    /// At least one; each once.
    package var signatures: [SignatureScheme] = [.v1]
    package var ordering = DeliveryOrdering.unordered
    /// Whether a `transfer.pending` that a final state has overtaken is dropped.
    package var supersede = false
    /// Attempts begun in a second; nil for no limit.
    package var rateLimitPerSecond: Int32?
    /// Attempts in flight at once; nil for no limit of its own.
    package var maxConcurrency: Int32?
    /// In whole seconds; nil for the platform's.
    package var retrySchedule: RetrySchedule?

    package init() {}
}

/// A URL a sub-client registered for webhooks, without what signs for it.
package struct Endpoint: Sendable {
    package let id: EndpointID
    package let environment: Environment
    package let url: [UInt8]
    package let eventTypes: [[UInt8]]
    package let payloadFormat: PayloadFormat
    package let description: [UInt8]?
    package let enabled: Bool
    /// Nil while it is enabled, and when a person disabled it.
    package let disabledReason: DisabledReason?
    package let settings: EndpointSettings
    package let version: Int32
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// A JSON object of strings, or nil for none.
    package let headers: [UInt8]?
    /// What signs now: the current one first, and behind it those that are being exchanged.
    package let secrets: [EndpointSecret]
    /// As far as nodes have told each other.
    package let health: EndpointHealth.Shared
}

/// What is shown of a secret and its key pair.
package struct EndpointSecret: Sendable {
    package let id: EndpointSecretID
    /// 32 bytes of Ed25519; nil for one from before there were key pairs.
    package let publicKey: [UInt8]?
    package let createdAt: Timestamp
    /// Nil for the current one.
    package let expiresAt: Timestamp?
}

/// An endpoint that was just made, with its signing secret's text.
package struct CreatedEndpoint: Sendable {
    package let endpoint: Endpoint
    package let secret: [UInt8]
    /// Of the `webhook.test` event that verifies it, if that was asked for.
    package let testDelivery: DeliveryID?
}

/// Makes the body of a `webhook.test` event.
package typealias TestPayload = @Sendable (EventID, EndpointID, Timestamp) -> [UInt8]

package struct NewEndpoint: Sendable {
    package var url: [UInt8]
    package var eventTypes: [[UInt8]]
    package var payloadFormat: PayloadFormat
    package var description: [UInt8]?
    /// A JSON object of strings.
    package var headers: [UInt8]?
    package var enabled: Bool
    package var settings: EndpointSettings
    /// `whsec_…`
    package var secret: [UInt8]
    /// With one, a `webhook.test` event is sent to it as soon as it is there.
    package var testPayload: TestPayload?

    package init(
        url: [UInt8], eventTypes: [[UInt8]], payloadFormat: PayloadFormat, description: [UInt8]? = nil,
        headers: [UInt8]? = nil, enabled: Bool = true, settings: EndpointSettings = EndpointSettings(),
        secret: [UInt8], testPayload: TestPayload? = nil
    ) {
        self.url = url
        self.eventTypes = eventTypes
        self.payloadFormat = payloadFormat
        self.description = description
        self.headers = headers
        self.enabled = enabled
        self.settings = settings
        self.secret = secret
        self.testPayload = testPayload
    }
}

package struct EndpointChanges: Sendable {
    package var url: [UInt8]?
    package var eventTypes: [[UInt8]]?
    package var payloadFormat: PayloadFormat?
    package var description: Change<[UInt8]> = .keep
    package var headers: Change<[UInt8]> = .keep
    package var enabled: Bool?
    package var signatures: [SignatureScheme]?
    package var ordering: DeliveryOrdering?
    package var supersede: Bool?
    package var rateLimitPerSecond: Change<Int32> = .keep
    package var maxConcurrency: Change<Int32> = .keep
    package var retrySchedule: Change<RetrySchedule> = .keep
    package init() {}
}

extension EndpointSettings {
    /// Reads the six columns from `column` on.
    init(_ rows: Rows, _ row: Int, from column: Int) throws(StoreError) {
        signatures = try rows.stringArray(row, column).compactMap { $0.flatMap { SignatureScheme(rawValue: $0) } }
        ordering = try rows.word(row, column + 1)
        supersede = try rows.bool(row, column + 2)
        rateLimitPerSecond = rows.optionalInt32(row, column + 3)
        maxConcurrency = rows.optionalInt32(row, column + 4)
        if !rows.isNull(row, column + 5) {
            let delays = try rows.int32Array(row, column + 5).compactMap { $0 }
            retrySchedule = RetrySchedule(delays: delays.map { .seconds($0) })
        }
    }
}

extension Parameter {
    static func schemes(_ schemes: [SignatureScheme]?) -> Parameter {
        schemes.map { .stringArray($0.map(\.rawValue)) } ?? .null
    }

    static func schedule(_ schedule: RetrySchedule?) -> Parameter {
        schedule.map { .int32Array($0.delays.map { Int32($0.components.seconds) }) } ?? .null
    }
}
