import Crypto
import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct EndpointSecretRoutesTests {
    private static let path = "/v1/webhook-endpoints"
    private static let body = #"{"url":"http://127.0.0.1:9/hook","signatures":["v1","v1a"]}"#

    private static func secret(_ bytes: Int) -> String {
        "whsec_" + String(decoding: Base64.encode(Random.bytes(bytes)), as: UTF8.self)
    }

    private static func signing(_ fixture: APIFixture, _ merchant: Merchant, _ id: String) async throws -> [String] {
        let endpoint = try #require(EndpointID(text: Array(id.utf8)))
        let loaded = try await fixture.store.loadEndpoints([(merchant.subClient, endpoint)])
        return try #require(loaded.first).secrets.map { String(decoding: $0.text, as: UTF8.self) }
    }

    @Test func aSecretIsRotatedShownOnceAndItsPredecessorEnded() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, Self.path, body: Self.body)
            let id = try #require(try made.string("id"))
            let one = "\(Self.path)/\(id)"
            let rotated = try await merchant.call(.post, "\(one)/rotate-secret", body: #"{"overlapSeconds":60}"#)
            #expect(rotated.status == 201 && rotated.headers["location"] == one)
            let secret = try #require(try rotated.string("secret"))
            #expect(try await Self.signing(fixture, merchant, id) == [secret, made.string("secret")])

            let read = try await merchant.call(.get, one)
            #expect(read.headers["etag"] == "\"2\"")
            #expect(!read.text.contains("whsec_"))
            let listed = try #require(try read.json["secrets"]).elements.map { $0 }
            #expect(listed.map { $0["id"]?.text } == [try rotated.string("secretId"), listed[1]["id"]?.text])
            #expect(try listed.at(0)["expiresAt"]?.isNull == true)
            #expect(try listed.at(1)["expiresAt"]?.text == rotated.string("previousSecretsEndAt"))
            #expect(try listed.map { $0["publicKey"]?.text } == [rotated, made].map { try $0.string("publicKey") })
            #expect(try read.string("publicKey") == rotated.string("publicKey"))

            #expect(try await merchant.call(.delete, "\(one)/previous-secrets").status == 204)
            #expect(try await merchant.call(.delete, "\(one)/previous-secrets").status == 204)
            #expect(try await Self.signing(fixture, merchant, id) == [secret])
            let actions = try #require(
                try await fixture.admin(.get, "/audit").json["data"]
            ).elements.map { $0["action"]?.text }
            // The second ended nothing.
            #expect(actions.prefix(3) == ["endpoint.secretsRevoked", "endpoint.secretRotated", "endpoint.created"])
        }
    }

    @Test func byDefaultTheEarlierOneSignsForADay() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, Self.path, body: Self.body)
            let id = try #require(try made.string("id"))
            _ = try await merchant.call(.post, "\(Self.path)/\(id)/rotate-secret", body: "{}")
            fixture.clock.advance(by: .seconds(86_000))
            #expect(try await Self.signing(fixture, merchant, id).count == 2)
            fixture.clock.advance(by: .seconds(500))
            #expect(try await Self.signing(fixture, merchant, id).count == 1)
        }
    }

    @Test func aSecretOfTheirOwnHas24To64Bytes() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, Self.path, body: Self.body)
            let id = try #require(try made.string("id"))
            let rotate = "\(Self.path)/\(id)/rotate-secret"
            for (bytes, isFine) in [(23, false), (24, true), (64, true), (65, false)] {
                let own = Self.secret(bytes)
                for (path, body) in [
                    (rotate, #"{"overlapSeconds":0,"secret":"\#(own)"}"#),
                    (Self.path, #"{"url":"http://127.0.0.1:9/","secret":"\#(own)"}"#),
                ] {
                    let answer = try await merchant.call(.post, path, body: body)
                    #expect(answer.status == (isFine ? 201 : 400))
                    if isFine {
                        #expect(try answer.string("secret") == own)
                    } else {
                        #expect(answer.text.contains(#""field":"secret""#) && !answer.text.contains(own))
                    }
                }
                if isFine { #expect(try await Self.signing(fixture, merchant, id) == [own]) }
            }
            for bad in [#"{"overlapSeconds":-1}"#, #"{"overlapSeconds":604801}"#, #"{"secret":null}"#, #"{"a":1}"#] {
                #expect(try await merchant.call(.post, rotate, body: bad).status == 400)
            }
        }
    }

    /// It would sign twice, and end when its first place does.
    @Test func aSecretThatSignsIsNotMadeTheNext() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let first = Self.secret(32)
            let made = try await merchant.call(
                .post, Self.path, body: #"{"url":"http://127.0.0.1:9/","secret":"\#(first)"}"#)
            let id = try #require(try made.string("id"))
            let rotate = "\(Self.path)/\(id)/rotate-secret"
            let second = Self.secret(32)
            func rotation(_ secret: String) -> String { #"{"overlapSeconds":60,"secret":"\#(secret)"}"# }
            #expect(try await merchant.call(.post, rotate, body: rotation(second)).status == 201)
            let before = try await merchant.call(.get, "\(Self.path)/\(id)").body
            for secret in [first, second] {
                let refused = try await merchant.call(.post, rotate, body: rotation(secret))
                #expect(refused.status == 400 && refused.text.contains(#""field":"secret""#))
                #expect(!refused.text.contains(secret))
            }
            #expect(try await merchant.call(.get, "\(Self.path)/\(id)").body == before)
            #expect(try await Self.signing(fixture, merchant, id) == [second, first])
            // Once it signs no more it may come back.
            fixture.clock.advance(by: .seconds(61))
            #expect(try await merchant.call(.post, rotate, body: rotation(first)).status == 201)
        }
    }

    @Test func ofRotationsAtOnceToOneSecretOneIsMade() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, Self.path, body: Self.body)
            let id = try #require(try made.string("id"))
            let body = #"{"secret":"\#(Self.secret(32))"}"#
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await merchant.call(.post, "\(Self.path)/\(id)/rotate-secret", body: body).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 201 } == 1 && statuses.allSatisfy { [201, 400, 503].contains($0) })
            #expect(try await Self.signing(fixture, merchant, id).count == 2)
        }
    }

    @Test func aRepeatedRotationIsOne() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(.post, Self.path, body: Self.body)
            let id = try #require(try made.string("id"))
            let rotate = "\(Self.path)/\(id)/rotate-secret"
            let key = [("Idempotency-Key", Array("k".utf8))]
            let first = try await merchant.call(.post, rotate, headers: key, body: "{}")
            let again = try await merchant.call(.post, rotate, headers: key, body: "{}")
            #expect(first.status == 201 && first.body == again.body)
            #expect(again.headers["idempotency-replayed"] == "true")
            #expect(try await Self.signing(fixture, merchant, id).count == 2)
            for _ in 0..<3 { #expect(try await merchant.call(.post, rotate, body: "{}").status == 201) }
            let other = [("Idempotency-Key", Array("other".utf8))]
            #expect(try await merchant.call(.post, rotate, headers: other, body: "{}").status == 409)
            // Nothing was made, so nothing is kept: the key is good once there is room.
            #expect(try await merchant.call(.delete, "\(Self.path)/\(id)/previous-secrets").status == 204)
            #expect(try await merchant.call(.post, rotate, headers: other, body: "{}").status == 201)
        }
    }

    // MARK: The key set

    @Test func theKeySetHasThePublicKeysAndNothingElse() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let secretive = #"{"url":"http://127.0.0.1:9/secretive","description":"secretive"}"#
            let made = try await merchant.call(.post, Self.path, body: secretive)
            let id = try #require(try made.string("id"))
            let rotated = try await merchant.call(.post, "\(Self.path)/\(id)/rotate-secret", body: "{}")
            let set = "/.well-known/webhook-keys/\(merchant.subClient)"
            let answer = try await fixture.call(.get, set, on: "public")
            #expect(answer.status == 200 && answer.headers["cache-control"] == "public, max-age=60")
            #expect(!answer.text.contains("secretive") && !answer.text.contains("whsec_"))
            let keys = try #require(try answer.json["keys"]).elements.map { $0 }
            #expect(try keys.map { $0["publicKey"]?.text } == [rotated, made].map { try $0.string("publicKey") })
            #expect(keys.map { $0["endpointId"]?.text } == [id, id])
            #expect(try keys.at(0)["kid"]?.text == rotated.string("secretId"))
            #expect(try keys.at(0)["expiresAt"]?.isNull == true && keys.at(1)["expiresAt"]?.isNull == false)
            for key in keys {
                let text = try #require(key["publicKey"]?.text)
                let bytes = try #require(WebhookSecretText.publicKeyBytes(of: Array(text.utf8)))
                #expect(key["x"]?.string.flatMap { Base64.decodeURLSafe($0) } == bytes)
                #expect(key["kty"]?.text == "OKP" && key["crv"]?.text == "Ed25519")
            }
            let tag = try #require(answer.headers["etag"])
            let known = try await fixture.call(
                .get, set, on: "public", headers: [("If-None-Match", Array(tag.utf8))])
            #expect(known.status == 304 && known.body.isEmpty)

            #expect(try await merchant.call(.delete, "\(Self.path)/\(id)").status == 204)
            let empty = try await fixture.call(.get, set, on: "public")
            #expect(empty.text == #"{"keys":[]}"#)
            let nobody = try await fixture.call(
                .get, "/.well-known/webhook-keys/sc_00000000000000000000000001", on: "public")
            #expect(
                nobody.status == 200 && nobody.body == empty.body && nobody.headers["etag"] == empty.headers["etag"])
            #expect(try await fixture.call(.get, "/.well-known/webhook-keys/x", on: "public").status == 404)
        }
    }
}
