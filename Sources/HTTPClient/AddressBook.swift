import Runtime

/// The addresses of hosts, remembered for some seconds. Loop-bound. Calls for a host that is being looked up join that
/// lookup.
final class AddressBook: @unchecked Sendable {
    typealias Resolve = @Sendable (_ host: [UInt8], _ isAbsolute: Bool) async throws(ResolverError) -> [IPAddress]
    typealias Answer = Result<[IPAddress], ResolverError>

    private struct Key: Hashable {
        let host: [UInt8]
        let isAbsolute: Bool
    }

    private enum Entry {
        case known(Answer, until: UInt64)
        case asking([Promise<Answer>])
    }

    private let loop: EventLoop
    private let resolve: Resolve
    private let lifetime: Duration
    private let failureLifetime: Duration
    private var entries: [Key: Entry] = [:]

    init(_ loop: EventLoop, lifetime: Duration, failureLifetime: Duration, resolve: @escaping Resolve) {
        self.loop = loop
        self.lifetime = lifetime
        self.failureLifetime = failureLifetime
        self.resolve = resolve
    }

    /// What is known now, without waiting.
    func known(_ host: [UInt8], isAbsolute: Bool) -> Answer? {
        guard case .known(let answer, let until)? = entries[Key(host: host, isAbsolute: isAbsolute)],
            EventLoop.monotonicNanoseconds < until
        else { return nil }
        return answer
    }

    /// Looks a host up, unless that is already under way.
    func ask(_ host: [UInt8], isAbsolute: Bool, within limit: Duration) async -> Promise<Answer>.Outcome {
        let key = Key(host: host, isAbsolute: isAbsolute)
        let promise = Promise<Answer>()
        if case .asking(let others)? = entries[key] {
            entries[key] = .asking(others + [promise])
        } else {
            makeRoom()
            entries[key] = .asking([promise])
            loop.spawn {
                let answer: Answer
                do throws(ResolverError) {
                    answer = .success(try await self.resolve(host, isAbsolute))
                } catch {
                    answer = .failure(error)
                }
                self.settle(key, answer)
            }
        }
        return await promise.value(within: limit, on: loop)
    }

    private func settle(_ key: Key, _ answer: Answer) {
        loop.assertOnLoop()
        guard case .asking(let waiting)? = entries[key] else { return }
        let duration: Duration
        if case .success = answer { duration = lifetime } else { duration = failureLifetime }
        entries[key] = .known(answer, until: EventLoop.monotonicNanoseconds + duration.wholeNanoseconds)
        for promise in waiting { promise.fulfil(answer) }
    }

    private func makeRoom() {
        if entries.count < Limits.rememberedHosts { return }
        let now = EventLoop.monotonicNanoseconds
        func isOver(_ entry: Entry) -> Bool {
            if case .known(_, let until) = entry { return until <= now }
            return false
        }
        entries = entries.filter { !isOver($0.value) }
        if entries.count < Limits.rememberedHosts { return }
        entries = entries.filter { if case .asking = $0.value { true } else { false } }
    }
}

extension Duration {
    /// 0 for a negative duration, and the most there is for one beyond 500 years.
    var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        if seconds > 15_000_000_000 { return 15_000_000_000_000_000_000 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
