import Runtime

/// Browsers that wait for an order to change. Loop-bound.
struct ShopWatchers: Sendable {
    /// At once, over all orders: each holds a connection.
    static let limit = 64

    private struct State {
        var waiting: [String: [Promise<Void>]] = [:]
        var count = 0
        var isClosed = false
    }

    private let loop: EventLoop
    private let state: LoopState<State>

    init(_ loop: EventLoop) {
        self.loop = loop
        state = LoopState(loop, State())
    }

    /// Returns when the order changed, when the time is over or the task is cancelled; false, and at once, when there
    /// is no place to wait.
    func wait(for order: String, atMost limit: Duration) async -> Bool {
        let promise = Promise<Void>()
        let mayWait = state.withValue { state in
            if state.isClosed || state.count >= ShopWatchers.limit { return false }
            state.waiting[order, default: []].append(promise)
            state.count += 1
            return true
        }
        guard mayWait else { return false }
        _ = await promise.value(within: limit, on: loop)
        state.withValue { state in
            state.waiting[order]?.removeAll { $0 === promise }
            if state.waiting[order]?.isEmpty == true { state.waiting[order] = nil }
            state.count -= 1
        }
        return true
    }

    func call(_ order: String) {
        for promise in state.withValue({ $0.waiting[order] ?? [] }) { promise.fulfil(()) }
    }

    /// Lets everybody go: the shop closes.
    func close() {
        let all = state.withValue { state in
            state.isClosed = true
            return state.waiting.values.flatMap { $0 }
        }
        for promise in all { promise.fulfil(()) }
    }
}
