import Domain
import Runtime
import TLS
import Testing

/// Certificates of one test run, made by the openssl command. Each text holds a certificate and its key.
enum TLSFixture {
    static let elliptic = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    static func pem(_ name: String, key: [String] = elliptic, options: [String] = []) throws -> [UInt8] {
        let arguments =
            ["req", "-x509", "-newkey"] + key + ["-keyout", "/dev/stdout", "-out", "/dev/stdout"] + options
            + ["-subj", "/CN=\(name)", "-days", "3650"]
        let made = try ChildProcess.run(.init("openssl", arguments))
        try #require(made.exit == .status(0), "\(String(decoding: made.output, as: UTF8.self))")
        return made.output
    }

    static let first = Result { try pem("first", options: ["-nodes"]) }
    static let second = Result { try pem("second", options: ["-nodes"]) }
    static let rsa = Result { try pem("rsa", key: ["rsa:2048"], options: ["-nodes"]) }

    /// An authority's certificate, then one that it issued for 30 days, and that one's key.
    static let issued = Result {
        let script = """
            set -e
            folder=$(mktemp -d)
            trap 'rm -rf "$folder"' EXIT
            cd "$folder"
            exec 2>/dev/null
            curve="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
            openssl req -x509 $curve -keyout ca.key -out ca.pem -days 3650 -subj /CN=authority
            openssl req $curve -keyout key.pem -out request.pem -subj /CN=issued
            openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -set_serial 7 -days 30 -out issued.pem
            cat ca.pem issued.pem key.pem
            """
        let made = try ChildProcess.run(.init("sh", ["-c", script]))
        try #require(made.exit == .status(0))
        let parts = String(decoding: made.output, as: UTF8.self).split(separator: "-----BEGIN ")
        try #require(parts.count == 3)
        return parts.map { Array(("-----BEGIN " + $0).utf8) }
    }

    static func seconds() -> Int64 { Clock.system.now().seconds }

    static func random(_ count: Int) -> [UInt8] {
        var source = RandomSource.system
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &source) }
    }

    static func context(
        _ text: [UInt8], now: @escaping @Sendable () -> Int64 = TLSFixture.seconds
    ) throws -> TLSContext {
        try TLSContext(
            TLSIdentity(certificates: text, key: text, now: seconds()), random: TLSFixture.random, now: now)
    }
}

/// With or without TLS.
enum Wire: Sendable, CaseIterable {
    case plain, tls
}

/// The server's side against an endpoint of the client's, without a network.
final class TLSPair {
    let server: TLSSession
    let client: TLSEndpoint
    let buffers = TLSBuffers()
    private(set) var received: [UInt8] = []
    private(set) var isSecured = false
    private(set) var end: TLSSession.Step?

    init(_ context: TLSContext, _ options: TLSEndpoint.Options = .init()) {
        server = TLSSession(context, buffers)
        client = TLSEndpoint(options)
    }

    /// Gives the server what the client has to send, or these bytes; the client gets what the server says.
    func feed(_ records: [UInt8]? = nil) {
        var taken: [UInt8] = []
        var (secured, end) = (false, TLSSession.Step?.none)
        let input = records ?? client.take()
        server.withInput(input.span) {
            while end == nil {
                switch server.step() {
                case .secured: secured = true
                case .bytes(let count):
                    buffers.withPlain(count) { plain in for index in 0..<count { taken.append(plain[index]) } }
                case .wantsMore: return
                case let last: end = last
                }
            }
        }
        received += taken
        if secured { isSecured = true }
        if let end { self.end = end }
        answer()
    }

    func answer() {
        var records: [UInt8] = []
        buffers.takeOutgoing { span in for index in 0..<span.count { records.append(span[index]) } }
        client.put(records)
    }

    /// Runs the handshake to its end. Whether both sides are content.
    func handshake() -> Bool {
        while end == nil {
            let status = client.handshake()
            if status == false { return false }
            if status == true, isSecured { return true }
            let records = client.take()
            if records.isEmpty, status == nil { return false }
            feed(records)
        }
        return false
    }
}
