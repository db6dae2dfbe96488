import Foundation

/// A receiver of webhooks on this machine: notes every request, whole, before it answers, and behaves as it is told.
package final class ReceiverFarm: @unchecked Sendable {
    package struct Received: Sendable {
        package var path: String
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]
        package var at: ContinuousClock.Instant
        /// How many requests came for this path before this one.
        package var index: Int

        package func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name }?.value
        }

        /// The event, the same on every attempt.
        package var webhookID: String { header("webhook-id") ?? "" }
    }

    package enum Behaviour: Sendable {
        case answer(_ status: Int, body: String = "", after: Duration = .zero, retryAfter: Int? = nil)
        /// Never answers; the connection stays open.
        case hang
        /// Reads the request, then resets the connection.
        case reset
    }

    package typealias Plan = @Sendable (_ request: Received) -> Behaviour

    /// Guards what follows; told of every request.
    private let condition = NSCondition()
    private var log: [Received] = []
    private var counts: [String: Int] = [:]
    private var plans: [String: Plan] = [:]
    private var open: [Int: LoopbackConnection] = [:]
    private var isStopped = false
    private var listener: LoopbackListener?

    package init() throws {
        listener = try LoopbackListener { [weak self] connection in self?.serve(connection) }
    }

    package var port: UInt16 { listener?.port ?? 0 }

    /// The URL of a path such as `/a`. By name, as an address in a URL is refused.
    package func url(_ path: String) -> String { "http://localhost:\(port)\(path)" }

    /// What a path does from now on; without a plan it answers 200.
    package func plan(_ path: String, _ plan: @escaping Plan) {
        condition.withLock { plans[path] = plan }
    }

    /// Everything that came, in order.
    package var received: [Received] { condition.withLock { log } }
    package func received(_ path: String) -> [Received] { received.filter { $0.path == path } }
    package var count: Int { condition.withLock { log.count } }

    /// What came, once there is enough of it; nil when the time is over.
    package func wait(
        within limit: Duration = .seconds(20), until isEnough: ([Received]) -> Bool
    ) -> [Received]? {
        let deadline = Date(timeIntervalSinceNow: limit.inSeconds)
        condition.lock()
        defer { condition.unlock() }
        while !isEnough(log) {
            if !condition.wait(until: deadline) { return isEnough(log) ? log : nil }
        }
        return log
    }

    /// Refuses new connections and ends those that are open.
    package func stop() {
        listener?.stop()
        let connections = condition.withLock {
            isStopped = true
            condition.broadcast()
            return Array(open.values)
        }
        for connection in connections { connection.socket.hangUp() }
    }

    // MARK: One connection

    private func serve(_ connection: LoopbackConnection) {
        let isWelcome = condition.withLock {
            if !isStopped { open[connection.number] = connection }
            return !isStopped
        }
        defer { condition.withLock { open[connection.number] = nil } }
        var bytes: [UInt8] = []
        while isWelcome {
            while let (message, end) = HTTPMessage.take(from: bytes[...]) {
                bytes.removeFirst(end)
                guard answer(message, on: connection) else { return }
            }
            guard let more = try? connection.socket.read() else { return }
            bytes += more
        }
    }

    private func answer(_ message: HTTPMessage, on connection: LoopbackConnection) -> Bool {
        switch note(message) {
        case .answer(let status, let body, let delay, let rest):
            if delay > .zero { Patience.pause(delay) }
            var head = "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)"
            if let rest { head += "\r\nRetry-After: \(rest)" }
            return (try? connection.socket.write("\(head)\r\n\r\n\(body)")) != nil
        case .hang:
            // Ends when either side ends the connection.
            _ = try? connection.socket.readToEnd()
            return false
        case .reset:
            connection.socket.resetOnClose()
            return false
        }
    }

    private func note(_ message: HTTPMessage) -> Behaviour {
        let parts = message.startLine.split(separator: " ")
        let path = parts.count == 3 ? String(parts[1]) : message.startLine
        let (received, plan) = condition.withLock { () -> (Received, Plan?) in
            let received = Received(
                path: path, headers: message.headers, body: message.body, at: .now, index: counts[path, default: 0])
            counts[path, default: 0] += 1
            log.append(received)
            condition.broadcast()
            return (received, plans[path])
        }
        return plan?(received) ?? .answer(200)
    }
}
