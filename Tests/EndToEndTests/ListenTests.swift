import Crypto
import Foundation
import Glibc
import JSON
import Postgres
import Runtime
import TestSupport
import Testing

extension EndToEnd {
    /// `subgate listen`, as a merchant's developer runs it.
    @Suite struct ListenTests {
        /// What is forwarded is what an endpoint gets: the same headers, the same bytes, a signature that verifies.
        @Test func everyEventIsForwardedAsAWebhookAndShown() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let endpoint = try scene.merchant.endpoint("/endpoint", format: "standard")
                let listener = try scene.listen(["--payload-format", "standard"])
                try scene.post(6)
                let received = try #require(scene.stage.receivers.wait { $0.count >= 12 }, "\(listener.log)")
                let forwarded = received.filter { $0.path == Scene.path }
                let delivered = received.filter { $0.path == endpoint.path }
                #expect(forwarded.flatMap { WebhookSignature.complaints($0, secret: listener.secret) } == [])
                #expect(Set(forwarded.map(\.webhookID)).count == 6 && forwarded.count == 6)
                for one in forwarded {
                    let same = try #require(delivered.first { $0.webhookID == one.webhookID })
                    #expect(one.body == same.body)
                    // The trace of a delivery names its attempt; nothing is attempted here.
                    let names = same.headers.map { $0.name.lowercased() }.filter { $0 != "traceparent" }
                    #expect(one.headers.map { $0.name.lowercased() } == names)
                    let line =
                        "transfer.\(same.text.contains("pending") ? "pending" : "succeeded") \(one.webhookID) -> 200 ("
                    try Patience.wait(until: line) { listener.log.contains(line) }
                }
                #expect(listener.end(with: SIGINT) == .status(0))
            }
        }

        /// The secret comes from the key, so that it need not be copied again; or from the developer.
        @Test func theSecretStaysTheSameAndTheFilterHolds() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let first = try scene.listen()
                #expect(first.end(with: SIGTERM) == .status(0))
                let second = try scene.listen(["--events", "transfer.succeeded"])
                #expect(first.secret == second.secret && first.secret.hasPrefix("whsec_"))
                #expect(!second.log.contains(scene.merchant.secret))
                try scene.post(4)
                let received = try #require(scene.stage.receivers.wait { $0.count >= 2 })
                #expect(received.flatMap { WebhookSignature.complaints($0, secret: second.secret) } == [])
                let bodies = try received.map { try JSONDocument.parse($0.body).root }
                #expect(bodies.allSatisfy { $0["TransferStatus"]?.text == "Succeeded" })
                #expect(bodies.allSatisfy { $0["UserId"]?.text == "anna-user" })
                let own = "whsec_" + String(decoding: Base64.encode([UInt8](repeating: 7, count: 24)), as: UTF8.self)
                #expect(try scene.listen(["--secret", own]).secret == own)
            }
        }

        @Test func aReceiverThatFailsIsSaidAndTheNextEventComes() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let closed = FreePorts.take(1)[0]
                let toNobody = try scene.listen(["--forward", "http://localhost:\(closed)/"])
                let toFailing = try scene.listen()
                scene.stage.receivers.plan(Scene.path) { request in
                    request.index == 0 ? .answer(500) : request.index == 1 ? .answer(404) : .answer(204)
                }
                try scene.post(4)
                try Patience.wait(until: "four refusals") {
                    let refused = "-> connection refused: nothing answers at localhost:\(closed) ("
                    return toNobody.log.components(separatedBy: refused).count == 5
                }
                try Patience.wait(until: "two failures, two answers") {
                    toFailing.log.contains("-> 500 (") && toFailing.log.components(separatedBy: "-> 204 (").count == 3
                        && toFailing.log.contains("-> 404 (")
                }
                #expect(toNobody.isRunning && toFailing.isRunning)
            }
        }

        /// The service is killed, another node goes on accepting, the first comes back: nothing is missed or told
        /// twice.
        @Test func nothingIsMissedWhileTheServiceIsAway() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let other = try scene.stage.startNode("other")
                defer { other.kill() }
                let listener = try scene.listen()
                try scene.post(10)
                _ = try #require(scene.stage.receivers.wait { $0.count >= 10 }, "\(listener.log)")
                scene.stage.node.kill()
                try scene.post(30, to: [other])
                try Patience.wait(until: "the loss is said") { listener.log.contains("; trying again") }
                try scene.stage.node.start()
                _ = try #require(
                    scene.stage.receivers.wait(within: .seconds(30)) { $0.count >= 40 }, "\(listener.log)")
                try Patience.wait(until: "the return is said") { listener.log.contains("connected to Subgate again") }
                // One more, so that a repetition would have come before it.
                try scene.post(2)
                let received = try #require(scene.stage.receivers.wait { $0.count >= 42 })
                #expect(received.count == 42)
                #expect(Set(received.map(\.webhookID)).count == 42)
            }
        }

        /// What was committed before PostgreSQL died, and after it came back, is told; and nothing twice.
        @Test func nothingIsMissedWhenTheDatabaseCrashes() async throws {
            try await onOwnThread {
                let (installation, cluster) = try Installation.alone()
                defer { try? cluster.stop() }
                let scene = try Scene(on: installation)
                let listener = try scene.listen()
                let post = scene.begin(200)
                defer { post.stop() }
                _ = try #require(post.wait(forAcks: 80, within: .seconds(60)), "\(post.current.refusals)")
                kill(try installation.postmaster(), SIGKILL)
                try Patience.wait(until: "not ready") { !scene.stage.node.isReady }
                try cluster.start()
                _ = try #require(post.wait(forAcks: 200, within: .seconds(60)), "\(post.current.refusals)")
                let received = try #require(
                    scene.stage.receivers.wait(within: .seconds(60)) { $0.count >= 200 },
                    "\(scene.stage.receivers.count): \(listener.log.suffix(2_000))")
                #expect(Set(received.map(\.webhookID)).count == 200 && received.count == 200)
                #expect(received.flatMap { WebhookSignature.complaints($0, secret: listener.secret) } == [])
            }
        }

        /// A developer who waits does not hold up a stop, and is there when the service comes back.
        @Test func aWaitingListenerDoesNotHoldUpAStop() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let listener = try scene.listen()
                let begin = ContinuousClock.now
                #expect(scene.stage.node.terminate() == .status(0), "\(scene.stage.node.lastWords)")
                #expect(ContinuousClock.now - begin < .seconds(4))
                try scene.stage.node.start()
                try scene.post(2)
                let received = try #require(scene.stage.receivers.wait { $0.count >= 2 }, "\(listener.log)")
                #expect(Set(received.map(\.webhookID)).count == 2)
                #expect(listener.end(with: SIGINT) == .status(0))
            }
        }

        @Test func whatCannotWorkIsSaidInOneLineAndEndsIt() async throws {
            try await onOwnThread {
                let scene = try Scene()
                func text(_ prefix: SecretKeyText.Prefix) -> String {
                    String(decoding: SecretKeyText.make(prefix: prefix), as: UTF8.self)
                }
                let good = scene.merchant.secret
                let cases: [(key: String, arguments: [String], status: Int32, words: String)] = [
                    (text(.sandbox), [], 1, "refuses the key (401)"),
                    (text(.live), [], 2, "--api-key is for production"),
                    (text(.admin), [], 2, "--api-key is an admin's"),
                    ("sk_sandbox_x", [], 2, "--api-key is no client secret"),
                    ("", [], 2, "--api-key (or SUBGATE_API_KEY) is required"),
                    (good, ["--url", "ftp://127.0.0.1"], 2, "--url is no URL"),
                    (good, ["--url", "http://127.0.0.1:\(FreePorts.take(1)[0])"], 1, "connection refused"),
                    (good, ["--url", "http://127.0.0.1:\(scene.stage.node.adminPort)"], 1, "no Subgate with an event"),
                    (good, ["--forward", "localhost:3000"], 2, "--forward is no URL"),
                    (good, ["--events", "transfer"], 2, "--events is"),
                    (good, ["--secret", "whsec_abc"], 2, "--secret is"),
                    (good, ["--payload-format", "xml"], 2, "--payload-format is"),
                ]
                for one in cases {
                    let process = scene.process(one.arguments, key: one.key)
                    try process.start()
                    #expect(process.end(with: nil, within: .seconds(20)) == .status(one.status), "\(one.words)")
                    #expect(process.log.contains(one.words) && process.log.hasSuffix("\n"), "\(process.log)")
                    #expect(process.log.dropLast().allSatisfy { $0 != "\n" }, "\(process.log)")
                    #expect(one.key.isEmpty || !process.log.contains(one.key))
                }
            }
        }
    }
}

