import Domain
import HTTPClient
import Postgres
import SQL
import Store
import TestSupport
import Testing

@testable import API

/// Every operation of openapi.yaml against every caller and every owner of what it names: the exact status in every
/// cell, with both walls, and with each of them taken away.
@Suite struct IsolationMatrixTests {
    /// How the service is weakened for a run.
    enum Walls: String, CaseIterable, CustomTestStringConvertible {
        case both
        /// Connected as one whom row-level security does not stop.
        case onlyPredicates
        /// Statements whose sub-client matches every row.
        case onlyRowLevelSecurity
        var testDescription: String { rawValue }
    }

    /// Whose things the path names.
    enum Named: CaseIterable { case owned, other, missing }

    @Test(arguments: Walls.allCases)
    func everyCellAnswersAsItMust(_ walls: Walls) async throws {
        let statements = walls == .onlyRowLevelSecurity ? Self.statementsWithoutPredicates : Statement.service
        try await APIFixture.with(asOwner: walls == .onlyPredicates, statements: statements) { fixture in
            let world = try await IsolationWorld.make(fixture)
            let operations = try ContractOperation.all()
            #expect(operations.count > 50)
            var cells = 0
            var wrong: [String] = []
            for operation in operations where operation.caller != .nobody {
                for caller in world.callers {
                    cells += try await Self.check(operation, caller, world, &wrong)
                }
            }
            #expect(wrong == [])
            #expect(cells > 1_000)
        }
    }

    /// What closes a sub-client runs as the platform, which sees all: there the predicate is the only wall.
    private static let platformStatements = ["revoke_sub_client_credentials", "disable_sub_client_endpoints"]

    /// All statements of sub-clients' own calls, in which the sub-client of the caller decides nothing any more.
    static let statementsWithoutPredicates: [Statement] = Statement.service.map { statement in
        if platformStatements.contains(statement.name) { return statement }
        var text = statement.text
        for column in ["sub_client_id", "s.sub_client_id", "e.sub_client_id", "d.sub_client_id", "t.sub_client_id"] {
            text = text.replacing("where \(column) = $1::uuid", with: "where ($1::uuid is not null)")
                .replacing("where \(column) = $1", with: "where ($1 is not null)")
        }
        return Statement(index: statement.index, name: statement.name, text: text)
    }

    /// By the role of a member, or by the access and the addresses of a credential.
    @Test func theContractTellsWhereAKnownCallerIsRefused() throws {
        let untold = try ContractOperation.all().filter { operation in
            let isRefused =
                switch operation.caller {
                case .nobody: false
                case .admin(let permission): Role.allCases.contains { !$0.allows(permission) }
                case .tenant, .mesh: true
                }
            return isRefused && !operation.statuses.contains(403)
        }
        #expect(untold.map(\.name) == [])
    }

    @Test func thePredicatesAreReallyTakenAway() {
        let changed = zip(Statement.service, Self.statementsWithoutPredicates).filter { $0.text != $1.text }
        #expect(changed.count >= 15)
    }

    // MARK: Cells

    /// Returns how many cells were checked.
    private static func check(
        _ operation: ContractOperation, _ caller: IsolationWorld.Caller, _ world: IsolationWorld,
        _ wrong: inout [String]
    ) async throws -> Int {
        var answers: [Named: APIFixture.Answer] = [:]
        for named in Named.allCases where named == .owned || !operation.parameters.isEmpty {
            let path = world.path(operation, named)
            let expected = expectation(operation, caller.kind, named)
            // What may happen would change the world: the denials and the look-alikes are what is asked here.
            guard let expected else { continue }
            let answer = try await world.call(operation, path, caller)
            if answer.status != expected {
                wrong.append("\(operation.name) as \(caller.name) on \(named): \(answer.status), not \(expected)")
            }
            answers[named] = answer
        }
        if case .credential(_, _, let isOwner) = caller.kind {
            let foreign: Named = isOwner ? .other : .owned
            if let one = answers[foreign], let none = answers[.missing], one.body != none.body {
                wrong.append("\(operation.name) as \(caller.name) tells foreign from missing")
            }
        }
        return answers.count
    }

    /// The status that the contract demands; nil if the call would do what it is for and change something.
    private static func expectation(
        _ operation: ContractOperation, _ caller: IsolationWorld.Caller.Kind, _ named: Named
    ) -> Int? {
        switch (operation.caller, caller) {
        case (_, .unknown), (.tenant, .member), (.mesh, .member), (.admin, .credential): return 401
        case (.admin(let permission), .member(let role)):
            return role.allows(permission) ? allowed(operation, isThere: named != .missing) : 403
        case (.tenant, .credential(let access, let environment, let isOwner)):
            if operation.method != "GET", access == .read { return 403 }
            if operation.path == "/v1/events/stream", environment != .sandbox { return 403 }
            let isTheirs = named == (isOwner ? .owned : .other) && environment == .sandbox
            return allowed(operation, isThere: isTheirs)
        case (.mesh, .credential(let access, _, _)):
            if operation.method != "GET", access == .read { return 403 }
            return meshStatus(operation)
        case (.nobody, _): return nil
        }
    }

    private static func allowed(_ operation: ContractOperation, isThere: Bool) -> Int? {
        // Bodies are read before anything is looked for, and these calls have none.
        if operation.hasBody { return 415 }
        // This world's upstream has no keys for account management.
        if operation.path == "/admin/v1/upstreams/{upstreamId}/drift", isThere { return 409 }
        if operation.parameters.isEmpty || isThere { return operation.method == "GET" ? 200 : nil }
        return 404
    }

    /// Of a call in Mesh's format without a body and without a query; nil where the upstream would be asked.
    private static func meshStatus(_ operation: ContractOperation) -> Int? {
        if operation.hasBody { return 415 }
        return operation.path == "/api/v1/transfers/managed/mesh" ? 200 : nil
    }
}

extension IsolationWorld {
    /// The path with things of the owner, of the other sub-client, or with names of nothing.
    func path(_ operation: ContractOperation, _ named: IsolationMatrixTests.Named) -> String {
        let values =
            switch named {
            case .owned: owned
            case .other: other
            case .missing: missing
            }
        var path = operation.path
        for name in operation.parameters {
            path = path.replacing("{\(name)}", with: values[name] ?? missing[name] ?? "x")
        }
        return path
    }

    func call(
        _ operation: ContractOperation, _ path: String, _ caller: Caller
    ) async throws -> APIFixture.Answer {
        let listener: String
        let headers: [APIFixture.Header]
        switch operation.caller {
        case .admin: (listener, headers) = ("admin", caller.headers)
        case .mesh: (listener, headers) = ("public", caller.meshHeaders)
        case .tenant, .nobody: (listener, headers) = ("public", caller.headers)
        }
        return try await fixture.call(.init(rawValue: operation.method)!, path, on: listener, headers: headers)
    }
}
