import Glibc
import Runtime

/// The files of a private cluster and who owns them.
///
/// `<folder>/data` is the cluster, `<folder>/server.log` its log, `<folder>/socket` its socket's folder. The last is a
/// symbolic link into `/tmp` when the path would be too long for a socket, and `<folder>/home` is one to a folder in
/// `/var/lib` that holds the first two when the server's account may not enter `<folder>`.
struct ClusterFolder: Sendable {
    /// As given, made absolute.
    let path: String
    /// Whom the server runs as; nil is this process's own user.
    let account: UserAccount?

    var home: String { Files.linkTarget("\(path)/home") ?? path }
    var data: String { "\(home)/data" }
    var log: String { "\(home)/server.log" }
    var settings: String { "\(data)/subgate.conf" }
    var socket: String { Files.linkTarget("\(path)/socket") ?? "\(path)/socket" }

    private static let fallbackHomes = "/var/lib"
    private static let socketName = "/.s.PGSQL.5432.lock"

    /// Finds out who may run a server and makes the folder.
    init(_ path: String) throws(ClusterError) {
        self.path = path.utf8.first == UInt8(ascii: "/") ? path : ClusterFolder.currentFolder() + "/" + path
        if geteuid() == 0 {
            guard let account = UserAccount(named: "postgres") ?? UserAccount(named: "nobody") else { throw .noAccount }
            self.account = account
        } else {
            account = nil
        }
    }

    /// Makes what is missing. Called under the lock.
    func prepare() throws(ClusterError) {
        if Files.linkTarget("\(path)/home") == nil, !canEnter(path) {
            try link("\(path)/home", toNewFolderIn: ClusterFolder.fallbackHomes, name: "subgate-postgres")
        }
        if home != path { try claim(home) }
        try prepareSocket()
    }

    func makePath() throws(ClusterError) {
        if access(path) {
            if Files.names(in: path).isEmpty { try claim(path) }
            return
        }
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            let mode: mode_t = made.utf8.count < path.utf8.count ? 0o755 : 0o711
            if unsafe mkdir(made, mode) != 0 && errno != EEXIST { throw .folder(made, code: errno) }
        }
        try claim(path)
    }

    private func prepareSocket() throws(ClusterError) {
        let plain = "\(path)/socket"
        if let target = Files.linkTarget(plain) {
            if isOurs(target) { return }
            // The temporary folder was swept, and another may hold the name now.
            unsafe _ = unlink(plain)
        }
        if home == path, plain.utf8.count + ClusterFolder.socketName.utf8.count <= Limits.socketPathBytes {
            if !access(plain), unsafe mkdir(plain, 0o700) != 0 { throw .folder(plain, code: errno) }
            return try claim(plain)
        }
        try link(plain, toNewFolderIn: "/tmp", name: "subgate")
    }

    /// Makes a folder of its own name in `parent` and records it as a symbolic link.
    private func link(_ name: String, toNewFolderIn parent: String, name prefix: String) throws(ClusterError) {
        var template = Array("\(parent)/\(prefix)-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw .folder(parent, code: errno) }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try claim(made)
        if unsafe symlink(made, name) != 0 { throw .folder(name, code: errno) }
    }

    /// Hands a folder to the server's account.
    func claim(_ folder: String) throws(ClusterError) {
        guard let account else { return }
        if unsafe chown(folder, account.user, account.group) != 0 { throw .folder(folder, code: errno) }
    }

    private func access(_ path: String) -> Bool { unsafe Glibc.access(path, F_OK) == 0 }

    /// Whether the server's account can reach the folder: some parent of it may be private.
    private func canEnter(_ folder: String) -> Bool {
        guard account != nil else { return true }
        var command = ChildProcess.Command("test", ["-x", folder, "-a", "-w", folder])
        command.account = account
        command.output = .discard
        return (try? ChildProcess(command).wait().isSuccess) ?? false
    }

    /// Whether a folder is a real one, private, and the server's.
    private func isOurs(_ folder: String) -> Bool {
        var status = stat()
        guard unsafe lstat(folder, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFDIR && status.st_mode & 0o077 == 0
            && status.st_uid == (account?.user ?? geteuid())
    }

    private static func currentFolder() -> String {
        guard let path = unsafe getcwd(nil, 0) else { return "." }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }
}
