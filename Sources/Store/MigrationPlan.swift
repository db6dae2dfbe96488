package import SQL

/// How a statement holds up others at a table, weakest first. The names are PostgreSQL's.
package enum TableLock: Int, Comparable, Sendable {
    case rowExclusive
    case shareUpdateExclusive
    /// Writes wait.
    case share
    case shareRowExclusive
    /// Everything waits.
    case accessExclusive

    package var name: String {
        switch self {
        case .rowExclusive: "row exclusive"
        case .shareUpdateExclusive: "share update exclusive"
        case .share: "share"
        case .shareRowExclusive: "share row exclusive"
        case .accessExclusive: "access exclusive"
        }
    }

    package static func < (left: TableLock, right: TableLock) -> Bool { left.rawValue < right.rawValue }
}

/// What a migration does to a database that is in use, as far as its text tells.
package struct MigrationPlan: Sendable {
    /// What it does to one table that was there before it.
    package struct Touch: Sendable {
        package var lock: TableLock
        /// It reads every row, while it holds the lock.
        package var scans = false
        /// It writes every row anew, while it holds the lock.
        package var rewrites = false
        /// It changes rows.
        package var writes = false
        package var buildsIndex = false
    }

    package let name: String
    /// How many statements of each kind, in the order in which they come first.
    package private(set) var kinds: [(kind: String, count: Int)] = []
    package private(set) var touches: [String: Touch] = [:]
    package private(set) var created: Set<String> = []
    /// What the version before this one may fail on: drops, renames, changed types, columns that must be given.
    package private(set) var breaks: [String] = []
    /// Statements whose effects their text does not tell.
    package private(set) var unknown: [String] = []

    package init(_ migration: Migration) {
        name = migration.name
        for words in SQLText.statements(migration.text) { read(words) }
        for table in created { touches[table] = nil }
    }

    package var lines: [String] {
        var lines = ["\(name): " + kinds.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")]
        for (table, touch) in touches.sorted(by: { $0.key < $1.key }) {
            var text = "  \(table): \(touch.lock.name) lock"
            if touch.lock == .accessExclusive { text += " (all who use it wait)" }
            if touch.lock == .share || touch.lock == .shareRowExclusive { text += " (writers wait)" }
            if touch.rewrites { text += ", rewrites the table" } else if touch.scans { text += ", reads the table" }
            if touch.writes { text += ", changes rows" }
            lines.append(text)
        }
        if touches.isEmpty, unknown.isEmpty { lines.append("  nobody waits") }
        if !unknown.isEmpty {
            lines.append("  its text does not tell what these do: " + unknown.joined(separator: ", "))
        }
        for broken in breaks { lines.append("  the version before may fail on it: \(broken)") }
        return lines
    }

    // MARK: Reading

    private mutating func read(_ words: [String]) {
        var rest = words[...]
        let verb = rest.removeFirst()
        switch verb {
        case "create": readCreate(rest)
        case "alter": readAlter(rest)
        case "drop": readDrop(rest)
        case "insert", "delete":
            count("\(verb)")
            touch(rest.dropFirst().first, .rowExclusive) { $0.writes = true }
        case "update":
            count("update")
            touch(rest.first, .rowExclusive) { $0.writes = true }
        case "truncate":
            count("truncate")
            let table = rest.first { $0 != "table" }
            touch(table, .accessExclusive) { $0.writes = true }
            breaks.append("truncate \(table ?? "")")
        case "set", "grant", "revoke", "comment", "reset": count(verb)
        default:
            count(verb)
            unknown.append(verb)
        }
    }

    private mutating func readCreate(_ words: ArraySlice<String>) {
        let skipped: Set<String> = ["or", "replace", "unique", "unlogged", "constraint", "temporary"]
        var rest = words.drop { skipped.contains($0) }
        guard let noun = rest.popFirst() else { return }
        count("create \(noun)")
        switch noun {
        case "table":
            rest = rest.drop { ["if", "not", "exists"].contains($0) }
            if let table = rest.popFirst() { created.insert(MigrationPlan.bare(table)) }
            readReferences(rest)
            if let parent = rest.after("of") { touch(parent, .accessExclusive) }
        case "index":
            touch(rest.after("on", skipping: ["only"]), .share) {
                $0.scans = true
                $0.buildsIndex = true
            }
            if rest.first == "concurrently" { unknown.append("an index made concurrently, which no transaction can") }
        case "trigger": touch(rest.after("on"), .shareRowExclusive)
        case "policy", "rule": touch(rest.after("on"), .accessExclusive)
        default: break
        }
    }

    private mutating func readAlter(_ words: ArraySlice<String>) {
        var rest = words
        guard let noun = rest.popFirst() else { return }
        count("alter \(noun)")
        if noun == "policy" { touch(rest.after("on"), .accessExclusive) }
        if noun == "type", rest.contains("rename") || rest.contains("drop") {
            breaks.append((["alter"] + words).joined(separator: " "))
        }
        guard noun == "table" else { return }
        rest = rest.drop { ["if", "exists", "only"].contains($0) }
        guard let table = rest.popFirst() else { return }
        for action in SQLText.parts(rest) { readAction(action[...], of: table) }
    }

    private mutating func readAction(_ action: ArraySlice<String>, of table: String) {
        var rest = action
        let isNew = created.contains(MigrationPlan.bare(table))
        func told(_ words: ArraySlice<String>) -> String { (["alter", "table", table] + words).joined(separator: " ") }
        switch rest.popFirst() {
        case "add":
            if ["constraint", "check", "foreign", "unique", "primary", "exclude"].contains(rest.first) {
                readConstraint(rest, of: table)
            } else {
                readColumn(rest.first == "column" ? rest.dropFirst() : rest, of: table)
            }
        case "alter":
            rest = rest.first == "column" ? rest.dropFirst() : rest
            let change = rest.dropFirst()
            let isType = change.first == "type" || change.starts(with: ["set", "data"])
            let isNotNull = change.starts(with: ["set", "not"])
            touch(table, change.starts(with: ["set", "statistics"]) ? .shareUpdateExclusive : .accessExclusive) {
                $0.rewrites = $0.rewrites || isType
                $0.scans = $0.scans || isNotNull
            }
            if isType || isNotNull, !isNew { breaks.append(told(action.prefix(6))) }
        case "drop":
            touch(table, .accessExclusive)
            if rest.first == "constraint" {
                // A foreign key's other table is locked too, and the text does not name it.
                unknown.append("drop constraint")
            } else if !isNew {
                breaks.append(told(action))
            }
        case "rename":
            touch(table, .accessExclusive)
            if !isNew { breaks.append(told(action)) }
        case "validate":
            touch(table, .shareUpdateExclusive) { $0.scans = true }
        case "set", "reset":
            // Settings of a table, such as how full its pages are.
            touch(table, rest.first == "(" ? .shareUpdateExclusive : .accessExclusive)
        case "attach": touch(table, .shareUpdateExclusive) { $0.scans = true }
        default: touch(table, .accessExclusive)
        }
    }

    private mutating func readConstraint(_ words: ArraySlice<String>, of table: String) {
        let isForeign = words.contains("foreign")
        let isChecked = !words.joined(separator: " ").hasSuffix("not valid") && !words.contains("using")
        touch(table, isForeign ? .shareRowExclusive : .accessExclusive) { $0.scans = $0.scans || isChecked }
        readReferences(words)
    }

    private mutating func readColumn(_ words: ArraySlice<String>, of table: String) {
        let column = words.drop { ["if", "not", "exists"].contains($0) }
        let hasDefault = column.contains("default")
        // A constant, or what is the same for all rows, is kept once; another has to be written into each.
        let called = column.after("default").map { MigrationPlan.bare($0) } ?? ""
        let isCall = column.drop { $0 != "default" }.dropFirst(2).first == "("
        let rewrites =
            column.contains("stored") || column.contains("identity") || column.contains { $0.hasSuffix("serial") }
            || isCall && !["now", "statement_timestamp", "transaction_timestamp"].contains(called)
        let scans = column.contains("check") || column.contains("references") || column.contains("unique")
        touch(table, .accessExclusive) {
            $0.rewrites = $0.rewrites || rewrites
            $0.scans = $0.scans || scans
        }
        readReferences(column)
        let isRequired = column.joined(separator: " ").contains("not null")
        if isRequired, !hasDefault, !column.contains("generated"), !created.contains(MigrationPlan.bare(table)) {
            breaks.append((["alter", "table", table, "add", "column"] + column).joined(separator: " "))
        }
    }

    private mutating func readReferences(_ words: ArraySlice<String>) {
        var rest = words
        while let found = rest.firstIndex(of: "references") {
            rest = rest[(found + 1)...]
            touch(rest.first, .shareRowExclusive)
        }
    }

    private mutating func readDrop(_ words: ArraySlice<String>) {
        var rest = words
        guard let noun = rest.popFirst() else { return }
        count("drop \(noun)")
        switch noun {
        case "policy", "trigger", "rule": touch(rest.after("on"), .accessExclusive)
        // The table of an index, or what hangs on a type, is not in the text.
        case "index": unknown.append("dropped index")
        case "table":
            for table in SQLText.parts(rest) { touch(table.first { $0 != "if" && $0 != "exists" }, .accessExclusive) }
            breaks.append((["drop", "table"] + rest).joined(separator: " "))
        default: breaks.append((["drop", noun] + rest).joined(separator: " "))
        }
    }

    private mutating func count(_ kind: String) {
        if let place = kinds.firstIndex(where: { $0.kind == kind }) {
            kinds[place].count += 1
        } else {
            kinds.append((kind, 1))
        }
    }

    private mutating func touch(_ table: String?, _ lock: TableLock, _ change: (inout Touch) -> Void = { _ in }) {
        guard let table = table.map(MigrationPlan.bare) else { return }
        var touch = touches[table] ?? Touch(lock: lock)
        touch.lock = max(touch.lock, lock)
        change(&touch)
        touches[table] = touch
    }

    /// Without the service's own schema.
    private static func bare(_ name: String) -> String { name.hasPrefix("subgate.") ? String(name.dropFirst(8)) : name }
}

extension ArraySlice<String> {
    /// The word after the first `word`.
    fileprivate func after(_ word: String, skipping skipped: Set<String> = []) -> String? {
        guard let place = firstIndex(of: word) else { return nil }
        return self[(place + 1)...].first { !skipped.contains($0) }
    }
}
