import Runtime
import Synchronization
import Testing

@Suite struct WorkerTests {
    private func onLoop<Result: Sendable>(_ body: @escaping @Sendable (EventLoop) async -> Result) -> Result {
        let loop = EventLoop()
        loop.start()
        defer { loop.stop() }
        return loop.wait { await body(loop) }
    }

    @Test func workRunsElsewhereAndItsResultComesBackToTheLoop() {
        let (ranOnLoop, resumedOnLoop, result) = onLoop { loop in
            let worker = Worker(capacity: 1)
            let answer = await worker.run { (loop.isCurrent, 7 * 6) }
            return (answer?.0, loop.isCurrent, answer?.1)
        }
        #expect(ranOnLoop == false && resumedOnLoop && result == 42)
    }

    @Test func theLoopGoesOnMeanwhile() {
        let isDone = onLoop { loop in
            let worker = Worker(capacity: 1)
            let gate = Gate()
            // Only the loop opens the gate: were it held, this would never end.
            let opener = loop.spawn { gate.open() }
            let result = await worker.run {
                gate.wait()
                return true
            }
            await opener.value
            return result
        }
        #expect(isDone == true)
    }

    @Test func piecesRunOneAtATimeAndInOrder() {
        let seen = Seen()
        onLoop { loop in
            let worker = Worker(capacity: 100)
            let tasks = (0..<100).map { number in
                loop.spawn { _ = await worker.run { seen.note(number) } }
            }
            for task in tasks { await task.value }
        }
        #expect(seen.numbers.withLock { $0 } == Array(0..<100))
        #expect(seen.most.load(ordering: .relaxed) == 1)
    }

    @Test func whatIsBeyondTheCapacityIsRefusedAtOnceAndLaterWorkIsTakenAgain() {
        let seen = Seen()
        let later = onLoop { loop in
            let worker = Worker(capacity: 2)
            let gate = Gate()
            let begun = Gate()
            let first = loop.spawn {
                _ = await worker.run {
                    begun.open()
                    gate.wait()
                }
            }
            await loop.run {}
            begun.wait()
            // The thread is at the first piece: of six more, two may wait.
            let others = (0..<6).map { _ in
                loop.spawn {
                    let result: Int? = await worker.run { 1 }
                    seen.numbers.withLock { $0.append(result ?? -1) }
                    if seen.numbers.withLock({ $0.count { $0 == -1 } }) == 4 { gate.open() }
                }
            }
            for task in [first] + others { await task.value }
            return await worker.run { 5 }
        }
        #expect(seen.numbers.withLock { $0 } == [-1, -1, -1, -1, 1, 1])
        #expect(later == 5)
    }

    private final class Seen: Sendable {
        let numbers = Mutex<[Int]>([])
        let most = Atomic<Int>(0)
        private let running = Atomic<Int>(0)

        func note(_ number: Int) {
            most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
            numbers.withLock { $0.append(number) }
            running.subtract(1, ordering: .relaxed)
        }
    }

    /// Opens once.
    private final class Gate: Sendable {
        private let isOpen = Atomic<Bool>(false)
        func open() { isOpen.store(true, ordering: .releasing) }
        func wait() { while !isOpen.load(ordering: .acquiring) {} }
    }
}
