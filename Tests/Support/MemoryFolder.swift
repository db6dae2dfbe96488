import Glibc

/// Where files live that need not outlive the machine: in memory where there is room for them. A database is cloned
/// there in a third of the time, because a disk's file system makes its five hundred files one by one.
package enum MemoryFolder {
    /// Without a slash at its end.
    package static let path = hasRoom("/dev/shm", bytes: 4 << 30) ? "/dev/shm" : "/tmp"

    private static func hasRoom(_ folder: String, bytes: UInt64) -> Bool {
        var status = statvfs()
        guard unsafe statvfs(folder, &status) == 0, unsafe access(folder, W_OK) == 0 else { return false }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize) >= bytes
    }
}
