import Runtime

/// Lets one waiting task sleep until a time or a signal. Loop-bound.
struct Nudge: Sendable {
    private struct State {
        var isSignalled = false
        var sleeper: Task<Void, Never>?
    }

    private let loop: EventLoop
    private let state: LoopState<State>

    init(loop: EventLoop) {
        self.loop = loop
        state = LoopState(loop, State())
    }

    /// Ends the wait that is under way, or the next one at once.
    func signal() {
        let sleeper = state.withValue { state in
            state.isSignalled = true
            return state.sleeper
        }
        sleeper?.cancel()
    }

    func wait(atMost duration: Duration) async {
        let sleeper: Task<Void, Never>? = state.withValue { state in
            if state.isSignalled { return nil }
            let sleeper = loop.spawn { await loop.sleep(for: duration) }
            state.sleeper = sleeper
            return sleeper
        }
        await sleeper?.value
        state.withValue {
            $0.isSignalled = false
            $0.sleeper = nil
        }
    }
}
