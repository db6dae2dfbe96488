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
        let order = onLoop { loop in
            let worker = Worker(capacity: 100)
            let log = Mutex<[Int]>([])
            let running = Atomic<Int>(0)
            let most = Atomic<Int>(0)
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        _ = await worker.run {
                            let now = running.add(1, ordering: .relaxed).newValue
                            most.max(now, ordering: .relaxed)
                            log.withLock { $0.append(number) }
                            running.subtract(1, ordering: .relaxed)
                        }
                    }
                }
            }
            return (log.withLock { $0 }, most.load(ordering: .relaxed))
        }
        #expect(order.0 == Array(0..<100))
        #expect(order.1 == 1)
    }

    @Test func whatIsBeyondTheCapacityIsRefusedAtOnceAndLaterWorkIsTakenAgain() {
        let (refused, taken, later) = onLoop { loop in
            let worker = Worker(capacity: 2)
            let gate = Gate()
            let begun = Gate()
            let results = Mutex<[Int]>([])
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = await worker.run {
                        begun.open()
                        gate.wait()
                    }
                }
                group.addTask {
                    // The thread is at the first piece: two more may wait.
                    _ = await worker.run {}
                }
                await Task.yield()
                _ = await loop.run { begun.wait() }
                for _ in 0..<5 {
                    group.addTask {
                        let result: Int? = await worker.run { 1 }
                        results.withLock { $0.append(result ?? -1) }
                        if results.withLock({ $0.count { $0 == -1 } }) == 4 { gate.open() }
                    }
                }
            }
            return (
                results.withLock { $0.count { $0 == -1 } }, results.withLock { $0.count { $0 == 1 } },
                await worker.run { 5 }
            )
        }
        #expect(refused == 4 && taken == 1 && later == 5)
    }

    /// Opens once.
    private final class Gate: Sendable {
        private let isOpen = Atomic<Bool>(false)
        func open() { isOpen.store(true, ordering: .releasing) }
        func wait() { while !isOpen.load(ordering: .acquiring) {} }
    }
}
