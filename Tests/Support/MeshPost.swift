import Foundation
import Glibc

/// The upstream's side of a webhook: signs, posts to `/inbound/mesh/{id}`, and posts again until it is answered 200.
package final class MeshPost: @unchecked Sendable {
    package struct Event: Sendable {
        /// The upstream's EventId.
        package var id: String
        package var body: [UInt8]

        package init(id: String, body: [UInt8]) {
            self.id = id
            self.body = body
        }
    }

    package struct Ledger: Sendable {
        /// When each event, by its id, was answered 200.
        package var acked: [String: ContinuousClock.Instant] = [:]
        /// How many posts were answered with each other status.
        package var refusals: [Int: Int] = [:]
        /// Posts that ended without an answer: nobody listened, the connection ended.
        package var unanswered = 0
    }

    private let ports: [UInt16]
    private let path: String
    private let secret: String
    /// Guards what follows.
    private let condition = NSCondition()
    private var waiting: [Event]
    private var ledger = Ledger()
    private var isStopped = false
    private var crew: Crew?

    /// Starts `posters` threads that post the events in order, to the ports in turn, until all are answered 200.
    package init(
        _ events: [Event], upstream: String, secret: String, ports: [UInt16], posters: Int = 8
    ) {
        waiting = events.reversed()
        path = "/inbound/mesh/\(upstream)"
        self.secret = secret
        self.ports = ports
        crew = Crew(posters) { [self] number in post(number) }
    }

    /// What was answered so far.
    package var current: Ledger { condition.withLock { ledger } }

    /// The ledger once `count` events were acknowledged; nil when the time is over.
    package func wait(forAcks count: Int, within limit: Duration) -> Ledger? {
        let deadline = Date(timeIntervalSinceNow: limit.inSeconds)
        condition.lock()
        defer { condition.unlock() }
        while ledger.acked.count < count {
            if !condition.wait(until: deadline) { return ledger.acked.count < count ? nil : ledger }
        }
        return ledger
    }

    /// Gives up what is not answered yet, and waits for the threads.
    @discardableResult
    package func stop() -> Ledger {
        condition.withLock { isStopped = true }
        _ = crew?.join(within: .seconds(30))
        return current
    }

    // MARK: One thread

    private func post(_ number: Int) {
        let probes = ports.map { HTTPProbe(port: $0, limit: .seconds(10)) }
        var turn = number
        while let event = next() {
            let signature = WebhookSignature.mesh(event.body, secret: secret)
            let headers = [("Content-Type", "application/json"), ("X-Mesh-Signature-256", signature)]
            while !condition.withLock({ isStopped }) {
                turn += 1
                let answer = try? probes[turn % probes.count].send("POST", path, headers: headers, body: event.body)
                if note(event, answer?.status) { break }
                Patience.pause(.milliseconds(10))
            }
        }
    }

    private func next() -> Event? { condition.withLock { isStopped ? nil : waiting.popLast() } }

    private func note(_ event: Event, _ status: Int?) -> Bool {
        condition.withLock {
            switch status {
            case 200: ledger.acked[event.id] = .now
            case .some(let other): ledger.refusals[other, default: 0] += 1
            case nil: ledger.unanswered += 1
            }
            condition.broadcast()
            return status == 200
        }
    }
}
