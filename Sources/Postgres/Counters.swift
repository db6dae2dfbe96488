/// What a lane has done since it was made.
package struct LaneCounters: Sendable, Equatable {
    package var batches: UInt64 = 0
    package var units: UInt64 = 0
    /// Batches of which a statement failed, so that they ran again in parts.
    package var splitBatches: UInt64 = 0
    package var failedUnits: UInt64 = 0
    /// From sending a batch to its last answer, summed.
    package var roundTripNanoseconds: UInt64 = 0
    package var refusedUnits: UInt64 = 0
    package var expiredUnits: UInt64 = 0
    /// Connections made, the first ones too.
    package var connects: UInt64 = 0
    package var failedConnects: UInt64 = 0
    package var lostConnections: UInt64 = 0
    /// Now: units that wait, units in flight, connections that are ready, and those of them that fly a batch.
    package var waiting = 0
    package var inFlight = 0
    package var connected = 0
    package var flying = 0

    package init() {}
}

/// One batch that has been answered, for histograms.
package struct BatchSample: Sendable {
    package let lane: Lane
    package let units: Int
    package let roundTripNanoseconds: UInt64
    /// The longest wait of its units before it was sent.
    package let queuedNanoseconds: UInt64
}
