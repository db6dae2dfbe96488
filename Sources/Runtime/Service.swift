/// The one shape of long-lived things: a listener, a dispatcher, a periodic job.
package protocol Service: Sendable {
    /// For logs: `public listener`.
    var name: String { get }
    /// Works until `stop()` is called or it fails. Returning without being stopped counts as an end of service and
    /// stops the others.
    func run() async throws
    /// Asks `run()` to finish what it holds and return; returns when nothing is left to wait for but `run()` itself.
    func stop() async
}

/// Runs services together: started in order, stopped in reverse order, all of them as soon as one ends.
package final class ServiceGroup: @unchecked Sendable {
    /// Why the group ended, and what it had to leave behind.
    package struct Outcome: Sendable {
        package enum Cause: Sendable {
            case requested
            /// A service returned although nobody stopped it.
            case ended(service: String)
            case failed(service: String, error: any Error)
        }
        package let cause: Cause
        /// Services that were still running at the deadline, in their order; their tasks were cancelled.
        package let unfinished: [String]
    }

    private let services: [any Service]
    private let loop: EventLoop
    private let deadline: Duration
    private let log: Log
    private let events: AsyncStream<Event>
    private let report: AsyncStream<Event>.Continuation

    private enum Event: Sendable {
        case stopRequested
        case finished(Int, (any Error)?)
        case stopped(Int)
        case deadlinePassed
    }

    /// Services run on `loop` unless they move themselves; `deadline` counts from the first reason to stop.
    package init(_ services: [any Service], on loop: EventLoop, deadline: Duration, log: Log) {
        self.services = services
        self.loop = loop
        self.deadline = deadline
        self.log = log
        (events, report) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    }

    /// Starts the graceful stop. Callable from any thread, any number of times.
    package func requestStop() { report.yield(.stopRequested) }

    /// Runs until all services have finished or the deadline has passed.
    package func run() async -> Outcome {
        let running = services.indices.map(start)
        var state = ServiceGroupState(count: services.count)
        var cause = Outcome.Cause.requested
        var timer: Task<Void, Never>?
        for await event in events {
            let wasStopping = state.isStopping
            let actions: [ServiceGroupState.Action]
            switch event {
            case .stopRequested: actions = state.stopRequested()
            case .stopped(let index): actions = state.stopReturned(index)
            case .deadlinePassed: actions = state.deadlinePassed()
            case .finished(let index, let error):
                note(index, error, wasStopping: wasStopping)
                if !wasStopping {
                    let name = services[index].name
                    cause = error.map { .failed(service: name, error: $0) } ?? .ended(service: name)
                }
                actions = state.finished(index)
            }
            if state.isStopping, timer == nil { timer = startTimer() }
            for action in actions {
                switch action {
                case .stop(let index): stop(index)
                case .cancel(let index): running[index].cancel()
                case .end: report.finish()
                }
            }
        }
        timer?.cancel()
        return Outcome(cause: cause, unfinished: state.unfinished.map { services[$0].name })
    }

    private func start(_ index: Int) -> Task<Void, Never> {
        let (service, report) = (services[index], report)
        return loop.spawn {
            do {
                try await service.run()
                report.yield(.finished(index, nil))
            } catch {
                report.yield(.finished(index, error))
            }
        }
    }

    private func stop(_ index: Int) {
        let (service, report) = (services[index], report)
        log.debug("stopping", [(.service, .text(service.name))])
        loop.spawn {
            await service.stop()
            report.yield(.stopped(index))
        }
    }

    private func startTimer() -> Task<Void, Never> {
        let (loop, deadline, report) = (loop, deadline, report)
        return loop.spawn {
            await loop.sleep(for: deadline)
            if !Task.isCancelled { report.yield(.deadlinePassed) }
        }
    }

    private func note(_ index: Int, _ error: (any Error)?, wasStopping: Bool) {
        let name = LogValue.text(services[index].name)
        if let error {
            log.error("service failed", [(.service, name), (.error, .text("\(error)"))])
        } else if !wasStopping {
            log.error("service ended without being stopped", [(.service, name)])
        }
    }
}

/// What a group does next: a value, so that every order of events can be tested.
struct ServiceGroupState {
    enum Action: Equatable {
        case stop(Int)
        case cancel(Int)
        /// Nothing is left to wait for.
        case end
    }

    private var isRunning: [Bool]
    /// Services whose `stop()` has been called and has not returned.
    private var isAwaitingStop: [Bool]
    private var hasEnded = false
    private(set) var isStopping = false
    /// The service being stopped; those above it are done.
    private var current: Int

    init(count: Int) {
        isRunning = [Bool](repeating: true, count: count)
        isAwaitingStop = [Bool](repeating: false, count: count)
        current = count
    }

    /// Services that have neither returned nor been stopped.
    var unfinished: [Int] { isRunning.indices.filter { isRunning[$0] || isAwaitingStop[$0] } }

    mutating func stopRequested() -> [Action] {
        if isStopping { return [] }
        isStopping = true
        return advance()
    }

    mutating func finished(_ index: Int) -> [Action] {
        isRunning[index] = false
        if !isStopping { return stopRequested() }
        return index == current ? advance() : []
    }

    mutating func stopReturned(_ index: Int) -> [Action] {
        isAwaitingStop[index] = false
        return index == current ? advance() : []
    }

    mutating func deadlinePassed() -> [Action] {
        if hasEnded { return [] }
        hasEnded = true
        return isRunning.indices.filter { isRunning[$0] }.map { .cancel($0) } + [.end]
    }

    /// Goes down to the next service that still runs, once the current one is done.
    private mutating func advance() -> [Action] {
        if hasEnded { return [] }
        if isRunning.indices.contains(current), isRunning[current] || isAwaitingStop[current] { return [] }
        while current > 0 {
            current -= 1
            if isRunning[current] {
                isAwaitingStop[current] = true
                return [.stop(current)]
            }
        }
        hasEnded = true
        return [.end]
    }
}
