/// The process's metrics, made once at wiring and handed to whoever counts. Rendered for Prometheus by `render()`.
///
/// Every series exists from the moment its metric is declared: label values are a closed list, so no caller's input can
/// make a new series, and counting is one atomic addition without a look-up.
package final class Metrics: @unchecked Sendable {
    private let lock = Lock()
    /// Guarded by `lock`; in order of declaration.
    private var families: [MetricFamily] = []

    package init() {}

    // MARK: Counters

    /// A count that only grows. Its name ends in `_total`.
    package func counter(_ name: StaticString, help: StaticString) -> Counter { counters(name, help: help)[] }

    package func counters(_ name: StaticString, help: StaticString, _ labels: MetricLabel...) -> MetricSet<Counter> {
        precondition("\(name)".hasSuffix("_total"), "a counter's name ends in _total")
        let set = MetricSet(labels) { Counter() }
        add(name, help, .counter, labels) { set.series.map { .integer($0.value) } }
        return set
    }

    /// A count kept elsewhere, read at each scrape.
    package func counter(_ name: StaticString, help: StaticString, reading read: @escaping @Sendable () -> Double) {
        precondition("\(name)".hasSuffix("_total"), "a counter's name ends in _total")
        add(name, help, .counter, []) { [.decimal(read())] }
    }

    // MARK: Gauges

    /// A value that goes up and down.
    package func gauge(_ name: StaticString, help: StaticString) -> Gauge { gauges(name, help: help)[] }

    package func gauges(_ name: StaticString, help: StaticString, _ labels: MetricLabel...) -> MetricSet<Gauge> {
        let set = MetricSet(labels) { Gauge() }
        add(name, help, .gauge, labels) { set.series.map { .integer($0.value) } }
        return set
    }

    /// A value kept elsewhere, read at each scrape on the scraping thread.
    package func gauge(_ name: StaticString, help: StaticString, reading read: @escaping @Sendable () -> Double) {
        add(name, help, .gauge, []) { [.decimal(read())] }
    }

    /// One value per value of a label, kept elsewhere; `read` receives the label value's position.
    package func gauges(
        _ name: StaticString, help: StaticString, _ label: MetricLabel,
        reading read: @escaping @Sendable (Int) -> Double
    ) {
        add(name, help, .gauge, [label]) { label.values.indices.map { .decimal(read($0)) } }
    }

    /// A constant 1 whose labels carry what is to be told, such as the version.
    package func information(_ name: StaticString, help: StaticString, _ labels: MetricLabel...) {
        precondition(labels.allSatisfy { $0.values.count == 1 }, "information has one value per label")
        add(name, help, .gauge, labels) { [.integer(1)] }
    }

    // MARK: Histograms

    package func histogram(_ name: StaticString, help: StaticString, buckets: MetricBuckets) -> Histogram {
        histograms(name, help: help, buckets: buckets)[]
    }

    package func histograms(
        _ name: StaticString, help: StaticString, buckets: MetricBuckets, _ labels: MetricLabel...
    ) -> MetricSet<Histogram> {
        let set = MetricSet(labels) { Histogram(buckets) }
        add(name, help, .histogram, labels) { set.series.map { .histogram($0.snapshot()) } }
        return set
    }

    // MARK: Rendering

    /// The `Content-Type` of what `render()` returns.
    package static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics in Prometheus's text format 0.0.4.
    package func render() -> [UInt8] {
        let families = lock.withLock { self.families }
        var text = MetricText()
        for family in families { text.append(family) }
        return text.bytes
    }

    private func add(
        _ name: StaticString, _ help: StaticString, _ kind: MetricFamily.Kind, _ labels: [MetricLabel],
        read: @escaping @Sendable () -> [MetricFamily.Value]
    ) {
        let family = MetricFamily(name: name, help: help, kind: kind, labels: labels, read: read)
        lock.withLock {
            precondition(!families.contains { "\($0.name)" == "\(name)" }, "a metric is declared once: \(name)")
            families.append(family)
        }
    }
}

/// One metric as the renderer sees it.
struct MetricFamily: Sendable {
    enum Kind: Sendable {
        case counter, gauge, histogram

        var name: StaticString {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    enum Value: Sendable {
        case integer(Int)
        case decimal(Double)
        case histogram(Histogram.Snapshot)
    }

    let name: StaticString
    let help: StaticString
    let kind: Kind
    let labels: [MetricLabel]
    /// One value per combination of label values, the last label moving fastest.
    let read: @Sendable () -> [Value]

    init(
        name: StaticString, help: StaticString, kind: Kind, labels: [MetricLabel],
        read: @escaping @Sendable () -> [Value]
    ) {
        precondition(MetricLabel.isName("\(name)"), "a metric's name is [a-zA-Z_][a-zA-Z0-9_]*: \(name)")
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.read = read
    }
}
