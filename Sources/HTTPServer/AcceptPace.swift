/// Decides whether a listener takes the next connection from the kernel now.
///
/// Only so many in a turn of the loop: what was taken is read and answered before more is. And none while as many wait
/// for their turn as the server gets to in time: the others wait in the kernel, which is cheaper, and its queue is
/// short, so that those who come when it is full are not kept in vain.
struct AcceptPace {
    enum Verdict: Equatable {
        case now
        /// In the next turn.
        case nextTurn
        /// When fewer wait.
        case later
    }

    let perTurn: Int
    let waitingLimit: Int
    private(set) var takenInTurn = 0

    /// Judges one connection; `.now` counts as taken. `waiting` are taken already and have not had their turn.
    mutating func judge(waiting: Int) -> Verdict {
        if waiting >= waitingLimit { return .later }
        if takenInTurn >= perTurn { return .nextTurn }
        takenInTurn += 1
        return .now
    }

    mutating func endTurn() { takenInTurn = 0 }
}
