import Domain
import Runtime
import TestSupport
import Testing

@testable import Sandbox

/// Multipart bodies: a table of good and bad ones, and what holds for all.
@Suite struct MultipartTests {
    private func parse(
        _ body: String, _ type: String = "multipart/form-data; boundary=B"
    ) -> Result<Multipart, Multipart.Fault> { parse(Array(body.utf8), type) }

    private func parse(_ body: [UInt8], _ type: String) -> Result<Multipart, Multipart.Fault> {
        Result { () throws(Multipart.Fault) in try Multipart.parse(body, contentType: Array(type.utf8)[...]) }
    }

    private static let file = "Content-Disposition: form-data; name=\"logoFile\"; filename=\"a.png\"\r\n"

    // MARK: Good

    @Test func readsAFile() throws {
        let body = "--B\r\n\(Self.file)Content-Type: image/png\r\n\r\na\r\n\0--B\r\n--B--\r\n"
        let parts = try parse(body).get().parts
        #expect(parts.count == 1)
        #expect(parts[0].name == Array("logoFile".utf8))
        #expect(parts[0].fileName == Array("a.png".utf8))
        #expect(parts[0].contentType == Array("image/png".utf8))
        // A delimiter begins with a line end; without one, it is content.
        #expect(Array(parts[0].content) == Array("a\r\n\0--B".utf8))
    }

    @Test func readsSeveralPartsAndEmptyOnes() throws {
        let part = "--B\r\nContent-Disposition: form-data; name=x\r\n\r\n"
        let parts = try parse(part + "1\r\n" + part + "\r\n" + part + "\r\n\r\n--B--").get().parts
        #expect(parts.map { Array($0.content) } == [Array("1".utf8), [], Array("\r\n".utf8)])
    }

