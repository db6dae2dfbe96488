import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// What a key that is not in the database is for.
package enum KeyKind: String, Sendable, CaseIterable {
    /// Wraps data keys.
    case master
    /// Makes the digests of secrets.
    case pepper
}

/// Why a process must not go on with the keys it has. It prints as one line that names the key's id.
package struct KeyProblem: Hashable, Sendable, CustomStringConvertible {
    package enum Fault: Hashable, Sendable {
        /// The id stood for another key until now.
        case wrong
        /// It is in use and not among the keys; by the node of this name, or by rows of the database.
        case missing(node: String?)
    }
    package let kind: KeyKind
    package let id: String
    package let fault: Fault

    package var description: String {
        let name = kind == .master ? "master key '\(id)'" : "pepper '\(id)'"
        let option = kind == .master ? "--master-keys-file" : "--pepper-file"
        switch (fault, kind) {
        case (.wrong, _): return "\(name) of \(option) is not the key that this database knows by that id"
        case (.missing(let node?), _): return "node '\(node)' uses \(name), which \(option) lacks"
        case (.missing(nil), .master): return "there are data keys under \(name), which \(option) lacks"
        case (.missing(nil), .pepper): return "there are secrets under \(name), which \(option) lacks"
        }
    }
}

extension [KeyProblem] {
    package var line: String { map(\.description).joined(separator: "; ") }
}

/// What a process was told about its keys.
package enum KeyHold: Sendable {
    /// It may use them as this set has it. `awaited` are keys that stand before the current ones in their files, and a
    /// node each that lacks them.
    case granted(KeySet, awaited: [(kind: KeyKind, id: String, node: String)])
    case refused([KeyProblem])
}

extension Store {
    /// Says which keys a node has, and learns which of them it is to use: of each kind the first that every running
    /// node has. Call it every few seconds, so that the node counts as running; nil is a command, which does not.
    ///
    /// `isThorough` also asks whether rows of the database need a key that is not among these, which reads all data
    /// keys and secrets: for a start, and for changed files.
    package func holdKeys(
        _ keys: KeySet, as node: (id: UUIDValue, name: String)?, isThorough: Bool
    ) async throws(StoreError) -> KeyHold {
        let held = keys.entries
        let rows = try await run(
            PlatformScope.system, .holdKeys,
            [
                .uuid(node?.id), .string(node?.name), .stringArray(held.map(\.kind.rawValue)),
                .textArray(held.map(\.id)), .bytesArray(held.map(\.proof)), .bool(isThorough), .time(clock.now()),
            ])
        var problems: [KeyProblem] = []
        var awaited: [(kind: KeyKind, id: String, node: String)] = []
        var current: [KeyKind: [UInt8]] = [:]
        for row in rows.indices {
            let kind: KeyKind = try rows.word(row, 0)
            let (id, state) = try (rows.string(row, 1), rows.string(row, 2))
            let holder = rows.optionalText(row, 3).map { String(decoding: $0, as: UTF8.self) }
            switch state {
            case "wrong": problems.append(KeyProblem(kind: kind, id: id, fault: .wrong))
            case "missing": problems.append(KeyProblem(kind: kind, id: id, fault: .missing(node: holder)))
            case "current": current[kind] = Array(id.utf8)
            default: if current[kind] == nil, let holder { awaited.append((kind, id, holder)) }
            }
        }
        if !problems.isEmpty { return .refused(problems) }
        guard let master = current[.master], let pepper = current[.pepper] else {
            throw .unexpected(sqlState: "no current key")
        }
        return .granted(
            KeySet(
                masterKeys: keys.masterKeys.withCurrent(master), peppers: keys.peppers.withCurrent(pepper)),
            awaited: awaited)
    }

    /// The node has ended.
    package func releaseKeys(of node: UUIDValue) async throws(StoreError) {
        _ = try await run(PlatformScope.system, .releaseKeys, [.uuid(node)])
    }
}

extension KeySet {
    /// Each key with what it is known again by, in the order of its file.
    fileprivate var entries: [(kind: KeyKind, id: [UInt8], proof: [UInt8])] {
        KeyKind.allCases.flatMap { kind in
            let keys = kind == .master ? masterKeys : peppers
            return keys.ids.map { id in
                // No secret begins like this: those that are digested say what they are.
                let label = Array("subgate key check\n\(kind.rawValue)\n".utf8) + id
                guard let proof = keys.proof(of: id, label: label) else {
                    preconditionFailure("each id has its key")
                }
                return (kind, id, proof)
            }
        }
    }
}
