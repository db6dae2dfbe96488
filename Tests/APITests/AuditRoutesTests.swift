import Domain
import HTTPClient
import JSON
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct AuditRoutesTests {
    /// Some changes by an admin and by a sub-client's server.
    private static func busy(_ fixture: APIFixture) async throws -> String {
        let merchant = try await fixture.merchant()
        let made = try await merchant.call(
            .post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/hook"}"#)
        let endpoint = try #require(try made.string("id"))
        _ = try await merchant.call(.patch, "/v1/webhook-endpoints/\(endpoint)", body: #"{"enabled":false}"#)
        let id = String(decoding: merchant.subClient.text, as: UTF8.self)
        _ = try await fixture.admin(.post, "/sub-clients/\(id)/suspend", body: #"{"reason":"fraud"}"#)
        return id
    }

    private static func actions(_ answer: APIFixture.Answer) throws -> [String] {
        try answer.json["data"]!.elements.map { $0["action"]?.text ?? "" }
    }

    @Test func everyChangeIsToldWithWhoAndWhat() async throws {
        try await APIFixture.with { fixture in
            let id = try await Self.busy(fixture)
            let answer = try await fixture.admin(.get, "/audit?subClientId=\(id)")
            #expect(
                try Self.actions(answer) == [
                    "subClient.suspended", "endpoint.updated", "endpoint.created", "credential.created",
                    "subClient.activated", "subClient.created",
                ])
            let entries = try Array(answer.json["data"]!.elements)
            #expect(try entries.at(0)["before"]?["status"]?.text == "active")
            #expect(try entries.at(0)["after"]?["status"]?.text == "suspended")
            #expect(try entries.at(0)["after"]?["statusReason"]?.text == "fraud")
            #expect(try entries.at(0)["actor"]?["type"]?.text == "member")
            #expect(try entries.at(0)["actor"]?["id"]?.text == (try await fixture.admin(.get, "/me").string("id")))
            #expect(try entries.at(0)["requestId"]?.text == "req_test" && entries.at(0)["address"]?.text == "127.0.0.1")
            #expect(try entries.at(1)["actor"]?["type"]?.text == "credential")
            #expect(try entries.at(2)["before"]?.isNull == true && entries.at(2)["target"]?["type"]?.text == "endpoint")
            #expect(!answer.text.contains("whsec_") && !answer.text.contains("sk_"))
        }
    }

    /// What Subgate does to an endpoint by itself is a change like any other, to the PSP's own too.
    @Test func anEndpointThatWasGivenUpIsToldWithoutAPerson() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(
                .post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/hook"}"#)
            let own = try await fixture.admin(.post, "/operator-webhooks", body: #"{"url":"http://127.0.0.1:9/"}"#)
            let now = fixture.store.clock.now()
            for (answer, owner) in [
                (made, merchant.subClient), (own, PlatformScope.system.operatorWebhooks.subClient),
            ] {
                let text = try #require(try answer.string("id"))
                let id = try #require(EndpointID(text: Array(text.utf8)))
                #expect(try await fixture.store.giveUp(id, owner, .gone, failedSince: now))
                // Another node found out as well.
                #expect(try await !fixture.store.giveUp(id, owner, .gone, failedSince: now))
                let entries = try await fixture.admin(.get, "/audit?targetId=\(id)").json["data"]!.elements.map { $0 }
                #expect(entries.map { $0["action"]?.text } == ["endpoint.disabled", "endpoint.created"])
                let entry = try #require(entries.first)
                #expect(entry["actor"]?["type"]?.text == "system" && entry["actor"]?["id"]?.isNull == true)
                #expect(entry["before"]?["enabled"]?.bool == true && entry["after"]?["enabled"]?.bool == false)
                #expect(entry["after"]?["disabledReason"]?.text == "gone")
            }
            #expect(try await fixture.admin(.get, "/audit/verify").json["valid"]?.bool == true)
        }
    }

    @Test func whatWasRefusedOrChangedNothingIsNotTold() async throws {
        try await APIFixture.with { fixture in
            let id = try await Self.busy(fixture)
            let before = try await fixture.admin(.get, "/audit").body
            let none = "sc_00000000000000000000000001"
            #expect(try await fixture.admin(.post, "/sub-clients/\(none)/activate").status == 404)
            let stale = try await fixture.admin(
                .patch, "/sub-clients/\(id)", headers: [("If-Match", Array("\"99\"".utf8))],
                body: #"{"displayName":"x"}"#)
            #expect(stale.status == 412)
            #expect(try await fixture.admin(.get, "/audit").body == before)
        }
    }

    @Test func filtersAndPagesWalkTheWholeChain() async throws {
        try await APIFixture.with { fixture in
            _ = try await Self.busy(fixture)
            let all = try Self.actions(try await fixture.admin(.get, "/audit?limit=100"))
            var walked: [String] = []
            var cursor: String?
            repeat {
                let page = try await fixture.admin(.get, "/audit?limit=2" + (cursor.map { "&cursor=\($0)" } ?? ""))
                walked += try Self.actions(page)
                cursor = try page.string("nextCursor")
            } while cursor != nil
            #expect(walked == all && all.count > 5)
            let only = try Self.actions(try await fixture.admin(.get, "/audit?action=subClient.suspended"))
            #expect(only == ["subClient.suspended"])
            let none = try await fixture.admin(.get, "/audit?before=2020-01-01T00:00:00Z")
            #expect(try Self.actions(none) == [])
            for bad in ["targetId=x", "from=monday", "memberId=sc_1", "limit=0", "cursor=a", "what=1", "action=0.5"] {
                #expect(try await fixture.admin(.get, "/audit?\(bad)").status == 400, "\(bad)")
            }
        }
    }

    @Test func theChainIsProvedAndTheFirstBrokenEntryNamed() async throws {
        try await APIFixture.with { fixture in
            _ = try await Self.busy(fixture)
            let proof = try await fixture.admin(.get, "/audit/verify")
            #expect(try proof.json["valid"]?.bool == true)
            let head = try #require(try proof.json["head"]?["hash"]?.text)
            let seq = try #require(try proof.json["head"]?["seq"]?.integer)
            let anchored = try await fixture.admin(.get, "/audit/verify?afterSeq=\(seq)&afterHash=\(head)")
            #expect(try anchored.json["valid"]?.bool == true)
            let wrong = try await fixture.admin(.get, "/audit/verify?afterSeq=\(seq - 1)&afterHash=\(head)")
            #expect(try wrong.json["firstBroken"]?["fault"]?.text == "anchor")

            let tampering: [(String, Int64, String)] = [
                (
                    "update subgate.audit_entry set details = replace(details, 'fraud', 'a move') where seq = \(seq)",
                    seq, "details"
                ),
                (
                    "update subgate.audit_entry set body = replace(body, 'suspended', 'activated') where seq = \(seq)",
                    seq, "hash"
                ),
                ("update subgate.audit_entry set at = at - interval '1 day' where seq = 3", 3, "body"),
                ("delete from subgate.audit_entry where seq = 2", 3, "sequence"),
            ]
            for (statement, first, fault) in tampering {
                try await fixture.asOwner(statement)
                let broken = try await fixture.admin(.get, "/audit/verify")
                #expect(try broken.json["valid"]?.bool == false)
                #expect(try broken.json["firstBroken"]?["seq"]?.integer == first, "\(statement)")
                #expect(try broken.json["firstBroken"]?["fault"]?.text == fault, "\(statement)")
            }
        }
    }

    @Test func anExportIsProvedWithoutTheServiceAndErasedValuesDoNotBreakIt() async throws {
        try await APIFixture.with { fixture in
            _ = try await Self.busy(fixture)
            try await fixture.asOwner("update subgate.audit_entry set details = null where seq in (2, 3)")
            let export = try await fixture.admin(.get, "/audit/export")
            #expect(export.headers["content-type"] == "application/x-ndjson")
            var chain = AuditChain()
            for line in export.body.split(separator: 10) {
                let entry = try #require(AuditLine(text: Array(line))?.entry)
                #expect(chain.append(entry) == nil)
            }
            #expect(chain.head.seq > 5)
            let rest = try await fixture.admin(.get, "/audit/export?afterSeq=\(chain.head.seq)")
            #expect(rest.status == 200 && rest.body.isEmpty)
        }
    }

    /// Two nodes that change things at once make one chain.
    @Test func manyWritersMakeOneChain() async throws {
        try await StoreFixture.with { fixture in
            let other = try await fixture.anotherStore()
            try await withThrowingTaskGroup { group in
                for store in [fixture.store, other] {
                    for index in 0..<25 {
                        group.addTask {
                            try await fixture.loop.run { () async -> Result<Void, any Error> in
                                do {
                                    _ = try await Seed.make(
                                        store, name: "shop \(index)", upstream: UpstreamID(UUIDValue(high: 1, low: 1)))
                                    return .success(())
                                } catch {
                                    return .failure(error)
                                }
                            }.get()
                        }
                    }
                }
                try await group.waitForAll()
            }
            var chain = AuditChain()
            for entry in try await fixture.store.auditEntries(.system, after: 0, limit: 1_000) {
                #expect(chain.append(entry) == nil)
            }
            #expect(chain.head.seq == 100)
            await other.database.close()
        }
    }
}