/// A merchant whose developer listens.
private final class Scene: Sendable {
    static let path = "/listener"

    let stage: Stage
    let merchant: Merchant
    private let session: Merchant.Session

    init(on installation: Installation? = nil) throws {
        stage = try Stage(on: installation)
        merchant = try stage.merchant("anna")
        session = try merchant.linkSession("order-1")
    }

    func process(_ arguments: [String], key: String) -> ProgramProcess {
        ProgramProcess(
            [
                "listen", "--url", "http://127.0.0.1:\(stage.node.publicPort)", "--forward",
                stage.receivers.url(Scene.path),
            ] + arguments, log: stage.installation.folder + "/listen-\(UUID().uuidString).log",
            environment: ["SUBGATE_API_KEY=\(key)"])
    }

    /// Starts it and returns when it listens. Options that are given again count.
    func listen(_ arguments: [String] = []) throws -> Listening {
        let process = process(arguments, key: merchant.secret)
        try process.start()
        try Patience.wait(until: "listening") {
            guard process.isRunning else { throw Unexpected("listen ended: \(process.log)") }
            return process.log.contains("Signing secret: ") && process.log.hasSuffix("\n")
        }
        return Listening(process)
    }

    func begin(_ count: Int, to nodes: [ServiceProcess]? = nil) -> MeshPost {
        stage.post(MeshEvents.stream(count, over: [session]), to: nodes)
    }

    func post(_ count: Int, to nodes: [ServiceProcess]? = nil) throws {
        let post = begin(count, to: nodes)
        guard post.wait(forAcks: count, within: .seconds(20)) != nil else { throw Unexpected("\(post.current)") }
    }
}

/// A running `subgate listen`; it ends with the test.
private final class Listening: Sendable {
    private let process: ProgramProcess
    /// What it said it signs with.
    let secret: String

    init(_ process: ProgramProcess) {
        self.process = process
        let lines = process.log.split(separator: "\n")
        secret = lines.compactMap { $0.hasPrefix("Signing secret: ") ? String($0.dropFirst(16)) : nil }.first ?? ""
    }

    deinit { process.kill() }

    var log: String { process.log }
    var isRunning: Bool { process.isRunning }
    func end(with signal: Int32) -> ChildProcess.Exit? { process.end(with: signal, within: .seconds(10)) }
}

extension ReceiverFarm.Received {
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}
