/// Limits of this module.
package enum RuntimeLimits {
    /// One log line with its line feed, in bytes: what collectors take in one piece (journald and Docker cut at 16 KiB
    /// and more).
    package static let logLineBytes = 8_192
    /// How often a cause is told of that goes on making the same warnings.
    package static let reminderPause = Duration.seconds(60)
    /// One value within a line, in bytes as written, so that one long value leaves room for the others.
    package static let logValueBytes = 2_048
    /// How long a line waits for a full standard error before it is dropped, in milliseconds. A reader that hangs must
    /// not hang the service; a reader that is merely slow gets this long once, and is then waited for no more until it
    /// reads.
    package static let logWaitMilliseconds: Int32 = 10
    /// Series of one metric: all combinations of its labels' values.
    package static let seriesPerMetric = 2_000
    /// Lookups under way at once on one loop; each holds two sockets or four. Of names whose servers are dead, this
    /// many end in 4.5 s, so a lookup that waits gets its turn every 18 ms.
    package static let dnsLookups = 256
    /// Lookups that wait for one of those places; past it they fail as temporary.
    package static let dnsWaiting = 4_096
    /// Aliases followed from one name to its addresses: as many as common resolvers follow.
    package static let dnsAliases = 16
    /// How long a question to a name server waits for its answer before it is put again, to the next server: in all
    /// 4.5 s, within the time a connection attempt has.
    package static let dnsPatience: [Duration] = [.milliseconds(700), .milliseconds(800), .seconds(1), .seconds(2)]
    /// How long what is known of the machine's name servers counts.
    package static let nameServersFreshness: Duration = .seconds(5)
}
