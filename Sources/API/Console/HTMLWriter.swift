import Domain

/// Writes HTML as bytes. All that is not spelled in this build's own source gets in as text or as an attribute's value,
/// and both are escaped here: there is no way to write markup from bytes. Neither scripts nor styles can be written, no
/// attribute that holds one, and no address but a `ConsolePath`.
struct HTMLWriter {
    /// The elements that pages are made of.
    enum Tag: String {
        case html, head, title, body, header, nav, main, footer, section, h1, h2, h3, p, div, span, a, ul, ol, li, dl,
            dt
        case dd, form, label, button, select, option, input, table, caption, thead, tbody, tr, th, td, details, summary
        case code, pre, time, strong, bdi, meta, link, script
        case svg, rect, line, polyline, circle, text

        fileprivate var isVoid: Bool { self == .input || self == .meta || self == .link }
        /// What a writer's caller may not open: the page's frame does.
        fileprivate var isFrame: Bool { self == .meta || self == .link || self == .script }
    }

    /// A name that is known at build time, and a value of any bytes; without one, a name alone.
    struct Attribute {
        fileprivate let name: StaticString
        fileprivate let value: [UInt8]?
        fileprivate init(_ name: StaticString, _ value: [UInt8]?) {
            self.name = name
            self.value = value
        }
    }

    private(set) var bytes: [UInt8] = []
    /// What "ago" is counted from.
    let now: Timestamp

    init(now: Timestamp) { self.now = now }

    // MARK: Elements

    mutating func element(_ tag: Tag, _ attributes: [Attribute] = [], _ content: (inout HTMLWriter) -> Void = { _ in })
    {
        precondition(!tag.isFrame, "only the page's frame has these")
        open(tag, attributes)
        if tag.isVoid { return }
        content(&self)
        close(tag)
    }

    mutating func element(_ tag: Tag, _ attributes: [Attribute] = [], text: some Sequence<UInt8>) {
        element(tag, attributes) { $0.text(text) }
    }

    mutating func element(_ tag: Tag, _ attributes: [Attribute] = [], text: String) {
        element(tag, attributes, text: text.utf8)
    }

    /// Any bytes: what is not UTF-8, and what is no character of a page, is replaced.
    mutating func text(_ text: some Sequence<UInt8>) { HTMLEscape.append(text, to: &bytes) }
    mutating func text(_ text: String) { self.text(text.utf8) }

    private mutating func open(_ tag: Tag, _ attributes: [Attribute]) {
        bytes.append(UInt8(ascii: "<"))
        bytes += tag.rawValue.utf8
        for attribute in attributes {
            bytes.append(UInt8(ascii: " "))
            bytes += "\(attribute.name)".utf8
            guard let value = attribute.value else { continue }
            bytes += "=\"".utf8
            text(value)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: ">"))
    }

    private mutating func close(_ tag: Tag) {
        bytes += "</".utf8
        bytes += tag.rawValue.utf8
        bytes.append(UInt8(ascii: ">"))
    }

    // MARK: The frame

    /// A whole document: its head names the console's own style and script and nothing else.
    mutating func document(title: [UInt8], body: (inout HTMLWriter) -> Void) {
        bytes += "<!doctype html>\n".utf8
        open(.html, [Attribute("lang", Array("en".utf8))])
        element(.head) { html in
            html.open(.meta, [Attribute("charset", Array("utf-8".utf8))])
            html.meta("viewport", "width=device-width, initial-scale=1")
            html.meta("color-scheme", "light dark")
            html.meta("robots", "noindex")
            html.element(.title) { $0.text(title + Array(" · Subgate console".utf8)) }
            html.open(.link, [Attribute("rel", Array("icon".utf8)), Attribute("href", Array("data:,".utf8))])
            html.open(
                .link,
                [.init("rel", Array("stylesheet".utf8)), .href(ConsolePath("/console/assets/console.css"))])
            html.open(
                .script,
                [
                    .init("type", Array("module".utf8)),
                    .init("src", ConsolePath("/console/assets/console.js").bytes),
                ])
            html.close(.script)
        }
        element(.body, [], body)
        close(.html)
        bytes.append(10)
    }

    private mutating func meta(_ name: String, _ content: String) {
        open(.meta, [Attribute("name", Array(name.utf8)), Attribute("content", Array(content.utf8))])
    }
}

extension HTMLWriter.Attribute {
    static func `class`(_ names: StaticString) -> Self { Self("class", Array("\(names)".utf8)) }
    static func id(_ id: StaticString) -> Self { Self("id", Array("\(id)".utf8)) }
    static func href(_ path: ConsolePath) -> Self { Self("href", path.bytes) }
    static func action(_ path: ConsolePath) -> Self { Self("action", path.bytes) }
    static func name(_ name: StaticString) -> Self { Self("name", Array("\(name)".utf8)) }
    static func value(_ value: [UInt8]) -> Self { Self("value", value) }
    static func title(_ text: [UInt8]) -> Self { Self("title", text) }
    static func datetime(_ text: [UInt8]) -> Self { Self("datetime", text) }
    static func label(_ text: [UInt8]) -> Self { Self("aria-label", text) }
    static func column(_ name: StaticString) -> Self { Self("data-column", Array("\(name)".utf8)) }
    /// A number of SVG: a length or a place.
    static func number(_ name: StaticString, _ value: Int) -> Self { Self(name, Array("\(value)".utf8)) }
    /// Places of a line of SVG.
    static func points(_ points: [(x: Int, y: Int)]) -> Self {
        Self("points", Array(points.map { "\($0.x),\($0.y)" }.joined(separator: " ").utf8))
    }
    /// A word of our own for an attribute that is neither an address nor a script.
    static func word(_ name: Word, _ value: StaticString) -> Self { Self(name.text, Array("\(value)".utf8)) }
    /// An attribute without a value.
    static func flag(_ flag: Flag) -> Self { Self(flag.text, nil) }

    enum Word {
        case type, method, role, scope, autocomplete, current, describedBy, viewBox, step, inputMode, labelledBy
        case minLength, maxLength, forControl, hidden, placeholder, focusable, live, spellcheck, anchor

        fileprivate var text: StaticString {
            switch self {
            case .type: "type"
            case .method: "method"
            case .role: "role"
            case .scope: "scope"
            case .autocomplete: "autocomplete"
            case .current: "aria-current"
            case .describedBy: "aria-describedby"
            case .viewBox: "viewBox"
            case .step: "step"
            case .inputMode: "inputmode"
            case .labelledBy: "aria-labelledby"
            case .minLength: "minlength"
            case .maxLength: "maxlength"
            case .forControl: "for"
            case .hidden: "aria-hidden"
            case .placeholder: "placeholder"
            case .focusable: "tabindex"
            case .live: "data-live"
            case .spellcheck: "spellcheck"
            case .anchor: "text-anchor"
            }
        }
    }

    enum Flag {
        case required, selected, open, copies

        fileprivate var text: StaticString {
            switch self {
            case .required: "required"
            case .selected: "selected"
            case .open: "open"
            case .copies: "data-copy"
            }
        }
    }
}
