import API
import Crypto
import Delivery
import Domain
import HTTPClient
import Runtime
import Store

/// What `subgate serve` takes. `--help` prints this table; the README repeats it.
enum ServeOptions {
    static let database = Option(
        "database-url", "URL", "PostgreSQL, as libpq takes it: the role subgate_app for serve, the owner for migrate.")

    static let targetPorts = Option(
        "target-ports", "PORT[,PORT]", default: "443",
        "Ports that webhooks may go to. What an endpoint was registered with is checked again at each attempt.")

    static let limits = [
        Option(
            "rate-limit-per-address", "N", default: "\(SheddingLimits.ratePerAddress)",
            "Requests a second from one address (of IPv6: one /64), and ten times as many at once; 0 is no limit."),
        Option(
            "rate-limit-per-key", "N", default: "\(SheddingLimits.ratePerKey)",
            "The same with one credential or admin key."),
        Option(
            "rate-limit-per-sub-client", "N", default: "\(SheddingLimits.ratePerSubClient)",
            "The same with all keys of a sub-client in one environment, unless it was given a limit of its own."),
        Option(
            "rate-limit-wrong-keys", "N", default: "\(SheddingLimits.failuresPerAddress)",
            "Wrong keys a second from one address, and ten times as many at once; 0 is no limit."),
        Option(
            "requests-in-flight", "N", default: "\(SheddingLimits.requestsInFlight)",
            "Merchants' and admins' requests that a loop works on at once; more are answered 503."),
        Option(
            "acknowledge-within", "MILLISECONDS", default: "\(SheddingLimits.acknowledgementMilliseconds)",
            "How long an upstream waits for the answer to a webhook: one that would come later is a 503."),
    ]

    static let keys = [
        Option(
            "master-keys-file", "FILE",
            "Lines `id:base64` of 32-byte keys that wrap data keys, the current first. It is read again when it "
                + "changes, and at SIGHUP."),
        Option("master-keys", "TEXT", "The same as text, for a secret store that fills the environment."),
        Option(
            "pepper-file", "FILE",
            "Lines `id:base64` of keys under which client secrets are digested, the current first."),
        Option("pepper", "TEXT", "The same as text."),
    ]

    static let serve =
        [database] + keys + [
            Option("public-listen", "HOST:PORT", default: "127.0.0.1:8080", "Merchants, inbound webhooks."),
            Option("admin-listen", "HOST:PORT", default: "127.0.0.1:8081", "The admin API."),
            Option("ops-listen", "HOST:PORT", default: "127.0.0.1:8082", "Health and metrics."),
            Option(
                "tls-certificate", "FILE",
                "The public listener speaks TLS: its certificate in PEM, then each one's issuer. SIGHUP reads it "
                    + "again."),
            Option("tls-key", "FILE", "The private key of --tls-certificate, in PEM, without a passphrase."),
            Option("admin-tls-certificate", "FILE", "The same for the admin listener."),
            Option("admin-tls-key", "FILE", "The private key of --admin-tls-certificate."),
            Option("public-url", "URL", "How the world reaches the public listener; shown in inbound URLs."),
            Option(
                "trusted-proxies", "CIDR[,CIDR]",
                "Peers whose X-Forwarded-For says where a request came from: the last address in it that is none of "
                    + "these. None is trusted by default."),
        ] + limits + [
            Option("loops", "N", default: "0", "Event loops, one thread each; 0 is one per core."),
            Option("write-connections", "N", default: "2", "PostgreSQL connections for writes, per loop."),
            Option("read-connections", "N", default: "1", "PostgreSQL connections for reads, per loop."),
            Option("accept-only", nil, "Accept webhooks, and leave what they owe to other nodes to deliver."),
            Option("node-name", "NAME", default: "subgate", "Shown in the node table and in logs."),
            targetPorts,
            Option("allow-private-targets", nil, "Webhooks to http and to private addresses: development only."),
            Option(
                "retry-schedule", "SECONDS[,SECONDS]", default: "5,300,1800,7200,18000,36000,50400,72000,86400",
                "The delays before each further attempt at a delivery, for endpoints without a schedule of their own."),
            Option("retry-jitter-percent", "N", default: "10", "How far each delay may be off, to either side."),
            Option(
                "disable-endpoints-after", "TIME", default: "5d",
                "How long an endpoint may fail without one success until it is disabled: a number and s, m, h or d. "
                    + "What it is owed is held."),
            Option(
                "retry-time-divisor", "N", default: "1",
                "Divides each delay of retry schedules, and the pauses of endpoints that fail: development only."),
            Option(
                "attempt-timeout", "TIME", default: "15s",
                "How long a receiver may take to answer in all: a number and s or m."),
            Option(
                "lease", "TIME", default: "60s",
                "How long what a node has taken to deliver is its own: a node that hangs, but still holds its "
                    + "connections, keeps others from sending it for that long. Longer than an attempt by more than 5s."
            ),
            Option(
                "reconcile-interval", "SECONDS", default: "300",
                "How often upstreams' transfers are looked at for those whose webhooks did not come, and how long a "
                    + "webhook may take; 0 is never."),
            Option(
                "retention-days", "DAYS", default: "90",
                "How long events, deliveries and attempts are kept: at least so long, and up to a month longer, as "
                    + "they go by the month. What is still to be delivered stays. An event that comes again is known "
                    + "for twice as long."),
            Option(
                "hold-after-outage", "TIME", default: "1d",
                "Deliveries are held until `subgate release` when the database was not served for longer and has been "
                    + "started since: it may be a copy. 0s is never. See 'Operations: back up and restore'."),
            Option(
                "log-level", "LEVEL", default: "info",
                "debug, info, warn or error. SIGUSR1 logs everything from then on, SIGUSR2 this again."),
            Option("log-format", "FORMAT", default: "json", "json or pretty."),
        ]
}

