import CLibPQ
import Glibc
import Runtime

/// A PostgreSQL cluster of our own in a folder, reachable only through a unix socket in a private folder: what `subgate
/// dev` and the tests run on. It is never run as root. Its calls block.
///
/// The server outlives this process unless `Options.stopsWithOwner` is set: the next `start()` finds it running.
package struct PrivateCluster: Sendable {
    package struct Options: Sendable {
        /// Whether commits wait for the disk. Off is for tests only.
        package var isDurable = true
        /// Whether the server is stopped and the folder deleted when this process ends, however it ends.
        package var vanishesWithOwner = false
        /// Settings of `postgresql.conf` by name.
        package var settings: [(name: String, value: String)] = []

        package init() {}

        /// Quick to make, small, not durable, and gone with the process.
        package static var forTests: Options {
            var options = Options()
            options.isDurable = false
            options.vanishesWithOwner = true
            options.settings = [("shared_buffers", "32MB"), ("max_connections", "800"), ("max_wal_size", "256MB")]
            return options
        }
    }

    /// The role that owns everything: a superuser, for connections through the private socket only.
    package static let owner = "subgate_owner"

    package let folder: String
    private let files: ClusterFolder
    private let options: Options

    /// Names a cluster; nothing is made before `start()`.
    package init(folder: String, options: Options = Options()) throws(ClusterError) {
        files = try ClusterFolder(folder)
        self.folder = files.path
        self.options = options
    }

    /// A libpq connection string for a database of the cluster.
    package func connectionString(database: String = "postgres", role: String = PrivateCluster.owner) -> String {
        "host=\(quoted(files.socket)) port=5432 user=\(quoted(role)) dbname=\(quoted(database))"
    }

    /// The same as a URL.
    package func url(database: String = "postgres", role: String = PrivateCluster.owner) -> String {
        "postgresql://\(percent(role))@/\(percent(database))?host=\(percent(files.socket))"
    }

    /// Whether the server accepts connections.
    package var isRunning: Bool { unsafe PQping(connectionString()) == PQPING_OK }

    /// Makes the cluster if it does not exist, starts it if it does not run, and returns when it accepts connections.
    package func start() throws(ClusterError) {
        try files.makePath()
        let lock = try FolderLock(folder)
        defer { lock.release() }
        try files.prepare()
        // Up but not yet accepting: it replays its log after a crash.
        while unsafe PQping(connectionString()) == PQPING_REJECT { usleep(100_000) }
        if isRunning { return }
        let binaries = try ClusterBinaries.find(majorVersion: dataVersion())
        if dataVersion() == nil { try make(binaries) }
        try writeSettings()
        let arguments = ["start", "-w", "-t", "60", "-s", "-D", files.data, "-l", files.log]
        do throws(ClusterError) {
            try run(binaries.path("pg_ctl"), arguments)
        } catch {
            // After a kill -9 of the server its children hold the shared memory for a second or two.
            guard unsafe access("\(files.data)/postmaster.pid", F_OK) == 0 else { throw error }
            usleep(2_500_000)
            if !isRunning { try run(binaries.path("pg_ctl"), arguments) }
        }
        if options.vanishesWithOwner { try watchOwner(binaries) }
    }

    /// Stops the server, rolling back what runs, and returns when it has stopped. Does nothing when it does not run.
    package func stop() throws(ClusterError) {
        guard unsafe access("\(files.data)/postmaster.pid", F_OK) == 0 else { return }
        let lock = try FolderLock(folder)
        defer { lock.release() }
        let binaries = try ClusterBinaries.find(majorVersion: dataVersion())
        do throws(ClusterError) {
            try run(binaries.path("pg_ctl"), ["stop", "-m", "fast", "-w", "-s", "-D", files.data])
        } catch {
            if isRunning { throw error }
        }
    }

    // MARK: Making

    /// The major version that wrote the data, or nil if there is none.
    private func dataVersion() -> String? {
        guard let bytes = Files.read("\(files.data)/PG_VERSION") else { return nil }
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    private func make(_ binaries: ClusterBinaries) throws(ClusterError) {
        // Made aside and renamed, so that what is called data is whole.
        let fresh = "\(files.home)/data.new"
        var remove = ChildProcess.Command("rm", ["-rf", fresh])
        remove.output = .discard
        _ = try? ChildProcess(remove).wait()
        guard unsafe mkdir(fresh, 0o700) == 0 else { throw .folder(fresh, code: errno) }
        try files.claim(fresh)
        var arguments = [
            "-D", fresh, "-U", PrivateCluster.owner, "-E", "UTF8", "--locale=C", "--data-checksums", "-A", "trust",
        ]
        // Sorted by bytes, but with the letters of all scripts known.
        if let locale = unsafe newlocale(1 << LC_CTYPE, "C.UTF-8", nil) {
            unsafe freelocale(locale)
            arguments.append("--lc-ctype=C.UTF-8")
        }
        if !options.isDurable { arguments.append("--no-sync") }
        try run(binaries.path("initdb"), arguments)
        try append("include 'subgate.conf'\n", to: "\(fresh)/postgresql.conf")
        if unsafe rename(fresh, files.data) != 0 { throw .folder(files.data, code: errno) }
    }

    private func writeSettings() throws(ClusterError) {
        var settings = [
            ("listen_addresses", ""), ("unix_socket_directories", files.socket), ("port", "5432"), ("timezone", "UTC"),
            ("log_timezone", "UTC"), ("log_min_messages", "warning"), ("log_parameter_max_length", "0"),
        ]
        if !options.isDurable {
            settings += [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")]
        }
        let lines = (settings + options.settings.map { ($0.name, $0.value) }).map {
            "\($0.0) = \(settingQuoted($0.1))\n"
        }
        unsafe _ = unlink(files.settings)
        try append(lines.joined(), to: files.settings)
    }

    private func append(_ text: String, to path: String) throws(ClusterError) {
        let file = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .folder(path, code: errno) }
        defer { _ = close(file) }
        let bytes = Array(text.utf8)
        guard unsafe write(file, bytes, bytes.count) == bytes.count else { throw .folder(path, code: errno) }
        try files.claim(path)
    }

    // MARK: Programs

    private func run(_ program: String, _ arguments: [String]) throws(ClusterError) {
        var command = ChildProcess.Command(program, arguments)
        command.account = files.account
        // Nothing of ours steers the server: neither PG* variables nor a locale.
        command.environment = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC",
        ]
        let name = String(program.split(separator: "/").last ?? "")
        let answer: (exit: ChildProcess.Exit, output: [UInt8])
        do throws(ChildProcessError) { answer = try ChildProcess.run(command) } catch {
            throw .failed(program: name, words: error.description)
        }
        if answer.exit.isSuccess { return }
        throw .failed(program: name, words: lastLines(answer.output + (Files.read(files.log) ?? [])))
    }

    /// Leaves a shell behind that stops the server and deletes the folder once our end of its standard input is closed.
    private func watchOwner(_ binaries: ClusterBinaries) throws(ClusterError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .folder(folder, code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { _ = close(ends[0]) }
        let script = """
            trap '' HUP INT TERM; read -r line
            server=$(head -n 1 "$1/data/postmaster.pid") && kill -QUIT "$server"
            while kill -0 "$server"; do sleep 0.1; done
            rm -rf "$1" "$2" "$3"
            """
        var command = ChildProcess.Command("sh", ["-c", script, "sh", files.home, files.socket, folder])
        command.input = ends[0]
        command.output = .discard
        do throws(ChildProcessError) { _ = try ChildProcess(command) } catch {
            throw .failed(program: "sh", words: error.description)
        }
    }

    private func lastLines(_ output: [UInt8]) -> String {
        let lines = String(decoding: output.suffix(2_048), as: UTF8.self).split(separator: "\n")
        return lines.suffix(4).joined(separator: " | ")
    }
}

/// One process at a time makes, starts or stops a cluster.
private struct FolderLock {
    private let file: Int32

    init(_ folder: String) throws(ClusterError) {
        file = unsafe Glibc.open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .folder(folder, code: errno) }
        while flock(file, LOCK_EX) != 0 && errno == EINTR {}
    }

    func release() { _ = close(file) }
}

/// A value of a connection string.
private func quoted(_ value: String) -> String {
    var text = "'"
    for scalar in value.unicodeScalars {
        if scalar == "'" || scalar == "\\" { text += "\\" }
        text.unicodeScalars.append(scalar)
    }
    return text + "'"
}

/// A value of `postgresql.conf`.
private func settingQuoted(_ value: String) -> String {
    "'" + value.unicodeScalars.map { $0 == "'" ? "''" : String($0) }.joined() + "'"
}

private func percent(_ value: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in value.utf8 {
        let isPlain =
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        bytes += isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: bytes, as: UTF8.self)
}
