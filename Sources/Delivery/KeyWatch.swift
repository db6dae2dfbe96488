import Crypto
import Delivery
import Domain
import Runtime
import Store

/// Keeps a node's keys those of their files, and the other nodes told which they are.
///
/// A new key is loaded by every node before any of them uses it, whatever the order in which files change: so one step,
/// a new first line, is all that an operator does. Files that are no good change nothing. Loop-bound.
struct KeyWatch: Sendable {
    /// A tenth of what a node may be silent for until it does not count: `holder_grace()`.
    private static let interval: Duration = .seconds(3)

    /// After how many looks files that were refused are tried again: another node may have caught up.
    private static let looksPerRetry = 5

    private struct State {
        var texts: KeyTexts?
        var looksToRetry = 0
        /// What was said last of the files, of this node's place among others, and of keys that wait.
        var fileComplaint = ""
        var complaint = ""
        var awaited: [String] = []
    }

    private let store: Store
    private let parts: NodeParts
    private let state: LoopState<State>

    init(_ store: Store, _ parts: NodeParts) {
        self.store = store
        self.parts = parts
        state = LoopState(store.loop, State())
    }

    /// SIGHUP: looks at once, also at files that were refused.
    func reread() async {
        state.withValue { $0.texts = nil }
        await runOnce()
    }

    private var node: (id: UUIDValue, name: String) { (parts.leases.node, parts.configuration.nodeName) }

    /// The first look of a node that starts, which must not go on if it fails.
    func begin() async -> Result<Void, any Error> {
        do {
            switch try await store.holdKeys(store.keyring.keys, as: node, isThorough: true) {
            case .granted(let keys, _): return .success(store.keyring.replace(with: keys))
            case .refused(let problems): return .failure(StartFailure(KeyWatch.line(problems)))
            }
        } catch {
            return .failure(StartFailure("cannot compare keys with the database: \(error)"))
        }
    }

    static func line(_ problems: [KeyProblem]) -> String { problems.map(\.description).joined(separator: "; ") }

    /// Goes on until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await store.loop.sleep(for: KeyWatch.interval)
            if !Task.isCancelled { await runOnce() }
        }
    }

    /// One look: takes over what has changed in the files, if it may, and shows what it has.
    func runOnce() async {
        do throws(StoreError) {
            if let keys = changedKeys() {
                switch try await store.holdKeys(keys, as: node, isThorough: true) {
                case .granted(let keys, let awaited): return take(keys, awaited, isChange: true)
                case .refused(let problems):
                    state.withValue { $0.looksToRetry = KeyWatch.looksPerRetry }
                    complain("the changed files of keys are not taken over", KeyWatch.line(problems), \.fileComplaint)
                }
            }
            switch try await store.holdKeys(store.keyring.keys, as: node, isThorough: false) {
            case .granted(let keys, let awaited): take(keys, awaited, isChange: false)
            case .refused(let problems):
                // It was away for so long that the others went on without it.
                let keys = store.keyring.keys
                store.keyring.replace(
                    with: KeySet(masterKeys: keys.masterKeys, peppers: keys.peppers, isIncomplete: true))
                complain("this node lacks keys that others use", KeyWatch.line(problems), \.complaint)
            }
        } catch {
            // A change that met a database which was away is one at the next look too.
            state.withValue { $0.texts = nil }
            parts.log.heldUp("could not show which keys this node has", by: error)
        }
    }

    /// The node has stopped.
    func end() async { try? await store.releaseKeys(of: node.id) }

    /// What the files hold, if it is good, and another than at the last look or to be tried again.
    private func changedKeys() -> KeySet? {
        do throws(OptionError) {
            let texts = try parts.configuration.keySource.read()
            let isSame = state.withValue { state in
                defer { state.texts = texts }
                if state.looksToRetry > 0 {
                    state.looksToRetry -= 1
                    if state.looksToRetry == 0 { return false }
                }
                return state.texts == texts
            }
            return isSame ? nil : try texts.keys()
        } catch {
            complain("the files of keys are not taken over", "\(error)", \.fileComplaint)
            return nil
        }
    }

    private func take(_ keys: KeySet, _ awaited: [(kind: KeyKind, id: String, node: String)], isChange: Bool) {
        let before = store.keyring.keys
        store.keyring.replace(with: keys)
        let lines = awaited.map { "\($0.kind.rawValue) \($0.id), which node '\($0.node)' lacks" }
        let isNews = state.withValue { state in
            state.complaint = ""
            if isChange { state.fileComplaint = "" }
            defer { state.awaited = lines }
            return state.awaited != lines
        }
        if isNews { for line in lines { parts.log.warn("a new key waits", [(.reason, .text(line))]) } }
        for (kind, old, new) in [
            (KeyKind.master, before.masterKeys, keys.masterKeys), (.pepper, before.peppers, keys.peppers),
        ] where old.currentId != new.currentId || isChange && old.ids != new.ids {
            parts.log.info(
                "uses keys",
                [
                    (.kind, .text(kind.rawValue)), (.keyId, .bytes(new.currentId)),
                    (.count, .integer(new.ids.count)),
                ])
        }
    }

    /// Once for each thing that is wrong, not every few seconds.
    private func complain(_ what: StaticString, _ why: String, _ last: WritableKeyPath<State, String>) {
        let isNews = state.withValue { state in
            defer { state[keyPath: last] = why }
            return state[keyPath: last] != why
        }
        if isNews { parts.log.error(what, [(.error, .text(why))]) }
    }
}
