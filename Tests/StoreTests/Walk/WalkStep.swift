import Domain
import Postgres
import Runtime
import Store
import TestSupport

/// One thing that can happen to a delivery.
enum WalkStep: String, CaseIterable, Sendable {
    /// Node A takes the event that makes it into its memory, or leaves it to its lane.
    case acceptLeased, acceptQueued
    /// A later event of the same transfer, which may make it old news.
    case acceptFinal
    case claimA, claimB
    // What the node finds that holds it, and writes.
    case succeedA, succeedB, failA, failB, exhaustA, goneA, refuseA
    /// It is written, but A is not told and writes it again.
    case succeedTwiceA
    /// Given back unsent: for anybody, or to its lane; or kept, with a row of its own.
    case returnA, queueA, keepA
    // Nodes die with what is in their memory, or are too slow.
    case dieA, dieB, loseAnswerA
    case passLease, rescue
    // What its owner does.
    case disable, enable, delete, retry, replay, recover, erase
}

/// A delivery in a node's memory.
struct WalkCopy: Sendable {
    var delivery: DueDelivery
    /// While it has no row.
    var handover: UUIDValue?
    /// Of the attempt that will have been made.
    let attempt: AttemptID
    /// It was sent and written, though the node does not know that.
    var isWritten = false

    init(_ delivery: DueDelivery, _ attempt: AttemptID) {
        self.delivery = delivery
        self.attempt = attempt
        handover = delivery.handover?.handover
    }
}

/// Where a walk stands: the database, and what is in the nodes' memories.
struct WalkState: Sendable {
    var saved: [UInt8] = []
    var moment = Timestamp(seconds: 0)
    var facts = WalkWorld.Facts()
    var a: [WalkCopy] = []
    var b: [WalkCopy] = []
    var path: [WalkStep] = []

    /// All that the future depends on, without what only grows.
    var signature: String {
        let rows = facts.rows.map { row in
            let held = [("a", a), ("b", b)].flatMap { name, copies in
                copies.filter { $0.delivery.id == row.id }.map { copy in
                    name + (copy.delivery.attempt == row.attempts ? "=" : "≠") + (copy.handover == nil ? "" : "h")
                        + (copy.isWritten ? "!" : "")
                }
            }
            return "\(row.type.rawValue) \(row.status.rawValue) \(row.due.rawValue) \(row.owner.rawValue) "
                + "\(row.failures > 0) \(row.isOldNews) \(held)"
        }
        let unwritten = (a + b).filter { copy in !facts.rows.contains { $0.id == copy.delivery.id } }
        return "\(rows) \(unwritten.count) \(facts.isEnabled) \(facts.isDeleted) \(facts.events) \(facts.handovers) "
            + "\(facts.lane) \(facts.isErasing)"
    }

    func allows(_ step: WalkStep) -> Bool {
        switch step {
        case .acceptLeased, .acceptQueued: facts.events.isEmpty && !facts.isErasing && !facts.isDeleted
        case .acceptFinal: facts.events == ["transfer.pending"] && !facts.isErasing && !facts.isDeleted
        case .claimA: a.isEmpty && !facts.events.isEmpty
        case .claimB: b.isEmpty && !facts.events.isEmpty
        case .succeedA, .dieA: !a.isEmpty
        case .failA, .exhaustA, .goneA, .refuseA, .succeedTwiceA, .returnA, .queueA, .loseAnswerA:
            !a.isEmpty && !a.contains(where: \.isWritten)
        case .keepA: a.contains { $0.handover != nil && !$0.isWritten }
        case .succeedB, .failB, .dieB: !b.isEmpty
        case .passLease, .rescue: !facts.events.isEmpty
        case .disable: facts.isEnabled
        case .enable: !facts.isEnabled && !facts.isDeleted
        case .delete: !facts.isDeleted && !facts.events.isEmpty
        case .retry: !facts.rows.isEmpty
        case .replay: !facts.events.isEmpty
        case .recover: !facts.events.isEmpty && !facts.isDeleted
        case .erase: !facts.events.isEmpty && !facts.isErasing
        }
    }
}

extension WalkWorld {
    private func lease(_ node: Int) -> Lease { Lease(node: nodes[node], end: now + .seconds(60)) }

    private func accept(_ status: String, lease: Lease?) async throws -> [WalkCopy] {
        let event = seed.received(status, session, transfer: upstreamTransfer)
        return try await store.accept([event], lease: lease).flatMap(\.deliveries).map {
            WalkCopy($0, store.identifiers.next())
        }
    }

    private func claim(_ node: Int) async throws -> [WalkCopy] {
        try await store.claimDue(limit: 10, busy: [], lease: lease(node)).deliveries.map {
            WalkCopy($0, store.identifiers.next())
        }
    }

