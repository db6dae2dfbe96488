import Synchronization

/// Lets a few tests at a time have a database, a loop and a store. The test runner starts every test at once: hundreds
/// of them would share two cores and one cluster, and fail for want of connections or of patience.
package final class FixtureGate: Sendable {
    package static let shared = FixtureGate(capacity: 16)

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(capacity: Int) { state = Mutex(State(free: capacity)) }

    package func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    package func leave() {
        let next = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
