import Domain
import HTTPClient
import JSON
import Store
import TestSupport
import Testing

@testable import API

/// Mesh's calls that are passed on: its lists, accounts, and verified wallets.
@Suite struct MeshReadRoutesTests {
    private static let lists = [
        "/api/v1/transfers/managed/networks", "/api/v1/transfers/managed/integrations",
        "/api/v1/transfers/managed/tokens", "/api/v1/integrations", "/api/v1/status",
    ]

    private static func call(
        _ merchant: Merchant, _ method: OutgoingRequest.Method, _ path: String, _ body: String? = nil
    ) async throws -> APIFixture.Answer {
        try await merchant.fixture.call(method, path, on: "public", headers: merchant.meshHeaders, body: body)
    }

    @Test func listsAreAskedForOnceWithThePSPsKeys() async throws {
        try await MeshStub.with { fixture, stub, merchant in
            let other = try await fixture.merchant(access: .read)
            for path in Self.lists {
                stub.answer(content: #"{"path": "\#(path)", "n": 1.50}"#)
                let first = try await Self.call(merchant, .get, path.replacing("api/v1", with: "API/v1") + "?x=1")
                #expect(first.status == 200, "\(path): \(first.text)")
                #expect(first.text.contains(#""content":{"path": "\#(path)", "n": 1.50},"status":"ok","message":"""#))
                #expect(try first.string("errorHash") == "8d443794" && first.string("teamCode") == "P4")
                #expect(try await Self.call(other, .get, path).body == first.body)
            }
            #expect(stub.asked.map(\.path) == Self.lists)
            #expect(stub.asked.allSatisfy { $0.secret == "psp-secret" && $0.method == "GET" && $0.body.isEmpty })
        }
    }

    @Test func failuresAreToldInMeshsWordsWithoutSecrets() async throws {
        try await MeshStub.with { fixture, stub, merchant in
            let live = try await fixture.merchant(environment: .production)
            #expect(try await Self.call(live, .get, Self.lists[0]).status == 404)
            let cases: [(Int, String, Int)] = [
                (401, "", 502), (403, "", 502), (404, "", 502), (500, "psp-secret", 502), (302, "", 502),
                (200, "<html>", 502), (200, #"{"content":null}"#, 502), (429, "", 429),
                (400, #"{"status":"badRequest","message":"Bad"}"#, 400),
            ]
            for (index, (status, body, expected)) in cases.enumerated() {
                stub.answer(status, body)
                // Another address each time, because one that failed is left alone for a while.
                let path = "/api/v1/wallets/verify?UserId=user-\(index)"
                let answer = try await Self.call(merchant, .get, path)
                #expect(answer.status == expected, "\(status) \(body)")
                #expect(!answer.text.contains("psp-secret"))
            }
            stub.answer(500)
            #expect(try await Self.call(merchant, .get, Self.lists[0]).status == 502)
            await stub.stop()
            let away = try await Self.call(merchant, .get, Self.lists[1])
            #expect(away.status == 503 && away.headers["retry-after"] == "1")
        }
    }

    @Test func walletsAreOnesOwnUsersOnly() async throws {
        try await MeshStub.with { _, stub, merchant in
            let theirs = String(
                decoding: NamespacedUser.id(of: Array("Üser 7".utf8), in: merchant.subClient), as: UTF8.self)
            stub.answer(
                content: """
                    {"verifications": [{"userId": "\(theirs)", "address": "0xA", "timestamp": 1.0},
                    {"userId": "another", "address": "0xB"}, {"address": "0xC"}]}
                    """)
            let answer = try await Self.call(
                merchant, .get, "/api/v1/wallets/verify?userid=%C3%9Cser+7&ADDRESS=0x%26A")
            #expect(answer.status == 200)
            #expect(
                answer.text.contains(
                    #""content":{"verifications":[{"userId":"Üser 7","address":"0xA","timestamp":1.0}]}"#))
            #expect(
                stub.asked.map(\.path) == [
                    "/api/v1/wallets/verify?UserId=\(theirs.replacing(":", with: "%3A"))&Address=0x%26A"
                ])
            for (query, type) in [
                ("", "missingField"), ("?UserId=", "missingField"), ("?UserId=a&userId=b", "invalidField"),
                ("?UserId=%FF", "invalidField"),
                ("?UserId=a&Address=" + String(repeating: "x", count: 257), "invalidField"),
            ] {
                let refused = try await Self.call(merchant, .get, "/api/v1/wallets/verify" + query)
                #expect(refused.status == 400, "\(query)")
                #expect(try refused.string("errorType") == type, "\(query)")
            }
            #expect(stub.asked.count == 1)
        }
    }

    @Test func anAccountIsDisconnectedByItsToken() async throws {
        try await MeshStub.with { fixture, stub, merchant in
            stub.answer(content: "{}")
            let body = #"{"AUTHTOKEN":"a \"token\"","Type":"coinbase","userId":"someone"}"#
            #expect(try await Self.call(merchant, .delete, "/api/v1/Account", body).status == 200)
            #expect(try stub.asked.map(\.method) == ["DELETE"] && stub.asked.at(0).path == "/api/v1/account")
            #expect(try stub.asked.at(0).body == #"{"authToken":"a \"token\"","type":"coinbase"}"#)
            stub.answer(404, #"{"status":"notFound","message":"No such account","errorHash":"1"}"#)
            let missing = try await Self.call(merchant, .delete, "/api/v1/account", body)
            #expect(missing.status == 404)
            #expect(try missing.string("status") == "notFound" && missing.string("message") == "No such account")

            let reader = try await fixture.merchant(access: .read)
            #expect(try await Self.call(reader, .delete, "/api/v1/account", body).status == 403)
            for (body, type) in [
                ("{", "badRequest"), ("[]", "badRequest"), (#"{"type":"x"}"#, "missingField"),
                (#"{"authToken":"x","type":null}"#, "missingField"), (#"{"authToken":1,"type":"x"}"#, "invalidField"),
                (#"{"authToken":"a","AuthToken":"b","type":"x"}"#, "badRequest"),
            ] {
                let refused = try await Self.call(merchant, .delete, "/api/v1/account", body)
                #expect(refused.status == 400, "\(body)")
                #expect(try refused.string("errorType") == type, "\(body)")
            }
            let large = #"{"authToken":"\#(String(repeating: "x", count: 70_000))","type":"x"}"#
            #expect(try await Self.call(merchant, .delete, "/api/v1/account", large).status == 413)
            #expect(stub.asked.count == 2)

            // What was asked of the upstream is told; what was refused before is not; the token never.
            let audit = try await fixture.admin(.get, "/audit?action=account.disconnecting")
            let entries = try #require(try audit.json["data"]).elements.map { $0 }
            #expect(entries.count == 2 && entries.allSatisfy { $0["target"]?["id"]?.text == "\(merchant.subClient)" })
            #expect(try entries.at(0)["actor"]?["id"]?.text == "\(merchant.credential)")
            #expect(try entries.at(0)["after"]?["type"]?.text == "coinbase" && !audit.text.contains("token"))
            #expect(try await fixture.admin(.get, "/audit/verify").json["valid"]?.bool == true)
        }
    }

    /// An account that could be disconnected without a trace would be.
    @Test func anAccountIsNotDisconnectedWithoutAnEntry() async throws {
        try await MeshStub.with { fixture, stub, merchant in
            stub.answer(content: "{}")
            try await fixture.asOwner("revoke execute on function subgate.audit_note from subgate_app, public")
            let body = #"{"authToken":"x","type":"coinbase"}"#
            #expect(try await Self.call(merchant, .delete, "/api/v1/account", body).status == 500)
            #expect(stub.asked.isEmpty)
        }
    }
}
