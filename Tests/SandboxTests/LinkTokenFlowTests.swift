import Domain
import HTTPClient
import JSON
import Postgres
import Runtime
import Testing

@testable import Sandbox

/// Link tokens over HTTP and PostgreSQL.
@Suite struct LinkTokenFlowTests {
    @Test func mintsInMeshsEnvelope() async throws {
        try await Harness.run { harness in
            let answer = try await harness.mint(#"{"userId":"u"}"#)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            let root = try #require(answer.json)
            #expect(root["status"]?.text == "ok")
            #expect(root["message"]?.text == "" && root["errorType"]?.text == "")
            #expect(root["errorHash"]?.text?.utf8.count == 8)
            #expect(root["teamCode"]?.text?.utf8.count == 2)
            #expect(root["content"]?["paymentLink"]?.isNull == true)
            let token = try #require(root["content"]?["linkToken"]?.string)
            #expect(LinkToken(text: token) != nil)
        }
    }

    @Test func mintsPaymentLinksThatCanBeCompleted() async throws {
        try await Harness.run { harness in
            let answer = try await harness.mint(
                """
                {"userId":"u","transferOptions":{"transactionId":"t","generatePayLink":true,"toAddresses":[{\
                "networkId":\
                "e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC","address":"a"}]}}
                """)
            let link = try #require(answer.json?["content"]?["paymentLink"]?.text)
            #expect(link.hasPrefix("http://127.0.0.1:8083/paylink?linkToken="))
            let body = #"{"paymentLink":"\#(link)","outcome":"failed"}"#
            #expect(try await harness.call(.post, "/sandbox/v1/link-tokens/complete", body).status == 200)
        }
    }

    @Test func matchesThePathWithoutCase() async throws {
        try await Harness.run { harness in
            #expect(try await harness.mint(#"{"userId":"u"}"#, path: "/API/v1/linkToken").status == 200)
            let answer = try await harness.call(.get, "/api/v1/linkToken")
            #expect(answer.status == 405 && answer.headers["allow"] == "POST, OPTIONS")
            #expect(try await harness.call(.get, "/api/v1/other").status == 404)
        }
    }

    @Test func answersAWrongKeyWithAnEmptyBody() async throws {
        try await Harness.run { harness in
            let keys = Harness.keyHeaders
            for (name, value) in [
                ("X-Client-Secret", "wrong"), ("X-Client-Secret", ""),
                ("X-Client-Id", "00000000-0000-0000-0000-000000000000"),
                ("X-Client-Id", "x"),
            ] {
                let answer = try await harness.mint(
                    #"{"userId":"u"}"#, headers: keys.merging([name: value]) { _, new in new })
                #expect(answer.status == 401 && answer.body.isEmpty)
            }
            #expect(try await harness.mint("{", headers: ["Content-Type": "application/json"]).status == 401)
        }
    }

    @Test func refusesBodiesByTypeSizeAndContent() async throws {
        try await Harness.run { harness in
            var headers = Harness.keyHeaders
            headers["Content-Type"] = "text/plain"
            #expect(try await harness.mint("{}", headers: headers).status == 415)
            let large = #"{"userId":"\#(String(repeating: "u", count: SandboxLimits.linkTokenBodyBytes))"}"#
            #expect(try await harness.mint(large).status == 413)
            let answer = try await harness.mint(#"{"userId":"u","transferOptions":{"clientFee":2}}"#)
            #expect(answer.status == 400)
            #expect(answer.json?["status"]?.text == "badRequest")
            #expect(answer.json?["message"]?.text == "The field ClientFee must be between 0 and 1")
            #expect(answer.json?["errorType"]?.text == "invalidField")
            #expect(answer.json?["content"] == nil)
        }
    }

    @Test func completesATokenOnce() async throws {
        try await Harness.run { harness in
            let token = try await harness.mintToken()
            let first = try await harness.complete(token)
            #expect(first.status == 200)
            #expect(first.json?["transferId"]?.string.flatMap { UUIDValue(text: $0) } != nil)
            #expect(first.json?["eventIds"]?.elements.reduce(0) { count, _ in count + 1 } == 2)
            #expect(try harness.owed() == 2)
            let second = try await harness.complete(token)
            #expect(second.status == 409)
            #expect(second.headers["content-type"] == "application/problem+json")
            #expect(second.json?["code"]?.text == "conflict")
            #expect(try harness.owed() == 2)
        }
    }

    /// What is lost happened all the same: the list tells.
    @Test func owesNoWebhookThatIsToBeLost() async throws {
        try await Harness.run { harness in
            let answer = try await harness.complete(
                try await harness.mintToken(), #""outcome":"succeeded","lost":["Succeeded"]"#)
            #expect(answer.json?["eventIds"]?.elements.reduce(0) { count, _ in count + 1 } == 2)
            #expect(try harness.owed() == 1)
            let list = try await harness.call(
                .get, "/api/v1/transfers/managed/mesh", "", headers: Harness.keyHeaders)
            #expect(list.json?["content"]?["items"]?.elements.map { $0["status"]?.text } == ["succeeded"])
        }
    }

    @Test func completesATokenOnceAmongCallsAtTheSameTime() async throws {
        try await Harness.run { harness in
            let token = try await harness.mintToken()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask(executorPreference: harness.loop) { try await harness.complete(token).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + [Int](repeating: 409, count: 7))
            #expect(try harness.owed() == 2)
        }
    }

    @Test func refusesATokenAfterTenMinutes() async throws {
        try await Harness.run { harness in
            let (early, late) = (try await harness.mintToken(), try await harness.mintToken())
            harness.clock.advance(by: .seconds(590))
            #expect(try await harness.complete(early).status == 200)
            harness.clock.advance(by: .seconds(10))
            let answer = try await harness.complete(late)
            #expect(answer.status == 410)
            // What was used stays used.
            #expect(try await harness.complete(early).status == 409)
        }
    }

    @Test func forgetsATokenADayAfterItExpired() async throws {
        try await Harness.run { harness in
            let token = try await harness.mintToken()
            let store = LinkTokenStore(database: harness.database)
            harness.clock.advance(by: SandboxLimits.linkTokenLife + SandboxLimits.expiredTokenMemory)
            try await store.sweep(at: harness.clock.clock.now() - .seconds(60))
            #expect(try await harness.complete(token).status == 410)
            try await store.sweep(at: harness.clock.clock.now() + .seconds(60))
            #expect(try await harness.complete(token).status == 404)
        }
    }

    @Test func refusesUnknownAndConnectOnlyTokens() async throws {
        try await Harness.run { harness in
            #expect(try await harness.complete("abc").status == 404)
            let foreign = LinkToken().text(
                baseURL: "http://127.0.0.1:8083", clientId: Harness.clientId, restrictMultipleAccounts: true)
            #expect(try await harness.complete(String(decoding: foreign, as: UTF8.self)).status == 404)
            for body in [#"{"userId":"u"}"#, #"{"userId":"u","transferOptions":{"toAddresses":[]}}"#] {
                let token = try #require(try await harness.mint(body).json?["content"]?["linkToken"]?.text)
                #expect(try await harness.complete(token).status == 422)
            }
        }
    }

    @Test func readsControlCallsStrictly() async throws {
        try await Harness.run { harness in
            let token = try await harness.mintToken()
            let answer = try await harness.complete(token, #""outcome":"succeeded","delayMs":-1"#)
            #expect(answer.status == 400)
            #expect(answer.json?["requestId"]?.text == "req_test")
            #expect(answer.json?["errors"]?.elements.first { _ in true }?["field"]?.text == "delayMs")
            let typed = try await harness.call(
                .post, "/sandbox/v1/link-tokens/complete", "{}", headers: ["Content-Type": "text/plain"])
            #expect(typed.status == 415)
        }
    }

    @Test func owesNothingWithoutARegisteredAddress() async throws {
        try await Harness.run(hasWebhook: false) { harness in
            let answer = try await harness.complete(try await harness.mintToken())
            #expect(answer.status == 200)
            #expect(try harness.owed() == 0)
        }
    }

    @Test func roleReachesNothingElse() async throws {
        try await Harness.run { harness in
            let tables = try harness.owner.query(
                """
                select count(*) from information_schema.role_table_grants
                where grantee = 'subgate_sandbox' and table_schema <> 'sandbox'
                   or grantee in ('subgate_app', 'subgate_reader') and table_schema = 'sandbox'
                """)
            #expect(tables.int64(0, 0) == 0)
            let schemas = try harness.owner.query(
                """
                select has_schema_privilege('subgate_sandbox', 'subgate', 'usage'),
                    has_schema_privilege('subgate_app', 'sandbox', 'usage')
                """)
            #expect(!schemas.bool(0, 0) && !schemas.bool(0, 1))
        }
    }
}
