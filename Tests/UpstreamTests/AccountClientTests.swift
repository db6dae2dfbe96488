import Domain
import HTTPClient
import HTTPServer
import JSON
import Runtime

import TestSupport
import Testing

@testable import Store
@testable import Upstream

/// The Account Management API as its caller sees it: tokens, refusals, lost answers.
@Suite struct AccountClientTests {
    /// An upstream that answers what a test says and counts what it was asked.
    private final class FakeAccount: Sendable {
        struct State {
            /// Answers to the next calls that are not for a token; an empty list after them.
            var answers: [Response] = []
            var tokenAnswer: Response?
            var tokens = 0
            var calls: [(method: String, path: String, authorization: String, body: [UInt8])] = []
        }

        let state: LoopState<State>
        let client: HTTPClient
        let loop: EventLoop
        let clock: MovableClock
        let port: UInt16
        private let server: HTTPServer

        init(_ base: StoreFixture) throws {
            loop = base.loop
            clock = base.clock
            client = HTTPClient(loop: base.loop, configuration: HTTPClientConfiguration())
            let state = LoopState(base.loop, State())
            self.state = state
            server = HTTPServer(
                loop: base.loop,
                configuration: HTTPServerConfiguration(
                    requestId: { [0x78] }, errorBody: { _, _ in ("text/plain", []) }, unixTime: { 0 })
            ) { request in
                let body = (try? await request.body.collect(upTo: 1 << 23)) ?? []
                let path = String(decoding: request.head.path, as: UTF8.self)
                return state.withValue { state in
                    if path == "/admin/api/v1/Token" {
                        state.tokens += 1
                        return state.tokenAnswer
                            ?? FakeAccount.ok(#"{"id_token":"token-\#(state.tokens)","expires_in":3600}"#)
                    }
                    let authorization = request.head.headers["authorization"] ?? []
                    state.calls.append(
                        (
                            "\(request.head.method.name)", path, String(decoding: authorization, as: UTF8.self), body
                        ))
                    return state.answers.isEmpty ? FakeAccount.ok("[]") : state.answers.removeFirst()
                }
            }
            port = try server.listen(address: "127.0.0.1", port: FreePorts.take(1)[0])
        }

        static func ok(_ content: String) -> Response {
            Response(
                status: 200, contentType: "application/json",
                body: Array(#"{"content":\#(content),"status":"ok","message":""}"#.utf8))
        }

        func stop() async {
            await server.drain(within: .zero)
            client.close()
        }

        var account: UpstreamAccount { account(version: 1) }

        func account(version: Int32, path: String = "") -> UpstreamAccount {
            let open = OpenUpstream(
                id: UpstreamID(UUIDValue(high: 1, low: 2)), environment: .sandbox, version: version,
                baseURL: Seed.bytes("http://127.0.0.1:1"), clientID: UUIDValue(high: 1, low: 1),
                clientSecret: Secret(Seed.bytes("x")), webhookSecrets: [],
                adminBaseURL: Seed.bytes("http://127.0.0.1:\(port)\(path)"),
                adminClientSecret: Secret(Seed.bytes("secret")))
            return UpstreamAccount(open, policy: .allowPrivate)!
        }

        var caller: AccountClient {
            AccountClient(
                loop: loop, client: client, policy: .allowPrivate, clock: clock.clock, random: .system,
                timeouts: AccountTimeouts(call: .seconds(60), list: .seconds(60), logo: .seconds(60)))
        }
    }

    private func with(_ body: @escaping @Sendable (FakeAccount, AccountClient) async throws -> Void) async throws {
        try await StoreFixture.with { base in
            let fake = try FakeAccount(base)
            let result: Result<Void, any Error>
            do { result = .success(try await body(fake, fake.caller)) } catch { result = .failure(error) }
            await fake.stop()
            try result.get()
        }
    }

    // MARK: Tokens

    @Test func oneTokenServesAllUntilItIsOld() async throws {
        try await with { fake, caller in
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask(executorPreference: fake.loop) { _ = try? await caller.list(fake.account) }
                }
            }
            #expect(fake.state.withValue { $0.tokens } == 1)
            #expect(
                fake.state.withValue { $0.calls.map(\.authorization) }
                    == [String](repeating: "Bearer token-1", count: 8))
            fake.clock.advance(by: .seconds(2_990))
            _ = try await caller.list(fake.account)
            #expect(fake.state.withValue { $0.tokens } == 1)
            // Well before the hour is over, not after the first refusal.
            fake.clock.advance(by: .seconds(20))
            _ = try await caller.list(fake.account)
            #expect(fake.state.withValue { $0.tokens } == 2)
            // Other keys, another token.
            _ = try await caller.list(fake.account(version: 2))
            #expect(fake.state.withValue { $0.tokens } == 3)
        }
    }

