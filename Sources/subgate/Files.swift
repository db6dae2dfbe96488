import Glibc

/// The few file operations the commands need.
enum Files {
    /// The path from the root on.
    static func absolute(_ path: String) -> String {
        if path.utf8.first == UInt8(ascii: "/") { return path }
        guard let current = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(current) }
        return unsafe String(cString: current) + "/" + path
    }

    static func read(_ path: String) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe Glibc.read(file, &chunk, chunk.count)
            if count < 0 { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Writes a file of mode 0600, whole or not at all.
    static func writePrivate(_ bytes: [UInt8], to path: String) -> Bool {
        let temporary = path + ".new"
        unsafe _ = unlink(temporary)
        let file = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return false }
        let isWritten = unsafe write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        close(file)
        return unsafe isWritten && rename(temporary, path) == 0
    }

    static func makeFolder(_ path: String) -> Bool {
        var partial = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            let needsSlash = partial.isEmpty ? part.isEmpty : !partial.hasSuffix("/")
            partial += (needsSlash ? "/" : "") + part
            if unsafe mkdir(partial, 0o755) != 0 && errno != EEXIST { return false }
        }
        return true
    }
}

enum Machine {
    static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
