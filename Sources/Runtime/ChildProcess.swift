@unsafe @preconcurrency import Glibc

/// Why a child process could not be had.
package enum ChildProcessError: Error, Equatable, CustomStringConvertible {
    /// No such executable, neither at the path nor on `PATH`.
    case notFound(String)
    /// The system refused; `code` is an errno.
    case cannotStart(String, code: Int32)

    package var description: String {
        switch self {
        case .notFound(let name): "\(name) was not found"
        case .cannotStart(let name, let code): "\(name) could not be started (errno \(code))"
        }
    }
}

/// An account a child process can run as.
package struct UserAccount: Sendable, Equatable {
    package let name: String
    package let user: UInt32
    package let group: UInt32

    /// The account of that name, if the machine has it.
    package init?(named name: String) {
        var entry = unsafe passwd()
        var buffer = [CChar](repeating: 0, count: 16_384)
        var found: UnsafeMutablePointer<passwd>?
        guard unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, unsafe found != nil else {
            return nil
        }
        self.name = name
        self.user = unsafe entry.pw_uid
        self.group = unsafe entry.pw_gid
    }
}

/// A process started by this one. Its calls block: use them off the loops.
package final class ChildProcess: @unchecked Sendable {
    package enum Output: Sendable {
        case inherit
        case discard
        /// Appended to the file at this path, which is made with mode 0600.
        case file(String)
        case descriptor(Int32)
    }

    package enum Exit: Sendable, Equatable {
        case status(Int32)
        case signal(Int32)
        package var isSuccess: Bool { self == .status(0) }
    }

    package struct Command: Sendable {
        /// A path, or a name looked up on `PATH`.
        package var executable: String
        package var arguments: [String]
        /// `NAME=value` each; nil passes this process's environment on.
        package var environment: [String]?
        /// Runs as this account, through `setpriv`; only root can ask for it.
        package var account: UserAccount?
        /// Where standard input comes from; nil is an empty one.
        package var input: Int32?
        /// Where standard output and standard error go.
        package var output: Output = .inherit

        package init(_ executable: String, _ arguments: [String] = []) {
            self.executable = executable
            self.arguments = arguments
        }
    }

    package let id: Int32
    private let lock = Lock()
    /// Guarded by `lock`; once it is set, `id` may belong to a stranger.
    private var exit: Exit?

    /// Starts the command: signals at their defaults, no descriptor but the first three passed on.
    package init(_ command: Command) throws(ChildProcessError) { id = try Spawn(command).start() }

    /// Waits for the process to end.
    package func wait() -> Exit {
        // WNOWAIT leaves the id taken until the lock is held, so `send` never signals a stranger.
        var info = unsafe siginfo_t()
        while unsafe waitid(P_PID, UInt32(id), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        return lock.withLock { reap(WEXITED) } ?? .status(-1)
    }

    /// How the process ended, or nil while it runs.
    package func exitIfEnded() -> Exit? { lock.withLock { reap(WEXITED | WNOHANG) } }

    /// Sends a signal, unless the process has been waited for.
    package func send(_ signal: Int32) { lock.withLock { if exit == nil { _ = kill(id, signal) } } }

    private func reap(_ options: Int32) -> Exit? {
        if let exit { return exit }
        var status: Int32 = 0
        var reaped: pid_t = 0
        repeat { reaped = unsafe waitpid(id, &status, options & WNOHANG) } while reaped < 0 && errno == EINTR
        if reaped == 0 { return nil }
        let signal = status & 0x7f
        exit = reaped < 0 ? .status(-1) : signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
        return exit
    }

    /// Runs a command to its end and returns what it wrote (both streams, cut at `limit` bytes) and how it ended.
    package static func run(
        _ command: Command, limit: Int = 1 << 20
    ) throws(ChildProcessError) -> (exit: Exit, output: [UInt8]) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .cannotStart(command.executable, code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { _ = close(ends[0]) }
        var captured = command
        captured.output = .descriptor(ends[1])
        let child: ChildProcess
        do throws(ChildProcessError) {
            child = try ChildProcess(captured)
            _ = close(ends[1])
        } catch {
            _ = close(ends[1])
            throw error
        }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe read(ends[0], &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            output += chunk[..<min(count, limit - output.count)]
        }
        return (child.wait(), output)
    }

    /// Where an executable is: itself if it is a path, else the first of `PATH` that has it.
    package static func find(_ name: String) -> String? {
        if name.utf8.contains(UInt8(ascii: "/")) { return unsafe access(name, X_OK) == 0 ? name : nil }
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
    }
}

/// One call of `posix_spawn` and the C memory it takes.
private struct Spawn {
    let command: ChildProcess.Command
    let executable: String
    let arguments: [String]

    init(_ command: ChildProcess.Command) throws(ChildProcessError) {
        self.command = command
        guard let found = ChildProcess.find(command.executable) else { throw .notFound(command.executable) }
        guard let account = command.account else {
            executable = found
            arguments = [found] + command.arguments
            return
        }
        guard let drop = ChildProcess.find("setpriv") else { throw .notFound("setpriv") }
        let identity = ["--reuid=\(account.user)", "--regid=\(account.group)", "--clear-groups"]
        executable = drop
        arguments = [drop] + identity + ["--", found] + command.arguments
    }

    func start() throws(ChildProcessError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe addFiles(to: &actions)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let status = unsafe withCStrings(arguments) { arguments in
            guard let environment = command.environment else {
                return unsafe posix_spawn(&child, executable, &actions, &attributes, arguments, environ)
            }
            return unsafe withCStrings(environment) {
                unsafe posix_spawn(&child, executable, &actions, &attributes, arguments, $0)
            }
        }
        guard status == 0 else { throw .cannotStart(command.executable, code: status) }
        return child
    }

    private func addFiles(to actions: inout posix_spawn_file_actions_t) {
        if let input = command.input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        switch command.output {
        case .inherit: break
        case .discard:
            unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        case .file(let path):
            unsafe posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        case .descriptor(let descriptor):
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        for descriptor in openDescriptors() { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
    }

    /// What is open now from 3 on. One that closes before the spawn does no harm; one that opens is close-on-exec, as
    /// all of ours.
    private func openDescriptors() -> [Int32] {
        guard let folder = unsafe opendir("/dev/fd") else { return [] }
        defer { unsafe closedir(folder) }
        var found: [Int32] = []
        while let entry = unsafe readdir(folder) {
            let number = unsafe strtol(&entry.pointee.d_name.0, nil, 10)
            if number > 2 { found.append(Int32(number)) }
        }
        return found
    }

    /// Lends the strings as a C array that ends with a null pointer.
    private func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
    }
}
