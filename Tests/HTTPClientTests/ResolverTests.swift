import Runtime
import Testing

/// The system's resolver, as far as a machine without a network can show it.
@Suite(.timeLimit(.minutes(10))) struct ResolverTests {
    @Test func theHostsFileIsReadForRelativeNames() async throws {
        let addresses = try await withLoop { loop in
            try await Resolver(loop, timeout: .seconds(50)).addresses(of: Array("localhost".utf8), isAbsolute: false)
        }
        #expect(addresses.contains(.v4(0x7f00_0001)))
        #expect(Set(addresses).count == addresses.count)
    }

    @Test func manyLookupsAtOnceAllEnd() async throws {
        let count = try await withLoop { loop in
            let resolver = Resolver(loop, timeout: .seconds(50))
            return await withTaskGroup(of: Int.self) { group in
                for _ in 0..<100 {
                    group.addTask(executorPreference: loop) {
                        let found = try? await resolver.addresses(of: Array("localhost".utf8), isAbsolute: false)
                        return found?.isEmpty == false ? 1 : 0
                    }
                }
                return await group.reduce(0, +)
            }
        }
        #expect(count == 100)
    }

    @Test func namesThatAreNoNamesAreNotAsked() async throws {
        try await withLoop { loop in
            let resolver = Resolver(loop, timeout: .seconds(50))
            for name in [[], Array("127.0.0.1\0.example.com".utf8), [UInt8](repeating: 0x61, count: 254)] {
                await #expect(throws: ResolverError.notFound) {
                    try await resolver.addresses(of: name, isAbsolute: true)
                }
            }
        }
    }

    @Test func aLookupThatTakesTooLongIsNotWaitedFor() async throws {
        try await withLoop { loop in
            let resolver = Resolver(loop, timeout: .zero)
            await #expect(throws: ResolverError.timeout) {
                try await resolver.addresses(of: Array("localhost".utf8), isAbsolute: false)
            }
        }
    }
}
