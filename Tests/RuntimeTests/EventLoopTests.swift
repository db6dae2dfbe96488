import Glibc
import Runtime
import Synchronization
import Testing

/// A loop that runs for the length of one test.
private func withLoop(_ body: (EventLoop) async throws -> Void) async rethrows {
    let loop = EventLoop()
    loop.start()
    try await body(loop)
    await Task.detached { loop.stop() }.value
}

@Suite struct EventLoopTests {
    @Test func aSpawnedTaskStaysOnTheLoopAcrossSuspensions() async {
        await withLoop { loop in
            let stayed = await withCheckedContinuation { continuation in
                loop.spawn {
                    var always = loop.isCurrent
                    for _ in 0..<100 {
                        await Task.yield()
                        always = always && loop.isCurrent
                    }
                    await loop.sleep(for: .milliseconds(2))
                    continuation.resume(returning: always && loop.isCurrent)
                }
            }
            #expect(stayed)
        }
    }

    @Test func turnEndRunsAfterAllReadyWork() async {
        await withLoop { loop in
            let order = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
                loop.execute {
                    let seen = Seen()
                    loop.atTurnEnd {
                        seen.values.append(3)
                        continuation.resume(returning: seen.values)
                    }
                    loop.execute {
                        seen.values.append(1)
                        loop.execute { seen.values.append(2) }
                    }
                }
            }
            #expect(order == [1, 2, 3])
        }
    }

    @Test func cancellingASleepEndsItAtOnce() async {
        await withLoop { loop in
            let task = loop.spawn { await loop.sleep(for: .seconds(3600)) }
            task.cancel()
            await task.value
        }
    }

    private final class Seen: @unchecked Sendable { var values: [Int] = [] }
}

extension EventLoopTests {
    @Test func aTaskThatYieldsWithoutEndDoesNotKeepTheTurnFromEnding() async {
        let loop = EventLoop()
        loop.start()
        let stop = Flag()
        await withCheckedContinuation { continuation in
            loop.execute {
                loop.spawn { while !stop.isSet { await Task.yield() } }
                loop.atTurnEnd { continuation.resume() }
            }
        }
        stop.set()
        await Task.detached { loop.stop() }.value
    }
}

private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
