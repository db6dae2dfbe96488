import Runtime

/// The bounded number of transfers in flight, and the queue in front of it, first come first served. Loop-bound.
final class Places: @unchecked Sendable {
    enum Entry { case granted, refused, cancelled }

    private let loop: EventLoop
    private let maximum: Int
    private let maximumWaiting: Int
    private(set) var taken = 0
    /// Those who gave up stay until their turn comes; `waitingCount` leaves them out.
    private var waiting = Queue()
    private(set) var waitingCount = 0

    init(_ loop: EventLoop, maximum: Int, maximumWaiting: Int) {
        self.loop = loop
        self.maximum = maximum
        self.maximumWaiting = maximumWaiting
    }

    /// Takes a place if one is free. Then nobody waits: a place that is given back goes to the first who does.
    func takeNow() -> Bool {
        guard taken < maximum else { return false }
        taken += 1
        return true
    }

    /// Waits for a place.
    func take(within limit: Duration) async -> Entry {
        if takeNow() { return .granted }
        guard waitingCount < maximumWaiting else { return .refused }
        let promise = Promise<Bool>()
        waiting.append(promise)
        waitingCount += 1
        switch await promise.value(within: limit, on: loop) {
        case .value(let isGranted): return isGranted ? .granted : .refused
        case .timedOut:
            gaveUp()
            return .refused
        case .cancelled:
            gaveUp()
            return .cancelled
        }
    }

    private func gaveUp() {
        waitingCount -= 1
        if waiting.count > 2 * waitingCount + 1_024 { waiting.removeSettled() }
    }

    /// Gives a place back: to the next who waits, if any.
    func leave() {
        while let next = waiting.popFirst() {
            if next.isSettled { continue }
            waitingCount -= 1
            next.fulfil(true)
            return
        }
        taken -= 1
    }

    func refuseAllWaiting() {
        while let next = waiting.popFirst() {
            if next.isSettled { continue }
            waitingCount -= 1
            next.fulfil(false)
        }
    }

    /// An array that is read from a moving start.
    private struct Queue {
        private var items: [Promise<Bool>] = []
        private var start = 0

        var count: Int { items.count - start }

        mutating func removeSettled() {
            items = items[start...].filter { !$0.isSettled }
            start = 0
        }

        mutating func append(_ item: Promise<Bool>) { items.append(item) }

        mutating func popFirst() -> Promise<Bool>? {
            guard start < items.count else { return nil }
            defer {
                start += 1
                if start == items.count || start > 1_024 {
                    items.removeFirst(start)
                    start = 0
                }
            }
            return items[start]
        }
    }
}