/// The settings of a node, checked.
struct ServiceConfiguration: Sendable {
    var databaseURL: String
    var keySource: KeySource
    var keyring: Keyring
    var publicListen: ListenAddress
    var adminListen: ListenAddress
    var opsListen: ListenAddress
    /// Of the listeners that speak TLS themselves.
    var tls: [TLSFiles]
    var publicURL: String
    var trustedProxies: TrustedProxies
    var loops: Int
    var writeConnections: Int
    var readConnections: Int
    /// Whether this node leaves all deliveries to others.
    var acceptsOnly: Bool
    var nodeName: String
    var allowsPrivateTargets: Bool
    /// Where webhooks may go.
    var targetPolicy: AddressPolicy
    /// Whether an upstream may be at a private address.
    var allowsPrivateUpstreams: Bool
    var retries: RetryPolicy
    var attemptTimeout: Duration
    var lease: Duration
    var rates: RateLimits
    /// On one loop.
    var requestsInFlight: Int
    /// How long an upstream waits for an answer.
    var acknowledgeWithin: Duration
    /// Nil for never.
    var reconcileInterval: Duration?
    var retention: RetentionAges
    /// How long a database may not have been served and still be taken for the same; nil for any time.
    var longestOutage: Duration?
    var logLevel: LogLevel
    var logFormat: LogFormat

