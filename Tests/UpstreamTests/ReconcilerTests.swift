import Domain
import HTTPClient
import HTTPServer
import JSON
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@testable import Upstream

/// Reconciliation against an upstream that a test plays.
@Suite struct ReconcilerTests {
    /// An upstream that lists what it is given, in pages, as Mesh does; and what it was asked.
    private final class Lister: Sendable {
        struct Listed: Sendable {
            var created: Int64
            var json: String
        }

        let loop: EventLoop
        private let list: LoopState<[Listed]>
        private let failures: LoopState<[Response]>
        private let queries: LoopState<[[String: String]]>

        init(_ loop: EventLoop) {
            self.loop = loop
            list = LoopState(loop, [])
            failures = LoopState(loop, [])
            queries = LoopState(loop, [])
        }

        var asked: [[String: String]] { queries.withValue { $0 } }
        func add(_ created: Int64, _ json: String) {
            list.withValue { $0.append(Listed(created: created, json: json)) }
        }
        func fail(_ status: Int, retryAfter: Int? = nil) {
            var answer = Response(status: status)
            if let retryAfter { answer.headers.add("Retry-After", "\(retryAfter)".utf8) }
            failures.withValue { $0.append(answer) }
        }

        func answer(_ request: Request) -> Response {
            var query: [String: String] = [:]
            for pair in String(decoding: request.head.query ?? [], as: UTF8.self).split(separator: "&") {
                let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
                query[String(parts[0])] = String(parts[1])
            }
            queries.withValue { $0.append(query) }
            if let failure = failures.withValue({ $0.isEmpty ? nil : $0.removeFirst() }) { return failure }
            let number = { (name: String) in Int64(query[name] ?? "") ?? -1 }
            let matching = list.withValue { $0 }
                .filter { $0.created >= number("FromTimestamp") && $0.created <= number("ToTimestamp") }
                .sorted { $0.created < $1.created }
            let page = matching.dropFirst(Int(number("Offset"))).prefix(Int(number("Count")))
            let content =
                #"{"items":[\#(page.map(\.json).joined(separator: ","))],"total":\#(matching.count)}"#
            return Response(
                status: 200, contentType: "application/json",
                body: Array(#"{"content":\#(content),"status":"ok","message":""}"#.utf8))
        }
    }

    private struct Scene: Sendable {
        let base: StoreFixture
        let seed: Seed
        let lister: Lister
        let client: HTTPClient
        let metrics: Metrics
        let pace: ReconcilerPace
        var store: Store { base.store }

        func reconciler(on store: Store? = nil, _ metrics: Metrics? = nil) -> Reconciler {
            let store = store ?? base.store
            return Reconciler(
                loop: base.loop, store: store, client: MeshClient(client: client, policy: .allowPrivate),
                upstreams: UpstreamDirectory(store: store, policy: .allowPrivate, log: .silent), pace: pace,
                log: .silent, metrics: ReconcilerMetrics(metrics ?? self.metrics))
        }

        var now: Int64 { base.clock.clock.now().seconds }

        /// A transfer of a new link session, as the upstream lists it.
        @discardableResult
        func transfer(_ status: String, madeAgo seconds: Int64, executedAgo: Int64? = nil) async throws -> UUIDValue {
            let session = try await seed.linkSession()
            let reference = TransactionReference(subClient: seed.subClient, linkSession: session)
            let id = store.identifiers.nextUUID()
            let executed = executedAgo.map { "\(now - $0)" } ?? "null"
            lister.add(
                now - seconds,
                #"{"id":"\#(id)","clientTransactionId":"\#(String(decoding: reference.text, as: UTF8.self))","#
                    + #""status":"\#(status)","createdTimestamp":\#(now - seconds),"executedTimestamp":\#(executed)}"#)
            return id
        }

        func types() async throws -> [EventType: Int] {
            let events = try await store.events(seed.scope, PageRequest(limit: 100)).items
            return Dictionary(grouping: events, by: \.type).mapValues(\.count)
        }

        func count(_ line: String) -> String? {
            String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n")
                .first { $0.hasPrefix(line + " ") }.map { String($0.dropFirst(line.count + 1)) }
        }

        func found(_ outcome: String) -> String? {
            count(#"subgate_reconciliation_findings_total{outcome="\#(outcome)"}"#)
        }
    }

    private static func with(
        _ change: @escaping @Sendable (inout ReconcilerPace) -> Void = { _ in },
        _ body: @escaping @Sendable (Scene) async throws -> Void
    ) async throws {
        try await StoreFixture.with { base in
            let lister = Lister(base.loop)
            let server = HTTPServer(
                loop: base.loop,
                configuration: HTTPServerConfiguration(
                    requestId: { [0x78] }, errorBody: { _, _ in ("text/plain", []) }, unixTime: { 0 })
            ) { lister.answer($0) }
            let port = try server.listen(address: "127.0.0.1", port: 0)
            let upstream = try await base.store.createUpstream(
                .system,
                NewUpstream(
                    name: Seed.bytes("mesh"), environment: .sandbox, baseURL: Seed.bytes("http://127.0.0.1:\(port)"),
                    clientID: UUIDValue(high: 1, low: 1), clientSecret: Secret(Seed.bytes("secret")),
                    webhookSecrets: [Secret(Seed.bytes("hook"))]))
            let client = HTTPClient(loop: base.loop, configuration: HTTPClientConfiguration())
            var pace = ReconcilerPace(interval: .seconds(60))
            change(&pace)
            let scene = Scene(
                base: base, seed: try await Seed.make(base.store, upstream: upstream.id), lister: lister,
                client: client, metrics: Metrics(), pace: pace)
            let result: Result<Void, any Error>
            do { result = .success(try await body(scene)) } catch { result = .failure(error) }
            await server.drain(within: .zero)
            client.close()
            try result.get()
        }
    }

    @Test func findsWhatIsMissingAndNothingElse() async throws {
        try await Self.with { scene in
            try await scene.transfer("succeeded", madeAgo: 600, executedAgo: 500)
            try await scene.transfer("pending", madeAgo: 300)
            // Its webhook may still come, because it was made, or came to its end, just now.
            try await scene.transfer("pending", madeAgo: 5)
            try await scene.transfer("succeeded", madeAgo: 600, executedAgo: 5)
            // Out of the sweep of the last hours, within that of the last days; and out of both.
            try await scene.transfer("failed", madeAgo: 3 * 86_400)
            try await scene.transfer("failed", madeAgo: 30 * 86_400)
            // Not ours, not known, not readable.
            let id = scene.store.identifiers.nextUUID()
            scene.lister.add(
                scene.now - 400, #"{"id":"\#(id)","status":"failed","createdTimestamp":\#(scene.now - 400)}"#)
            scene.lister.add(scene.now - 400, "{}")
            try await scene.transfer("odd", madeAgo: 400)
            let metrics = Metrics()
            let reconciler = scene.reconciler(metrics)
            await reconciler.runOnce()
            #expect(
                try await scene.types() == [.transferSucceeded: 1, .transferPending: 1, .transferFailed: 1])
            let text = String(decoding: metrics.render(), as: UTF8.self)
            #expect(text.contains(#"findings_total{outcome="made"} 3"#))
            // Both sweeps saw these.
            for outcome in ["known", "early", "foreign"] {
                #expect(text.contains(#"findings_total{outcome="\#(outcome)"} 2"#), "\(outcome)")
            }
            #expect(text.contains(#"findings_total{outcome="unreadable"} 4"#))
            // A minute later: what was too young is due, and the rest is known.
            scene.base.clock.advance(by: .seconds(121))
            await reconciler.runOnce()
            #expect(
                try await scene.types() == [.transferSucceeded: 2, .transferPending: 2, .transferFailed: 1])
        }
    }

    @Test func aPassOfManyPagesGoesOnAcrossTurnsAndNodes() async throws {
        try await Self.with({
            $0.pageSize = 3
            $0.pagesPerTurn = 2
            $0.deepOverlap = .seconds(600)
        }) { scene in
            // Five of one second, more than a page.
            for ago in [900, 800, 700, 700, 700, 700, 700, 650, 640, 630, 620] as [Int64] {
                try await scene.transfer("failed", madeAgo: ago)
            }
            let other = try await scene.base.anotherStore()
            let nodes = [scene.reconciler(), scene.reconciler(on: other, Metrics())]
            for turn in 0..<8 {
                await nodes[turn % 2].runOnce()
                scene.base.clock.advance(by: .seconds(11))
            }
            #expect(try await scene.types() == [.transferFailed: 11])
            // At most as many pages in a turn as allowed, each of the size asked for, in a window that stays.
            let asked = scene.lister.asked.filter { $0["FromTimestamp"] != nil }
            #expect(asked.allSatisfy { $0["Count"] == "3" && $0["OrderBy"] == "createdTimestamp" })
            #expect(asked.allSatisfy { $0["DescendingOrder"] == "false" && $0["IncludeRefundInformation"] == "true" })
            await other.database.close()
        }
    }

    @Test func onlyOneNodeLooks() async throws {
        try await Self.with { scene in
            try await scene.transfer("failed", madeAgo: 600)
            let other = try await scene.base.anotherStore()
            let nodes = [scene.reconciler(), scene.reconciler(on: other, Metrics())]
            async let here: Void = nodes[0].runOnce()
            async let there: Void = nodes[1].runOnce()
            _ = await (here, there)
            // One page of each sweep.
            #expect(scene.lister.asked.count == 2)
            await nodes[0].runOnce()
            #expect(scene.lister.asked.count == 2)
            #expect(try await scene.types() == [.transferFailed: 1])
            await other.database.close()
        }
    }

    @Test func anUpstreamThatFailsIsLeftInPeaceForLongerEachTime() async throws {
        try await Self.with { scene in
            try await scene.transfer("failed", madeAgo: 600)
            let reconciler = scene.reconciler()
            // The sweeps come one after the other: each meets the same.
            for status in [503, 503] { scene.lister.fail(status) }
            await reconciler.runOnce()
            #expect(scene.lister.asked.count == 2 && scene.count("subgate_reconciliation_failures_total") == "2")
            scene.base.clock.advance(by: .seconds(9))
            await reconciler.runOnce()
            #expect(scene.lister.asked.count == 2)
            scene.base.clock.advance(by: .seconds(2))
            for _ in 0..<2 { scene.lister.fail(429, retryAfter: 100) }
            await reconciler.runOnce()
            #expect(scene.lister.asked.count == 4)
            scene.base.clock.advance(by: .seconds(99))
            await reconciler.runOnce()
            #expect(scene.lister.asked.count == 4)
            #expect(try await scene.types().isEmpty)
            scene.base.clock.advance(by: .seconds(2))
            await reconciler.runOnce()
            #expect(try await scene.types() == [.transferFailed: 1])
            #expect(scene.count("subgate_reconciliation_failures_total") == "4")
        }
    }

    @Test func anAnswerThatIsNoListIsAFailure() async throws {
        try await Self.with { scene in
            scene.lister.add(scene.now - 600, "{")
            await scene.reconciler().runOnce()
            #expect(scene.count("subgate_reconciliation_failures_total") == "2")
        }
    }

    @Test func theLagIsTheAgeOfWhatNobodyLookedAt() async throws {
        try await Self.with { scene in
            let reconciler = scene.reconciler()
            await reconciler.runOnce()
            // A pass leaves the last minute to webhooks.
            let first = try #require(scene.count("subgate_reconciliation_lag_seconds").flatMap { Int($0) })
            #expect((60...75).contains(first))
            scene.base.clock.advance(by: .seconds(3_600))
            for _ in 0..<2 { scene.lister.fail(500) }
            await reconciler.runOnce()
            let later = try #require(scene.count("subgate_reconciliation_lag_seconds").flatMap { Int($0) })
            #expect((3_660...3_700).contains(later))
        }
    }
}
