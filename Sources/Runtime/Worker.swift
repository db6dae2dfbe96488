import Glibc

/// A thread for work that takes longer than a loop may be held. One piece runs at a time, so what the largest of them
/// needs in memory is needed once in the process. The thread is there only while there is work.
package final class Worker: @unchecked Sendable {
    private let lock = Lock()
    private let capacity: Int
    /// Guarded by `lock`, as is the next.
    private var waiting: [Piece] = []
    private var isRunning = false

    /// Work, or how to tell its caller that it will not be done.
    private struct Piece {
        let run: @Sendable () -> Void
        let refuse: @Sendable () -> Void
    }

    /// `capacity` is how many pieces may wait behind the one that runs.
    package init(capacity: Int) { self.capacity = capacity }

    /// Runs `body` on the thread and returns its result to the caller's own loop. Nil, at once, when as many wait as
    /// may.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            add(
                Piece(run: { continuation.resume(returning: body()) }, refuse: { continuation.resume(returning: nil) }))
        }
    }

    private func add(_ piece: Piece) {
        let (isTaken, isFirst) = lock.withLock {
            guard waiting.count < capacity || !isRunning else { return (false, false) }
            waiting.append(piece)
            defer { isRunning = true }
            return (true, !isRunning)
        }
        if !isTaken { return piece.refuse() }
        if isFirst, !startThread() { refuseAll() }
    }

    /// False for want of memory or threads.
    private func startThread() -> Bool {
        var thread = pthread_t()
        let me = unsafe Unmanaged.passRetained(self).toOpaque()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                unsafe Unmanaged<Worker>.fromOpaque(argument!).takeRetainedValue().work()
                return nil
            }, me)
        if status == 0 {
            pthread_detach(thread)
        } else {
            unsafe Unmanaged<Worker>.fromOpaque(me).release()
        }
        return status == 0
    }

    private func work() {
        while let piece = next() { piece.run() }
    }

    private func next() -> Piece? {
        lock.withLock {
            if waiting.isEmpty { isRunning = false }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }

    private func refuseAll() {
        let refused = lock.withLock {
            defer { waiting = [] }
            isRunning = false
            return waiting
        }
        for piece in refused { piece.refuse() }
    }
}
