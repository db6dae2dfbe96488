import Crypto
import Domain
import Glibc
import Runtime
import TLS

/// Where a listener's certificate and its key are.
struct TLSFiles: Sendable {
    /// What the options' names begin with.
    enum Listener: String, Sendable, CaseIterable {
        case `public` = ""
        case admin = "admin-"
    }

    let listener: Listener
    let certificate: String
    let key: String

    /// Nil for a listener without TLS.
    init?(_ options: Options, _ listener: Listener) throws(OptionError) {
        let (certificateName, keyName) = (listener.rawValue + "tls-certificate", listener.rawValue + "tls-key")
        switch (options[certificateName], options[keyName]) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            self.listener = listener
            self.certificate = certificate
            self.key = key
        default: throw OptionError("--\(certificateName) and --\(keyName) belong together")
        }
    }

    /// Reads and checks both files. The error is one line that names the option at fault.
    func load(_ clock: Clock) throws(StartFailure) -> TLSContext {
        let certificates = try read(certificate, option: "tls-certificate")
        let keyText = try read(key, option: "tls-key")
        do throws(TLSError) {
            let identity = try TLSIdentity(certificates: certificates, key: keyText, now: clock.now().seconds)
            return try TLSContext(identity, random: { Random.bytes($0) }, now: { clock.now().seconds })
        } catch {
            let option = error.isAboutKey ? "tls-key" : "tls-certificate"
            throw StartFailure("--\(listener.rawValue)\(option): \(error)\(TLSFiles.moment(of: error))")
        }
    }

    /// Whether every user of the machine may read the key. A warning only: secret stores mount their files so, where
    /// nobody else is on the machine.
    var isKeyOpen: Bool {
        var status = stat()
        return unsafe stat(key, &status) == 0 && status.st_mode & S_IROTH != 0
    }

    private func read(_ path: String, option: String) throws(StartFailure) -> [UInt8] {
        guard let bytes = Files.read(path) else { throw StartFailure("--\(listener.rawValue)\(option) cannot be read") }
        return bytes
    }

    private static func moment(of error: TLSError) -> String {
        switch error {
        case .expired(_, let seconds), .notYetValid(_, let seconds):
            let moment = Timestamp(microseconds: seconds * 1_000_000)
            return " (" + String(decoding: moment.rfc3339(.seconds), as: UTF8.self) + ")"
        default: return ""
        }
    }
}

/// The certificates of a node's listeners, and their change while it runs.
struct TLSListeners: Sendable {
    private struct Served: Sendable {
        let files: TLSFiles
        let current: CurrentTLS
    }

    private let served: [Served]
    private let clock: Clock
    private let log: Log

    /// Throws the first thing that is wrong.
    init(_ files: [TLSFiles], clock: Clock, log: Log) throws(StartFailure) {
        var served: [Served] = []
        for files in files { served.append(Served(files: files, current: CurrentTLS(try files.load(clock)))) }
        self.served = served
        self.clock = clock
        self.log = log
        for files in files { warn(files) }
    }

    subscript(_ listener: TLSFiles.Listener) -> CurrentTLS? {
        served.first { $0.files.listener == listener }?.current
    }

    func declare(_ metrics: Metrics) {
        if served.isEmpty { return }
        let names = served.map { "\($0.files.listener)" }
        metrics.gauges(
            "subgate_tls_certificate_not_after_seconds",
            help: "When the first certificate of a listener's chain expires, in seconds since 1970.",
            MetricLabel("listener", names)
        ) { Double(served[$0].current.context.notAfter) }
        let handshakes = metrics.counters(
            "subgate_tls_handshakes_total", help: "TLS handshakes, by how they ended.", MetricLabel("listener", names),
            MetricLabel("outcome", TLSHandshakeEnd.allCases.map(\.rawValue)))
        for (place, one) in served.enumerated() {
            let counters = TLSHandshakeEnd.allCases.enumerated().map { ($1, handshakes[place, $0]) }
            let byEnd = Dictionary(uniqueKeysWithValues: counters)
            one.current.observe { byEnd[$0]?.add() }
        }
    }

    /// From now on SIGHUP reads the files again. Connections keep what they began with; so do new ones, when there is
    /// something wrong with the files.
    func reloadOnHangup(_ loop: EventLoop) {
        if served.isEmpty { return }
        // Files may be slow. What comes while one reading waits for the thread is served by that one.
        let worker = Worker(capacity: 1)
        loop.execute {
            // It lives as long as the process.
            _ = SignalWatcher(loop, .hangup) { loop.spawn { _ = await worker.run { reload() } } }
        }
    }

    private func reload() {
        for one in served {
            let name = LogValue.text("\(one.files.listener)")
            do throws(StartFailure) {
                one.current.replace(try one.files.load(clock))
                log.info("certificate read again", [(.listener, name)])
                warn(one.files)
            } catch {
                let reason = LogValue.text("\(error)")
                log.error("certificate kept, the new one is refused", [(.listener, name), (.reason, reason)])
            }
        }
    }

    private func warn(_ files: TLSFiles) {
        guard files.isKeyOpen else { return }
        log.warn(
            "every user of the machine can read the private key",
            [(.listener, .text("\(files.listener)")), (.file, .text(files.key))])
    }
}
