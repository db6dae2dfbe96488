import Crypto
import Glibc
import Store

/// Reads the keys that are not in the database.
enum KeyFiles {
    static func keyring(_ options: Options) throws(OptionError) -> Keyring {
        let masterText = try text(options, "master-keys")
        let pepperText = try text(options, "pepper")
        let masterKeys: MasterKeys
        let peppers: MasterKeys
        do throws(CryptoError) {
            masterKeys = try MasterKeys.parse(masterText)
        } catch {
            throw OptionError("--master-keys: \(error)")
        }
        // A pepper has the form of a master key, and is judged by the same parser.
        do throws(CryptoError) {
            peppers = try MasterKeys.parse(pepperText)
        } catch {
            throw OptionError("--pepper: \(error)")
        }
        guard peppers.ids.count == 1, let key = keyBytes(pepperText) else {
            throw OptionError("--pepper holds exactly one line `id:base64`")
        }
        return Keyring(
            pepperID: String(decoding: peppers.currentId, as: UTF8.self), pepper: key, masterKeys: masterKeys)
    }

    private static func keyBytes(_ line: [UInt8]) -> [UInt8]? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return Base64.decode(line[(colon + 1)...].prefix { $0 != UInt8(ascii: "\n") })
    }

    private static func text(_ options: Options, _ name: String) throws(OptionError) -> [UInt8] {
        if let path = options[name + "-file"] {
            guard let bytes = Files.read(path) else { throw OptionError("--\(name)-file cannot be read") }
            return bytes
        }
        guard let value = options[name] else {
            throw OptionError("--\(name)-file (or SUBGATE_\(name.uppercased().replacing("-", with: "_"))) is required")
        }
        return Array(value.utf8)
    }
}

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
