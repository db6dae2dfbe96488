import Crypto
import Domain
import HTTPClient
import JSON
import Postgres
import Runtime
import TestSupport
import Testing

@testable import Sandbox

/// Rules, magic values and clock through the listener and the database.
@Suite struct FaultTests {
    static let faults = "/sandbox/v1/faults"
    static let clock = "/sandbox/v1/clock"

    /// The `TransferStatus` of each webhook that is owed, in the order of their times.
    private func owed(_ harness: Harness) throws -> [String] {
        let rows = try harness.owner.query(
            """
            select convert_from(event, 'UTF8')::json ->> 'TransferStatus' from sandbox.webhook
            where leased_until is null order by due_at, id
            """)
        return rows.indices.map { rows.stringOrNil($0, 0) ?? "null" }
    }

    private func play(_ harness: Harness, _ members: String = "", amount: String = "25.5") async throws -> Int {
        let token = try await harness.mintToken(amount: amount)
        return try await harness.call(
            .post, "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)"\#(members)}"#
        ).status
    }

    // MARK: Transfers

    @Test func aRuleDecidesWhatTheCallLeavesOpen() async throws {
        try await Harness.run { harness in
            try await harness.force(
                #"{"uses":1,"transfer":{"outcome":"refundFailed","delayMs":1000}}"#,
                #"{"uses":1,"transfer":{"statuses":["Odd"]}}"#)
            #expect(try await play(harness) == 200)
            #expect(try owed(harness) == ["Pending", "Succeeded", "RefundPending", "RefundFailed"])
            #expect(try await play(harness) == 200)
            #expect(try owed(harness).contains("Odd"))
            #expect(try await play(harness) == 200)
            #expect(try owed(harness).count == 7)
        }
    }

    @Test func theCallDecidesBeforeTheRule() async throws {
        try await Harness.run { harness in
            try await harness.force(#"{"uses":1,"transfer":{"outcome":"failed"}}"#)
            #expect(try await play(harness, #","outcome":"pending""#) == 200)
            #expect(try owed(harness) == ["Pending"])
            #expect(try await harness.rules() == [#"{"uses":1,"transfer":{"outcome":"failed"}}"#])
        }
    }

    @Test func aFailureBeforeTheTransferLeavesTheTokenUnused() async throws {
        try await Harness.run { harness in
            try await harness.force(
                #"{"uses":1,"transfer":{"previewFailure":"KycRequired"}}"#,
                #"{"uses":1,"transfer":{"executeFailure":"AddressNotRegistered"}}"#)
            let token = try await harness.mintToken()
            for code in ["KycRequired", "AddressNotRegistered"] {
                let answer = try await harness.call(
                    .post, "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)"}"#)
                #expect(answer.status == 422 && answer.json?["code"]?.text == "unprocessable")
                #expect(answer.json?["detail"]?.text?.contains(code) == true)
            }
            #expect(try owed(harness).isEmpty)
            let last = try await harness.call(
                .post, "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)"}"#)
            #expect(last.status == 200)
        }
    }

    @Test func magicAmountsActWithoutAnyRule() async throws {
        try await Harness.run { harness in
            let failed = try await play(harness, amount: "13.08")
            #expect(failed == 422)
            #expect(try await play(harness, amount: "13.62") == 200)
            #expect(try owed(harness) == ["Pending", "Succeeded", "RefundPending", "RefundSucceeded"])
            // What the call says goes first.
            #expect(try await play(harness, #","outcome":"pending""#, amount: "13.08") == 200)
            #expect(try owed(harness).count == 5)
            #expect(try await play(harness, amount: "13.76") == 200)
            #expect(try owed(harness).filter { $0 == "Settling" }.count == 2)
        }
    }

    @Test func aRuleStrikesOnlyWhomItNames() async throws {
        try await Harness.run { harness in
            let failing = #""transfer":{"outcome":"failed"}"#
            try await harness.force(
                #"{"clientId":"00000000-0000-4000-8000-000000000000",\#(failing)}"#,
                #"{"userId":"user-8",\#(failing)}"#, #"{"transactionId":"order-2",\#(failing)}"#)
            let complete = { (token: String) in
                try await harness.call(
                    .post, "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)"}"#
                ).status
            }
            #expect(try await complete(harness.mintToken()) == 200)
            #expect(try owed(harness) == ["Pending", "Succeeded"])
            #expect(try await complete(harness.mintToken(userId: "user-8")) == 200)
            #expect(try await complete(harness.mintToken(transactionId: "order-2")) == 200)
            #expect(try owed(harness).filter { $0 == "Failed" }.count == 2)
        }
    }

    // MARK: Webhooks

    @Test func signsWronglyAsOftenAsItIsTold() async throws {
        try await Harness.run(sends: true) { harness in
            try await harness.force(#"{"uses":1,"webhooks":{"wrongSignatures":2}}"#)
            harness.receiver.answerNext(401, 401)
            #expect(try await play(harness, #","outcome":"pending""#) == 200)
            let posts = await harness.receiver.take(3)
            let right = posts.map { post in
                Base64.encode(ReferenceHMAC.authenticate(post.body, key: Array(Harness.webhookSecret.utf8)))
                    == post.signature
            }
            #expect(right == [false, false, true])
            #expect(Set(posts.compactMap { $0.text("EventId") }).count == 1)
        }
    }

    @Test func leavesOutAndNullsWhatItIsTold() async throws {
        try await Harness.run(sends: true) { harness in
            try await harness.force(
                #"{"webhooks":{"nullFields":["SourceAmount","Chain"],"missingFields":["DestinationAmount"]}}"#)
            #expect(try await play(harness, #","outcome":"pending""#) == 200)
            let posts = await harness.receiver.take(1)
            let root = try JSONDocument.parse(posts.at(0).body).root
            #expect(root["SourceAmount"]?.isNull == true && root["Chain"]?.isNull == true)
            #expect(root["DestinationAmount"] == nil && root["EventId"]?.text != nil)
        }
    }

    @Test func postsTheLastFirst() async throws {
        try await Harness.run { harness in
            try await harness.force(#"{"uses":1,"webhooks":{"reversed":true}}"#)
            #expect(try await play(harness) == 200)
            #expect(try owed(harness) == ["Succeeded", "Pending"])
        }
    }

    @Test func anEventOfWhichNothingIsLeftIsStillAnObject() async throws {
        try await Harness.run(sends: true) { harness in
            let all = WebhookField.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
            try await harness.force(#"{"webhooks":{"missingFields":[\#(all)]}}"#)
            #expect(try await play(harness, #","outcome":"pending""#) == 200)
            let posts = await harness.receiver.take(1)
            let names = try JSONDocument.parse(posts.at(0).body).root.members.map { $0.key.text }
            #expect(names == ["Id", "SentTimestamp"])
        }
    }

    // MARK: Calls

    @Test func callsMeetTheirFaults() async throws {
        try await Harness.run { harness in
            let path = "/api/v1/transfers/managed/networks"
            let call = { try await harness.call(.get, path, headers: Harness.keyHeaders) }
            let whole = try await call().body.count
            try await harness.force(
                #"{"uses":1,"call":{"operations":["networks"],"answer":"tooManyRequests","retryAfterSeconds":7}}"#,
                #"{"uses":1,"call":{"operations":["networks"],"answer":"unavailable"}}"#,
                #"{"uses":1,"clientId":"\#(Harness.clientId)","call":{"answer":"unauthorized"}}"#,
                #"{"uses":1,"call":{"operations":["networks"],"answer":"malformed"}}"#,
                #"{"uses":1,"call":{"operations":["networks"],"answer":"cut"}}"#)
            let busy = try await call()
            #expect(busy.status == 429 && busy.headers["retry-after"] == "7")
            #expect(busy.json?["status"]?.text == "tooManyRequest")
            let shut = try await call()
            #expect(shut.status == 503 && shut.headers["retry-after"] == nil)
            #expect(try await harness.call(.get, "/", headers: [:]).status == 200)
            #expect(try await call().status == 401)
            let malformed = try await call()
            #expect(malformed.status == 200 && malformed.body.count == whole / 2 && malformed.json == nil)
            let url = try TargetURL("http://127.0.0.1:\(harness.port)\(path)".utf8, options: .development)
            let cut = try? await harness.client.send(
                OutgoingRequest(
                    method: .get, url: url, headers: Harness.keyHeaders.map { ($0.key, Array($0.value.utf8)) },
                    responseLimit: 1 << 20, policy: .allowPrivate, partition: 99))
            #expect(cut == nil || cut?.isIncomplete == true)
            #expect(try await call().status == 200)
            #expect(try await harness.rules() == [])
        }
    }

    // MARK: Control

    @Test func rulesAndUsesSurviveARestart() async throws {
        try await Harness.run { harness in
            try await harness.force(
                #"{"uses":2,"call":{"operations":["status"],"answer":"serverFailure"}}"#,
                #"{"webhooks":{"lost":true}}"#)
            #expect(try await harness.call(.get, "/api/v1/status", headers: Harness.keyHeaders).status == 500)
            _ = try await harness.call(.put, Self.clock, #"{"now":"2031-05-01T00:00:00Z","frozen":true}"#)
            let book = harness.anotherBook()
            await book.load()
            let rules = try await harness.rules()
            #expect(book.rules.map { String(decoding: $0.json, as: UTF8.self) } == rules)
            #expect(book.rules.first?.uses == 1)
            #expect(book.clock.now().rfc3339(.seconds) == Array("2031-05-01T00:00:00Z".utf8))
        }
    }

    @Test func theClockMovesTokensEventsAndWebhooks() async throws {
        try await Harness.run(sends: true) { harness in
            _ = try await harness.call(.put, Self.clock, #"{"now":"2031-05-01T00:00:00Z","frozen":true}"#)
            let token = try await harness.mintToken()
            _ = try await harness.complete(token, #""outcome":"succeeded","delayMs":3600000"#)
            let pending = try JSONDocument.parse(await harness.receiver.take(1).at(0).body).root
            #expect(pending["Timestamp"]?.integer == 1_935_360_000_000)
            #expect(pending["SentTimestamp"]?.integer == 1_935_360_000)
            let late = try await harness.mintToken()
            let moved = try await harness.call(.post, Self.clock + "/advance", #"{"seconds":3600}"#)
            #expect(moved.status == 200 && moved.json?["now"]?.text == "2031-05-01T01:00:00.000000Z")
            #expect(moved.json?["frozen"]?.bool == true)
            #expect(try await harness.receiver.take(1).at(0).text("TransferStatus") == "Succeeded")
            #expect(try await harness.complete(late).status == 410)
            let back = try await harness.call(.put, Self.clock, #"{"offsetSeconds":0,"frozen":false}"#)
            #expect(back.json?["offsetSeconds"]?.integer == 0)
        }
    }

    @Test func resetForgetsAllButWhatWasRegistered() async throws {
        try await Harness.run { harness in
            let shop = try await harness.registered()
            let token = try await harness.mintToken()
            _ = try await harness.complete(token)
            let unused = try await harness.mintToken()
            try await harness.force(#"{"call":{"operations":["status"],"answer":"serverFailure"}}"#)
            _ = try await harness.call(.put, Self.clock, #"{"offsetSeconds":86400}"#)
            #expect(try await harness.reset() == 204)
            #expect(try harness.owed() == 0)
            let list = try await harness.call(
                .get, "/api/v1/transfers/managed/mesh", headers: Harness.keyHeaders)
            #expect(list.json?["content"]?["total"]?.integer == 0)
            #expect(try await harness.complete(unused).status == 404)
            #expect(try await harness.call(.get, "/api/v1/status", headers: Harness.keyHeaders).status == 200)
            #expect(try await harness.rules() == [])
            let clock = try await harness.call(.get, Self.clock).json
            #expect(clock?["offsetSeconds"]?.integer == 0 && clock?["frozen"]?.bool == false)
            let kept = try await harness.call(
                .get, "\(AccountTests.path)/\(shop)", headers: harness.bearer())
            #expect(kept.status == 200)
        }
    }

    @Test func refusesWhatIsNotRight() async throws {
        try await Harness.run { harness in
            let calls: [(OutgoingRequest.Method, String)] = [
                (.put, Self.faults), (.post, "/sandbox/v1/reset"), (.put, Self.clock), (.post, Self.clock + "/advance"),
            ]
            for (method, path) in calls {
                for body in ["", "[]", #"{"x":1}"#, "{"] {
                    #expect(try await harness.call(method, path, body).status == 400, "\(path) \(body)")
                }
                #expect(try await harness.call(method, path, "{}", headers: [:]).status == 415)
                let large = String(repeating: " ", count: SandboxLimits.controlBodyBytes + 1)
                #expect(try await harness.call(method, path, large).status == 413)
            }
            let answer = try await harness.call(.post, Self.clock + "/advance", #"{"seconds":-1}"#)
            #expect(answer.json?["errors"]?.elements.map { $0["field"]?.text } == ["seconds"])
            let far = try await harness.call(.put, Self.clock, #"{"now":"2099-01-01T00:00:00Z"}"#)
            #expect(far.status == 400)
        }
    }
}

extension Harness {
    /// Puts these rules in force.
    func force(_ rules: String...) async throws {
        let answer = try await call(.put, FaultTests.faults, #"{"rules":[\#(rules.joined(separator: ","))]}"#)
        guard answer.status == 200 else { throw Refused(text: answer.text) }
    }

    /// The status of a reset.
    func reset() async throws -> Int { try await call(.post, "/sandbox/v1/reset", "{}").status }

    struct Refused: Error { let text: String }

    /// The rules in force, each as its JSON.
    func rules() async throws -> [String] {
        let answer = try await call(.get, FaultTests.faults)
        return answer.json?["rules"]?.elements.map { String(decoding: $0.raw, as: UTF8.self) } ?? []
    }

    /// A book that knows what the database does, as after a restart.
    func anotherBook() -> FaultBook {
        FaultBook(
            loop: loop, store: FaultStore(database: database), clock: VirtualClock(clock.clock), random: .system,
            log: .silent)
    }
}
