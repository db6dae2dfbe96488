import Postgres
import Runtime

/// What the loops' database connections do and have to do, by lane. Made once per process and shared by all loops.
struct DatabaseMetrics: Sendable {
    private let roundTrips: MetricSet<Histogram>
    private let waits: MetricSet<Histogram>
    private let batches: MetricSet<Histogram>
    private let connections: MetricSet<Gauge>
    private let waiting: MetricSet<Gauge>
    private let lost: MetricSet<Counter>

    init(_ metrics: Metrics) {
        let lane = MetricLabel("lane", of: Lane.self)
        roundTrips = metrics.histograms(
            "subgate_database_round_trip_seconds", help: "From sending a batch of statements to its last answer.",
            buckets: .latency, lane)
        waits = metrics.histograms(
            "subgate_database_wait_seconds", help: "The longest wait in a batch for a free connection.",
            buckets: .latency, lane)
        batches = metrics.histograms(
            "subgate_database_batch_units", help: "Units of work that shared a batch, and so a commit.",
            buckets: .batch, lane)
        connections = metrics.gauges(
            "subgate_database_connections", help: "Connections that are there, and those of them at work.", lane,
            MetricLabel("state", ["up", "busy"]))
        waiting = metrics.gauges(
            "subgate_database_units_waiting", help: "Units of work that wait for a connection.", lane)
        lost = metrics.counters(
            "subgate_database_connections_lost_total", help: "Connections that ended by themselves.", lane)
    }

    /// Counts every batch of a loop's database. Call it before that starts.
    func follow(_ database: Database) {
        database.onBatch = { [self] sample in
            let lane = DatabaseMetrics.position(sample.lane)
            roundTrips[lane].observe(Int(clamping: sample.roundTripNanoseconds))
            waits[lane].observe(Int(clamping: sample.queuedNanoseconds))
            batches[lane].observe(sample.units)
        }
    }

    private static func position(_ lane: Lane) -> Int {
        switch lane {
        case .read: 0
        case .write: 1
        case .serial: 2
        case .single: 3
        case .inbound: 4
        }
    }

    /// What one loop's lanes hold now, for a sum over loops: how much it differs from what was `shown` before.
    func show(_ database: Database, after shown: inout [Lane: LaneCounters]) {
        for lane in Lane.allCases {
            let (now, before) = (database.counters(lane), shown[lane] ?? LaneCounters())
            let position = DatabaseMetrics.position(lane)
            connections[position, 0].add(now.connected - before.connected)
            connections[position, 1].add(now.flying - before.flying)
            waiting[position].add(now.waiting - before.waiting)
            // A database that was closed has no lanes any more, and so has lost none.
            lost[position].add(max(0, Int(now.lostConnections) - Int(before.lostConnections)))
            shown[lane] = now
        }
    }
}
