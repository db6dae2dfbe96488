import Glibc
import Synchronization

/// Standard error as the log's output: one write per line, and a reader that stopped reading cannot stop the service.
///
/// A full pipe would block the loop that writes. So a line waits `RuntimeLimits.logWaitMilliseconds` for room, then is
/// dropped and counted; while the pipe stays full, further lines are dropped at once.
package final class StandardError: Sendable {
    package static let shared = StandardError(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private let lock = Lock()
    private let isStuck = Atomic(false)
    private let dropped = Atomic(0)

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Lines that were not written, since the start.
    package var droppedLines: Int { dropped.load(ordering: .relaxed) }

    package func write(_ line: [UInt8]) {
        lock.withLock {
            let wait = isStuck.load(ordering: .relaxed) ? 0 : RuntimeLimits.logWaitMilliseconds
            guard hasRoom(within: wait) else {
                isStuck.store(true, ordering: .relaxed)
                dropped.add(1, ordering: .relaxed)
                return
            }
            isStuck.store(false, ordering: .relaxed)
            writeAll(line)
        }
    }

    private func hasRoom(within milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe Glibc.poll(&poll, 1, milliseconds) > 0
    }

    /// A line is one write unless the descriptor takes it in parts. An error (a full disk, a closed pipe) loses the
    /// line: there is nowhere left to tell.
    private func writeAll(_ line: [UInt8]) {
        var start = 0
        while start < line.count {
            let written = unsafe line.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress! + start, bytes.count - start)
            }
            if written > 0 {
                start += written
            } else if written < 0, errno == EINTR {
                continue
            } else {
                dropped.add(1, ordering: .relaxed)
                return
            }
        }
    }
}
