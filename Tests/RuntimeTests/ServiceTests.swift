import Glibc
@testable import Runtime
import Testing

struct ServiceGroupStateTests {
    @Test func servicesStopInReverseOneAfterTheOther() {
        var state = ServiceGroupState(count: 3)
        #expect(state.stopRequested() == [.stop(2)])
        #expect(state.stopRequested() == [])
        #expect(state.finished(2) == [])
        #expect(state.stopReturned(2) == [.stop(1)])
        #expect(state.stopReturned(1) == [])
        #expect(state.finished(0) == [], "out of turn")
        #expect(state.finished(1) == [.end])
        #expect(state.unfinished == [])
        #expect(state.deadlinePassed() == [])
    }

    @Test func anEndedServiceStopsTheOthers() {
        var state = ServiceGroupState(count: 3)
        #expect(state.finished(1) == [.stop(2)])
        #expect(state.stopReturned(2) == [])
        #expect(state.finished(2) == [.stop(0)])
        #expect(state.unfinished == [0])
        #expect(state.finished(0) == [])
        #expect(state.stopReturned(0) == [.end])
    }

    @Test func theDeadlineCancelsWhatRunsAndEnds() {
        var state = ServiceGroupState(count: 3)
        _ = state.stopRequested()
        _ = state.finished(2)
        #expect(state.unfinished == [0, 1, 2], "the last one's stop has not returned")
        #expect(state.deadlinePassed() == [.cancel(0), .cancel(1), .end])
        #expect(state.stopReturned(2) == [])
        #expect(state.unfinished == [0, 1])
    }

    @Test func aGroupOfNoneEndsWhenAsked() {
        var state = ServiceGroupState(count: 0)
        #expect(state.stopRequested() == [.end])
    }

    /// Any order of events ends exactly once, with every service asked to stop or ended by itself.
    @Test func everyOrderOfEventsEndsOnce() {
        var random = RandomSource.seeded(11)
        for _ in 0..<5_000 {
            let count = Int.random(in: 1...4, using: &random)
            var state = ServiceGroupState(count: count)
            var runs = Set(0..<count)
            var stops: Set<Int> = []
            var asked: [Int] = []
            var ends = 0
            while ends == 0 {
                var actions: [ServiceGroupState.Action] = []
                switch Int.random(in: 0...2, using: &random) {
                case 0: actions = state.stopRequested()
                case 1:
                    // A service ends by itself, or because it was asked to.
                    // Sorted: a set has another order in each run.
                    guard let index = runs.sorted().randomElement(using: &random),
                        !state.isStopping || asked.contains(index)
                    else { continue }
                    runs.remove(index)
                    actions = state.finished(index)
                default:
                    guard let index = stops.sorted().randomElement(using: &random) else { continue }
                    stops.remove(index)
                    actions = state.stopReturned(index)
                }
                for action in actions {
                    switch action {
                    case .stop(let index):
                        #expect(runs.contains(index) && asked.allSatisfy { $0 > index })
                        asked.append(index)
                        stops.insert(index)
                    case .end: ends += 1
                    case .cancel: Issue.record("nothing is cancelled before the deadline")
                    }
                }
            }
            #expect(runs.isEmpty && stops.isEmpty && state.unfinished.isEmpty)
        }
    }
}

struct ServiceGroupTests {
    private final class Journal: @unchecked Sendable {
        private let lock = Lock()
        private var stored: [String] = []
        var entries: [String] { lock.withLock { stored } }
        func add(_ entry: String) { lock.withLock { stored.append(entry) } }
    }

    private struct Broken: Error {}

    /// Runs until it is stopped; reports what happens to it.
    private final class Probe: Service, @unchecked Sendable {
        let name: String
        private let journal: Journal
        private let failsAtOnce: Bool
        private let ignoresStop: Bool
        private let events = AsyncStream<Void>.makeStream()

        init(_ name: String, _ journal: Journal, failsAtOnce: Bool = false, ignoresStop: Bool = false) {
            (self.name, self.journal, self.failsAtOnce, self.ignoresStop) = (name, journal, failsAtOnce, ignoresStop)
        }

