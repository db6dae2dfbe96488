import Crypto
import Domain
import HTTPClient
import JSON
import Store

/// What a body says of an endpoint: of a new one, and of one that is changed.
enum EndpointFields {
    static func new(_ fields: inout Fields, _ policy: AddressPolicy) -> NewEndpoint {
        let enabled = fields.optional("enabled", .bool) ?? true
        let verify = fields.optional("verify", .bool) ?? false
        if verify, !enabled { fields.fail("verify", "must not be true for an endpoint that is disabled") }
        var settings = EndpointSettings()
        settings.signatures = fields.optional("signatures", .signatures) ?? settings.signatures
        settings.ordering = fields.optional("ordering", .word) ?? settings.ordering
        settings.supersede = fields.optional("supersede", .bool) ?? settings.supersede
        settings.rateLimitPerSecond = fields.nullable("rateLimitPerSecond", .int32(APILimits.endpointRate))
        settings.maxConcurrency = fields.nullable("maxConcurrency", .int32(APILimits.endpointConcurrency))
        settings.retrySchedule = fields.nullable("retrySchedule", .retrySchedule)
        return NewEndpoint(
            url: fields.required("url", .target(policy)),
            eventTypes: fields.optional("eventTypes", .eventTypes) ?? [Array("*".utf8)],
            payloadFormat: fields.optional("payloadFormat", .word) ?? .mesh,
            description: fields.nullable("description", .text(APILimits.descriptionCharacters)),
            headers: fields.nullable("headers", .endpointHeaders), enabled: enabled, settings: settings,
            secret: fields.optional("secret", .signingSecret) ?? WebhookSecretText.makeSecret(),
            testPayload: verify ? TestEvent.payload : nil)
    }

    static func changes(_ fields: inout Fields, _ policy: AddressPolicy) -> EndpointChanges {
        var changes = EndpointChanges()
        changes.url = fields.optional("url", .target(policy))
        changes.eventTypes = fields.optional("eventTypes", .eventTypes)
        changes.payloadFormat = fields.optional("payloadFormat", .word)
        changes.description = fields.change("description", .text(APILimits.descriptionCharacters))
        changes.headers = fields.change("headers", .endpointHeaders)
        changes.enabled = fields.optional("enabled", .bool)
        changes.signatures = fields.optional("signatures", .signatures)
        changes.ordering = fields.optional("ordering", .word)
        changes.supersede = fields.optional("supersede", .bool)
        changes.rateLimitPerSecond = fields.change("rateLimitPerSecond", .int32(APILimits.endpointRate))
        changes.maxConcurrency = fields.change("maxConcurrency", .int32(APILimits.endpointConcurrency))
        changes.retrySchedule = fields.change("retrySchedule", .retrySchedule)
        return changes
    }
}

extension Rule where Value == [SignatureScheme] {
    static let signatures = Rule<SignatureScheme>.list(
        of: Rule<SignatureScheme>.word, 1...SignatureScheme.allCases.count,
        distinctBy: { (scheme: SignatureScheme) in Array(scheme.rawValue.utf8) })
}

extension Rule where Value == Int32 {
    static func int32(_ range: ClosedRange<Int>) -> Rule {
        Rule(placeholder: Int32(range.lowerBound)) { value, path, errors in
            Rule<Int>.integer(range).read(value, path, &errors).map { Int32($0) }
        }
    }
}

extension Rule where Value == RetrySchedule {
    /// Delays in whole seconds.
    static let retrySchedule = Rule(
        placeholder: .standard,
        "must be an array of 1 to \(RetrySchedule.maximumDelays) whole numbers of seconds, each at least 1, "
            + "\(RetrySchedule.maximumTotal.components.seconds) in all"
    ) { value in
        let most = RetrySchedule.maximumTotal.components.seconds
        guard value.kind == .array else { return nil }
        var delays: [Duration] = []
        var total: Int64 = 0
        for element in value.elements {
            guard delays.count < RetrySchedule.maximumDelays, let seconds = element.integer,
                (1...most).contains(seconds)
            else { return nil }
            total += seconds
            delays.append(.seconds(seconds))
        }
        return !delays.isEmpty && total <= most ? RetrySchedule(delays: delays) : nil
    }
}
