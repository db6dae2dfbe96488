import Crypto
import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Keys that change while nodes run.
@Suite struct KeyHoldTests {
    /// Sets of keys by their ids, current first; the same id is the same key, unless it ends in `!`.
    static func keys(_ masters: String, _ peppers: String = "p1") throws -> KeySet {
        func parse(_ ids: String) throws -> MasterKeys {
            let lines = ids.split(separator: " ").map { id in
                let name = Seed.bytes(String(id.prefix { $0 != "!" }))
                let first = name.reduce(id.hasSuffix("!") ? 100 : 0) { $0 &* 31 &+ $1 }
                return MasterKeys.makeLine(id: name, random: [UInt8](repeating: first, count: 32))
            }
            return try MasterKeys.parse(Array(lines.joined(separator: Seed.bytes("\n"))))
        }
        return KeySet(masterKeys: try parse(masters), peppers: try parse(peppers))
    }

    /// Nodes of one test by name.
    struct Nodes {
        let store: Store
        private var ids: [String: UUIDValue] = [:]

        init(_ store: Store) { self.store = store }

        /// The current keys a node was granted, or what it was refused for.
        mutating func hold(_ name: String?, _ keys: KeySet, isThorough: Bool = true) async throws -> String {
            let id = name.map { ids[$0] ?? store.identifiers.nextUUID() }
            if let name { ids[name] = id }
            let hold = try await store.holdKeys(
                keys, as: name.flatMap { name in id.map { ($0, name) } }, isThorough: isThorough)
            switch hold {
            case .granted(let keys, _):
                return String(decoding: keys.masterKeys.currentId + [32] + keys.peppers.currentId, as: UTF8.self)
            case .refused(let problems): return problems.map(\.description).joined(separator: "; ")
            }
        }

        func end(_ name: String) async throws { try await store.releaseKeys(of: ids[name]!) }
    }

    @Test func aNewKeyIsUsedOnceEveryNodeHasIt() async throws {
        try await StoreFixture.with { fixture in
            var nodes = Nodes(fixture.store)
            #expect(try await nodes.hold("a", Self.keys("k1")) == "k1 p1")
            #expect(try await nodes.hold("b", Self.keys("k1")) == "k1 p1")
            #expect(try await nodes.hold("a", Self.keys("k2 k1", "p2 p1")) == "k1 p1")
            #expect(try await nodes.hold(nil, Self.keys("k2 k1", "p2 p1")) == "k1 p1")
            #expect(try await nodes.hold("b", Self.keys("k2 k1", "p2 p1"), isThorough: false) == "k2 p2")
            #expect(try await nodes.hold("a", Self.keys("k2 k1", "p2 p1"), isThorough: false) == "k2 p2")
            // A command is no holder: what it lacks holds nobody up.
            #expect(try await nodes.hold(nil, Self.keys("k2", "p2")) == "k2 p2")
            #expect(try await nodes.hold("a", Self.keys("k3 k2 k1", "p2 p1")) == "k2 p2")
            let awaited = try await fixture.store.holdKeys(
                Self.keys("k3 k2", "p2"), as: (fixture.store.identifiers.nextUUID(), "c"), isThorough: true)
            guard case .granted(_, let late) = awaited else { throw StoreError.notFound }
            #expect(late.map { "\($0.kind) \($0.id) \($0.node)" } == ["master k3 b"])
        }
    }

    @Test func aNodeThatLacksAKeyInUseIsRefused() async throws {
        try await StoreFixture.with { fixture in
            var nodes = Nodes(fixture.store)
            #expect(try await nodes.hold("a", Self.keys("k2 k1")) == "k2 p1")
            #expect(
                try await nodes.hold("b", Self.keys("k1"))
                    == "node 'a' uses master key 'k2', which --master-keys-file lacks")
            // It did not become one that others wait for.
            #expect(try await nodes.hold("a", Self.keys("k3 k2")) == "k3 p1")
            try await nodes.end("a")
            #expect(try await nodes.hold("b", Self.keys("k1")) == "k1 p1")
            // Nobody waits for a node that has not shown itself for long.
            try await onOwnThread {
                try fixture.testDatabase.owner().execute(
                    "update subgate.key_holder set seen_at = now() - interval '31 s'")
            }
            #expect(try await nodes.hold("a", Self.keys("k4 k3")) == "k4 p1")
            #expect(
                try await nodes.hold("b", Self.keys("k1"), isThorough: false)
                    == "node 'a' uses master key 'k4', which --master-keys-file lacks")
        }
    }

    @Test func aWrongKeyUnderARightIdIsRefused() async throws {
        try await StoreFixture.with { fixture in
            var nodes = Nodes(fixture.store)
            #expect(try await nodes.hold("a", Self.keys("k1", "p1")) == "k1 p1")
            try await nodes.end("a")
            let told = "is not the key that this database knows by that id"
            #expect(
                try await nodes.hold("a", Self.keys("k2 k1!"), isThorough: false)
                    == "master key 'k1' of --master-keys-file \(told)")
            #expect(try await nodes.hold(nil, Self.keys("k1", "p1!")) == "pepper 'p1' of --pepper-file \(told)")
            // The same bytes are no master key where they are a pepper, and what was refused was not learnt.
            #expect(try await nodes.hold("b", Self.keys("p1! k1", "k1! p1")) == "p1 k1")
        }
    }

    @Test func whatRowsNeedIsMissed() async throws {
        try await StoreFixture.with { fixture in
            let first = try await fixture.anotherStore(Keyring(Self.keys("k1", "p1")))
            _ = try await FurnishedTenant.make(first, "one")
            var nodes = Nodes(fixture.store)
            #expect(
                try await nodes.hold("a", Self.keys("k2", "p1"))
                    == "there are data keys under master key 'k1', which --master-keys-file lacks")
            #expect(
                try await nodes.hold("a", Self.keys("k1", "p2"))
                    == "there are secrets under pepper 'p1', which --pepper-file lacks")
            #expect(try await nodes.hold("a", Self.keys("k2 k1", "p2 p1")) == "k2 p2")
            await first.database.close()
        }
    }

    /// Two nodes that start at once, each with another key: one of them is refused.
    @Test func oneOfTwoStrangersIsRefused() async throws {
        try await StoreFixture.with { fixture in
            let other = try await fixture.anotherStore()
            for round in 0..<20 {
                let (left, right) = try (Self.keys("l\(round)"), Self.keys("r\(round)"))
                let ids = (fixture.store.identifiers.nextUUID(), fixture.store.identifiers.nextUUID())
                async let one = fixture.store.holdKeys(left, as: (ids.0, "l"), isThorough: true)
                async let two = other.holdKeys(right, as: (ids.1, "r"), isThorough: true)
                var granted = 0
                for hold in try await [one, two] { if case .granted = hold { granted += 1 } }
                #expect(granted == 1)
                try await fixture.store.releaseKeys(of: ids.0)
                try await fixture.store.releaseKeys(of: ids.1)
            }
            await other.database.close()
        }
    }
}
