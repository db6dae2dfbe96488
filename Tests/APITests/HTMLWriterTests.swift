import Domain
import TestSupport
import Testing

@testable import API

/// Whatever bytes go into a page, only what this build's source spells comes out as markup.
@Suite struct HTMLWriterTests {
    /// The text that a browser reads out of an element's content: nil if anything in it could be markup.
    private static func read(_ html: some Sequence<UInt8>) -> String? {
        guard let text = String(validating: Array(html), as: UTF8.self) else { return nil }
        var read = String.UnicodeScalarView()
        // By scalars: a mark that joins the semicolon before it is no part of what a browser reads.
        var rest = text.unicodeScalars[...]
        let entities = ["&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'"]
        while let scalar = rest.first {
            if "<>\"'".unicodeScalars.contains(scalar) { return nil }
            if scalar == "&" {
                guard let entity = entities.first(where: { rest.starts(with: $0.key.unicodeScalars) }) else {
                    return nil
                }
                read.append(contentsOf: entity.value.unicodeScalars)
                rest = rest.dropFirst(entity.key.unicodeScalars.count)
            } else {
                read.append(scalar)
                rest = rest.dropFirst()
            }
        }
        return String(read)
    }

    private static func written(_ bytes: [UInt8]) -> (content: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        var html = HTMLWriter(now: Timestamp(seconds: 0))
        html.element(.p, [.title(bytes)], text: bytes)
        let start = Array("<p title=\"".utf8)
        let whole = html.bytes
        #expect(whole.starts(with: start) && whole.suffix(4).elementsEqual("</p>".utf8))
        let inner = whole.dropFirst(start.count).dropLast(4)
        // The value ends with the first quotation mark, as for every reader.
        guard let quote = inner.firstIndex(of: UInt8(ascii: "\"")) else { return ([], []) }
        #expect(inner[quote...].dropFirst().first == UInt8(ascii: ">"))
        return (inner[quote...].dropFirst(2), inner[..<quote])
    }

    /// What may stay of some text: characters that are none, and those that turn directions, are replaced.
    private static func expected(_ bytes: [UInt8]) -> String {
        String(
            String.UnicodeScalarView(
                String(decoding: bytes, as: UTF8.self).unicodeScalars.map { scalar in
                    switch scalar.value {
                    case 9, 10: scalar
                    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }

    private static let hostile = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x", "&lt;b&gt;", "&#60;",
        "</p>",
        "]]>", "<!--", "javascript:alert(1)", "\u{202E}evil", "a\u{0}b", "\u{FEFF}", "é&é", "<", ">", "&", "&amp;amp;",
    ]

    @Test(arguments: hostile) func hostileTextComesOutAsText(_ text: String) {
        let written = Self.written(Array(text.utf8))
        #expect(Self.read(written.content) == Self.expected(Array(text.utf8)))
        #expect(Self.read(written.value) == Self.expected(Array(text.utf8)))
    }

    @Test func noBytesBecomeMarkup() {
        var random = SplitMix(seed: 0xC0501E)
        let pieces: [[UInt8]] =
            Self.hostile.map { Array($0.utf8) } + [[0xFF], [0xC0, 0xBC], [0xED, 0xA0, 0x80], [0xF5]]
        for round in 0..<3_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int(random.next() % 12) {
                if random.next() % 3 == 0 {
                    bytes += pieces[Int(random.next() % UInt64(pieces.count))]
                } else {
                    bytes.append(UInt8(truncatingIfNeeded: random.next()))
                }
            }
            let written = Self.written(bytes)
            let wanted = Self.expected(bytes)
            #expect(Self.read(written.content) == wanted, "round \(round): \(bytes)")
            #expect(Self.read(written.value) == wanted, "round \(round): \(bytes)")
        }
    }

    @Test func whatIsAddedToAnAddressStaysInItsPlace() {
        let path = ConsolePath("/console").at(Array("../a b/?#\"<".utf8)).asking("q", Array("1&x=<\"'#é".utf8))
        let wanted = "/console/..%2Fa%20b%2F%3F%23%22%3C?q=1%26x%3D%3C%22%27%23%C3%A9"
        #expect(String(decoding: path.bytes, as: UTF8.self) == wanted)
        #expect(path.asking("r", nil).bytes == path.bytes)
        #expect(String(decoding: path.asking("r", "x").bytes, as: UTF8.self) == wanted + "&r=x")
    }

    @Test func timesSayHowFarTheyAre() {
        let now = Timestamp(seconds: 1_000_000)
        let hints: [(Int64, String)] = [
            (0, "just now"), (-30, "30 s ago"), (-600, "10 min ago"), (-10_000, "2 h ago"), (-400_000, "4 days ago"),
            (90, "in 90 s"), (7_500, "in 2 h"),
        ]
        for (offset, hint) in hints {
            #expect(ConsoleSpan.hint(Timestamp(seconds: 1_000_000 + offset), now: now) == hint)
        }
    }
}
