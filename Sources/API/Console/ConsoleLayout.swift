import Domain
import Store

/// The parts that the navigation names.
enum ConsoleSection: CaseIterable {
    case subClients, quarantine, upstreams, audit

    var name: String {
        switch self {
        case .subClients: "Sub-clients"
        case .quarantine: "Quarantine"
        case .upstreams: "Upstreams"
        case .audit: "Audit"
        }
    }

    var path: ConsolePath {
        switch self {
        case .subClients: ConsolePath("/console/sub-clients")
        case .quarantine: ConsolePath("/console/quarantine")
        case .upstreams: ConsolePath("/console/upstreams")
        case .audit: ConsolePath("/console/audit")
        }
    }

    var permission: Permission {
        switch self {
        case .subClients: .viewSubClients
        case .quarantine: .viewEvents
        case .upstreams: .viewUpstreams
        case .audit: .viewAudit
        }
    }
}

/// One step of the way from a list to a page.
struct ConsoleCrumb {
    let name: [UInt8]
    let path: ConsolePath
}

extension HTMLWriter {
    /// A whole page: the bar with what the visitor may see, the way here, one main heading, and `content`.
    mutating func consolePage(
        _ title: String, in section: ConsoleSection?, _ visitor: ConsoleVisitor?, crumbs: [ConsoleCrumb] = [],
        _ content: (inout HTMLWriter) -> Void
    ) {
        consolePage(Array(title.utf8), in: section, visitor, crumbs: crumbs, content)
    }

    mutating func consolePage(
        _ title: [UInt8], in section: ConsoleSection?, _ visitor: ConsoleVisitor?, crumbs: [ConsoleCrumb] = [],
        _ content: (inout HTMLWriter) -> Void
    ) {
        document(title: title) { html in
            html.element(.a, [.class("skip"), .href(ConsolePath("#main"))], text: "To the content")
            html.bar(section, visitor)
            html.element(.main, [.id("main"), .word(.focusable, "-1"), .word(.labelledBy, "title")]) { html in
                if !crumbs.isEmpty {
                    html.element(.nav, [.class("crumbs"), .label(Array("The way here".utf8))]) { html in
                        for crumb in crumbs {
                            html.element(.a, [.href(crumb.path)]) { $0.element(.bdi, text: crumb.name) }
                        }
                    }
                }
                html.element(.h1, [.id("title")]) { $0.element(.bdi, text: title) }
                content(&html)
            }
        }
    }

    private mutating func bar(_ section: ConsoleSection?, _ visitor: ConsoleVisitor?) {
        element(.header, [.class("bar")]) { html in
            html.element(.span, [.class("brand")], text: "Subgate console")
            guard let visitor else { return }
            html.element(.nav, [.label(Array("Parts of the console".utf8))]) { html in
                for one in ConsoleSection.allCases where visitor.may(one.permission) {
                    let isHere = one == section
                    html.element(.a, [.href(one.path)] + (isHere ? [.word(.current, "page")] : []), text: one.name)
                }
            }
            html.element(.div, [.class("who")]) { html in
                html.element(.span) { html in
                    html.element(.bdi, text: visitor.session.memberName)
                    html.text(" · \(visitor.session.scope.role?.rawValue ?? "")")
                }
                html.form(ConsolePath("/console/sign-out"), visitor) { html in
                    html.button("Sign out", .class("quiet"))
                }
            }
        }
    }

    // MARK: Forms

    /// A form that changes something.
    mutating func form(_ path: ConsolePath, _ visitor: ConsoleVisitor, _ content: (inout HTMLWriter) -> Void) {
        element(.form, [.word(.method, "post"), .action(path), .class("act")]) { html in
            html.element(.input, [.word(.type, "hidden"), .name("form"), .value(visitor.formToken)])
            content(&html)
        }
    }

    /// A form that asks for a page.
    mutating func filters(_ path: ConsolePath, _ content: (inout HTMLWriter) -> Void) {
        element(.form, [.word(.method, "get"), .action(path), .class("filters")]) { html in
            content(&html)
            html.button("Filter", .class("quiet"))
        }
    }

    mutating func button(_ text: String, _ attributes: Attribute...) {
        element(.button, [.word(.type, "submit")] + attributes, text: text)
    }

    /// A labelled field of one line.
    mutating func field(_ label: String, _ name: StaticString, _ value: [UInt8]?, _ attributes: Attribute...) {
        element(.label) { html in
            html.element(.span, text: label)
            html.element(
                .input,
                [.name(name), .value(value ?? []), .word(.autocomplete, "off"), .word(.spellcheck, "false")]
                    + attributes)
        }
    }

    /// A labelled choice of a word, or of none.
    mutating func choice<Word: RawRepresentable<String> & CaseIterable>(
        _ label: String, _ name: StaticString, _ chosen: Word?
    ) {
        element(.label) { html in
            html.element(.span, text: label)
            html.element(.select, [.name(name)]) { html in
                html.element(.option, [.value([])], text: "any")
                for word in Word.allCases {
                    let value = Array(word.rawValue.utf8)
                    let isChosen = word.rawValue == chosen?.rawValue
                    html.element(.option, [.value(value)] + (isChosen ? [.flag(.selected)] : []), text: value)
                }
            }
        }
    }

    /// To the rest of a list.
    mutating func more(_ next: Cursor?, _ path: ConsolePath) {
        guard let next else { return }
        element(.p, [.class("more")]) { html in
            html.element(.a, [.href(path.asking("cursor", next.text))], text: "Next page")
        }
    }
}
