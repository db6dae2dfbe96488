import Domain
import Runtime

/// The last list of each upstream: a thousand first creates need not ask for it a thousand times. Loop-bound.
struct AccountLists: Sendable {
    private let client: AccountClient
    private let known: LoopState<[UpstreamID: (entries: [RegisteredSubClient], readAt: Timestamp)]>

    init(loop: EventLoop, client: AccountClient) {
        self.client = client
        known = LoopState(loop, [:])
    }

    /// A list that is not older than `maximumAge`.
    func list(
        _ account: UpstreamAccount, now: Timestamp, maximumAge: Duration
    ) async throws(AccountFailure) -> [RegisteredSubClient] {
        if let last = known.withValue({ $0[account.upstream] }), now >= last.readAt, now - last.readAt < maximumAge {
            return last.entries
        }
        let entries = try await client.list(account)
        known.withValue { $0[account.upstream] = (entries, now) }
        return entries
    }

    func forget(_ upstream: UpstreamID) { known.withValue { _ = $0.removeValue(forKey: upstream) } }

    /// Lets go of what nobody asked for lately: lists are large.
    func forgetOld(now: Timestamp, maximumAge: Duration) {
        known.withValue { known in known = known.filter { now - $0.value.readAt < maximumAge } }
    }
}
