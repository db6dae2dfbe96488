package import Domain
import Postgres
import Runtime
import SQL

/// What became of one sub-client of an import.
package enum ImportOutcome: Sendable, Equatable {
    case created(SubClientID)
    /// Its external id was taken by one with the same content: by an earlier import of it, as a rule.
    case exists(SubClientID)
    /// Its external id was taken by one with other content.
    case conflict(SubClientID)
    case failed(StoreError)
}

extension Store {
    /// Makes those of `new` that are not there yet, each in a unit of its own: one that fails stops no other. They are
    /// submitted together, so that they share commits. Each has an external id; of several with the same one, the first
    /// counts. Outcomes are in the order of `new`. Throws if not even the external ids can be looked up.
    package func importSubClients(
        _ scope: PlatformScope, _ new: [NewSubClient]
    ) async throws(StoreError) -> [ImportOutcome] {
        var outcomes = try await judge(scope, new)
        var first: [[UInt8]: Int] = [:]
        for (place, one) in new.enumerated() where outcomes[place] == nil {
            if let externalID = one.externalID, first[externalID] == nil { first[externalID] = place }
        }
        for attempt in await make(scope, first.values.map { ($0, new[$0]) }) {
            outcomes[attempt.place] = attempt.outcome
        }
        // What was not made: later ones with the same external id, and those that another import made meanwhile.
        let rest = new.indices.filter { outcomes[$0] == nil }
        if !rest.isEmpty {
            for (place, outcome) in zip(rest, try await judge(scope, rest.map { new[$0] })) {
                // Nobody has it, so the first with this external id has failed, and so do those after it.
                let sibling = new[place].externalID.flatMap { first[$0] }.flatMap { outcomes[$0] }
                outcomes[place] = outcome ?? sibling ?? .failed(.unavailable)
            }
        }
        return outcomes.map { $0 ?? .failed(.unavailable) }
    }

    /// Nil for one whose external id nobody has.
    private func judge(_ scope: PlatformScope, _ new: [NewSubClient]) async throws(StoreError) -> [ImportOutcome?] {
        let rows = try await run(
            scope, .judgeSubClients,
            [
                .textArray(new.map(\.externalID)), .textArray(new.map(\.legalName)), .textArray(new.map(\.displayName)),
                .textArray(new.map(\.country)), .textArray(new.map(\.website)), .jsonbArray(new.map(\.metadata)),
            ], on: .read)
        var outcomes = [ImportOutcome?](repeating: nil, count: new.count)
        for row in rows.indices {
            // Places count from 1.
            try outcomes[Int(rows.int32(row, 0)) - 1] =
                try rows.bool(row, 2) ? .exists(rows.id(row, 1)) : .conflict(rows.id(row, 1))
        }
        return outcomes
    }

    /// Without those whose external id someone else took in the meantime.
    private func make(_ scope: PlatformScope, _ new: [(place: Int, content: NewSubClient)]) async -> [Attempt] {
        await withTaskGroup(of: Attempt.self) { group in
            for one in new { group.addTask { await attempt(scope, one.content, at: one.place) } }
            var attempts: [Attempt] = []
            for await attempt in group where attempt.outcome != nil { attempts.append(attempt) }
            return attempts
        }
    }

    private func attempt(_ scope: PlatformScope, _ new: NewSubClient, at place: Int) async -> Attempt {
        do {
            return Attempt(place: place, outcome: .created(try await createSubClient(scope, new).id))
        } catch {
            return Attempt(place: place, outcome: error == .externalIDTaken ? nil : .failed(error))
        }
    }

    /// What came of making one; nil if its external id was taken.
    private struct Attempt: Sendable {
        let place: Int
        let outcome: ImportOutcome?
    }
}

extension StoreError {
    /// Another sub-client has the external id.
    static let externalIDTaken = StoreError.conflict(constraint: "sub_client_external_id_key")
}
