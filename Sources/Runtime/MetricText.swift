/// Prometheus's text exposition format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct MetricText {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ family: MetricFamily) {
        let name = Array("\(family.name)".utf8)
        bytes += "# HELP ".utf8
        bytes += name
        bytes.append(UInt8(ascii: " "))
        appendEscaped(Array("\(family.help)".utf8), quotes: false)
        bytes += "\n# TYPE ".utf8
        bytes += name
        bytes.append(UInt8(ascii: " "))
        bytes.append(family.kind.name)
        bytes.append(UInt8(ascii: "\n"))
        for (index, value) in family.read().enumerated() {
            let labels = MetricText.labels(family.labels, at: index)
            switch value {
            case .integer(let number): appendSample(name, labels, Array(String(number).utf8))
            case .decimal(let number): appendSample(name, labels, MetricText.text(number))
            case .histogram(let snapshot): appendHistogram(name, labels, snapshot)
            }
        }
    }

    private mutating func appendHistogram(_ name: [UInt8], _ labels: [Pair], _ snapshot: Histogram.Snapshot) {
        let (bounds, scale) = (snapshot.buckets.bounds, snapshot.buckets.scale)
        var total = 0
        for (index, count) in snapshot.counts.enumerated() {
            total += count
            let bound = index < bounds.count ? MetricText.decimal(bounds[index], over: scale) : Array("+Inf".utf8)
            appendSample(name + "_bucket".utf8, labels + [(Array("le".utf8), bound)], Array(String(total).utf8))
        }
        appendSample(name + "_sum".utf8, labels, MetricText.decimal(snapshot.sum, over: scale))
        appendSample(name + "_count".utf8, labels, Array(String(total).utf8))
    }

    private typealias Pair = (name: [UInt8], value: [UInt8])

    private mutating func appendSample(_ name: [UInt8], _ labels: [Pair], _ value: [UInt8]) {
        bytes += name
        for (index, label) in labels.enumerated() {
            bytes.append(UInt8(ascii: index == 0 ? "{" : ","))
            bytes += label.name
            bytes += "=\"".utf8
            appendEscaped(label.value, quotes: true)
            bytes.append(UInt8(ascii: "\""))
        }
        if !labels.isEmpty { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: " "))
        bytes += value
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Backslash and line feed are escaped everywhere, quotes in label values.
    private mutating func appendEscaped(_ text: [UInt8], quotes: Bool) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\"") where quotes: bytes += "\\\"".utf8
            default: bytes.append(byte)
            }
        }
    }

    /// The label values of the series at `index`, the last label moving fastest.
    private static func labels(_ labels: [MetricLabel], at index: Int) -> [Pair] {
        var rest = index
        var pairs: [Pair] = []
        for label in labels.reversed() {
            let (quotient, position) = rest.quotientAndRemainder(dividingBy: label.values.count)
            pairs.append((Array("\(label.name)".utf8), Array(label.values[position].utf8)))
            rest = quotient
        }
        return pairs.reversed()
    }

    /// `value / scale` without rounding, where scale is a power of ten: `2500000` over 10^9 is `0.0025`.
    static func decimal(_ value: Int, over scale: Int) -> [UInt8] {
        let (whole, rest) = value.magnitude.quotientAndRemainder(dividingBy: scale.magnitude)
        var text = Array(String(whole).utf8)
        if rest > 0 {
            // The leading 1 keeps the zeros behind the point.
            var fraction = Array(String(rest + scale.magnitude).utf8.dropFirst())
            while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
            text += [UInt8(ascii: ".")] + fraction
        }
        return value < 0 ? [UInt8(ascii: "-")] + text : text
    }

    private static func text(_ number: Double) -> [UInt8] {
        if number.isNaN { return Array("NaN".utf8) }
        if number.isInfinite { return Array((number > 0 ? "+Inf" : "-Inf").utf8) }
        if let whole = Int(exactly: number) { return Array(String(whole).utf8) }
        return Array("\(number)".utf8)
    }
}
