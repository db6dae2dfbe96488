import Domain
import Store

/// What must hold of deliveries, whatever happens to them.
enum WalkRules {
    /// The rules that one step broke, in words.
    static func broken(_ step: WalkStep, from before: WalkState, to after: WalkState) -> [String] {
        var broken = after.facts.rows.flatMap { shape($0, after.facts) } + kept(after)
        for row in after.facts.rows {
            let old = before.facts.rows.first { $0.id == row.id }
            broken += growth(step, old, row)
            if let writer = writer(step, before), let old { broken += fence(step, writer, before, old, row) }
        }
        return broken
    }

    /// Each row says one thing: final, on the clock, in a lane, or held.
    private static func shape(_ row: WalkWorld.Row, _ facts: WalkWorld.Facts) -> [String] {
        var broken: [String] = []
        func rule(_ isKept: Bool, _ words: String) { if !isKept { broken.append("\(row.status.rawValue): \(words)") } }
        rule((row.status == .delivering) == (row.owner != .nobody), "who is sending has it, and nobody else")
        switch row.status {
        case .delivered, .failed, .cancelled, .held: rule(row.due == .never, "it has no time")
        case .delivering: rule(row.due != .never, "its lease has an end")
        case .pending, .retrying: break
        }
        let waits = row.due == .never && [.pending, .retrying].contains(row.status)
        let isHeldForNothing = row.status == .held && facts.isEnabled
        if waits || isHeldForNothing { rule(facts.laneIsLookedAt, "its lane is looked at") }
        rule((row.status == .retrying) <= (row.failures > 0), "it has failed")
        rule(facts.passedOver == 0, "no look passes over what waits")
        return broken
    }

    /// Every event has a delivery: a row, or a place in a handover.
    private static func kept(_ state: WalkState) -> [String] {
        let facts = state.facts
        if facts.isErasing || state.path == [] { return [] }
        let unwritten = facts.events.count - facts.rows.count
        return unwritten <= facts.handovers.count ? [] : ["a delivery is lost"]
    }

    /// Attempts are counted up; only one that was not made is taken back.
    private static func growth(_ step: WalkStep, _ old: WalkWorld.Row?, _ row: WalkWorld.Row) -> [String] {
        var broken: [String] = []
        let before = old?.attempts ?? 0
        let mayFall = [.refuseA, .returnA, .queueA, .loseAnswerA].contains(step)
        if row.attempts < before - (mayFall ? 1 : 0) {
            broken.append("attempts fell from \(before) to \(row.attempts)")
        }
        if row.recorded < old?.recorded ?? 0 { broken.append("a recorded attempt is gone") }
        if row.recorded > Int64(row.attempts), old.map({ $0.recorded <= Int64($0.attempts) }) ?? true {
            broken.append("\(row.recorded) attempts are recorded of \(row.attempts)")
        }
        return broken
    }

    private typealias Writer = (owner: WalkWorld.Row.Owner, copies: [WalkCopy])

    private static func writer(_ step: WalkStep, _ before: WalkState) -> Writer? {
        switch step {
        case .succeedA, .succeedTwiceA, .failA, .exhaustA, .goneA, .refuseA, .returnA, .queueA, .keepA:
            (.a, before.a)
        case .succeedB, .failB: (.b, before.b)
        default: nil
        }
    }

    /// Who holds a delivery no more changes nothing of it, but that its attempt is kept; who does, moves it on.
    private static func fence(
        _ step: WalkStep, _ writer: Writer, _ before: WalkState, _ old: WalkWorld.Row, _ row: WalkWorld.Row
    ) -> [String] {
        guard let copy = writer.copies.first(where: { $0.delivery.id == row.id }) else { return [] }
        let holds =
            copy.handover == nil && old.status == .delivering && old.owner == writer.owner
            && old.attempts == copy.delivery.attempt
        if !holds {
            var same = row
            same.recorded = old.recorded
            return same == old ? [] : ["who holds it no more changed it"]
        }
        let expected: [DeliveryStatus] =
            switch step {
            case .succeedA, .succeedTwiceA, .succeedB: [.delivered]
            case .failA, .failB: [.retrying]
            case .exhaustA: [.failed]
            case .goneA: [.held]
            case .refuseA: [.held, .cancelled]
            case .keepA: [.delivering]
            default: [.pending, .retrying]
            }
        return expected.contains(row.status) ? [] : ["it was written as \(row.status.rawValue)"]
    }

    /// What is not where it may stay although nothing hinders it.
    static func unfinished(_ facts: WalkWorld.Facts) -> [String] {
        var broken: [String] = []
        if !facts.isErasing, facts.rows.count != facts.events.count { broken.append("no row") }
        if !facts.handovers.isEmpty { broken.append("a handover is left") }
        for row in facts.rows {
            let mayBe: [DeliveryStatus] =
                facts.isDeleted
                ? [.delivered, .failed, .cancelled]
                : facts.isEnabled ? [.delivered, .failed] : [.delivered, .failed, .held]
            if !mayBe.contains(row.status), !(row.status == .cancelled && row.isOldNews) {
                broken.append("\(row.type.rawValue) is \(row.status.rawValue)")
            }
        }
        return broken
    }
}

/// Implication.
private func <= (left: Bool, right: Bool) -> Bool { !left || right }
