import Domain
import Store

/// What `subgate keys status` prints: a line for each key that was ever held, then one for each running node.
struct KeyReport {
    let uses: [KeyUse]
    let holders: [KeyHolder]

    var lines: [String] {
        uses.map(line) + holders.map(line) + (holders.isEmpty ? ["no node runs"] : [])
    }

    private func line(_ use: KeyUse) -> String {
        let entry = "\(use.kind.rawValue):\(use.id)"
        let users =
            use.kind == .master
            ? "wraps \(use.users) data keys"
            : "digests \(use.users) secrets and admin keys"
                + (use.lastUsedAt.map { ", last used \(String(decoding: $0.rfc3339(), as: UTF8.self))" } ?? "")
        let holding = holders.filter { $0.held.contains(entry) }.count
        let using = holders.filter { $0.current.contains(entry) }.count
        var text = "\(use.kind.rawValue) \(use.id): \(users); \(holding) nodes have it, \(using) use it for new ones"
        if use.users == 0, using == 0 { text += "; not needed" }
        return text
    }

    private func line(_ holder: KeyHolder) -> String {
        "node \(holder.name): has \(holder.held.joined(separator: " ")); "
            + "uses \(holder.current.joined(separator: " "))"
    }
}
