/// An HTTP/1.1 answer as it came.
package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// The value of the first header of that name, in any case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// A message (a request or an answer) cut out of what a connection carried.
struct HTTPMessage {
    var startLine: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// The first message of the bytes and where it ends, or nil while it is not complete.
    ///
    /// It reads what our own sides send: content-length or nothing. `hasBody` is false for answers to HEAD.
    static func take(from bytes: ArraySlice<UInt8>, hasBody: Bool = true) -> (message: HTTPMessage, end: Int)? {
        let blank: [UInt8] = [13, 10, 13, 10]
        guard let headEnd = firstIndex(of: blank, in: bytes) else { return nil }
        let lines = String(decoding: bytes[bytes.startIndex..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let headers = lines.dropFirst().map { line -> (name: String, value: String) in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? trimmed(parts[1]) : "")
        }
        var message = HTTPMessage(startLine: lines.first.map(String.init) ?? "", headers: headers, body: [])
        let length = hasBody ? message.header("content-length").flatMap { Int($0) } ?? 0 : 0
        let bodyStart = headEnd + blank.count
        guard bytes.endIndex - bodyStart >= length else { return nil }
        message.body = Array(bytes[bodyStart..<(bodyStart + length)])
        return (message, bodyStart + length)
    }

    private static func firstIndex(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var index = bytes.startIndex
        while index + pattern.count <= bytes.endIndex {
            if bytes[index] == 13 && bytes[index..<(index + pattern.count)].elementsEqual(pattern) { return index }
            index += 1
        }
        return nil
    }

    private static func trimmed(_ value: Substring) -> String {
        String(value.drop { $0 == " " || $0 == "\t" })
    }
}

extension HTTPAnswer {
    init?(_ message: HTTPMessage) {
        let parts = message.startLine.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0] == "HTTP/1.1", let status = Int(parts[1]) else { return nil }
        self.init(status: status, headers: message.headers, body: message.body)
    }

    /// Every complete answer in what a connection carried.
    package static func all(in bytes: [UInt8]) -> [HTTPAnswer] {
        var found: [HTTPAnswer] = []
        var rest = bytes[...]
        while let (message, end) = HTTPMessage.take(from: rest), let answer = HTTPAnswer(message) {
            found.append(answer)
            rest = bytes[end...]
        }
        return found
    }
}
