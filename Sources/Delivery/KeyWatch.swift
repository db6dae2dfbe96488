import Crypto
package import Domain
package import Runtime
package import Store

/// Keeps a node's keys those of their files, and the other nodes told which they are.
///
/// A new key is loaded by every node before any of them uses it, whatever the order in which files change: so one step,
/// a new first line, is all that an operator does. Files that are no good change nothing. Loop-bound.
package struct KeyWatch: Sendable {
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
    private let node: (id: UUIDValue, name: String)
    private let log: Log
    private let read: @Sendable () throws(KeyTextFault) -> KeyTexts
    private let state: LoopState<State>

    /// `read` reads what the files hold now.
    package init(
        store: Store, node: (id: UUIDValue, name: String), log: Log,
        read: @escaping @Sendable () throws(KeyTextFault) -> KeyTexts
    ) {
        self.store = store
        self.node = node
        self.log = log
        self.read = read
        state = LoopState(store.loop, State())
    }

    /// SIGHUP: looks at once, also at files that were refused.
    package func reread() async {
        state.withValue { $0.texts = nil }
        await runOnce()
    }

    /// The first look of a node that starts, which must not go on if there is something wrong: the line that says what.
    package func begin() async -> String? {
        do throws(StoreError) {
            switch try await store.holdKeys(store.keyring.keys, as: node, isThorough: true) {
            case .granted(let keys, _): store.keyring.replace(with: keys)
            case .refused(let problems): return problems.line
            }
            return nil
        } catch {
            return "cannot compare keys with the database: \(error)"
        }
    }

    /// Goes on until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await store.loop.sleep(for: KeyWatch.interval)
            if !Task.isCancelled { await runOnce() }
        }
    }

    /// One look: takes over what has changed in the files, if it may, and shows what it has.
    package func runOnce() async {
        do throws(StoreError) {
            if let keys = changedKeys() {
                switch try await store.holdKeys(keys, as: node, isThorough: true) {
                case .granted(let keys, let awaited): return take(keys, awaited, isChange: true)
                case .refused(let problems):
                    state.withValue { $0.looksToRetry = KeyWatch.looksPerRetry }
                    complain("the changed files of keys are not taken over", problems.line, \.fileComplaint)
                }
            }
            switch try await store.holdKeys(store.keyring.keys, as: node, isThorough: false) {
            case .granted(let keys, let awaited): take(keys, awaited, isChange: false)
            case .refused(let problems):
                // It was away for so long that the others went on without it.
                let keys = store.keyring.keys
                store.keyring.replace(
                    with: KeySet(masterKeys: keys.masterKeys, peppers: keys.peppers, isIncomplete: true))
                complain("this node lacks keys that others use", problems.line, \.complaint)
            }
        } catch {
            // A change that met a database which was away is one at the next look too.
            state.withValue { $0.texts = nil }
            log.heldUp("could not show which keys this node has", by: error)
        }
    }

    /// The node has stopped.
    package func end() async { try? await store.releaseKeys(of: node.id) }

    /// What the files hold, if it is good, and another than at the last look or to be tried again.
    private func changedKeys() -> KeySet? {
        do throws(KeyTextFault) {
            let texts = try read()
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
        if isNews { for line in lines { log.warn("a new key waits", [(.reason, .text(line))]) } }
        for (kind, old, new) in [
            (KeyKind.master, before.masterKeys, keys.masterKeys), (.pepper, before.peppers, keys.peppers),
        ] where old.currentId != new.currentId || isChange && old.ids != new.ids {
            log.info(
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
        if isNews { log.error(what, [(.error, .text(why))]) }
    }
}
