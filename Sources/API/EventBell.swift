package import Domain
import Runtime
import Synchronization

/// Tells readers of event streams, on every loop of a node, that one of their events was committed; and bounds how many
/// wait. What other nodes commit it does not hear of.
package final class EventBell: Sendable {
    private struct State {
        var readers: [SubClientID: [EventReader]] = [:]
        var count = 0
        var isClosed = false
    }

    private let state = Locked(State())
    /// Of readers; read without the lock for each committed event.
    private let count = Atomic<Int>(0)

    package init() {}

    /// A place for one more reader of the sub-client's events, to be left by `leave`; nil when there is none.
    func enter(_ subClient: SubClientID, on loop: EventLoop) -> EventReader? {
        state.withValue { state in
            let waiting = state.readers[subClient]?.count ?? 0
            guard state.count < APILimits.streamReaders, waiting < APILimits.streamReadersPerSubClient else {
                return nil
            }
            let reader = EventReader(subClient, loop)
            state.readers[subClient, default: []].append(reader)
            state.count += 1
            count.store(state.count, ordering: .relaxed)
            return reader
        }
    }

    func leave(_ reader: EventReader) {
        state.withValue { state in
            guard let index = state.readers[reader.subClient]?.firstIndex(where: { $0 === reader }) else { return }
            state.readers[reader.subClient]?.remove(at: index)
            if state.readers[reader.subClient]?.isEmpty == true { state.readers[reader.subClient] = nil }
            state.count -= 1
            count.store(state.count, ordering: .relaxed)
        }
    }

    /// Says that an event of the sub-client was committed. Callable from any thread.
    package func ring(_ subClient: SubClientID) {
        // Whoever enters after this look reads the event: it is committed.
        if count.load(ordering: .relaxed) == 0 { return }
        for reader in state.withValue({ $0.readers[subClient] ?? [] }) { reader.wake() }
    }

    /// Ends all waits, for good: the node stops.
    package func close() {
        let readers = state.withValue { state in
            state.isClosed = true
            return state.readers.values.flatMap { $0 }
        }
        for reader in readers { reader.wake() }
    }

    /// How many wait.
    package var readers: Int { count.load(ordering: .relaxed) }

    var isClosed: Bool { state.withValue { $0.isClosed } }
}

/// One who waits for events of a sub-client. Belongs to a loop; `wake` may be called from any thread.
final class EventReader: Sendable {
    private struct State {
        var isWoken = false
        var sleeper: Task<Void, Never>?
    }

    let subClient: SubClientID
    private let loop: EventLoop
    private let state: LoopState<State>

    init(_ subClient: SubClientID, _ loop: EventLoop) {
        self.subClient = subClient
        self.loop = loop
        state = LoopState(loop, State())
    }

    /// Ends the wait that is under way, or the next one at once.
    func wake() {
        loop.execute { [state] in
            let sleeper = state.withValue { state in
                state.isWoken = true
                return state.sleeper
            }
            sleeper?.cancel()
        }
    }

    /// Returns when woken, when the time is over, or when the task is cancelled.
    func wait(atMost duration: Duration) async {
        let sleeper: Task<Void, Never>? = state.withValue { state in
            if state.isWoken { return nil }
            let sleeper = loop.spawn { [loop] in await loop.sleep(for: duration) }
            state.sleeper = sleeper
            return sleeper
        }
        await withTaskCancellationHandler {
            await sleeper?.value
        } onCancel: {
            sleeper?.cancel()
        }
        state.withValue {
            $0.isWoken = false
            $0.sleeper = nil
        }
    }
}
