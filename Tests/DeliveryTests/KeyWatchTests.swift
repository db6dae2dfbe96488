import Crypto
import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@testable import Delivery

/// A node that takes over what changes in its files of keys.
@Suite struct KeyWatchTests {
    /// A node of which a test writes the files.
    private struct Node {
        let store: Store
        let id: UUIDValue
        let watch: KeyWatch
        let files: LoopState<KeyTexts?>

        init(_ fixture: StoreFixture, _ store: Store, _ masters: String) throws {
            self.store = store
            let (id, files) = (store.identifiers.nextUUID(), LoopState<KeyTexts?>(fixture.loop, Node.texts(masters)))
            (self.id, self.files) = (id, files)
            store.keyring.replace(with: try Node.texts(masters).keys())
            watch = KeyWatch(store: store, node: (id, "node"), log: .silent) { () throws(KeyTextFault) in
                guard let texts = files.withValue({ $0 }) else { throw KeyTextFault("it cannot be read") }
                return texts
            }
        }

        /// Master keys by their ids, current first, and one pepper.
        static func texts(_ masters: String) -> KeyTexts {
            func lines(_ ids: String) -> [UInt8] {
                let lines = ids.split(separator: " ").map { id in
                    let name = Array(id.utf8)
                    return MasterKeys.makeLine(id: name, random: [UInt8](repeating: name.reduce(0, &+), count: 32))
                }
                return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
            }
            return KeyTexts(masterKeys: lines(masters), pepper: lines("p1"))
        }

        func write(_ masters: String) { files.withValue { $0 = Node.texts(masters) } }

        /// The ids of the master keys it uses, current first.
        var masters: [String] {
            store.keyring.keys.masterKeys.ids.map { String(decoding: $0, as: UTF8.self) }
        }
        var current: String { String(decoding: store.keyring.keys.masterKeys.currentId, as: UTF8.self) }
    }

    private static func withNode(
        _ masters: String, _ body: @escaping @Sendable (StoreFixture, Node) async throws -> Void
    ) async throws {
        try await StoreFixture.with { fixture in
            let node = try Node(fixture, fixture.store, masters)
            #expect(await node.watch.begin() == nil)
            await node.watch.runOnce()
            #expect(node.current == masters)
            try await body(fixture, node)
        }
    }

    @Test func aChangeThatMetAFailingStatementIsTriedAgain() async throws {
        try await Self.withNode("k1") { fixture, node in
            func rename(_ from: String, _ to: String) async throws {
                let database = fixture.testDatabase
                try await onOwnThread { try database.owner().execute("alter table subgate.\(from) rename to \(to)") }
            }
            node.write("k2 k1")
            try await rename("key_holder", "gone")
            await node.watch.runOnce()
            #expect(node.current == "k1")
            try await rename("gone", "key_holder")
            await node.watch.runOnce()
            #expect(node.current == "k2" && Set(node.masters) == ["k1", "k2"])
        }
    }

    @Test func filesThatAreNoGoodChangeNothing() async throws {
        try await Self.withNode("k1") { _, node in
            node.files.withValue { $0 = KeyTexts(masterKeys: Array("nonsense".utf8), pepper: []) }
            await node.watch.runOnce()
            #expect(node.masters == ["k1"])
            node.files.withValue { $0 = nil }
            await node.watch.runOnce()
            #expect(node.masters == ["k1"])
            node.write("k2 k1")
            await node.watch.runOnce()
            #expect(node.current == "k2")
        }
    }

    /// Files that lack what another node uses are refused, and taken over some looks after that node is gone.
    @Test func whatWasRefusedIsTriedAgainLater() async throws {
        try await Self.withNode("k1") { fixture, node in
            let other = fixture.store.identifiers.nextUUID()
            let both = try Node.texts("k1").keys()
            guard case .granted = try await node.store.holdKeys(both, as: (other, "other"), isThorough: true) else {
                throw StoreError.notFound
            }
            node.write("k2")
            await node.watch.runOnce()
            #expect(node.masters == ["k1"])
            try await node.store.releaseKeys(of: other)
            var looks = 0
            while node.current == "k1", looks < 20 {
                await node.watch.runOnce()
                looks += 1
            }
            #expect(node.masters == ["k2"] && looks > 1)
            // A person who asks for it need not wait.
            node.write("k3 k2")
            await node.watch.reread()
            #expect(node.current == "k3")
        }
    }
}
