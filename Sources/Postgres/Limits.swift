/// Every limit of this module: what it bounds, its unit and why it has this value.
enum Limits {
    /// Units in one batch. A batch shares one commit and one fate: past some hundreds the commit is paid for already,
    /// and a failing unit makes all others of its batch run again one by one.
    static let unitsPerBatch = 256
    /// Reads that are sent at once when a connection is free, while fewer wait for others to join them: in larger
    /// batches each is hardly cheaper, and the server would have nothing to do until all answers are worked on.
    static let unitsNotGathered = 32
    /// Bytes of parameters in one batch: keeps one batch's share of a connection under about 10 ms.
    static let bytesPerBatch = 4 << 20
    /// Connections of the lane for what arrives from outside and must be stored at once: one commit at work, and one on
    /// its way there or back.
    static let inboundConnections = 2
    /// Parameters of one statement: the protocol counts them in 16 bits.
    static let parametersPerQuery = 65_535
    /// Bytes of the parameter buffer kept between two queries: larger ones are given back.
    static let keptParameterBytes = 64 << 10
    /// How often a socket that has failed is read, for answers that came before: 16 KiB or more each time.
    static let lastReads = 64
    /// How often a unit that lost to another (40001, 40P01) is run again before its caller learns of it.
    static let conflictRetries = 3
    /// How often a read that was in flight when its connection died is sent again.
    static let lossRetries = 3
    /// The first and the longest pause before a new connection is tried, halved and jittered upwards.
    static let firstReconnectPause = Duration.milliseconds(50)
    static let longestReconnectPause = Duration.seconds(1)
    /// Reasons of one outage that are told: a server that comes up gives two or three.
    static let reasonsPerOutage = 8
    /// How often an outage that goes on is told of again.
    static let outageReminder = Duration.seconds(60)
    /// Bytes of a server's message kept for `debugDescription`.
    static let messageBytes = 1_024
    /// Bytes of a socket's path: `sun_path` holds 108 with its zero byte.
    static let socketPathBytes = 107
}
