package import Runtime
import Foundation
import Glibc

/// Runs the program under test: the one that was built beside these tests.
package enum Program {
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    /// SUBGATE_PROGRAM names another, such as a release build.
    package static var path: String {
        if let other = ProcessInfo.processInfo.environment["SUBGATE_PROGRAM"] { return other }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("subgate").path
    }

    /// Runs a command to its end and returns what it printed; throws with its words when it fails.
    @discardableResult
    package static func run(_ arguments: [String]) throws -> String {
        let (exit, output) = try ChildProcess.run(ChildProcess.Command(path, arguments))
        let text = String(decoding: output, as: UTF8.self)
        if exit.isSuccess { return text.trimmingCharacters(in: .whitespacesAndNewlines) }
        throw Failed(description: "subgate \(arguments.first ?? ""): \(exit): \(text)")
    }
}

/// A command of the program that keeps running, its output in a file. It ends with this process, however that ends.
package final class ProgramProcess: @unchecked Sendable {
    package let arguments: [String]
    private let logPath: String
    private let environment: [String]
    /// Of the one thread that starts and ends the process.
    private var child: ChildProcess?
    private var guardian: Int32 = -1

    /// `environment` is `NAME=value` each, beside this process's own.
    package init(_ arguments: [String], log: String, environment: [String] = []) {
        self.arguments = arguments
        self.environment = environment
        logPath = log
    }

    deinit { kill() }

    package func start() throws {
        kill()
        var command = ChildProcess.Command(Program.path, arguments)
        command.output = .file(logPath)
        command.environment = Self.environment + environment
        let child = try ChildProcess(command)
        self.child = child
        guardian = try Self.makeGuardian(of: child.id)
    }

    /// This process's, and proxies that nothing of ours may obey: nobody listens there.
    private static let environment =
        ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        + ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].map {
            "\($0)=http://127.0.0.1:1"
        }

    package var id: Int32 { child?.id ?? -1 }
    package var isRunning: Bool { child.map { $0.exitIfEnded() == nil } ?? false }
    package func send(_ signal: Int32) { child?.send(signal) }

    /// SIGKILL, and waits for the end.
    package func kill() {
        guard let child else { return }
        child.send(SIGKILL)
        _ = child.wait()
        forget()
    }

    /// SIGTERM; how it ended, or nil if it still ran after the time: then it is killed.
    package func terminate(within limit: Duration) -> ChildProcess.Exit? { end(with: SIGTERM, within: limit) }

    /// The same with another signal, or by waiting alone.
    package func end(with signal: Int32?, within limit: Duration) -> ChildProcess.Exit? {
        guard let child else { return nil }
        if let signal { child.send(signal) }
        let exit = try? Patience.wait(for: "the end of the process", within: limit) { child.exitIfEnded() }
        if exit == nil { kill() } else { forget() }
        return exit
    }

    /// Everything it wrote so far.
    package var log: String {
        (try? String(decoding: Data(contentsOf: URL(fileURLWithPath: logPath)), as: UTF8.self)) ?? ""
    }

    private func forget() {
        child = nil
        if guardian >= 0 {
            unsafe _ = write(guardian, "\n", 1)
            close(guardian)
        }
        guardian = -1
    }

    /// A shell that kills the process when our end of its input closes without a word.
    private static func makeGuardian(of id: Int32) throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw Program.Failed(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var command = ChildProcess.Command("sh", ["-c", "trap '' HUP INT TERM; read -r line || kill -KILL \(id)"])
        command.input = ends[0]
        command.output = .discard
        _ = try ChildProcess(command)
        return ends[1]
    }
}

/// One node of the service, on a test's database, on ports of its own.
package final class ServiceProcess: Sendable {
    package let publicPort: UInt16
    package let adminPort: UInt16
    package let opsPort: UInt16
    private let process: ProgramProcess

    /// `arguments` are further options of `serve`. Nothing runs before `start()`.
    package init(
        _ installation: Installation, name: String = "node", allowsPrivateTargets: Bool = true,
        arguments: [String] = []
    ) {
        let ports = FreePorts.take(3)
        (publicPort, adminPort, opsPort) = (ports[0], ports[1], ports[2])
        process = ProgramProcess(
            ["serve"] + installation.databaseArguments(role: "subgate_app") + installation.keyArguments + [
                "--public-listen", "127.0.0.1:\(publicPort)", "--admin-listen", "127.0.0.1:\(adminPort)",
                "--ops-listen", "127.0.0.1:\(opsPort)", "--node-name", name,
                // A look at the upstream would come between the calls that tests wait for.
                "--reconcile-interval", "0",
                // Tests call from one address, as fast as they can, on machines whose disks may take their time.
                "--rate-limit-per-address", "0", "--rate-limit-per-key", "0", "--rate-limit-per-sub-client", "0",
                "--rate-limit-wrong-keys", "0", "--acknowledge-within", "10000",
            ] + (allowsPrivateTargets ? ["--allow-private-targets"] : []) + arguments,
            log: installation.folder + "/\(name).log")
    }

    /// Starts it and returns when it is ready: how long that took.
    @discardableResult
    package func start() throws -> Duration {
        let begin = ContinuousClock.now
        try process.start()
        try Patience.wait(until: "readiness", within: .seconds(30)) {
            guard process.isRunning else { throw Program.Failed(description: "serve ended: \(lastWords)") }
            return isReady
        }
        return .now - begin
    }

    /// Starts it and does not look at it.
    package func startWithoutWaiting() throws { try process.start() }

    package var isReady: Bool {
        (try? HTTPProbe(port: opsPort, limit: .seconds(2)).send("GET", "/readyz"))?.status == 200
    }

    package var isRunning: Bool { process.isRunning }
    package var log: String { process.log }
    package var lastWords: String { String(process.log.suffix(2_000)) }
    package func kill() { process.kill() }
    package func send(_ signal: Int32) { process.send(signal) }
    package func terminate(within limit: Duration = .seconds(15)) -> ChildProcess.Exit? {
        process.terminate(within: limit)
    }

    /// The sum of a metric's samples whose line begins with the text, such as a name and the first labels.
    package func metric(_ prefix: String) throws -> Double {
        let text = try HTTPProbe(port: opsPort).send("GET", "/metrics").text
        return text.split(separator: "\n").filter { $0.hasPrefix(prefix) }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}

/// The stand-in for Mesh as a process of its own, on a test's database.
package final class SandboxProcess: Sendable {
    package let port: UInt16
    private let process: ProgramProcess

    package init(
        _ installation: Installation, port: UInt16, clientID: String, clientSecret: String, webhookURL: String,
        webhookSecret: String, adminClientSecret: String? = nil
    ) {
        self.port = port
        process = ProgramProcess(
            [
                "sandbox", "--listen", "127.0.0.1:\(port)", "--client-id", clientID,
                "--client-secret", clientSecret, "--webhook-url", webhookURL, "--webhook-secret", webhookSecret,
            ] + (adminClientSecret.map { ["--admin-client-secret", $0] } ?? [])
                + installation.databaseArguments(role: "subgate_sandbox"), log: installation.folder + "/sandbox.log")
    }

    /// Starts it and returns when it answers.
    package func start() throws {
        try process.start()
        try Patience.wait(until: "the sandbox", within: .seconds(30)) {
            guard process.isRunning else { throw Program.Failed(description: "sandbox ended: \(process.log)") }
            return (try? HTTPProbe(port: port, limit: .seconds(2)).send("GET", "/")) != nil
        }
    }

    package func kill() { process.kill() }
    package var log: String { process.log }
}
