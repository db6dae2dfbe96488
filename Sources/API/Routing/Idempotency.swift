import Crypto
import Domain
import HTTPServer
import Store

/// Whose idempotency keys a request's are.
enum IdempotencyOwner: Sendable {
    case platform(PlatformScope)
    case tenant(TenantScope)

    /// What keeps one caller's keys from another's under the same operation. A member's answers are theirs alone: some
    /// hold keys with all that the member may do.
    fileprivate var space: String {
        switch self {
        case .platform(let scope): IdempotencyOwner.member(scope.actor)
        case .tenant(let scope):
            (scope.environment.map { " \($0.rawValue)" } ?? "") + IdempotencyOwner.member(scope.actor)
        }
    }

    private static func member(_ actor: Actor) -> String {
        if case .member(let member, _) = actor.identity { " \(member)" } else { "" }
    }
}

extension Call {
    /// Creates something once: with an `Idempotency-Key` the first answer is repeated, byte for byte.
    ///
    /// `make` writes the answer it is given in the same commit as the thing itself, so of several requests at once one
    /// creates and the others repeat. Throws 422 if the key came with another request before.
    func create<Noun>(
        _ owner: IdempotencyOwner, body: [UInt8], answer: @escaping @Sendable (Noun) -> CreatedAnswer,
        make: (Store, Keeping<Noun>?) async throws(StoreError) -> Noun
    ) async throws(Problem) -> Response {
        guard let request = try idempotentRequest(owner, body: body) else {
            do {
                return answer(try await make(store, nil)).response
            } catch {
                throw problem(error)
            }
        }
        if let replay = try await replay(owner, request) { return replay }
        do {
            return answer(try await make(store, Keeping(request) { answer($0).encoded })).response
        } catch .answeredMeanwhile {
            if let replay = try await replay(owner, request) { return replay }
            throw Problem(.conflict, "Another request with this Idempotency-Key runs.")
        } catch {
            throw problem(error)
        }
    }

    /// Nil without the header.
    private func idempotentRequest(_ owner: IdempotencyOwner, body: [UInt8]) throws(Problem) -> IdempotentRequest? {
        let key: [UInt8]
        switch head.headers.lookup("idempotency-key") {
        case .absent: return nil
        case .once(let value): key = Array(value)
        case .repeated: throw .invalid(field: "Idempotency-Key", "must be given once")
        }
        guard APILimits.idempotencyKeyBytes.contains(key.count), key.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .invalid(field: "Idempotency-Key", "must be 1 to 255 visible ASCII characters")
        }
        let digest = Digest.sha256(Array(head.path), [0], body)
        return IdempotentRequest(route: route.name + owner.space, key: key, digest: digest)
    }

    private func replay(_ owner: IdempotencyOwner, _ request: IdempotentRequest) async throws(Problem) -> Response? {
        let kept = try await store { store throws(StoreError) in
            switch owner {
            case .platform(let scope): try await store.keptAnswer(scope, to: request)
            case .tenant(let scope): try await store.keptAnswer(scope, to: request)
            }
        }
        guard let kept else { return nil }
        guard constantTimeEqual(kept.digest, request.digest) else {
            throw Problem(.idempotencyMismatch, "This Idempotency-Key came with another request before.")
        }
        guard var response = CreatedAnswer(encoded: kept.answer)?.response else { throw .internal }
        response.headers.add("Idempotency-Replayed", "true")
        return response
    }
}
