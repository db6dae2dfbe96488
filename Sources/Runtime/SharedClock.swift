package import Domain
import Synchronization

/// The time of a server that many machines look at, so that they agree on what has ended: their own clocks may be off,
/// and may jump. Between two looks time passes as this machine's steady clock says.
package final class SharedClock: Sendable {
    private let machine: Clock
    /// Microseconds from the steady clock's reading to the server's time.
    private let offset: Atomic<Int64>

    /// Goes by the machine's own time until the first look.
    package init(machine: Clock = .system) {
        self.machine = machine
        offset = Atomic(machine.now().microseconds - SharedClock.steady(machine.monotonic()))
    }

    /// As whoever asks for the time takes it.
    package var clock: Clock { Clock(now: { [self] in now() }, monotonic: { [machine] in machine.monotonic() }) }

    /// How far the machine's own time is ahead.
    package var machineIsAhead: Duration { machine.now() - now() }

    /// The server's time was `time` at some moment between `sent` and `received`, which are steady readings. A clock
    /// that may have been right stays as it is, so that a slow answer moves nothing.
    package func learn(_ time: Timestamp, sent: UInt64, received: UInt64) {
        let bounds = time.microseconds - SharedClock.steady(received)...time.microseconds - SharedClock.steady(sent)
        if bounds.contains(offset.load(ordering: .relaxed)) { return }
        offset.store(bounds.lowerBound + (bounds.upperBound - bounds.lowerBound) / 2, ordering: .relaxed)
    }

    private func now() -> Timestamp {
        Timestamp(microseconds: SharedClock.steady(machine.monotonic()) + offset.load(ordering: .relaxed))
    }

    private static func steady(_ nanoseconds: UInt64) -> Int64 { Int64(nanoseconds / 1_000) }
}
