import Store

/// The limits of delivery, each with its unit and reason.
package enum Limits {
    /// How long a receiver may take to accept a connection. Rivals give 5 s; a host that needs longer is down.
    static let connectTimeout: Duration = .seconds(5)
    /// How long an attempt may take in all. Standard Webhooks recommends 15 to 30 s.
    package static let attemptTimeout: Duration = .seconds(15)
    /// How long a claimed delivery belongs to its node: a wait in memory, the attempt, and recording it.
    package static let lease: Duration = .seconds(60)
    /// An attempt is only begun while its lease covers its timeout and this, the time to record it.
    static let recordingMargin: Duration = .seconds(5)
    /// Attempts in flight on one loop: sockets and memory (about 30 KiB each).
    static let attemptsInFlight = 1_024
    /// Of those, to endpoints that are not known to answer well: receivers that hang may take three quarters of the
    /// places, and never the last.
    static let unprovenAttemptsInFlight = 768
    /// Within which time an endpoint must have answered well to count as one that does.
    static let provenWithin: Duration = .seconds(1)
    /// Endpoints that are remembered to answer well while nothing is owed to them (about 200 bytes each).
    static let rememberedEndpoints = 20_000
    /// Attempts in flight for one sub-client on one loop: a quarter of the places, whatever number of endpoints it has.
    static let attemptsPerSubClient = 256
    /// And at least, while the loop has more to do than it has time.
    static let fewestAttemptsPerSubClient = 4
    /// A turn of the loop that took longer than this kept others waiting: a tenth of what a receiver nearby takes.
    static let longTurn: Duration = .microseconds(500)
    /// Attempts in flight to one host and port on one loop: many sub-clients may share a provider's receiver, which is
    /// not to be drowned by all of them at once.
    static let attemptsPerHost = 256
    /// Attempts in flight to one endpoint on one loop: enough to be fast, too few to drown a small receiver.
    static let attemptsPerEndpoint = 64
    /// Deliveries waiting in one loop's memory (about 2 KiB each, bodies shared by an event's deliveries).
    static let waitingDeliveries = 20_000
    /// Of those, for one endpoint, until more of its deliveries are left in its lane: endpoints that are slow or dead
    /// must not fill the memory of all. A healthy one drains this many within a claim's interval.
    static let waitingPerEndpoint = 1_000
    /// And for one that is not known to answer well, until no more are claimed for it.
    static let waitingPerTrial = 8
    /// Deliveries claimed at once.
    static let claimSize = 500
    /// How many more must fit into memory for a claim: from the clock, and from lanes that are named and others.
    static let claimRoom = 2 * claimSize + Store.lanesPerClaim
    /// And from one lane, while the last claim brought nothing for endpoints that are known to answer well: what is
    /// claimed of a dead one beyond the few attempts that show it is written twice for nothing.
    static let trialClaimSize = 8
    /// Free places for endpoints that are not known to answer well from which on a claim is made for them: a claim for
    /// each place that comes free would keep the database busy with looking.
    static let trialsPerClaim = 25
    /// How long lanes may have to wait for their turn because there are fewer.
    static let turnInterval: Duration = .seconds(1)
    /// Endpoints that are known to answer well which one claim may name while there are fewer (a look each by key).
    static let knownPerClaim = 500
    /// How far apart such claims are: time for the attempts to show what these endpoints are.
    static let trialPace: Duration = .milliseconds(50)
    /// Deliveries waiting in one loop's memory from which claims of more are spaced out: what is sent in that time.
    static let claimAhead = 2_000
    /// How far apart they are then: a claim costs the database some milliseconds.
    static let claimPace: Duration = .milliseconds(200)
    /// And while claims bring nothing for endpoints that are known to answer well. The places of all others come free
    /// as slowly as these fail: by tens in a second, where a claim brings hundreds.
    static let unprovenPace: Duration = .seconds(1)
    /// And at most while one after the other comes due: many that failed together come due apart, and a look for each
    /// would take a core. Shorter than the tenth of a second that an endpoint's rate may save up.
    static let duePace: Duration = .milliseconds(25)
    /// How often due deliveries are looked for when the last look found none.
    static let claimInterval: Duration = .milliseconds(500)
    /// How long to wait before a lease whose taking had no answer is given back, and before it is again.
    static let giveBackInterval: Duration = .milliseconds(500)
    /// For how long that goes on: the server ends what a lost connection had begun within this time, statements and the
    /// wait for their commit.
    static let timeOfLastCommits: Duration = .seconds(15)
    /// How often a look for what is due or was left by its node leaves nothing out.
    static let wholeLookInterval: Duration = .seconds(300)
    /// How often it is tried to write how an endpoint fares, at that interval, while the database is away.
    static let healthTries = 20
    /// How often leases of dead nodes are looked for: a second from a crash to the next attempt.
    static let rescueInterval: Duration = .milliseconds(500)
    /// How long after its own session was replaced a node takes no other for dead: what ended it may have ended theirs,
    /// and they connect again within a second, or a little more while all do.
    package static let settlingTime: Duration = .seconds(2)
    /// How far a machine's clock may be from the database's until that is said.
    static let clockTolerance: Duration = .seconds(2)
    /// How often it is looked whether the database is the one that was served before: no delivery is claimed of another
    /// until then.
    static let gateInterval: Duration = .milliseconds(500)
    /// How often at once, while others write what was looked at.
    static let gateLooks = 3
    /// How often it is told that deliveries are on hold.
    static let gateReminder: Duration = .seconds(60)
    /// How far before the last look for them the next begins: longer than a statement may take.
    static let lapseLookBack: Duration = .seconds(15)
    /// Webhooks accepted in one statement: beyond this its gain is small and its memory is not.
    static let acceptSize = 256
    /// Webhooks in a commit that a second one may run beside.
    static let fewWebhooks = 8
    /// How long the webhooks after a larger commit are gathered: small beside the 200 ms an upstream waits.
    static let gatheringTime: Duration = .milliseconds(2)
    /// And after one of many webhooks, where what a commit costs once counts more than what two cores have left.
    static let longGatheringTime: Duration = .milliseconds(5)
    /// Webhooks in a commit from which on it tells how many can be stored in a time: most of what a smaller one costs
    /// it costs once.
    static let manyWebhooks = 64
    /// How long that counts: then the database may be another.
    static let paceAge: Duration = .seconds(10)
    /// Webhooks waiting to be accepted on one loop; more are refused with 503, and the upstream repeats them.
    static let waitingWebhooks = 8_192
    /// How long attempts are gathered before they are recorded. A node that is killed sends again what it had not
    /// recorded: this much more of it.
    static let recordDelay: Duration = .milliseconds(20)
    /// Attempts recorded in one statement.
    static let recordSize = 500
    /// How much of an answer is kept: enough to see the receiver's error message.
    static let keptAnswerBytes = 1_024
    /// How much of an answer is read before the connection is given up.
    static let readAnswerBytes = 64 * 1_024
    /// How long what is known of an endpoint counts before it is read again: a change stops new attempts this soon.
    static let endpointFreshness: Duration = .seconds(1)
    /// How long deliveries stay in memory alone before they get rows of their own: what takes longer than this is worth
    /// showing to its owner.
    static let handoverAge: Duration = .seconds(1)
    /// How often deliveries of that age are looked for.
    static let handoverInterval: Duration = .milliseconds(250)
    /// How often handovers of nodes that live and did not touch them are looked for.
    static let lapseInterval: Duration = .seconds(5)
    /// Rows of one kind that an erasure takes in one transaction: some milliseconds of locks.
    static let erasureChunk = 500
    /// How long an erasure rests between chunks, so that it leaves the database to everything else.
    static let erasurePause: Duration = .milliseconds(5)
    /// How often erasures are looked for when none goes on.
    static let erasureInterval: Duration = .seconds(1)
    /// Erasures that take turns on one node.
    static let erasuresAtOnce = 20
    /// How long after the request an erasure's last sweep begins. Until then someone may still write who began before
    /// it: a key is known for a second, a link token takes its upstream 10 s at most, a statement 5 s.
    static let erasureSettling: Duration = .seconds(30)
    /// How often housekeeping is looked for.
    static let choreInterval: Duration = .seconds(10)
    /// How long one node has a chore to itself: a walk over a large table, slowed down by everything else.
    static let choreLease: Duration = .seconds(3_600)
    /// How often partitions are made ahead and old ones dropped.
    static let retentionInterval: Duration = .seconds(3_600)
    /// How often the keys of events are walked over.
    static let eventKeyInterval: Duration = .seconds(86_400)
    /// When a chore is tried again that met somebody's lock: that costs everybody 200 ms at most.
    static let choreRetryInterval: Duration = .seconds(15)
    /// Events taken out of a default partition, or of the quarantine, in one transaction.
    static let pruneSize = 500
    /// Blocks of 8 KiB that are walked over in one transaction: some milliseconds.
    static let keyBlocks: Int64 = 500
    /// How long the walk rests between them.
    static let prunePause: Duration = .milliseconds(20)
    /// Events that a recovery examines in one transaction: some milliseconds of locks.
    static let recoveryChunk = 500
    /// How often recoveries are looked for: a chunk waits this much longer than its rate asks, and the next catches up.
    static let recoveryInterval: Duration = .milliseconds(250)
    /// How long one rests between chunks that found nothing to send.
    static let recoveryPause: Duration = .milliseconds(5)
    /// Recoveries that take turns on one node.
    static let recoveriesAtOnce = 20
    /// How old an event is before a recovery examines it: a delivery that is not there by then is in nobody's memory.
    static let recoverySettling: Duration = .seconds(5)
    /// How long the statistics of endpoints are kept: the day that is shown, and one more.
    static let statisticsAge: Duration = .seconds(2 * 86_400)
    /// How often what the PSP is told is looked for.
    static let noticeInterval: Duration = .seconds(1)
    /// How seldom it is told again of the same subject, where there can be thousands in a second.
    static let noticePause: Duration = .seconds(60)
    /// Notices made events of in one transaction.
    static let noticesAtOnce = 1_000
    /// How often what is due is counted, and how far, as the metrics' help says: beyond it there is no more to know.
    static let backlogInterval: Duration = .seconds(10)
    static let countedBacklog = 10_000
    /// How often, in looks at what is due, it is counted what waits for a person: once a minute.
    static let looksPerKept = 6
    /// How much of an answer's headers is kept with an attempt: enough for those that tell why, where some send pages.
    static let keptHeaderBytes = 2_048
    /// How much is kept of what was sent: our own headers and twenty of the endpoint's.
    static let keptRequestHeaderBytes = 3_072
    /// Endpoints kept in memory (about 2 KiB each).
    static let cachedEndpoints = 20_000
}
