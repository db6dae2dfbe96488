import Domain
import HTTPClient
import JSON
import Postgres
import Store
import TestSupport
import Testing

@testable import API

@Suite struct ErasureRoutesTests {
    private static func text(_ id: SubClientID) -> String { String(decoding: id.text, as: UTF8.self) }

    /// What the background does, past the time that stragglers have.
    private static func finish(_ fixture: APIFixture) async throws {
        for _ in 0..<2 {
            while true {
                var isGoing = false
                for due in try await fixture.store.dueErasures(limit: 20) {
                    switch try await fixture.store.eraseChunk(due, size: 100, settling: .seconds(30)) {
                    case .going: isGoing = true
                    case .ended: try await fixture.store.end(due)
                    case .waiting, .busy: break
                    }
                }
                if !isGoing { break }
            }
            fixture.clock.advance(by: .seconds(31))
        }
    }

    @Test func onlyAClosedSubClientIsErasedAndThenNothingOfItIsRead() async throws {
        try await APIFixture.with { fixture in
            let key: APIFixture.Header = ("Idempotency-Key", Array("once".utf8))
            let made = try await fixture.admin(
                .post, "/sub-clients", headers: [key],
                body: #"{"legalName":"zq7 GmbH","displayName":"zq7","country":"DE","metadata":{"a":"zq7"}}"#)
            let id = try #require(try made.string("id"))
            let credential = try await fixture.admin(
                .post, "/sub-clients/\(id)/credentials",
                body: #"{"environment":"sandbox","access":"readWrite","name":"zq7 server"}"#)
            let secret = Array(try #require(try credential.string("clientSecret")).utf8)
            #expect(try await fixture.admin(.post, "/sub-clients/\(id)/erase").status == 409)
            #expect(try await fixture.admin(.delete, "/sub-clients/\(id)").status == 204)
            let answer = try await fixture.admin(.post, "/sub-clients/\(id)/erase")
            #expect(answer.status == 202)
            let erasure = try #require(try answer.string("id"))
            #expect(answer.headers["location"] == "/admin/v1/sub-clients/\(id)/erasures/\(erasure)")
            #expect(try answer.string("subject") == "subClient" && answer.string("status") == "running")
            #expect(try await fixture.admin(.post, "/sub-clients/\(id)/erase").string("id") == erasure)

            let read = try await fixture.admin(.get, "/sub-clients/\(id)")
            #expect(try read.string("status") == "erased" && read.string("legalName") == "(erased)")
            #expect(!read.text.contains("zq7"))
            let patch = try await fixture.admin(.patch, "/sub-clients/\(id)", body: #"{"displayName":"again"}"#)
            #expect(patch.status == 409)
            #expect(try await fixture.admin(.post, "/sub-clients/\(id)/activate").status == 409)
            let me = try await fixture.call(.get, "/v1/me", on: "public", headers: [fixture.bearer(secret)])
            #expect(me.status == 401)
            try await Self.expectCredentialsWithoutSecrets(fixture, id, try #require(try credential.string("id")))
            let user = try await fixture.admin(
                .post, "/sub-clients/\(id)/end-users/erase", body: #"{"userId":"zq7-user"}"#)
            #expect(user.status == 409)

            try await Self.finish(fixture)
            let done = try await fixture.admin(.get, "/sub-clients/\(id)/erasures/\(erasure)")
            #expect(try done.string("status") == "done" && done.string("completedAt") != nil)
            let database = fixture.testDatabase
            #expect(try await onOwnThread { try Remains.find(["zq7"], try database.owner()) } == [])
        }
    }

    /// Its credentials are still told of, by their ids and times alone.
    private static func expectCredentialsWithoutSecrets(
        _ fixture: APIFixture, _ subClient: String, _ id: String
    ) async throws {
        let path = "/sub-clients/\(subClient)/credentials"
        let list = try await fixture.admin(.get, path)
        let entry = try #require(list.json["data"]?.elements.first { _ in true })
        #expect(list.status == 200 && entry["secretHint"]?.isNull == true)
        let one = try await fixture.admin(.get, path + "/" + id)
        #expect(try one.status == 200 && one.string("name") == "(erased)")
        #expect(try one.json["secretHint"]?.isNull == true)
        let rotated = try await fixture.admin(.post, path + "/\(id)/rotate", body: #"{"overlapSeconds":0}"#)
        #expect(rotated.status == 409)
    }

    @Test func theChainVerifiesWithoutTheValues() async throws {
        try await APIFixture.with { fixture in
            let gone = try await fixture.merchant()
            let kept = try await fixture.merchant()
            let id = Self.text(gone.subClient)
            _ = try await gone.call(.post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/zq7"}"#)
            _ = try await fixture.admin(.delete, "/sub-clients/\(id)")
            let erasure = try await fixture.admin(.post, "/sub-clients/\(id)/erase")
            try await Self.finish(fixture)
            let proof = try await fixture.admin(.get, "/audit/verify")
            #expect(try proof.json["valid"]?.bool == true)
            let entries = Array(try await fixture.admin(.get, "/audit?subClientId=\(id)").json["data"]!.elements)
            #expect(entries.count >= 5)
            #expect(try entries.at(0)["action"]?.text == "subClient.erased")
            #expect(try entries.at(0)["target"]?["id"]?.text == (try erasure.string("id")))
            #expect(try entries.at(0)["after"]?["subject"]?.text == "subClient")
            #expect(entries.dropFirst().allSatisfy { $0["after"]?.isNull != false })
            let others = try await fixture.admin(.get, "/audit?subClientId=\(Self.text(kept.subClient))")
            let otherEntries = try Array(others.json["data"]!.elements)
            #expect(otherEntries.allSatisfy { $0["after"]?.isNull == false })
        }
    }

    @Test func aSubClientErasesItsOwnUsersInItsKeysEnvironment() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let other = try await fixture.merchant()
            let id = Self.text(merchant.subClient)
            let seed = Seed(
                store: fixture.store, subClient: merchant.subClient, upstream: UpstreamID(UUIDValue(high: 1, low: 1)))
            let session = try await seed.linkSession(user: "zq7-alice")
            let path = "/v1/link-sessions/" + String(decoding: session.text, as: UTF8.self)
            for body in ["{}", #"{"userId":""}"#, #"{"userId":7}"#, #"{"userId":"a","more":1}"#] {
                let bad = try await merchant.call(.post, "/v1/end-users/erase", body: body)
                #expect(bad.status == 400 && !bad.text.contains("zq7"), "\(body)")
            }
            _ = try await other.call(.post, "/v1/end-users/erase", body: #"{"userId":"zq7-alice"}"#)
            try await Self.finish(fixture)
            #expect(try await merchant.call(.get, path).string("userId") == "zq7-alice")

            let asked = try await merchant.call(.post, "/v1/end-users/erase", body: #"{"userId":"zq7-alice"}"#)
            #expect(asked.status == 202 && !asked.text.contains("zq7"))
            #expect(try asked.string("environment") == "sandbox")
            let location = try #require(asked.headers["location"])
            #expect(try await other.call(.get, location).status == 404)
            try await Self.finish(fixture)
            #expect(try await merchant.call(.get, path).string("userId") == "(erased)")
            #expect(try await merchant.call(.get, location).string("status") == "done")
            let own = try await merchant.call(.get, "/v1/end-users/erasures").json["data"]!.elements
            #expect(own.reduce(0) { count, _ in count + 1 } == 1)
            // The audit says that it was done, and of whom only a digest.
            let entry = try await fixture.admin(.get, "/audit?subClientId=\(id)&action=endUser.erased")
            #expect(entry.text.contains("userDigest") && !entry.text.contains("zq7"))
            // An admin's covers both environments.
            let both = try await fixture.admin(
                .post, "/sub-clients/\(id)/end-users/erase", body: #"{"userId":"zq7-bob"}"#)
            #expect(try both.status == 202 && both.json["environment"]?.isNull == true)
        }
    }
}
