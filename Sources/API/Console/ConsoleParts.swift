import Domain

/// One cell of a table, or one value of a list of facts.
struct ConsoleCell {
    let write: (inout HTMLWriter) -> Void

    static var none: ConsoleCell { ConsoleCell { $0.element(.span, [.class("soft")], text: "none") } }

    static func text(_ text: String) -> ConsoleCell { ConsoleCell { $0.text(text) } }

    /// A name of somebody's choosing: its direction is its own.
    static func name(_ text: [UInt8]?) -> ConsoleCell {
        guard let text else { return .none }
        return ConsoleCell { $0.element(.bdi, text: text) }
    }

    static func link(_ text: [UInt8], _ path: ConsolePath) -> ConsoleCell {
        ConsoleCell { $0.element(.a, [.href(path)]) { $0.element(.bdi, text: text) } }
    }

    /// An identifier, or what else is copied as a whole.
    static func id(_ text: [UInt8]?, _ path: ConsolePath? = nil) -> ConsoleCell {
        guard let text else { return .none }
        return ConsoleCell { html in
            if let path {
                html.element(.a, [.href(path)]) { $0.element(.code, [.class("id")], text: text) }
            } else {
                html.element(.code, [.class("id")], text: text)
            }
        }
    }

    /// The same with a button to copy it, where there is script.
    static func copied(_ text: [UInt8]?) -> ConsoleCell {
        guard let text else { return .none }
        return ConsoleCell { $0.element(.code, [.class("id"), .flag(.copies)], text: text) }
    }

    static func time(_ moment: Timestamp?) -> ConsoleCell {
        guard let moment else { return .none }
        return ConsoleCell { $0.time(moment) }
    }

    static func badge(_ word: String, _ tone: ConsoleTone) -> ConsoleCell { ConsoleCell { $0.badge(word, tone) } }
}

/// What a state means, besides its word.
enum ConsoleTone {
    case good, warn, bad, quiet

    fileprivate var name: StaticString {
        switch self {
        case .good: "badge good"
        case .warn: "badge warn"
        case .bad: "badge bad"
        case .quiet: "badge"
        }
    }
}

extension HTMLWriter {
    mutating func badge(_ word: String, _ tone: ConsoleTone) { element(.span, [.class(tone.name)], text: word) }

    /// UTC, to the second, and how far from now.
    mutating func time(_ moment: Timestamp) {
        let text = moment.rfc3339(.seconds)
        element(.time, [.datetime(text), .title(moment.rfc3339())], text: text)
        // Between the two a line may end.
        self.text(" ")
        element(.span, [.class("ago")], text: ConsoleSpan.hint(moment, now: now))
    }

    /// Names and values.
    mutating func facts(_ facts: [(name: String, value: ConsoleCell)]) {
        element(.dl, [.class("facts")]) { html in
            for fact in facts {
                html.element(.div) { html in
                    html.element(.dt, text: fact.name)
                    html.element(.dd, [], fact.value.write)
                }
            }
        }
    }

    /// A table that a narrow page shows row by row: hence the roles, which survive that. Without rows only `empty`.
    mutating func table(_ name: String, _ columns: [StaticString], empty: String, rows: [[ConsoleCell]]) {
        if rows.isEmpty { return element(.p, [.class("soft")], text: empty) }
        element(.table, [.word(.role, "table"), .label(Array(name.utf8))]) { html in
            html.element(.thead, [.word(.role, "rowgroup")]) { html in
                html.element(.tr, [.word(.role, "row")]) { html in
                    for column in columns {
                        html.element(
                            .th, [.word(.scope, "col"), .word(.role, "columnheader")], text: "\(column)")
                    }
                }
            }
            html.element(.tbody, [.word(.role, "rowgroup")]) { html in
                for row in rows {
                    html.element(.tr, [.word(.role, "row")]) { html in
                        for (column, cell) in zip(columns, row) {
                            html.element(.td, [.word(.role, "cell"), .column(column)]) {
                                $0.element(.div, [], cell.write)
                            }
                        }
                    }
                }
            }
        }
    }

    mutating func part(_ title: String, _ content: (inout HTMLWriter) -> Void) {
        element(.section) { html in
            html.element(.h2, text: title)
            content(&html)
        }
    }

    /// What the console's script asks for again every few seconds. `name` is the only one of its page.
    mutating func live(_ name: StaticString, _ content: (inout HTMLWriter) -> Void) {
        element(.div, [.id(name), .word(.live, "on")], content)
    }

    /// What the last form did.
    mutating func notice(_ text: String?) {
        guard let text else { return }
        element(.p, [.class("notice"), .word(.role, "status")], text: text)
    }
}

/// Spans of time in words.
enum ConsoleSpan {
    /// `just now`, `5 min ago`, `in 2 h`.
    static func hint(_ moment: Timestamp, now: Timestamp) -> String {
        let seconds = now.seconds - moment.seconds
        let size = magnitude(seconds.magnitude)
        if seconds.magnitude < 5 { return "just now" }
        return seconds > 0 ? "\(size) ago" : "in \(size)"
    }

    static func magnitude(_ seconds: UInt64) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }
}

extension SubClientStatus {
    var tone: ConsoleTone {
        switch self {
        case .active: .good
        case .onboarding: .warn
        case .suspended: .bad
        case .closed, .erased: .quiet
        }
    }
}

extension DeliveryStatus {
    var tone: ConsoleTone {
        switch self {
        case .delivered: .good
        case .pending, .delivering: .quiet
        case .retrying, .held: .warn
        case .failed: .bad
        case .cancelled: .quiet
        }
    }
}

extension HealthState {
    var tone: ConsoleTone {
        switch self {
        case .healthy: .good
        case .slowed: .warn
        case .failing: .bad
        case .disabled: .quiet
        }
    }
}
