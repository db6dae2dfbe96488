import Runtime
import Testing

/// Looking names up in the DNS, with name servers of all sorts.
@Suite(.timeLimit(.minutes(5))) struct DNSResolverTests {
    typealias Asked = FakeNameServer.Asked

    private func look(
        _ host: String = "hooks.example.com", at servers: [FakeNameServer], timeout: Duration = .seconds(30)
    ) async -> Result<[IPAddress], ResolverError> {
        await look(host, at: servers.map { NameServer(.v4(0x7f00_0001), port: $0.port) }, timeout: timeout)
    }

    private func look(
        _ host: String, at servers: [NameServer], timeout: Duration = .seconds(30)
    ) async -> Result<[IPAddress], ResolverError> {
        let loop = EventLoop()
        loop.start()
        let result = await loop.run { () async -> Result<[IPAddress], ResolverError> in
            let resolver = DNSResolver(loop, timeout: timeout, random: .seeded(1), servers: servers)
            defer { resolver.close() }
            do throws(ResolverError) {
                return .success(try await resolver.addresses(of: Array(host.utf8)))
            } catch {
                return .failure(error)
            }
        }
        await Task.detached { loop.stop() }.value
        return result
    }

    private static let six: [UInt8] = [0x26, 0x06, 0x47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x11]

    @Test func bothFamiliesAreAskedForAndJoined() async throws {
        let server = FakeNameServer { asked in
            asked.answer([Asked.record(asked.isIPv6 ? DNSResolverTests.six : [192, 0, 2, 1])])
        }
        defer { server.stop() }
        let found = try await look("Hooks.Example.COM", at: [server]).get()
        #expect(found == [.v4(0xc000_0201), .v6(high: 0x2606_4700_0000_0000, low: 0x1111)])
        #expect(Set(server.asked.map(\.name)) == ["hooks.example.com"])
        #expect(server.asked.count == 2)
        // Two questions of one lookup have ids of their own.
        #expect(Set(server.asked.map { Array($0.message[0..<2]) }).count == 2)
    }

    @Test func noSuchNameAndNoAddressAreNotFound() async {
        let none = FakeNameServer { $0.answer([], flags: 0x8183) }
        let empty = FakeNameServer { $0.answer([]) }
        defer {
            none.stop()
            empty.stop()
        }
        #expect(await look(at: [none]) == .failure(.notFound))
        #expect(await look(at: [empty]) == .failure(.notFound))
    }

    @Test func aServerThatFailsGivesWayToTheNext() async throws {
        let bad = FakeNameServer { $0.answer([], flags: 0x8182) }
        let good = FakeNameServer { $0.answer($0.isIPv6 ? [] : [Asked.record([192, 0, 2, 1])]) }
        defer {
            bad.stop()
            good.stop()
        }
        #expect(try await look(at: [bad, good]).get() == [.v4(0xc000_0201)])
        #expect(await look(at: [bad]) == .failure(.temporary))
        // And one that is not there at all.
        let absent = NameServer(.v4(0x7f00_0001), port: 1)
        let there = NameServer(.v4(0x7f00_0001), port: good.port)
        #expect(try await look("a.example.com", at: [absent, there]).get() == [.v4(0xc000_0201)])
    }

    @Test func aLostQuestionIsPutAgain() async throws {
        let server = FakeNameServer { [counter = Counter()] asked in
            counter.next() < 2 ? nil : asked.answer(asked.isIPv6 ? [] : [Asked.record([192, 0, 2, 1])])
        }
        defer { server.stop() }
        #expect(try await look(at: [server]).get() == [.v4(0xc000_0201)])
    }

    @Test func aSilentServerEndsTheLookupInTime() async {
        let server = FakeNameServer { _ in nil }
        defer { server.stop() }
        #expect(await look(at: [server], timeout: .milliseconds(300)) == .failure(.timeout))
        #expect(await look(at: [server], timeout: .seconds(60)) == .failure(.temporary))
    }

    @Test func oneFamilyIsEnoughWhenTheOtherStaysSilent() async throws {
        let server = FakeNameServer { $0.isIPv6 ? nil : $0.answer([Asked.record([192, 0, 2, 1])]) }
        defer { server.stop() }
        #expect(try await look(at: [server], timeout: .seconds(30)).get() == [.v4(0xc000_0201)])
        // It did not wait for all the patience there is.
        #expect(server.asked.filter(\.isIPv6).count == 2)
    }

    @Test func answersThatAreNotToThisQuestionAreNotListenedTo() async throws {
        // Of each: a wrong id, a question for another name, one that is no answer at all, and bytes.
        let server = FakeNameServer { [counter = Counter()] asked in
            let good = asked.answer(asked.isIPv6 ? [] : [Asked.record([192, 0, 2, 1])])
            var forged = asked.answer([Asked.record(asked.isIPv6 ? DNSResolverTests.six : [10, 0, 0, 1])])
            switch counter.next() / 2 {
            case 0: forged[0] ^= 0xff
            case 1: forged[13] ^= 0x01
            case 2: forged[2] &= 0x7f
            default: return good
            }
            return forged
        }
        defer { server.stop() }
        #expect(try await look(at: [server]).get() == [.v4(0xc000_0201)])
    }

    @Test func aliasesAreFollowedAndStrayRecordsAreNot() async throws {
        let target: [UInt8] = [3, 0x61, 0x62, 0x63, 0]
        let server = FakeNameServer { asked in
            if asked.isIPv6 { return asked.answer([]) }
            return asked.answer([
                Asked.record(owner: [5] + Array("stray".utf8) + [0], kind: 1, [10, 0, 0, 9]),
                Asked.record(kind: 5, target), Asked.record(owner: target, kind: 1, [192, 0, 2, 7]),
            ])
        }
        let circle = FakeNameServer { $0.answer([Asked.record(kind: 5, [0xc0, 12])]) }
        defer {
            server.stop()
            circle.stop()
        }
        #expect(try await look(at: [server]).get() == [.v4(0xc000_0207)])
        #expect(await look(at: [circle]) == .failure(.temporary))
    }

    @Test func thousandsOfAddressesComeByTCP() async throws {
        let server = FakeNameServer { asked in
            if asked.isIPv6 { return asked.answer([]) }
            if !asked.isTCP { return asked.answer([], flags: 0x8380) }
            return asked.answer((0..<4_000).map { Asked.record([192, 0, UInt8($0 >> 8), UInt8($0 & 255)]) })
        }
        defer { server.stop() }
        let found = try await look(at: [server]).get()
        #expect(found.count == 4_000)
        #expect(found.last == .v4(0xc000_0f9f))
    }

    @Test func answersCutAnywhereOrFullOfNonsenseDoNoHarm() async {
        var seed: UInt64 = 7
        func next() -> UInt64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return seed >> 33
        }
        let cuts = (0..<40).map { _ in Int(next() % 60) }
        let server = FakeNameServer { [counter = Counter()] asked in
            let whole = asked.answer([Asked.record(asked.isIPv6 ? DNSResolverTests.six : [192, 0, 2, 1])])
            let number = counter.next()
            // A pointer to itself, a label past the end, and cuts.
            switch number % 3 {
            case 0: return Array(whole[..<(cuts[number % 40] % whole.count)])
            case 1: return asked.answer([Asked.record(owner: [0xc0, UInt8(12 + asked.question.count)], kind: 1, [])])
            default: return asked.answer([[63, 0x61]])
            }
        }
        defer { server.stop() }
        for _ in 0..<4 {
            guard case .failure = await look(at: [server]) else {
                Issue.record("an address from nonsense")
                return
            }
        }
    }

    @Test func namesThatAreNoNamesAreNotAsked() async {
        let server = FakeNameServer { _ in nil }
        defer { server.stop() }
        let long = String(repeating: "a", count: 64) + ".example.com"
        let tooLong = Array(repeating: "aaaaaaa", count: 40).joined(separator: ".")
        for name in ["", ".", "a..b", long, tooLong] {
            #expect(await look(name, at: [server]) == .failure(.notFound), "\(name)")
        }
        #expect(server.asked.isEmpty)
    }

    @Test func deadNamesDoNotKeepOthersWaiting() async throws {
        let server = FakeNameServer { asked in
            if asked.name.hasPrefix("dead") { return nil }
            return asked.answer(asked.isIPv6 ? [] : [Asked.record([192, 0, 2, 1])])
        }
        defer { server.stop() }
        let loop = EventLoop()
        loop.start()
        let port = server.port
        let ended = await loop.run {
            let resolver = DNSResolver(
                loop, timeout: .seconds(20), servers: [NameServer(.v4(0x7f00_0001), port: port)])
            defer { resolver.close() }
            return await withTaskGroup(of: Bool.self) { group in
                for number in 0..<1_000 {
                    group.addTask(executorPreference: loop) {
                        _ = try? await resolver.addresses(of: Array("dead\(number).example.com".utf8))
                        return false
                    }
                }
                group.addTask(executorPreference: loop) {
                    await Task.yield()
                    let known = try? await resolver.addresses(of: Array("good.example.com".utf8), isUrgent: true)
                    return known == [.v4(0xc000_0201)]
                }
                for await isGood in group where isGood {
                    group.cancelAll()
                    return true
                }
                return false
            }
        }
        await Task.detached { loop.stop() }.value
        #expect(ended)
    }
}

/// Counts from zero, from any thread.
private final class Counter: @unchecked Sendable {
    private let lock = Lock()
    private var value = 0
    func next() -> Int {
        lock.withLock {
            defer { value += 1 }
            return value
        }
    }
}
