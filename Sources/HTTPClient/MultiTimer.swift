import Runtime

/// curl's one timer. Loop-bound. curl moves it several times per request, mostly later: the loop's timer is moved only
/// when it must fire earlier, and looks at the time wanted when it fires.
final class MultiTimer {
    private let loop: EventLoop
    private let timer: LoopTimer
    private let fire: () -> Void
    /// Monotonic nanoseconds; nil when curl wants no call.
    private var wanted: UInt64?
    private var scheduled: UInt64?
    private var isKicking = false

    init(_ loop: EventLoop, fire: @escaping () -> Void) {
        self.loop = loop
        self.fire = fire
        timer = LoopTimer(loop)
    }

    /// - Parameter milliseconds: from now; 0 for at once, but not within this call; negative for never.
    func set(milliseconds: Int) {
        if milliseconds < 0 {
            wanted = nil
        } else if milliseconds == 0 {
            wanted = nil
            kick()
        } else {
            want(EventLoop.monotonicNanoseconds + UInt64(milliseconds) * 1_000_000)
        }
    }

    /// All requests that began in one turn of the loop are carried out together at its end.
    private func kick() {
        if isKicking { return }
        isKicking = true
        loop.atTurnEnd { [weak self] in
            guard let self else { return }
            isKicking = false
            fire()
        }
    }

    private func want(_ time: UInt64) {
        wanted = time
        if let scheduled, scheduled <= time { return }
        schedule(time)
    }

    private func schedule(_ time: UInt64) {
        scheduled = time
        let now = EventLoop.monotonicNanoseconds
        timer.schedule(after: .nanoseconds(time > now ? Int64(time - now) : 0)) { [weak self] in self?.fired() }
    }

    private func fired() {
        scheduled = nil
        guard let wanted else { return }
        if EventLoop.monotonicNanoseconds < wanted { return schedule(wanted) }
        self.wanted = nil
        fire()
    }

    func close() { timer.close() }
}