    @Test func noPartsAtAll() throws { #expect(try parse("--B--").get().parts.isEmpty) }

    @Test(arguments: [
        ("multipart/form-data; boundary=B", "B"), ("Multipart/Form-Data;Boundary=\"a b\"", "a b"),
        ("multipart/form-data; charset=utf-8 ; boundary=----WebKit_'()+,./:=?", nil),
        ("multipart/form-data; boundary=----WebKit-1", "----WebKit-1"),
        ("multipart/form-data; boundary=\"'()+_,-./:=?\"", "'()+_,-./:=?"),
        ("multipart/form-data", nil), ("multipart/mixed; boundary=B", nil), ("multipart/form-data; boundary=", nil),
        ("multipart/form-data; boundary=B; boundary=B", nil), ("multipart/form-data; boundary=\"B", nil),
        ("multipart/form-data; boundary=\"B \"", nil), ("multipart/form-data; boundary=\"\u{e9}\"", nil),
        ("multipart/form-data; boundary=B extra", nil), ("multipart/form-data, boundary=B", nil), ("", nil),
        ("multipart/form-data; boundary=" + String(repeating: "b", count: 70), String(repeating: "b", count: 70)),
        ("multipart/form-data; boundary=" + String(repeating: "b", count: 71), nil),
    ])
    func boundary(type: String, boundary: String?) {
        #expect(Multipart.boundary(of: Array(type.utf8)[...]) == boundary.map { Array($0.utf8) })
    }

    @Test func unescapesQuotedNames() throws {
        let body = "--B\r\nContent-Disposition: form-data; name=\"a\\\"\\\\b\"; filename=\"\"\r\n\r\n\r\n--B--"
        let part = try parse(body).get().parts[0]
        #expect(part.name == Array("a\"\\b".utf8))
        #expect(part.fileName == [])
    }

    // MARK: Bad

    @Test(arguments: [
        "", "--B", "--C--", "preamble\r\n--B--", "\r\n--B--", "--B--epilogue", "--B--\r\n\r\n", "--B --",
        "--B\n\(file)\n\nx\n--B--", "--B\r\n\(file)\r\nx", "--B\r\n\(file)\r\nx\r\n--B", "--B\r\n\(file)\r\nx\r\n--B-",
        "--B\r\n\(file)\r\nx\n--B--", "--B\r\n\(file)\r\nx\r\n--B-- ", "--B\r\n\(file)\r\nx\r\n--BB--",
        "--B\r\n\(file)\r\n--B--",
    ])
    func refusesFraming(body: String) { #expect(parse(body) == .failure(.framing)) }

    @Test(arguments: [
        "\r\nx", "Content-Type: image/png\r\n\r\nx", "Content-Disposition: form-data\r\n\r\nx",
        "Content-Disposition: form-data; name=\"\"\r\n\r\nx", "Content-Disposition: attachment; name=a\r\n\r\nx",
        "Content-Disposition: form-data; name=a; name=a\r\n\r\nx", "Content-Disposition: form-data; name=\"a\r\n\r\nx",
        "Content-Disposition: form-data; name=a; filename=b; filename=c\r\n\r\nx",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        "Content-Disposition: form-data; name=a\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\nx",
        "Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nx",
        "Content-Disposition: form-data;\r\n name=a\r\n\r\nx", "Content-Disposition : form-data; name=a\r\n\r\nx",
        "Content-Disposition: form-data; name=a\n\r\n\r\nx", "Content-Disposition: form-data; name=a\0\r\n\r\nx",
        "Content-Disposition: form-data; name=a;\r\n\r\nx", "no colon\r\n\r\nx", ": x\r\n\r\nx",
        "X: \(String(repeating: "x", count: SandboxLimits.multipartHeaderBytes))\r\n\r\nx",
    ])
    func refusesHeaders(rest: String) { #expect(parse("--B\r\n\(rest)\r\n--B--") == .failure(.header)) }

    @Test func refusesTooManyParts() {
        let part = "--B\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n"
        let (most, more) = (SandboxLimits.multipartParts, SandboxLimits.multipartParts + 1)
        #expect(throws: Never.self) { try parse(String(repeating: part, count: most) + "--B--").get() }
        #expect(parse(String(repeating: part, count: more) + "--B--") == .failure(.tooManyParts))
    }

    @Test func refusesOtherTypes() { #expect(parse("--B--", "application/json") == .failure(.contentType)) }

    // MARK: All

    /// What is written as the RFC says is read back as it was, whatever bytes it has; cut anywhere, it is refused.
    @Test func readsBackWhatWasWritten() throws {
        var random = SplitMix(seed: 20_261_121)
        for _ in 0..<300 {
            let contents = (0..<Int.random(in: 0...4, using: &random)).map { _ in Self.content(&random) }
            var body: [UInt8] = []
            for (index, content) in contents.enumerated() {
                body += "--B-x\r\nContent-Disposition: form-data; name=\"\(index)\"\r\n\r\n".utf8
                body += content + "\r\n".utf8
            }
            body += "--B-x--".utf8
            let parsed = try parse(body, "multipart/form-data; boundary=B-x").get()
            #expect(parsed.parts.map { Array($0.content) } == contents)
            let cut = Int.random(in: 0..<body.count, using: &random)
            #expect(throws: Multipart.Fault.self) {
                try parse(Array(body[..<cut]), "multipart/form-data; boundary=B-x").get()
            }
        }
    }

    /// No change of bytes makes it trap, and what it accepts lies within the body.
    @Test func survivesAnyChange() {
        var random = SplitMix(seed: 7)
        let good = Array(
            "--B\r\n\(Self.file)Content-Type: image/png\r\n\r\na\r\n--B\r\n\(Self.file)\r\nb\r\n--B--".utf8)
        for _ in 0..<5_000 {
            var body = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<body.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: body[place] = UInt8.random(in: 0...255, using: &random)
                case 1: body.remove(at: place)
                default: body.insert("\r\n-\"\\;=B".utf8.randomElement(using: &random) ?? 0, at: place)
                }
            }
            guard case .success(let form) = parse(body, "multipart/form-data; boundary=B") else { continue }
            for part in form.parts { #expect(part.content.startIndex >= 0 && part.content.endIndex <= body.count) }
        }
    }

    /// Bytes rich in what delimiters are made of, but without the delimiter itself.
    private static func content(_ random: inout SplitMix) -> [UInt8] {
        let alphabet = Array("\r\n-B-xab\0".utf8) + [0xFF]
        let bytes = (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
            alphabet.randomElement(using: &random)
        }
        let delimiter = Array("\r\n--B-x".utf8)
        // With the line end that follows it in the body, too.
        return Multipart.find(delimiter, in: bytes + Array("\r\n".utf8), from: 0) == nil ? bytes : []
    }
}
