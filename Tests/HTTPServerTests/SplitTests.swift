import Testing

@testable import HTTPServer

/// However the input is cut, the parser says the same.
@Suite struct SplitTests {
    private static let inputs: [String] = [
        withLine("GET / HTTP/1.1"), withLine("OPTIONS * HTTP/1.1"), "\r\n" + withLine("GET http://b:1/c?d HTTP/1.1"),
        withFields("A: b", "C:\td ", "Connection: close", "Expect: 100-continue"), withFields("A : b"),
        withFields("A: b\r"),
        withFields("A: b\n"), withFields("A: b\0"), withLine("GET /%2f HTTP/1.1"), withLine("BREW / HTTP/1.1"),
        withLine("GET / HTTP/1.0"), "\r\n\r\n", "\r\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a",
        withChunks("5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n") + withLine("GET /next HTTP/1.1"),
        withChunks("5\r\nhello\r0"), withChunks("fffffffffffffffff\r\n"), withChunks("0\r\nT : u\r\n\r\n"),
        withChunks("0\r\n" + String(repeating: "T: u\r\n", count: 2000)),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + withLine("GET /next HTTP/1.1") + "garbage\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
        "GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\n", String(repeating: "a", count: 8193) + "\r\n",
        String(repeating: "a", count: 8192) + "\rx", "GET / HTTP/1.1\r\nA: " + String(repeating: "b", count: 33_000),
        "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 200) + "\r\n",
    ]

    @Test(arguments: inputs) func byteByByteGivesWhatAllAtOnceGives(_ input: String) {
        let bytes = Array(input.utf8)
        #expect(Transcript(bytes.map { [$0] }) == Transcript([bytes]))
    }

    @Test(arguments: inputs) func cuttingInTwoAnywhereChangesNothing(_ input: String) {
        let bytes = Array(input.utf8)
        let whole = Transcript([bytes])
        for cut in stride(from: 0, through: bytes.count, by: max(1, bytes.count / 300)) {
            #expect(Transcript([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
        }
    }

    @Test func randomBytesInRandomPiecesGiveWhatTheyGiveAtOnce() {
        var random = SeededGenerator(seed: 42)
        for _ in 0..<2000 {
            var bytes = Array(SplitTests.inputs.randomElement(using: &random)!.utf8.prefix(600))
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                    Array("\r\n \t:;,0/%\0\u{7f}aA".utf8).randomElement(using: &random)!
            }
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let size = Int.random(in: 1...40, using: &random)
                pieces.append(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(Transcript(pieces) == Transcript([bytes]))
        }
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