    init(_ options: Options) throws(OptionError) {
        databaseURL = try options.required("database-url")
        keySource = try KeySource(options)
        keyring = Keyring(try keySource.keys())
        publicListen = try options.address("public-listen")
        adminListen = try options.address("admin-listen")
        opsListen = try options.address("ops-listen")
        tls = []
        for listener in TLSFiles.Listener.allCases {
            if let files = try TLSFiles(options, listener) { tls.append(files) }
        }
        let scheme = tls.map(\.listener).contains(.public) ? "https" : "http"
        publicURL = options["public-url"] ?? "\(scheme)://\(publicListen.host):\(publicListen.port)"
        trustedProxies = try options.proxies("trusted-proxies")
        let loops = try options.integer("loops", in: 0...64)
        self.loops = loops == 0 ? Machine.cores : loops
        writeConnections = try options.integer("write-connections", in: 1...16)
        readConnections = try options.integer("read-connections", in: 1...16)
        acceptsOnly = try options.isOn("accept-only")
        nodeName = try options.required("node-name")
        allowsPrivateTargets = try options.isOn("allow-private-targets")
        let ports = try options.ports("target-ports")
        targetPolicy = allowsPrivateTargets ? .allowPrivate : .publicOnly(ports: ports)
        allowsPrivateUpstreams = allowsPrivateTargets
        retries = try options.retries()
        attemptTimeout = try options.duration(
            "attempt-timeout", in: .seconds(1) ... .seconds(120), said: "from 1s to 120s")
        lease = try options.duration("lease", in: .seconds(1) ... .seconds(3_600), said: "within an hour")
        guard lease > LeaseSource.timeOfAttempt(attemptTimeout) else {
            throw OptionError("--lease is longer than --attempt-timeout by more than 5s")
        }
        rates = try options.rates()
        requestsInFlight = try options.integer("requests-in-flight", in: SheddingLimits.requestsInFlightRange)
        acknowledgeWithin = .milliseconds(
            try options.integer("acknowledge-within", in: SheddingLimits.acknowledgementRange))
        let seconds = try options.integer("reconcile-interval", in: 0...86_400)
        reconcileInterval = seconds == 0 ? nil : .seconds(seconds)
        // A delivery is tried for days: what is younger than a week is never dropped.
        retention = RetentionAges(days: try options.integer("retention-days", in: 8...36_500))
        let outage = try options.duration("hold-after-outage", in: .zero ... .seconds(365 * 86_400))
        longestOutage = outage == .zero ? nil : outage
        guard let level = LogLevel(name: Array(try options.required("log-level").utf8)) else {
            throw OptionError("--log-level is debug, info, warn or error")
        }
        logLevel = level
        switch try options.required("log-format") {
        case "json": logFormat = .json
        case "pretty": logFormat = .pretty
        default: throw OptionError("--log-format is json or pretty")
        }
    }
}

extension Options {
    /// Ports with commas between them, at least one.
    func ports(_ name: String) throws(OptionError) -> Set<UInt16> {
        var ports: Set<UInt16> = []
        for part in try required(name).split(separator: ",", omittingEmptySubsequences: false) {
            guard let port = Options.digits(String(part)).flatMap({ UInt16(exactly: $0) }), port > 0 else {
                throw OptionError("--\(name) is a list of ports, such as 443,8443")
            }
            ports.insert(port)
        }
        return ports
    }

    func rates() throws(OptionError) -> RateLimits {
        let rates = 0...SheddingLimits.rates.upperBound
        return RateLimits(
            address: try integer("rate-limit-per-address", in: rates),
            key: try integer("rate-limit-per-key", in: rates),
            subClient: try integer("rate-limit-per-sub-client", in: rates),
            failures: try integer("rate-limit-wrong-keys", in: rates))
    }

    func retries() throws(OptionError) -> RetryPolicy {
        let delays = try integers(
            "retry-schedule", in: 1...Int(RetrySchedule.maximumTotal.components.seconds),
            atMost: RetrySchedule.maximumDelays)
        var health = HealthPolicy()
        health.disableAfter = try duration("disable-endpoints-after", in: .seconds(1) ... .seconds(365 * 86_400))
        return RetryPolicy(
            schedule: RetrySchedule(
                delays: delays.map { .seconds($0) },
                jitterPercent: Int64(try integer("retry-jitter-percent", in: 0...100))),
            health: health, acceleratedBy: try integer("retry-time-divisor", in: 1...100_000))
    }

    /// Addresses and CIDR blocks with commas between them; none without the option.
    func proxies(_ name: String) throws(OptionError) -> TrustedProxies {
        var blocks: [IPBlock] = []
        for part in (self[name] ?? "").utf8.split(separator: UInt8(ascii: ",")) {
            guard let block = try? IPBlock(text: part) else {
                throw OptionError("--\(name) is a list of addresses and CIDR blocks, such as 10.0.0.0/8,192.0.2.7")
            }
            blocks.append(block)
        }
        return TrustedProxies(blocks)
    }
}
