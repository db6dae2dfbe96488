/// One value that comes later, and one task that waits for it with a deadline. Loop-bound.
package final class Promise<Value: Sendable>: @unchecked Sendable {
    package enum Outcome: Sendable {
        case value(Value)
        case timedOut
        /// The waiting task was cancelled.
        case cancelled
    }

    private var outcome: Outcome?
    private var continuation: CheckedContinuation<Outcome, Never>?

    package init() {}

    /// Whether it is decided: a value, a timeout or a cancellation.
    package var isSettled: Bool { outcome != nil }

    /// The first outcome counts, later ones are dropped.
    package func fulfil(_ value: Value) { settle(.value(value)) }

    private func settle(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        let waiting = continuation
        continuation = nil
        waiting?.resume(returning: outcome)
    }

    /// Suspends the calling task, which runs on `loop`, until the value is there, `limit` has passed or the task is
    /// cancelled.
    package func value(within limit: Duration, on loop: EventLoop) async -> Outcome {
        loop.assertOnLoop()
        if outcome == nil, limit <= .zero { settle(.timedOut) }
        if let outcome { return outcome }
        let timer = LoopTimer(loop)
        timer.schedule(after: limit) { self.settle(.timedOut) }
        defer { timer.close() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let outcome { return continuation.resume(returning: outcome) }
                self.continuation = continuation
            }
        } onCancel: {
            loop.execute { self.settle(.cancelled) }
        }
    }
}
