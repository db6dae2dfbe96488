import Foundation

/// The files of web pages as Swift, by their names alone: they are flat however deep their folders are.
func pageSource(_ files: [URL]) throws -> String {
    let repeated = Dictionary(grouping: files, by: \.lastPathComponent).filter { $0.value.count > 1 }.keys.sorted()
    if !repeated.isEmpty { fail("page files with one name: \(repeated.joined(separator: ", "))") }
    var source = "extension PageFile {\n    static let all: [PageFile] = [\n"
    for file in files {
        let text = try String(contentsOf: file, encoding: .utf8)
        if text.contains("\r") || text.contains("\0") {
            fail("\(file.lastPathComponent): carriage returns and NULs do not survive a Swift literal")
        }
        source += "        PageFile(name: \"\(file.lastPathComponent)\", text: \(pageLiteral(text))),\n"
    }
    return source + "    ]\n}\n"
}

/// A literal with more number signs than any run of them in the text: whatever stands there, it does not end it.
private func pageLiteral(_ text: String) -> String {
    let longest = text.split(whereSeparator: { $0 != "#" }).map(\.count).max() ?? 0
    let signs = String(repeating: "#", count: longest + 1)
    return "\(signs)\"\"\"\n\(text)\n\"\"\"\(signs)"
}