    @Test func aTokenThatIsRefusedIsFetchedAnewOnce() async throws {
        try await with { fake, caller in
            fake.state.withValue { $0.answers = [Response(status: 401)] }
            _ = try await caller.list(fake.account)
            #expect(fake.state.withValue { $0.calls.map(\.authorization) } == ["Bearer token-1", "Bearer token-2"])
            fake.state.withValue { $0.answers = [Response(status: 401), Response(status: 401)] }
            await #expect(throws: AccountFailure.keysRefused(status: 401)) { try await caller.list(fake.account) }
            #expect(fake.state.withValue { $0.tokens } == 3)
        }
    }

    @Test func withoutATokenNothingIsAsked() async throws {
        try await with { fake, caller in
            let info = SubClientInfo(legalName: Seed.bytes("a"), displayName: Seed.bytes("b"))
            let cases: [(Response, AccountFailure)] = [
                (Response(status: 403), .keysRefused(status: 403)),
                (Response(status: 500), .unreachable(reason: "status500")),
                (Response(status: 302), .unreachable(reason: "status302")),
                (FakeAccount.ok("{}"), .unreachable(reason: "unreadableToken")),
                (FakeAccount.ok(#"{"id_token":"a b"}"#), .unreachable(reason: "unreadableToken")),
                (Response(status: 429), .tooManyRequests(retryAfter: nil)),
            ]
            for (answer, failure) in cases {
                fake.state.withValue { $0.tokenAnswer = answer }
                await #expect(throws: failure) { try await caller.create(fake.account, info) }
            }
            #expect(fake.state.withValue { $0.calls.count } == 0)
        }
    }

    // MARK: Outcomes

    @Test func whatMayHaveBeenDoneIsToldFromWhatWasNot() async throws {
        try await with { fake, caller in
            let info = SubClientInfo(legalName: Seed.bytes("a"), displayName: Seed.bytes("b"))
            var busy = Response(status: 429)
            busy.headers.add("Retry-After", "7")
            let refusal = Response(
                status: 400, contentType: "application/json",
                body: Array(#"{"status":"badRequest","message":"No such name"}"#.utf8))
            let inside = Response(
                status: 200, contentType: "application/json",
                body: Array(#"{"status":"badRequest","message":"No such name"}"#.utf8))
            let words = Seed.bytes("No such name")
            let cases: [(Response, AccountFailure)] = [
                (refusal, .refused(status: 400, message: words)), (inside, .refused(status: 200, message: words)),
                (Response(status: 415), .refused(status: 415, message: nil)), (Response(status: 404), .notFound),
                (Response(status: 403), .keysRefused(status: 403)), (busy, .tooManyRequests(retryAfter: 7)),
                (Response(status: 500), .unknown(reason: "status500")),
                (Response(status: 504), .unknown(reason: "status504")),
                (Response(status: 302), .unknown(reason: "status302")),
                (Response(status: 201), .unknown(reason: "status201")),
                (Response(status: 200), .unknown(reason: "unreadableAnswer")),
                (FakeAccount.ok("{}"), .unknown(reason: "unreadableAnswer")),
                (
                    FakeAccount.ok(#"{"id":"x","businessLegalName":"a","displayName":"b"}"#),
                    .unknown(reason: "unreadableAnswer")
                ),
                (
                    Response(
                        status: 200, contentType: "application/json", body: [UInt8](repeating: 0x20, count: 100_000)),
                    .unknown(reason: "incompleteAnswer")
                ),
            ]
            for (answer, failure) in cases {
                fake.state.withValue { $0.answers = [answer] }
                await #expect(throws: failure, "\(answer.status)") { try await caller.create(fake.account, info) }
                #expect(
                    failure.mayHaveBeenDone == (failure.code.hasPrefix("status") || failure.code.hasSuffix("Answer")))
            }
            // Each was sent once.
            #expect(fake.state.withValue { $0.calls.count } == cases.count)
            await fake.stop()
            let away = await #expect(throws: AccountFailure.self) { try await fake.caller.create(fake.account, info) }
            #expect(away?.mayHaveBeenDone == false)
        }
    }

    @Test func aListIsReadWholeOrNotAtAll() async throws {
        try await with { fake, caller in
            let good = #"{"Id":"00000000-0000-0001-0000-000000000002","businessLegalName":"A","displayName":"B"}"#
            fake.state.withValue { $0.answers = [FakeAccount.ok("[\(good)]"), FakeAccount.ok("[\(good),{}]")] }
            let list = try await caller.list(fake.account)
            #expect(list.map(\.id) == [UUIDValue(high: 1, low: 2)] && list.map(\.hasLogo) == [false])
            await #expect(throws: AccountFailure.unknown(reason: "unreadableAnswer")) {
                try await caller.list(fake.account)
            }
            // A large one: Mesh has no pages.
            let many = (0..<9_000).map {
                #"{"id":"\#(UUIDValue(high: 9, low: UInt64($0)))","businessLegalName":"A","displayName":"B"}"#
            }
            fake.state.withValue { $0.answers = [FakeAccount.ok("[\(many.joined(separator: ","))]")] }
            #expect(try await caller.list(fake.account).count == 9_000)
        }
    }

    @Test func logosAreSentAsForms() async throws {
        try await with { fake, caller in
            let id = UUIDValue(high: 1, low: 2)
            fake.state.withValue { $0.answers = [FakeAccount.ok(#"{"logoUrl":"x"}"#)] }
            let image = [0x89, 0x50] + Seed.bytes("\r\n--subgate-")
            try await caller.uploadLogo(fake.account, id, mediaType: Seed.bytes("image/png"), bytes: image)
            let call = try #require(fake.state.withValue { $0.calls.first })
            #expect(call.method == "POST" && call.path == "/admin/api/v1/SubClient/\(id)/logo")
            let form = LogoForm(mediaType: Seed.bytes("image/png"), bytes: image, random: (1, 2))
            #expect(call.body.count == form.body.count)
            #expect(
                form.contentType
                    == Seed.bytes("multipart/form-data; boundary=subgate-" + "0000000000000001" + "0000000000000002"))
        }
    }

    @Test func anAddressThatIsNotAllowedIsNotCalled() async throws {
        try await with { fake, _ in
            let open = OpenUpstream(
                id: UpstreamID(UUIDValue(high: 1, low: 2)), environment: .production, version: 1,
                baseURL: Seed.bytes("https://a.example"), clientID: UUIDValue(high: 1, low: 1),
                clientSecret: Secret(Seed.bytes("x")), webhookSecrets: [],
                adminBaseURL: Seed.bytes("http://127.0.0.1:\(fake.port)"), adminClientSecret: Secret(Seed.bytes("s")))
            let account = try #require(UpstreamAccount(open, policy: .publicOnly))
            await #expect(throws: AccountFailure.unreachable(reason: "urlRefused")) {
                try await fake.caller.list(account)
            }
            #expect(fake.state.withValue { $0.tokens } == 0)
        }
    }
}

/// What is wanted, and when it is tried again: values only.
@Suite struct RegistrarPaceTests {
    @Test func pausesDoubleUpToALimitAndAreSpread() {
        let pace = RegistrarPace.standard
        for (attempts, seconds) in [(1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (2_000_000, 900)] as [(Int32, Int64)]
        {
            let (low, high) = (pace.pause(after: attempts, random: 0), pace.pause(after: attempts, random: .max))
            #expect(low == .milliseconds(seconds * 800))
            #expect(high >= low && high < .milliseconds(seconds * 1_200))
        }
    }

    @Test func failuresSayWhatComesNext() {
        let pace = RegistrarPace.standard
        let now = Timestamp(microseconds: 1_000_000_000)
        func next(_ failure: AccountFailure, _ attempts: Int32 = 1) -> RegistrationFailure {
            pace.failure(failure, attempts: attempts, now: now, random: 0)
        }
        let refused = next(.refused(status: 400, message: Seed.bytes("no")))
        #expect(refused.state == .failed && refused.dueAt == nil && refused.message == Seed.bytes("no"))
        #expect(next(.refused(status: 415, message: nil)).code == "logoRefused")
        let keys = next(.keysRefused(status: 403))
        #expect(keys.state == .failed && keys.dueAt == now + pace.longestPause)
        #expect(next(.tooManyRequests(retryAfter: 100)).dueAt == now + .seconds(100))
        let away = next(.unreachable(reason: "connectFailed"))
        #expect(away.state == .pending && away.dueAt == now + .milliseconds(1_600) && away.code == "connectFailed")
        // It goes on, but a person is told.
        #expect(next(.unknown(reason: "timeout"), 8).state == .failed)
        #expect(next(.unknown(reason: "timeout"), 8).dueAt != nil)
    }

    @Test func productionTakesNoOriginsWithoutTLS() {
        let wanted = WantedSubClient(
            legalName: Seed.bytes("a"), displayName: Seed.bytes("b"),
            allowedOrigins: [Seed.bytes("http://localhost:3000"), Seed.bytes("https://a.example")],
            integrations: Seed.bytes(#"{"deny":["00000000-0000-0001-0000-000000000002"]}"#))
        #expect(SubClientInfo(wanted, in: .production).callbackURLs == [Seed.bytes("https://a.example")])
        let info = SubClientInfo(wanted, in: .sandbox)
        #expect(info.callbackURLs.count == 2)
        #expect(info.catalog.excluded == [UUIDValue(high: 1, low: 2)] && info.catalog.allowed.isEmpty)
        #expect(
            String(decoding: info.json, as: UTF8.self)
                == #"{"businessLegalName":"a","displayName":"b","callbackUrls":["http://localhost:3000","#
                + #""https://a.example"],"catalogConfiguration":{"excludeIntegrations":["#
                + #""00000000-0000-0001-0000-000000000002"]}}"#)
    }
}
