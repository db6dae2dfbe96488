import Crypto
import Domain
import Runtime
import Store

/// `subgate keys rotate`: wraps data keys anew, some at a time, from the first to the last.
struct KeyRotation: Sendable {
    /// How long nodes may take to load the new key, which each does within seconds once its file has it.
    private static let patience: Duration = .seconds(20)

    let store: Store
    let chunk: Int
    let pause: Duration

    /// Throws one line if a running node lacks the key for too long, or if data keys do not open.
    func run() async throws {
        let wanted = store.keyring.keys.masterKeys.ids[0]
        let id = String(decoding: wanted, as: UTF8.self)
        try await waitForNodes(wanted)
        var (done, failed) = (0, [UUIDValue]())
        var place: DataKeyPlace? = DataKeyPlace()
        while let from = place {
            let step = try await store.rewrapDataKeys(from: from, count: chunk)
            done += step.rewrapped
            failed += step.failed
            place = step.next
            if step.rewrapped > 0 {
                StandardStreams.say("\(done) data keys wrapped under \(id)")
                await store.loop.sleep(for: pause)
            }
        }
        let left = try await store.keyUses().filter { $0.kind == .master && $0.id != id && $0.users > 0 }
        if let first = failed.first {
            let text = String(decoding: first.text, as: UTF8.self)
            throw StartFailure("\(failed.count) data keys do not open with these master keys, such as \(text)")
        }
        for use in left {
            throw StartFailure("\(use.users) data keys were made under \(use.id) meanwhile: run it again")
        }
        StandardStreams.say("every data key is wrapped under \(id)")
    }

    /// Until every node that runs has the key and uses it: what one wraps under the old key meanwhile would be missed.
    private func waitForNodes(_ wanted: [UInt8]) async throws {
        let keys = store.keyring.keys
        let entry = "\(KeyKind.master.rawValue):\(String(decoding: wanted, as: UTF8.self))"
        let end = store.clock.now() + KeyRotation.patience
        while true {
            guard let late = try await store.keyHolders().first(where: { !$0.current.contains(entry) }) else { break }
            if store.clock.now() > end {
                let state = late.held.contains(entry) ? "does not use" : "lacks"
                throw StartFailure("node '\(late.name)' \(state) \(entry): put it first in the file of every node")
            }
            await store.loop.sleep(for: .milliseconds(200))
        }
        store.keyring.replace(
            with: KeySet(masterKeys: keys.masterKeys.withCurrent(wanted), peppers: keys.peppers))
    }
}
