import Domain
import Runtime
import Synchronization
import Testing

@Suite struct SharedClockTests {
    /// A machine whose wall clock a test sets, and whose steady clock it moves on.
    private final class Machine: Sendable {
        let wall = Atomic<Int64>(1_000_000_000_000)
        let steady = Atomic<UInt64>(5_000_000_000)

        var clock: Clock {
            Clock(
                now: { [self] in Timestamp(microseconds: wall.load(ordering: .relaxed)) },
                monotonic: { [self] in steady.load(ordering: .relaxed) })
        }

        func pass(_ span: Duration) {
            wall.wrappingAdd(span.microseconds, ordering: .relaxed)
            steady.wrappingAdd(UInt64(span.microseconds) * 1_000, ordering: .relaxed)
        }

        /// A look at the server that takes `trip`, half of it each way.
        func look(_ shared: SharedClock, at time: Timestamp, trip: Duration = .milliseconds(2)) {
            let sent = steady.load(ordering: .relaxed)
            pass(trip)
            shared.learn(time + trip / 2, sent: sent, received: steady.load(ordering: .relaxed))
        }
    }

    private let server = Timestamp(microseconds: 2_000_000_000_000)

    @Test func goesByTheMachineUntilItHasLooked() {
        let machine = Machine()
        let shared = SharedClock(machine: machine.clock)
        machine.pass(.seconds(3))
        #expect(shared.clock.now() == machine.clock.now())
        #expect(shared.machineIsAhead == .zero)
    }

    @Test func goesByTheServerFromTheFirstLookOn() {
        let machine = Machine()
        let shared = SharedClock(machine: machine.clock)
        machine.look(shared, at: server)
        #expect(shared.clock.now() == server + .milliseconds(2))
        machine.pass(.seconds(60))
        #expect(shared.clock.now() == server + .milliseconds(60_002))
        #expect(shared.machineIsAhead == .microseconds(1_000_000_000_000 - 2_000_000_000_000))
    }

    @Test func theMachinesWallClockMayJump() {
        let machine = Machine()
        let shared = SharedClock(machine: machine.clock)
        machine.look(shared, at: server)
        let before = shared.clock.now()
        machine.wall.store(7, ordering: .relaxed)
        machine.pass(.seconds(1))
        #expect(shared.clock.now() - before == .seconds(1))
    }

    @Test func aSlowAnswerThatProvesNothingMovesNothing() {
        let machine = Machine()
        let shared = SharedClock(machine: machine.clock)
        machine.look(shared, at: server)
        let before = shared.clock.now()
        // Four seconds, all of them on the way back: taken for half of each it would be two seconds off.
        let sent = machine.steady.load(ordering: .relaxed)
        machine.pass(.seconds(4))
        shared.learn(before, sent: sent, received: machine.steady.load(ordering: .relaxed))
        #expect(shared.clock.now() - before == .seconds(4))
    }

    @Test func aServerWhoseTimeChangesIsFollowed() {
        let machine = Machine()
        let shared = SharedClock(machine: machine.clock)
        machine.look(shared, at: server)
        machine.look(shared, at: server - .seconds(30))
        #expect(shared.clock.now() == server - .seconds(30) + .milliseconds(2))
    }
}
