import Domain
import Runtime
import Store

/// Where the bars and lines of a chart stand, in units of its view box: decided here, drawn below.
struct EndpointChart {
    static let width = 720
    static let height = 180
    /// Room for the numbers beside and below.
    static let left = 44
    static let bottom = 22
    private static let top = 8

    struct Bar {
        let x: Int
        let width: Int
        let succeeded: (y: Int, height: Int)
        let failed: (y: Int, height: Int)
    }

    let bars: [Bar]
    /// The 95th percentile of spans that have one, in the order of time: runs without gaps.
    let line: [[(x: Int, y: Int)]]
    let mostAttempts: Int64
    let longest: Duration

    init(_ spans: [StatisticSpan]) {
        let plot = (width: EndpointChart.width - 2 * EndpointChart.left, height: EndpointChart.plotHeight)
        let most = max(spans.map(\.attempts.attempts).max() ?? 0, 1)
        let times = spans.map { $0.attempts.durations.percentile(95) }
        let longest = max(times.compactMap { $0 }.max() ?? .zero, .milliseconds(1))
        let step = plot.width / max(spans.count, 1)
        func height(_ count: Int64) -> Int { Int((count * Int64(plot.height) + most - 1) / most) }
        bars = spans.enumerated().map { place, span in
            let all = height(span.attempts.attempts)
            let failed = height(span.attempts.attempts - span.attempts.succeeded)
            let floor = EndpointChart.top + plot.height
            return Bar(
                x: EndpointChart.left + place * step + step / 8, width: step - step / 4,
                succeeded: (floor - max(all - failed, 0) - failed, max(all - failed, 0)),
                failed: (floor - failed, failed))
        }
        var runs: [[(x: Int, y: Int)]] = [[]]
        for (place, time) in times.enumerated() {
            guard let time else {
                if runs[runs.count - 1].isEmpty == false { runs.append([]) }
                continue
            }
            let share = Int(time.microseconds * Int64(plot.height) / max(longest.microseconds, 1))
            let y = EndpointChart.top + plot.height - share
            runs[runs.count - 1].append((EndpointChart.left + place * step + step / 2, y))
        }
        line = runs.filter { !$0.isEmpty }
        mostAttempts = most
        self.longest = longest
    }

    static var plotHeight: Int { height - top - bottom }
    static var floor: Int { top + plotHeight }
}

extension HTMLWriter {
    /// Bars of attempts, those that failed at the foot, and a line of their duration; the same as a table for who
    /// cannot see it.
    mutating func chart(_ spans: [StatisticSpan], _ sum: AttemptStatistics, spanOf length: String) {
        let failed = sum.attempts - sum.succeeded
        let p95 = sum.durations.percentile(95).map { "\($0.milliseconds) ms" } ?? "none"
        element(.p) { html in
            html.text("\(sum.attempts) attempts, ")
            html.element(.span, [.class("key good")], text: "\(sum.succeeded) succeeded")
            html.text(", ")
            html.element(.span, [.class("key bad")], text: "\(failed) failed")
            html.text("; ")
            html.element(.span, [.class("key line")], text: "95 of 100 took at most \(p95)")
            html.text(". ")
            let reasons = sum.failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            if !reasons.isEmpty {
                html.text("Failures: \(reasons.map { "\($0.key) \($0.value)" }.joined(separator: ", ")).")
            }
        }
        let label = "Attempts by \(length): \(sum.succeeded) succeeded, \(failed) failed. The table below has each."
        drawing(EndpointChart(spans), spans, label: label)
        element(.details) { html in
            html.element(.summary, text: "As a table, by \(length)")
            html.table(
                "Attempts", ["From", "Attempts", "Succeeded", "Failed", "Half took at most", "95 of 100 took at most"],
                empty: "None.", rows: spans.reversed().filter { $0.attempts.attempts > 0 }.map { Self.row($0) })
        }
    }

    private static func row(_ span: StatisticSpan) -> [ConsoleCell] {
        let attempts = span.attempts
        func time(_ percent: Int64) -> ConsoleCell {
            attempts.durations.percentile(percent).map { .text("\($0.milliseconds) ms") } ?? .none
        }
        return [
            .time(span.start), .text("\(attempts.attempts)"), .text("\(attempts.succeeded)"),
            .text("\(attempts.attempts - attempts.succeeded)"), time(50), time(95),
        ]
    }

    private mutating func drawing(_ chart: EndpointChart, _ spans: [StatisticSpan], label: String) {
        element(
            .svg,
            [.class("chart"), .word(.viewBox, "0 0 720 180"), .word(.role, "img"), .label(Array(label.utf8))]
        ) { html in
            for y in [EndpointChart.floor - EndpointChart.plotHeight, EndpointChart.floor] {
                html.element(
                    .line,
                    [
                        .class("axis"), .number("x1", EndpointChart.left), .number("y1", y),
                        .number("x2", EndpointChart.width - EndpointChart.left), .number("y2", y),
                    ])
            }
            for bar in chart.bars {
                html.bar("bar good", bar, bar.succeeded)
                html.bar("bar bad", bar, bar.failed)
            }
            for run in chart.line {
                html.element(.polyline, [.class("line"), .points(run)])
                for point in run {
                    html.element(
                        .circle, [.class("dot"), .number("cx", point.x), .number("cy", point.y), .number("r", 3)])
                }
            }
            html.caption("\(chart.mostAttempts)", x: EndpointChart.left - 6, y: 16, "end")
            html.caption(
                "\(chart.longest.milliseconds) ms", x: EndpointChart.width - EndpointChart.left + 6, y: 16, "start")
            if let first = spans.first, let last = spans.last {
                html.caption(Self.clock(first.start), x: EndpointChart.left, y: 175, "start")
                html.caption(Self.clock(last.start), x: EndpointChart.width - EndpointChart.left, y: 175, "end")
            }
        }
    }

    private mutating func bar(_ name: StaticString, _ bar: EndpointChart.Bar, _ part: (y: Int, height: Int)) {
        if part.height == 0 { return }
        element(
            .rect,
            [
                .class(name), .number("x", bar.x), .number("y", part.y), .number("width", bar.width),
                .number("height", part.height),
            ])
    }

    private mutating func caption(_ text: String, x: Int, y: Int, _ anchor: StaticString) {
        element(.text, [.number("x", x), .number("y", y), .word(.anchor, anchor)], text: text)
    }

    /// `20:55` of UTC.
    private static func clock(_ moment: Timestamp) -> String {
        String(decoding: moment.rfc3339(.seconds).dropFirst(11).prefix(5), as: UTF8.self)
    }
}
