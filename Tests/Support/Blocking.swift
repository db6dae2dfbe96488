import Foundation

/// Runs what blocks on a thread of its own: tests that wait must not hold a thread of the pool that all tests share.
package func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(OwnThread()) { try await OwnThread.run(body) }
}

/// Runs each job on a new thread. The task stays the same, so that the test it belongs to is known there.
private final class OwnThread: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    @concurrent
    static func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value { try body() }
}

/// Threads that were started together and are waited for together.
package final class Crew: Sendable {
    private let condition = NSCondition()
    private let running = Counted()

    /// `body` runs `count` times at once, each with its number.
    package init(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        running.set(count)
        for number in 0..<count {
            Thread.detachNewThread { [self] in
                body(number)
                condition.lock()
                running.decrement()
                condition.broadcast()
                condition.unlock()
            }
        }
    }

    /// Whether all threads ended within the time.
    package func join(within limit: Duration) -> Bool {
        let deadline = Date(timeIntervalSinceNow: limit.inSeconds)
        condition.lock()
        defer { condition.unlock() }
        while running.value > 0 {
            if !condition.wait(until: deadline) { return running.value == 0 }
        }
        return true
    }
}

/// A number guarded by the crew's condition.
private final class Counted: @unchecked Sendable {
    private(set) var value = 0
    func set(_ count: Int) { value = count }
    func decrement() { value -= 1 }
}

/// Waiting for what another process does, which sends no signal to wait for.
package enum Patience {
    package struct Exhausted: Error, CustomStringConvertible {
        package let description: String
    }

    /// Asks every few milliseconds until the answer is not nil; throws when the time is over.
    @discardableResult
    package static func wait<Value>(
        for what: String, within limit: Duration = .seconds(20), _ ask: () throws -> Value?
    ) throws -> Value {
        let deadline = ContinuousClock.now + limit
        while true {
            if let value = try ask() { return value }
            guard ContinuousClock.now < deadline else { throw Exhausted(description: "never came: \(what)") }
            pause(.milliseconds(5))
        }
    }

    /// As above for a condition.
    package static func wait(
        until what: String, within limit: Duration = .seconds(20), _ isTrue: () throws -> Bool
    ) throws {
        try wait(for: what, within: limit) { try isTrue() ? true : nil }
    }

    /// Lets time pass: the space between two tries, never a way to wait for something.
    package static func pause(_ duration: Duration) {
        let condition = NSCondition()
        condition.lock()
        _ = condition.wait(until: Date(timeIntervalSinceNow: duration.inSeconds))
        condition.unlock()
    }
}

extension Duration {
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    package var inMilliseconds: Int { Int(inSeconds * 1_000) }
}