        func run() async throws {
            journal.add("start \(name)")
            if failsAtOnce { throw Broken() }
            for await _ in events.stream {}
            journal.add(Task.isCancelled ? "cancelled \(name)" : "end \(name)")
        }

        func stop() async {
            journal.add("stop \(name)")
            if !ignoresStop { events.continuation.finish() }
        }
    }

    private func outcome(
        deadline: Duration = .seconds(3_600), stops: Bool = true, _ make: (Journal) -> [Probe]
    ) async -> (ServiceGroup.Outcome, [String]) {
        let loop = EventLoop()
        loop.start()
        let journal = Journal()
        let group = ServiceGroup(make(journal), on: loop, deadline: deadline, log: .silent)
        if stops { group.requestStop() }
        // As in production: the group, its services and its timer share a loop, so a busy machine slows all of them.
        let outcome = await loop.run { await group.run() }
        await Task.detached { loop.stop() }.value
        return (outcome, journal.entries)
    }

    @Test func aRequestedStopGoesInReverse() async {
        let (outcome, entries) = await outcome { journal in ["a", "b", "c"].map { Probe($0, journal) } }
        guard case .requested = outcome.cause else {
            Issue.record("\(outcome.cause)")
            return
        }
        #expect(outcome.unfinished.isEmpty)
        #expect(entries.filter { $0.hasPrefix("start") } == ["start a", "start b", "start c"])
        #expect(entries.filter { $0.hasPrefix("stop") } == ["stop c", "stop b", "stop a"])
        #expect(entries.filter { $0.hasPrefix("end") } == ["end c", "end b", "end a"])
    }

    @Test func oneFailureStopsAll() async {
        let (outcome, entries) = await outcome(stops: false) { journal in
            [Probe("a", journal), Probe("b", journal, failsAtOnce: true), Probe("c", journal)]
        }
        guard case .failed("b", let error) = outcome.cause else {
            Issue.record("\(outcome.cause)")
            return
        }
        #expect(error is Broken)
        #expect(entries.filter { $0.hasPrefix("end") } == ["end c", "end a"])
    }

    @Test func whatDoesNotStopIsNamedAtTheDeadline() async {
        let (outcome, entries) = await outcome(deadline: .milliseconds(50)) { journal in
            [Probe("a", journal), Probe("b", journal, ignoresStop: true)]
        }
        #expect(outcome.unfinished == ["a", "b"])
        #expect(!entries.contains("stop a"))
    }
}

struct SignalTests {
    @Test func aSignalReachesItsLoop() async {
        let loop = EventLoop()
        loop.start()
        let count = await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
            loop.execute {
                let held = Held()
                held.watcher = SignalWatcher(loop, .hangup) {
                    held.count += 1
                    if held.count == 1 {
                        kill(getpid(), SIGHUP)
                        return
                    }
                    held.watcher?.close()
                    held.watcher = nil
                    continuation.resume(returning: held.count)
                }
                kill(getpid(), SIGHUP)
            }
        }
        #expect(count == 2)
        await Task.detached { loop.stop() }.value
    }

    private final class Held {
        var watcher: SignalWatcher?
        var count = 0
    }

    @Test func everySignalHasItsNumberAndName() {
        #expect(Signal.terminate.rawValue == SIGTERM)
        #expect(Signal.interrupt.rawValue == SIGINT)
        #expect(Signal.hangup.rawValue == SIGHUP)
        #expect("\(Signal.hangup.name)" == "SIGHUP")
    }

    @Test func aBrokenPipeIsAnError() {
        Signals.ignoreBrokenPipe()
        var ends: [Int32] = [0, 0]
        unsafe #expect(pipe(&ends) == 0)
        close(ends[0])
        let byte: [UInt8] = [1]
        let written = unsafe write(ends[1], byte, 1)
        #expect(written == -1 && errno == EPIPE)
        close(ends[1])
    }
}
