import Glibc
import Testing

/// A child process. Foundation's `Process` learns of an end through a socket that other children inherit, so a
/// long-lived child of another test holds it up; this one waits for its own child.
struct Command: Sendable {
    private let pid: pid_t
    private let output: Int32

    /// - Parameter arguments: the program, found by `PATH`, and its arguments.
    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var texts = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe texts.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        var environment = unsafe [strdup("PATH=/usr/local/bin:/usr/bin:/bin"), nil]
        defer { unsafe free(environment[0]) }
        let status = unsafe posix_spawnp(&pid, texts[0]!, &actions, nil, &texts, &environment)
        Glibc.close(ends[1])
        output = ends[0]
        self.pid = pid
        try #require(status == 0, "\(arguments[0]) cannot be run")
    }

    /// The output up to and with a line that starts with `start`; nil if the output ends before.
    func line(startingWith start: String) -> String? {
        var text = ""
        while true {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(start) }) { return String(line) }
            var room = [UInt8](repeating: 0, count: 4_096)
            let count = unsafe read(output, &room, room.count)
            if count <= 0 { return nil }
            text += String(decoding: room[..<count], as: UTF8.self)
        }
    }

    /// Waits for the end and gives the exit status, -1 for a signal.
    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        Glibc.close(output)
        return status & 0x7f == 0 ? status >> 8 & 0xff : -1
    }

    func stop() {
        kill(pid, SIGKILL)
        wait()
    }
}
