/// Which trace something belongs to, and the span in it that what follows has as its parent: the header `traceparent`
/// of W3C Trace Context (https://www.w3.org/TR/trace-context/), levels 1 and 2.
///
/// The trace of an event is its upstream's EventId, and if it has none, our own: what every node finds in the event
/// itself, so that no column has to carry it, and whoever has an EventId from the upstream's support finds every line
/// and every attempt by it.
package struct TraceContext: Hashable, Sendable {
    /// Never zero.
    package let trace: UUIDValue
    /// Never zero.
    package let span: UInt64
    package let flags: UInt8

    /// The bit that says that the caller may have recorded the trace: our log lines have.
    private static let sampled: UInt8 = 1
    /// That, and that the trace's right half is random: what goes on with it. The other bits have no meaning yet.
    private static let known: UInt8 = 3

    /// A trace that is recorded. A zero, which the format has no room for, becomes 1.
    package init(trace: UUIDValue, span: UInt64) {
        self.init(trace: trace, span: span, flags: TraceContext.sampled)
    }

    private init(trace: UUIDValue, span: UInt64, flags: UInt8) {
        self.trace = trace.isZero ? UUIDValue(high: 0, low: 1) : trace
        self.span = max(span, 1)
        self.flags = flags
    }

    /// The same trace with a span of our own.
    package func continued(in span: UInt64) -> TraceContext { TraceContext(trace: trace, span: span, flags: flags) }

    // MARK: Text

    private static let length = 55

    /// Reads a `traceparent`: `00-` 32 hexadecimal digits `-` 16 `-` 2, in small letters, neither identifier zero. Of a
    /// later version what follows behind another `-` is left out; version `ff` is none. Anything else is nil.
    package init?(traceparent text: ArraySlice<UInt8>) {
        let bytes = Array(text)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= TraceContext.length, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = TraceContext.number(bytes[0..<2]), version != 0xff,
            version == 0
                ? bytes.count == TraceContext.length
                : bytes.count == TraceContext.length || bytes[TraceContext.length] == dash,
            let high = TraceContext.number(bytes[3..<19]), let low = TraceContext.number(bytes[19..<35]),
            let span = TraceContext.number(bytes[36..<52]), let flags = TraceContext.number(bytes[53..<55]),
            high | low != 0, span != 0
        else { return nil }
        self.init(
            trace: UUIDValue(high: high, low: low), span: span,
            flags: UInt8(flags) & TraceContext.known)
    }

    /// As it is sent on: always of version 00.
    package var traceparent: [UInt8] {
        var text = Array("00-".utf8)
        text.reserveCapacity(TraceContext.length)
        TraceContext.append(trace.high, digits: 16, to: &text)
        TraceContext.append(trace.low, digits: 16, to: &text)
        text.append(UInt8(ascii: "-"))
        TraceContext.append(span, digits: 16, to: &text)
        text.append(UInt8(ascii: "-"))
        TraceContext.append(UInt64(flags), digits: 2, to: &text)
        return text
    }

    /// 32 hexadecimal digits, as in logs.
    package var traceText: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        TraceContext.append(trace.high, digits: 16, to: &text)
        TraceContext.append(trace.low, digits: 16, to: &text)
        return text
    }

    /// Capital letters are not allowed.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            default: return nil
            }
        }
        return value
    }

    private static func append(_ value: UInt64, digits: UInt64, to text: inout [UInt8]) {
        for position in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: value >> (4 * position)) & 15
            text.append(digit < 10 ? digit + 48 : digit + 87)
        }
    }
}

extension UUIDValue {
    package var isZero: Bool { high | low == 0 }
}
