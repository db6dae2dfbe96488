import Domain
import Runtime
package import Store

/// Logos that were asked for a moment ago, in this loop's memory: whoever opens a merchant's page asks for its logo,
/// and nobody has to say who they are. Loop-bound.
package struct LogoDirectory: Sendable {
    private struct Key: Hashable {
        let subClient: SubClientID
        let digest: [UInt8]
    }

    private struct Entry {
        let logo: Logo
        let readAt: UInt64
    }

    private typealias Waiter = CheckedContinuation<Result<Logo, StoreError>, Never>

    private struct State {
        var entries: [Key: Entry] = [:]
        /// Of all entries.
        var byteCount = 0
        /// Who waits for a reading that is under way.
        var waiters: [Key: [Waiter]] = [:]
    }

    private let store: Store
    private let state: LoopState<State>

    package init(store: Store) {
        self.store = store
        state = LoopState(store.loop, State())
    }

    /// One reading serves all that ask meanwhile. Throws `.notFound` if the sub-client's logo is another, or none.
    func logo(_ subClient: SubClientID, _ digest: [UInt8]) async throws(StoreError) -> Logo {
        let key = Key(subClient: subClient, digest: digest)
        if let known = fresh(key) { return known }
        let result = await withCheckedContinuation { (waiter: Waiter) in
            let isFirst = state.withValue { state in
                state.waiters[key, default: []].append(waiter)
                return state.waiters[key]?.count == 1
            }
            if isFirst { store.loop.spawn { await read(key) } }
        }
        return try result.get()
    }

    private func fresh(_ key: Key) -> Logo? {
        state.withValue { $0.entries[key] }.flatMap { entry in
            let age = EventLoop.monotonicNanoseconds - entry.readAt
            return age < UInt64(APILimits.logoCacheLifetime.components.seconds) * 1_000_000_000 ? entry.logo : nil
        }
    }

    private func read(_ key: Key) async {
        let readAt = EventLoop.monotonicNanoseconds
        let result: Result<Logo, StoreError>
        do throws(StoreError) {
            result = .success(
                try await store.logo(PlatformScope.system.tenant(key.subClient), digest: key.digest))
        } catch {
            result = .failure(error)
        }
        let waiters = state.withValue { state in
            if let old = state.entries.removeValue(forKey: key) { state.byteCount -= old.logo.bytes.count }
            if let logo = try? result.get() {
                // Full, it starts anew: those that are asked for are soon back.
                if state.byteCount + logo.bytes.count > APILimits.logoCacheBytes {
                    state.entries = [:]
                    state.byteCount = 0
                }
                state.entries[key] = Entry(logo: logo, readAt: readAt)
                state.byteCount += logo.bytes.count
            }
            return state.waiters.removeValue(forKey: key) ?? []
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }
}
