import Domain

/// A line of JSON under construction that never outgrows the limit and is valid whenever it is finished.
struct JSONLogLine {
    private var bytes: [UInt8] = []
    private var isCut = false

    private static let cutNote = Array(",\"cut\":true".utf8)
    /// Room kept for the note, the brace and the line feed.
    private static let end = cutNote.count + 2

    init(_ moment: Timestamp, _ level: LogLevel, _ message: StaticString) {
        bytes.reserveCapacity(256)
        bytes += "{\"time\":\"".utf8
        bytes += moment.rfc3339()
        bytes += "\",\"level\":\"".utf8
        bytes.append(level.name)
        bytes += "\",\"message\":\"".utf8
        var text: [UInt8] = []
        text.append(message)
        isCut = !LogEscape.append(text, to: &bytes, atMost: RuntimeLimits.logValueBytes)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func append(_ key: LogKey, _ value: LogValue) {
        let name = key.rawValue.utf8
        // Comma, four quotes, colon, and at least a number of 64 bits or a word.
        let room = RuntimeLimits.logLineBytes - bytes.count - JSONLogLine.end - name.count - 6
        guard room >= 32 else {
            isCut = true
            return
        }
        bytes += ",\"".utf8
        bytes += name
        bytes += "\":".utf8
        switch value.rendered {
        case .bare(let text): bytes += text
        case .quoted(let text):
            bytes.append(UInt8(ascii: "\""))
            let isWhole = LogEscape.append(text, to: &bytes, atMost: min(room, RuntimeLimits.logValueBytes))
            isCut = isCut || !isWhole
            bytes.append(UInt8(ascii: "\""))
        }
    }

    consuming func finish() -> [UInt8] {
        if isCut { bytes += JSONLogLine.cutNote }
        bytes += "}\n".utf8
        return bytes
    }
}

/// `12:34:56.789 INFO  message key=value key="two words"`
struct PrettyLogLine {
    private var bytes: [UInt8]

    init(_ moment: Timestamp, _ level: LogLevel, _ message: StaticString) {
        bytes = Array(moment.rfc3339(.milliseconds)[11..<23])
        switch level {
        case .debug: bytes += " DEBUG ".utf8
        case .info: bytes += " INFO  ".utf8
        case .warn: bytes += " WARN  ".utf8
        case .error: bytes += " ERROR ".utf8
        }
        bytes.append(message)
    }

    mutating func append(_ key: LogKey, _ value: LogValue) {
        guard bytes.count < RuntimeLimits.logLineBytes - RuntimeLimits.logValueBytes - 64 else { return }
        bytes.append(UInt8(ascii: " "))
        bytes += key.rawValue.utf8
        bytes.append(UInt8(ascii: "="))
        switch value.rendered {
        case .bare(let text): bytes += text
        case .quoted(let text):
            let isPlain = !text.isEmpty && !text.contains { $0 <= 0x20 || $0 == UInt8(ascii: "\"") }
            if !isPlain { bytes.append(UInt8(ascii: "\"")) }
            _ = LogEscape.append(text, to: &bytes, atMost: RuntimeLimits.logValueBytes)
            if !isPlain { bytes.append(UInt8(ascii: "\"")) }
        }
    }

    consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}

extension LogValue {
    enum Rendered {
        case bare([UInt8])
        case quoted([UInt8])
    }

    var rendered: Rendered {
        switch self {
        case .text(let text): .quoted(Array(text.utf8))
        case .bytes(let bytes): .quoted(bytes)
        case .integer(let number): .bare(Array(String(number).utf8))
        case .bool(let flag): .bare(Array((flag ? "true" : "false").utf8))
        case .duration(let span): .bare(LogValue.milliseconds(span))
        case .time(let moment): .quoted(moment.rfc3339())
        case .secret: .quoted(Array("***".utf8))
        }
    }

    /// `12.345`: whole microseconds as decimal milliseconds.
    private static func milliseconds(_ span: Duration) -> [UInt8] {
        let microseconds = span.microseconds
        let (whole, rest) = microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000)
        let fraction = String(1_000 + rest).utf8.dropFirst()
        return Array((microseconds < 0 ? "-" : "").utf8) + Array(String(whole).utf8) + [UInt8(ascii: ".")] + fraction
    }
}

extension [UInt8] {
    mutating func append(_ text: StaticString) { text.withUTF8Buffer { unsafe append(contentsOf: $0) } }
}
