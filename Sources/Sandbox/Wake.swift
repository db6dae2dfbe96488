import Runtime

/// Lets one task sleep until it is called or time is up. A call that finds nobody asleep ends the next sleep at once.
/// Loop-bound.
struct Wake: Sendable {
    private struct State {
        var wasCalled = false
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let loop: EventLoop
    private let state: LoopState<State>

    init(_ loop: EventLoop) {
        self.loop = loop
        state = LoopState(loop, State())
    }

    func call() {
        let sleeper = state.withValue { state in
            let sleeper = state.sleeper
            state.sleeper = nil
            state.wasCalled = sleeper == nil
            return sleeper
        }
        sleeper?.resume()
    }

    func sleep(atMost duration: Duration) async {
        let wasCalled = state.withValue { state in
            let wasCalled = state.wasCalled
            state.wasCalled = false
            return wasCalled
        }
        if wasCalled || duration <= .zero { return }
        let timer = LoopTimer(loop)
        await withCheckedContinuation { continuation in
            state.withValue { $0.sleeper = continuation }
            timer.schedule(after: duration) { call() }
        }
        timer.close()
    }
}
