import Crypto
import Domain
import Postgres
import Runtime
import SQL

/// A request that carried an `Idempotency-Key`.
package struct IdempotentRequest: Hashable, Sendable {
    /// What the key is good for: one operation, by one member or in one environment.
    package let route: String
    package let key: [UInt8]
    /// SHA-256 of all that makes the request what it is.
    package let digest: [UInt8]

    /// How long an answer is repeated.
    package static let lifetime: Duration = .seconds(24 * 3600)

    package init(route: String, key: [UInt8], digest: [UInt8]) {
        self.route = route
        self.key = key
        self.digest = digest
    }
}

/// The answer to be kept for repetitions, made from what was created. It is committed with it, or not at all.
package struct Keeping<Noun>: Sendable {
    let request: IdempotentRequest
    let answer: @Sendable (Noun) -> [UInt8]

    package init(_ request: IdempotentRequest, answer: @escaping @Sendable (Noun) -> [UInt8]) {
        self.request = request
        self.answer = answer
    }
}

/// What an earlier request with the same key asked and was answered.
package struct KeptAnswer: Sendable {
    package let digest: [UInt8]
    package let answer: [UInt8]
}

extension StoreError {
    /// Another request with the same idempotency key was faster: read its answer.
    package static let answeredMeanwhile = StoreError.conflict(constraint: "idempotency_pkey")
}

extension Store {
    /// The kept answer to an admin's earlier request.
    package func keptAnswer(
        _ scope: PlatformScope, to request: IdempotentRequest
    ) async throws(StoreError) -> KeptAnswer? {
        let parameters = findParameters(DataKey.platformOwner, request)
        return try keptAnswer(try await run(scope, .findIdempotentAnswer, parameters), DataKey.platformOwner, request)
    }

    /// The kept answer to a sub-client's earlier request.
    package func keptAnswer(
        _ scope: TenantScope, to request: IdempotentRequest
    ) async throws(StoreError) -> KeptAnswer? {
        let owner = scope.subClient.uuid
        return try keptAnswer(
            try await run(scope, .findIdempotentAnswer, findParameters(owner, request)), owner, request)
    }

    /// Forgets answers that are repeated no longer, and returns how many.
    @discardableResult
    package func forgetIdempotentAnswers() async throws(StoreError) -> Int {
        let cutoff = clock.now() - IdempotentRequest.lifetime
        return try await run(PlatformScope.system, .forgetIdempotentAnswers, [.time(cutoff)]).affected
    }

    /// The statements that keep an answer, to run after the one that makes `noun`. `made` names an endpoint or a
    /// credential that the statement before may have declined to make; then nothing is kept. `about` is the sub-client
    /// that the answer tells of, if `made` does not say it: the answer is erased with it.
    func keep<Noun>(
        _ keeping: Keeping<Noun>?, _ noun: Noun, key: @autoclosure () async throws(StoreError) -> DataKey,
        now: Timestamp,
        ifMade made: (subClient: SubClientID, id: UUIDValue)? = nil, about: SubClientID? = nil
    ) async throws(StoreError) -> [Query] {
        guard let keeping else { return [] }
        let request = keeping.request
        let key = try await key()
        let sealed = key.seal(
            keeping.answer(noun), table: "idempotency", column: "response", row: Store.row(request))
        let place: [Parameter] = [.uuid(key.owner), .string(request.route), .text(request.key)]
        return [
            Query(.forgetExpiredAnswer, place + [.time(now - IdempotentRequest.lifetime)]),
            Query(
                .storeIdempotentAnswer,
                place + [
                    .bytes(request.digest), .uuid(key.id), .bytes(sealed), .time(now),
                    .id(made?.subClient ?? about),
                    .uuid(made?.id),
                ]),
        ]
    }

    private func findParameters(_ owner: UUIDValue, _ request: IdempotentRequest) -> [Parameter] {
        [
            .uuid(owner), .string(request.route), .text(request.key),
            .time(clock.now() - IdempotentRequest.lifetime),
        ]
    }

    private func keptAnswer(
        _ rows: Rows, _ owner: UUIDValue, _ request: IdempotentRequest
    ) throws(StoreError) -> KeptAnswer? {
        if rows.isEmpty { return nil }
        let key = try DataKey(id: rows.uuidValue(0, 1), owner: owner, wrapped: rows.bytes(0, 3), keyring: keyring)
        let answer = try key.open(
            rows.bytes(0, 2), table: "idempotency", column: "response", row: Store.row(request))
        return try KeptAnswer(digest: rows.bytes(0, 0), answer: answer)
    }

    /// Routes hold no line feed, so the pair has one spelling.
    private static func row(_ request: IdempotentRequest) -> [UInt8] {
        [UInt8](request.route.utf8) + [10] + request.key
    }
}
