import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct EndpointRoutesTests {
    private static let body =
        #"{"url":"http://127.0.0.1:9/hook","headers":{"X-Shop":"berlin"},"eventTypes":["transfer.*"]}"#

    @Test func anEndpointIsMadeReadChangedAndRemoved() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, "/v1/webhook-endpoints", body: Self.body)
            #expect(made.status == 201 && made.headers["etag"] == "\"1\"")
            let id = try #require(try made.string("id"))
            let secret = try #require(try made.string("secret"))
            #expect(secret.hasPrefix("whsec_") && secret.utf8.count == 50)
            #expect(made.headers["location"] == "/v1/webhook-endpoints/\(id)")

            let read = try await merchant.call(.get, "/v1/webhook-endpoints/\(id)")
            #expect(!read.text.contains(secret))
            #expect(try Array(read.json["headers"]!.raw) == Array(#"{"X-Shop":"berlin"}"#.utf8))
            #expect(made.text.dropLast().hasPrefix(read.text.dropLast()))
            #expect(
                try await merchant.call(.get, "/v1/webhook-endpoints").text
                    == #"{"data":[\#(read.text)],"nextCursor":null}"#)

            let patch = #"{"headers":null,"description":"d","payloadFormat":"standard"}"#
            let changed = try await merchant.call(.patch, "/v1/webhook-endpoints/\(id)", body: patch)
            #expect(try changed.string("payloadFormat") == "standard")
            #expect(try Array(changed.json["headers"]!.raw) == Array("{}".utf8))
            let reheaded = try await merchant.call(
                .patch, "/v1/webhook-endpoints/\(id)", headers: [("If-Match", Array("\"2\"".utf8))],
                body: #"{"headers":{"A":"b"}}"#)
            #expect(reheaded.headers["etag"] == "\"3\"")
            #expect(try Array(reheaded.json["headers"]!.raw) == Array(#"{"A":"b"}"#.utf8))
            let stale = try await merchant.call(
                .patch, "/v1/webhook-endpoints/\(id)", headers: [("If-Match", Array("\"2\"".utf8))], body: patch)
            #expect(stale.status == 412)
            #expect(try await merchant.call(.patch, "/v1/webhook-endpoints/\(id)", body: "{}").status == 400)

            #expect(try await merchant.call(.delete, "/v1/webhook-endpoints/\(id)").status == 204)
            #expect(try await merchant.call(.delete, "/v1/webhook-endpoints/\(id)").status == 404)
            #expect(try await merchant.call(.get, "/v1/webhook-endpoints/\(id)").status == 404)
        }
    }

    @Test func aSecretOfTheirOwnIsKept() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            let made = try await merchant.call(
                .post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/","secret":"\#(own)"}"#)
            #expect(try made.string("secret") == own)
            let id = try #require(EndpointID(text: Array(try made.string("id")!.utf8)))
            let loaded = try await fixture.store.loadEndpoints([(merchant.subClient, id)])
            #expect(loaded.first?.secrets.map(\.text) == [Array(own.utf8)])
        }
    }

    @Test func disablingHoldsAndEnablingReleases() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, "/v1/webhook-endpoints", body: Self.body)
            let path = "/v1/webhook-endpoints/\(try #require(try made.string("id")))"
            let test = try await merchant.call(.post, "\(path)/test")
            #expect(test.status == 202)
            #expect(try test.string("status") == "pending")
            let delivery = try #require(test.headers["location"])

            let disabled = try await merchant.call(.post, "\(path)/disable")
            #expect(try disabled.json["enabled"]?.bool == false)
            #expect(disabled.headers["etag"] == "\"2\"")
            #expect(try await merchant.call(.post, "\(path)/disable").headers["etag"] == "\"2\"")
            #expect(try await merchant.call(.post, "\(path)/test").string("status") == "held")

            // A dispatcher finds it due for a disabled endpoint and holds it.
            let node = fixture.store.identifiers.nextUUID()
            let now = fixture.clock.clock.now()
            let claimed = try await fixture.store.claimDue(
                limit: 10, busy: [], lease: Lease(node: node, end: now + .seconds(60))
            ).deliveries
            #expect(claimed.isEmpty)
            #expect(try await merchant.call(.get, delivery).string("status") == "held")
            #expect(try await merchant.call(.post, "\(delivery)/retry").string("status") == "held")

            #expect(try await merchant.call(.patch, path, body: #"{"enabled":true}"#).status == 200)
            let resumed = try await fixture.store.claimDue(
                limit: 10, busy: [], lease: Lease(node: node, end: now + .seconds(60)))
            #expect(resumed.deliveries.count == 1, "one goes first")
            #expect(try await merchant.call(.get, delivery).string("status") == "delivering")
        }
    }

    @Test func removingCancelsWhatIsOwed() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, "/v1/webhook-endpoints", body: Self.body)
            let path = "/v1/webhook-endpoints/\(try #require(try made.string("id")))"
            let delivery = try #require(try await merchant.call(.post, "\(path)/test").headers["location"])
            #expect(try await merchant.call(.delete, path).status == 204)
            let read = try await merchant.call(.get, delivery)
            #expect(try read.string("status") == "cancelled")
            #expect(try read.json["nextAttemptAt"]?.isNull == true)
            #expect(try await merchant.call(.post, "\(delivery)/retry").string("status") == "cancelled")
        }
    }

    @Test func aDeliveryShowsItsAttemptsAndCanBeRetried() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, "/v1/webhook-endpoints", body: Self.body)
            let endpoint = try #require(try made.string("id"))
            let test = try await merchant.call(.post, "/v1/webhook-endpoints/\(endpoint)/test")
            let path = try #require(test.headers["location"])
            let node = fixture.store.identifiers.nextUUID()
            let now = fixture.clock.clock.now()
            let claimed = try await fixture.store.claimDue(
                limit: 10, busy: [], lease: Lease(node: node, end: now + .seconds(60))
            ).deliveries
            let due = try #require(claimed.first)
            #expect(try await merchant.call(.post, "\(path)/retry").status == 409)
            let attempt = FinishedAttempt(
                delivery: due, id: fixture.store.identifiers.next(), startedAt: now, duration: .milliseconds(31),
                statusCode: 503, errorCode: nil, responseBody: [0x6e, 0xff, 0x6f], decision: .failed)
            try await fixture.store.record([attempt], node: node)
            let read = try await merchant.call(.get, path)
            #expect(try read.string("status") == "failed")
            let log = try #require(try read.json["attemptLog"]?.elements.map { $0 }.first)
            #expect(log["durationMs"]?.integer == 31 && log["statusCode"]?.integer == 503)
            #expect(log["responseBody"]?.text == "n\u{FFFD}o" && log["outcome"]?.text == "failed")
            let retried = try await merchant.call(.post, "\(path)/retry")
            #expect(retried.status == 202)
            #expect(try retried.string("status") == "retrying")
            #expect(
                try await merchant.call(.get, "/v1/deliveries?status=retrying&endpointId=\(endpoint)").json["data"]!
                    .elements.map { $0 }.count == 1)
            #expect(try await merchant.call(.get, "/v1/deliveries?endpointId=x").status == 400)
            #expect(try await merchant.call(.get, "/v1/deliveries?status=gone").status == 400)
        }
    }
}
