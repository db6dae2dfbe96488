import Runtime

/// The addresses of hosts, remembered for some seconds. Loop-bound. Calls for a host that is being looked up join that
/// lookup.
///
/// When the name servers fail, what they said last goes on counting for a while (RFC 8767): their outage need not
/// become ours. Such addresses are judged at each use, as all are.
final class AddressBook: @unchecked Sendable {
    /// - Parameter isUrgent: the host has answered before, and should not wait behind those that never did.
    typealias Resolve =
        @Sendable (_ host: [UInt8], _ isAbsolute: Bool, _ isUrgent: Bool) async throws(ResolverError) -> [IPAddress]
    typealias Answer = Result<[IPAddress], ResolverError>

    struct Lifetimes {
        var success: Duration
        var failure: Duration
        /// How long an answer serves while newer ones cannot be had.
        var stale: Duration
    }

    private struct Key: Hashable {
        let host: [UInt8]
        let isAbsolute: Bool
    }

    private struct Good {
        let addresses: [IPAddress]
        let servesUntil: UInt64
    }

    private struct Entry {
        var known: (answer: Answer, until: UInt64)?
        /// Those who wait for the lookup under way; nil when there is none.
        var asking: [Promise<Answer>]?
        var lastGood: Good?
    }

    private let loop: EventLoop
    private let resolve: Resolve
    private let lifetimes: Lifetimes
    private var entries: [Key: Entry] = [:]

    init(_ loop: EventLoop, _ lifetimes: Lifetimes, resolve: @escaping Resolve) {
        self.loop = loop
        self.lifetimes = lifetimes
        self.resolve = resolve
    }

    /// What is known now, without waiting.
    func known(_ host: [UInt8], isAbsolute: Bool) -> Answer? {
        guard let known = entries[Key(host: host, isAbsolute: isAbsolute)]?.known,
            EventLoop.monotonicNanoseconds < known.until
        else { return nil }
        return known.answer
    }

    /// Looks a host up, unless that is already under way.
    func ask(_ host: [UInt8], isAbsolute: Bool, within limit: Duration) async -> Promise<Answer>.Outcome {
        let key = Key(host: host, isAbsolute: isAbsolute)
        let promise = Promise<Answer>()
        if entries[key]?.asking != nil {
            entries[key]?.asking?.append(promise)
        } else {
            if entries[key] == nil { makeRoom() }
            entries[key, default: Entry()].asking = [promise]
            let isUrgent = entries[key]?.lastGood != nil
            loop.spawn {
                let answer: Answer
                do throws(ResolverError) {
                    answer = .success(
                        AddressBook.condensed(try await self.resolve(host, isAbsolute, isUrgent)))
                } catch {
                    answer = .failure(error)
                }
                self.settle(key, answer)
            }
        }
        return await promise.value(within: limit, on: loop)
    }

    private func settle(_ key: Key, _ newest: Answer) {
        loop.assertOnLoop()
        guard var entry = entries[key], let waiting = entry.asking else { return }
        let now = EventLoop.monotonicNanoseconds
        var answer = newest
        var duration = lifetimes.failure
        switch newest {
        case .success(let addresses):
            duration = lifetimes.success
            entry.lastGood = Good(addresses: addresses, servesUntil: now + lifetimes.stale.wholeNanoseconds)
        // The name is gone: nothing it had counts any more.
        case .failure(.notFound): entry.lastGood = nil
        case .failure:
            if let good = entry.lastGood, now < good.servesUntil { answer = .success(good.addresses) }
        }
        entry.known = (answer, now + duration.wholeNanoseconds)
        entry.asking = nil
        entries[key] = entry
        for promise in waiting { promise.fulfil(answer) }
    }

    private func makeRoom() {
        if entries.count < Limits.rememberedHosts { return }
        let now = EventLoop.monotonicNanoseconds
        entries = entries.filter { $0.value.asking != nil || $0.value.known.map { now < $0.until } == true }
        if entries.count < Limits.rememberedHosts { return }
        entries = entries.filter { $0.value.asking != nil }
    }

    /// A name may have thousands of addresses, and there may be thousands of such names. Kept are the first of each
    /// family, more than are ever connected to, and one of each special-purpose block, so that every policy judges
    /// these as it would have judged all.
    static func condensed(_ addresses: [IPAddress]) -> [IPAddress] {
        if addresses.count <= Limits.rememberedAddresses { return addresses }
        var left = (v4: Limits.rememberedAddresses / 2, v6: Limits.rememberedAddresses / 2)
        var seen: Set<[AddressBlock?]> = []
        return addresses.filter { address in
            if let block = AddressPolicy.block(of: address) {
                return seen.insert([block, address.mappedBlock]).inserted
            }
            if case .v4 = address {
                left.v4 -= 1
                return left.v4 >= 0
            }
            left.v6 -= 1
            return left.v6 >= 0
        }
    }
}

extension IPAddress {
    /// The block of the IPv4 address in an IPv4-mapped one, by which that is judged in development.
    fileprivate var mappedBlock: AddressBlock? {
        guard case .v6(0, let low) = self, low >> 32 == 0xffff else { return nil }
        return AddressPolicy.block(of: .v4(UInt32(truncatingIfNeeded: low)))
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
