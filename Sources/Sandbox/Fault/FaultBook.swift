import Domain
import Postgres
import Runtime

/// The rules that are in force, and what they and the magic values make of a transfer or a call. Loop-bound.
///
/// Memory is the truth while the process runs, and the database remembers for the next: a use that could not be noted
/// there costs one use more after a restart.
struct FaultBook: Sendable {
    private struct State {
        var isLoaded = false
        var entries: [FaultStore.Entry] = []
    }

    let store: FaultStore
    let clock: VirtualClock
    private let random: RandomSource
    private let log: Log
    private let state: LoopState<State>

    init(loop: EventLoop, store: FaultStore, clock: VirtualClock, random: RandomSource, log: Log) {
        self.store = store
        self.clock = clock
        self.random = random
        self.log = log
        state = LoopState(loop, State())
    }

    /// Reads what an earlier process left, once; without a database the next call tries again.
    func load() async {
        if state.withValue({ $0.isLoaded }) { return }
        do throws(PostgresError) {
            let entries = try await store.rules()
            let setting = try await store.clock()
            state.withValue { state in
                // Another call may have been faster, and a rule have been spent since.
                if state.isLoaded { return }
                state = State(isLoaded: true, entries: entries)
                clock.setting = setting
            }
        } catch {
            log.warn("faults and clock cannot be read", [(.error, .text(error.description))])
        }
    }

    // MARK: Rules

    var rules: [FaultRule] { state.withValue { $0.entries.map(\.rule) } }

    func replace(with rules: [FaultRule]) async throws(PostgresError) {
        var random = random
        let entries = rules.map { FaultStore.Entry(id: .version4(&random), rule: $0) }
        try await store.replace(with: entries)
        state.withValue { $0 = State(isLoaded: true, entries: entries) }
    }

    /// Forgets the rules and all else, and shows the machine's time.
    func reset() async throws(PostgresError) {
        try await store.reset()
        state.withValue { $0 = State(isLoaded: true) }
        clock.setting = VirtualClock.Setting()
    }

    // MARK: Transfers

    /// What is forced upon a transfer: by the first rule for it, else by a magic value; and by every rule for its
    /// webhooks. Nothing is used up by asking.
    func plan(_ transfer: OutcomeQuestion) -> OutcomePlan {
        var plan = OutcomePlan.none
        var fault: TransferFault?
        var webhookFaults: [WebhookFault] = []
        for entry in state.withValue({ $0.entries }) where entry.rule.concerns(transfer) {
            switch entry.rule.fault {
            case .transfer(let rule) where fault == nil:
                fault = rule
                plan.rules.transfer = entry.id
            case .webhooks(let rule):
                webhookFaults.append(rule)
                plan.rules.webhooks.append(entry.id)
            default: break
            }
        }
        let magic = MagicValue.of(transfer)
        (fault ?? magic?.transfer)?.apply(to: &plan)
        if let fault = magic?.webhooks { webhookFaults.append(fault) }
        if !webhookFaults.isEmpty {
            var completion = plan.completion ?? Completion(.succeeded)
            completion.webhookFaults = webhookFaults
            plan.completion = completion
        }
        return plan
    }

    /// Counts one use of each rule that came to pass.
    func spend(_ rules: OutcomeRules, _ stage: OutcomeRules.Stage) async {
        let transfer = rules.transfer.map { [$0] } ?? []
        switch stage {
        case .failed: await note(spend(transfer))
        case .played: await note(spend(transfer + rules.webhooks))
        case .playedOtherwise: await note(spend(rules.webhooks))
        }
    }

    // MARK: Calls

    /// The fault of the first rule for this call, which counts as used.
    func fault(of operation: String, by client: @autoclosure () -> UUIDValue?) async -> CallFault? {
        let entries = state.withValue { $0.entries }
        if entries.isEmpty { return nil }
        let caller = client()
        for entry in entries {
            guard case .call(let fault) = entry.rule.fault, fault.concerns(operation),
                entry.rule.clientId == nil || entry.rule.clientId == caller
            else { continue }
            await note(spend([entry.id]))
            return fault
        }
        return nil
    }

    // MARK: Uses

    /// Counts one use of each of these rules that has a number of them, and gives their ids.
    private func spend(_ ids: [UUIDValue]) -> [UUIDValue] {
        state.withValue { state in
            var spent: [UUIDValue] = []
            for index in state.entries.indices where ids.contains(state.entries[index].id) {
                guard let uses = state.entries[index].rule.uses else { continue }
                state.entries[index].rule.uses = uses - 1
                spent.append(state.entries[index].id)
            }
            state.entries.removeAll { $0.rule.uses == 0 }
            return spent
        }
    }

    private func note(_ spent: [UUIDValue]) async {
        if spent.isEmpty { return }
        do throws(PostgresError) {
            try await store.spend(spent)
        } catch {
            log.warn("the use of a fault cannot be stored", [(.error, .text(error.description))])
        }
    }
}
