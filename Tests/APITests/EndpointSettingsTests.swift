import Domain
import HTTPClient
import JSON
import Store
import TestSupport
import Testing

@testable import API

@Suite struct EndpointSettingsTests {
    private static let path = "/v1/webhook-endpoints"

    private static func body(_ more: String) -> String {
        #"{"url":"http://127.0.0.1:9/hook"\#(more.isEmpty ? "" : ",")\#(more)}"#
    }

    /// The JSON of a member, as it stands in an answer.
    private static func raw(_ answer: APIFixture.Answer, _ name: String) throws -> String? {
        try answer.json[name].map { String(decoding: Array($0.raw), as: UTF8.self) }
    }

    private static let settings = [
        "signatures", "ordering", "supersede", "rateLimitPerSecond", "maxConcurrency", "retrySchedule",
    ]

    @Test func settingsAreKeptShownAndHandedToTheDispatcher() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let plain = try await merchant.call(.post, Self.path, body: Self.body(""))
            #expect(
                try Self.settings.map { try Self.raw(plain, $0) }
                    == [#"["v1"]"#, #""none""#, "false", "null", "null", "null"])
            let given = #"""
                "signatures":["v1a","v1"],"ordering":"transfer","supersede":true,"rateLimitPerSecond":10000,
                "maxConcurrency":1,"retrySchedule":[1,2,1209597]
                """#
            let made = try await merchant.call(.post, Self.path, body: Self.body(given))
            #expect(made.status == 201)
            let expected = [#"["v1a","v1"]"#, #""transfer""#, "true", "10000", "1", "[1,2,1209597]"]
            #expect(try Self.settings.map { try Self.raw(made, $0) } == expected)
            #expect(try Self.raw(made, "disabledReason") == "null")
            let id = try #require(EndpointID(text: Array(try made.string("id")!.utf8)))
            let loaded = try #require(try await fixture.store.loadEndpoints([(merchant.subClient, id)]).first)
            #expect(loaded.settings.signatures == [.v1a, .v1] && loaded.settings.ordering == .transfer)
            #expect(loaded.settings.supersede && loaded.settings.rateLimitPerSecond == 10_000)
            #expect(loaded.settings.maxConcurrency == 1)
            #expect(loaded.settings.retrySchedule?.delays == [.seconds(1), .seconds(2), .seconds(1_209_597)])

            let one = "\(Self.path)/\(try made.string("id")!)"
            let kept = try await merchant.call(.patch, one, body: #"{"description":"d"}"#)
            #expect(try Self.settings.map { try Self.raw(kept, $0) } == expected)
            let patch = #"""
                {"signatures":["v1"],"ordering":"none","supersede":false,"rateLimitPerSecond":null,
                "maxConcurrency":null,"retrySchedule":[5]}
                """#
            let changed = try await merchant.call(.patch, one, body: patch)
            #expect(
                try Self.settings.map { try Self.raw(changed, $0) }
                    == [#"["v1"]"#, #""none""#, "false", "null", "null", "[5]"])
            let cleared = try await merchant.call(.patch, one, body: #"{"retrySchedule":null}"#)
            #expect(try Self.raw(cleared, "retrySchedule") == "null")
            #expect(cleared.headers["etag"] == "\"4\"")
        }
    }

    @Test func aBadSettingIsRefusedByItsName() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, Self.path, body: Self.body(""))
            let one = "\(Self.path)/\(try #require(try made.string("id")))"
            let twenty = Array(repeating: "1", count: 21).joined(separator: ",")
            let bad = [
                ("signatures", "[]"), ("signatures", #"["v2"]"#), ("signatures", #"["v1","v1"]"#),
                ("signatures", #""v1""#), ("signatures", "null"), ("ordering", #""fifo""#), ("ordering", "null"),
                ("supersede", "1"), ("rateLimitPerSecond", "0"), ("rateLimitPerSecond", "10001"),
                ("rateLimitPerSecond", "0.5"), ("maxConcurrency", "0"), ("maxConcurrency", "1001"),
                ("retrySchedule", "[]"), ("retrySchedule", "5"), ("retrySchedule", "[0]"), ("retrySchedule", "[1.5]"),
                ("retrySchedule", #"["1"]"#), ("retrySchedule", "[\(twenty)]"), ("retrySchedule", "[1209601]"),
                ("retrySchedule", "[1209600,1]"), ("retrySchedule", "[9223372036854775807,9223372036854775807]"),
                ("eventTypes", "[]"), ("eventTypes", #"["transfer.none"]"#), ("eventTypes", #"["transfer."]"#),
                ("eventTypes", #"["*","*"]"#), ("headers", #"{"Webhook-Id":"a"}"#), ("headers", #"{"host":"a"}"#),
                ("verify", "1"), ("environment", #""sandbox""#),
            ]
            for (name, value) in bad {
                let refused = try await merchant.call(.post, Self.path, body: Self.body(#""\#(name)":\#(value)"#))
                #expect(refused.status == 400, "\(name) \(value)")
                let fields = try #require(try refused.json["errors"]).elements.map { $0["field"]?.text ?? "" }
                #expect(fields.allSatisfy { $0.hasPrefix(name) } && !fields.isEmpty, "\(name) \(value): \(fields)")
                let patched = try await merchant.call(.patch, one, body: #"{"\#(name)":\#(value)}"#)
                #expect(patched.status == 400, "\(name) \(value)")
            }
            #expect(try await merchant.call(.get, one).headers["etag"] == "\"1\"")
            for types in [#"["webhook.test"]"#, #"["transfer.*","webhook.test"]"#, #"["transfer.refund_failed"]"#] {
                let fine = try await merchant.call(.post, Self.path, body: Self.body(#""eventTypes":\#(types)"#))
                #expect(fine.status == 201)
            }
        }
    }

    @Test func oneMoreThanFiftyIsRefusedInAnEnvironment() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let seed = Seed(
                store: fixture.store, subClient: merchant.subClient, upstream: UpstreamID(UUIDValue(high: 1, low: 1)))
            for _ in 0..<50 { _ = try await seed.endpoint() }
            let refused = try await merchant.call(.post, Self.path, body: Self.body(""))
            #expect(refused.status == 409)
            // The other environment's are counted apart.
            let live = try await fixture.admin(
                .post, "/sub-clients/\(merchant.subClient)/webhook-endpoints",
                body: Self.body(#""environment":"production""#))
            #expect(live.status == 201)
        }
    }

    @Test func aRegistrationIsVerifiedByATestDelivery() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let asked = Self.body(#""verify":true,"eventTypes":["transfer.failed"]"#)
            let made = try await merchant.call(.post, Self.path, body: asked)
            let delivery = try #require(try made.string("testDeliveryId"))
            let read = try await merchant.call(.get, "/v1/deliveries/\(delivery)")
            #expect(try read.string("eventType") == "webhook.test" && read.string("status") == "pending")
            #expect(try read.string("endpointId") == made.string("id"))
            let event = try await merchant.call(.get, "/v1/events/\(try #require(try read.string("eventId")))")
            #expect(event.status == 200)

            let unasked = try await merchant.call(.post, Self.path, body: Self.body(""))
            #expect(try unasked.json["testDeliveryId"]?.isNull == true)
            let disabled = Self.body(#""verify":true,"enabled":false"#)
            let refused = try await merchant.call(.post, Self.path, body: disabled)
            #expect(refused.status == 400 && refused.text.contains(#""field":"verify""#))
            #expect(
                try await merchant.call(.get, "/v1/deliveries").json["data"]?.elements.map { $0 }.count == 1)
        }
    }

    /// Repeated by its key, it is tested once.
    @Test func aRepeatedRegistrationIsTestedOnce() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let key = [("Idempotency-Key", Array("k".utf8))]
            let body = Self.body(#""verify":true"#)
            let first = try await merchant.call(.post, Self.path, headers: key, body: body)
            let again = try await merchant.call(.post, Self.path, headers: key, body: body)
            #expect(first.body == again.body && again.headers["idempotency-replayed"] == "true")
            #expect(
                try await merchant.call(.get, "/v1/deliveries").json["data"]?.elements.map { $0 }.count == 1)
        }
    }

    @Test func aPersonWhoSwitchesItClearsWhyWeDisabledIt() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, Self.path, body: Self.body(""))
            let one = "\(Self.path)/\(try #require(try made.string("id")))"
            for enabling in ["enable", "patch"] {
                try await fixture.asOwner("update subgate.endpoint set enabled = false, disabled_reason = 'gone'")
                #expect(try await merchant.call(.get, one).string("disabledReason") == "gone")
                _ = try await merchant.call(.patch, one, body: #"{"description":"d"}"#)
                #expect(try await merchant.call(.get, one).string("disabledReason") == "gone")
                let enabled =
                    enabling == "patch"
                    ? try await merchant.call(.patch, one, body: #"{"enabled":true}"#)
                    : try await merchant.call(.post, "\(one)/enable")
                #expect(try enabled.json["disabledReason"]?.isNull == true && enabled.json["enabled"]?.bool == true)
            }
        }
    }
}
