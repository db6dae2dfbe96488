import Runtime

/// Tells the operator which addresses were refused and why, which nobody else is told. Loop-bound.
final class RefusalLog {
    private let log: Log
    /// When the next line about a host is due: whoever owns an endpoint could fill the log otherwise.
    private var dueAt: [String: UInt64] = [:]

    init(_ log: Log) { self.log = log }

    func tell(_ url: TargetURL, _ refusal: AddressRefusal) {
        let now = EventLoop.monotonicNanoseconds
        let host = "\(url.hostText):\(url.port)"
        if let due = dueAt[host], now < due { return }
        if dueAt.count >= Limits.refusalsRemembered {
            dueAt = dueAt.filter { now < $0.value }
            if dueAt.count >= Limits.refusalsRemembered { return }
        }
        dueAt[host] = now + Limits.refusalLogInterval.wholeNanoseconds
        log.warn("an address was refused", [(.address, .text(host)), (.reason, .text(refusal.description))])
    }
}