    /// Writes what became of all that a node holds.
    func write(_ copies: [WalkCopy], _ node: Int, _ next: DeliveryAdvance.Next, attempted: Bool) async throws {
        let decision: DeliveryMachine.Decision =
            switch next {
            case .delivered: .delivered
            case .retry: .retry(after: .seconds(5))
            case .failed: .failed
            default: .endpointGone
            }
        let advances = copies.map { copy in
            DeliveryAdvance(
                copy.delivery, handover: copy.handover, endsHandover: copy.handover != nil, next: next,
                attempt: attempted
                    ? FinishedAttempt(
                        delivery: copy.delivery, id: copy.attempt, startedAt: now,
                        duration: .milliseconds(1), statusCode: next == .delivered ? 200 : 500,
                        errorCode: next == .delivered ? nil : "httpStatus", responseBody: nil, decision: decision)
                    : nil)
        }
        try await store.advance(
            advances, node: nodes[node], endedHandovers: Array(Set(copies.compactMap(\.handover))))
    }

    /// Takes one step from the state that the database is in.
    func take(_ step: WalkStep, _ state: inout WalkState) async throws {
        let (a, b) = (state.a, state.b)
        switch step {
        case .acceptLeased: state.a = try await accept("Pending", lease: lease(0))
        case .acceptQueued: state.a = try await accept("Pending", lease: nil)
        case .acceptFinal: state.a += try await accept("Succeeded", lease: lease(0))
        case .claimA: state.a = try await claim(0)
        case .claimB: state.b = try await claim(1)
        case .succeedA, .succeedTwiceA: try await write(a, 0, .delivered, attempted: true)
        case .succeedB: try await write(b, 1, .delivered, attempted: true)
        case .failA: try await write(a, 0, .retry(at: now + .seconds(5)), attempted: true)
        case .failB: try await write(b, 1, .retry(at: now + .seconds(5)), attempted: true)
        case .exhaustA: try await write(a, 0, .failed, attempted: true)
        case .goneA:
            _ = try await store.giveUp(endpoint, seed.subClient, .gone, failedSince: now)
            try await write(a, 0, .held, attempted: true)
        case .refuseA: try await write(a, 0, facts().isDeleted ? .cancelled : .held, attempted: false)
        case .returnA: try await write(a, 0, .due, attempted: false)
        case .queueA: try await write(a, 0, .waiting, attempted: false)
        case .keepA:
            try await write(a.filter { $0.handover != nil }, 0, .delivering, attempted: false)
            for index in a.indices { state.a[index].handover = nil }
        case .dieA: try await die(0)
        case .dieB: try await die(1)
        case .loseAnswerA: try await loseAnswer(a)
        case .passLease: fixture.clock.advance(by: .seconds(61))
        case .rescue: _ = try await store.rescueLapsedHandovers(after: now - .seconds(86_400))
        default: try await takeOwners(step, state)
        }
        switch step {
        case .succeedA, .failA, .exhaustA, .goneA, .refuseA, .returnA, .queueA, .dieA, .loseAnswerA: state.a = []
        case .succeedB, .failB, .dieB: state.b = []
        case .succeedTwiceA: for index in a.indices { state.a[index].isWritten = true }
        default: break
        }
    }

    private func takeOwners(_ step: WalkStep, _ state: WalkState) async throws {
        switch step {
        case .disable: _ = try await store.setEndpoint(seed.scope, endpoint, enabled: false)
        case .enable: _ = try await store.setEndpoint(seed.scope, endpoint, enabled: true)
        case .delete: try await store.deleteEndpoint(seed.scope, endpoint)
        case .retry:
            for row in state.facts.rows {
                do throws(StoreError) {
                    _ = try await store.retryDelivery(seed.scope, row.id)
                } catch {
                    if error != .deliveryNotRetryable { throw error }
                }
            }
        case .replay:
            for event in try await store.events(seed.scope, PageRequest()).items {
                _ = try await store.replayEvent(seed.scope, event.id, to: nil)
            }
        case .recover: try await recover()
        case .erase:
            _ = try await store.eraseEndUser(seed.scope, userID: Seed.bytes("user-1"))
            try await ErasureTests.work(store)
        default: break
        }
    }

    private func recover() async throws {
        // Any events but those of the last minute.
        fixture.clock.advance(by: .seconds(2))
        let new = NewRecovery(since: now - .seconds(86_400), until: now, onlyFailed: false, ratePerSecond: 100)
        do throws(StoreError) {
            _ = try await store.beginRecovery(seed.scope, of: endpoint, new)
        } catch {
            if error != .recoveryRunning { throw error }
        }
        for due in try await store.dueRecoveries(limit: 10) {
            _ = try await store.recoverChunk(due, size: 100, settling: .zero)
        }
    }

    /// Another node sees that one's session is gone.
    private func die(_ node: Int) async throws {
        let id = nodes[node]
        let database = fixture.testDatabase
        let now = now.microseconds
        _ = try database.owner().query(
            """
            insert into subgate.node (id, lock_key, name, started_at)
            values ($1, 4711, 'dead', timestamptz 'epoch' + $2 * interval '1 microsecond') returning 1
            """, parameters: [.uuid(high: id.high, low: id.low), .int64(now)])
        _ = try await store.rescueLeases(for: nodes[1 - node])
    }

    /// The answer to what gave a node its deliveries was lost: it gives back what the lease holds.
    private func loseAnswer(_ copies: [WalkCopy]) async throws {
        for end in Set(copies.map(\.delivery.leaseEnd)) {
            try await store.release(Lease(node: nodes[0], end: end))
        }
    }
}
