/// A label and every value it may have, declared up front.
package struct MetricLabel: Sendable {
    let name: StaticString
    let values: [String]

    package init(_ name: StaticString, _ values: [String]) {
        precondition(MetricLabel.isName("\(name)"), "a label's name is [a-zA-Z_][a-zA-Z0-9_]*: \(name)")
        precondition(
            !values.isEmpty && Set(values.map { Array($0.utf8) }).count == values.count, "values differ: \(name)")
        self.name = name
        self.values = values
    }

    /// The cases of an enumeration, in their order: count with `set[value.rawValue]` or `allCases`' index.
    package init<Value: CaseIterable & Sendable>(_ name: StaticString, of type: Value.Type) {
        self.init(name, Value.allCases.map { "\($0)" })
    }

    static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, isStart(first) else { return false }
        return bytes.allSatisfy { isStart($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isStart(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }
}

/// One series per combination of label values, reached by the values' positions.
package struct MetricSet<Series: Sendable>: Sendable {
    let series: [Series]
    private let strides: [Int]
    private let sizes: [Int]

    init(_ labels: [MetricLabel], make: () -> Series) {
        sizes = labels.map(\.values.count)
        var strides = [Int](repeating: 1, count: sizes.count)
        for index in sizes.indices.dropLast().reversed() { strides[index] = strides[index + 1] * sizes[index + 1] }
        self.strides = strides
        let count = sizes.reduce(1, *)
        precondition(count <= RuntimeLimits.seriesPerMetric, "too many series")
        series = (0..<count).map { _ in make() }
    }

    /// The series of a metric without labels.
    package subscript() -> Series {
        precondition(sizes.isEmpty, "the metric has labels")
        return series[0]
    }

    package subscript(_ first: Int) -> Series {
        precondition(sizes.count == 1 && first < sizes[0], "one label, one position")
        return series[first]
    }

    package subscript(_ first: Int, _ second: Int) -> Series {
        precondition(sizes.count == 2 && first < sizes[0] && second < sizes[1], "two labels, two positions")
        return series[first * strides[0] + second]
    }

    package subscript(_ first: Int, _ second: Int, _ third: Int) -> Series {
        precondition(sizes.count == 3 && first < sizes[0] && second < sizes[1] && third < sizes[2], "three labels")
        return series[first * strides[0] + second * strides[1] + third]
    }
}
