import Crypto
import Glibc

/// The folder of `subgate dev`: its cluster, its keys, and what it made for the demonstration.
struct DevFolder: Sendable {
    let path: String

    /// Where `dev` keeps its data when it is not told: the system's place for root, the user's for others.
    static func standard(_ environment: [String: String]) -> String {
        if geteuid() == 0 { return "/var/lib/subgate" }
        if let state = environment["XDG_STATE_HOME"], state.utf8.first == UInt8(ascii: "/") {
            return state + "/subgate"
        }
        return (environment["HOME"] ?? ".") + "/.local/state/subgate"
    }

    var cluster: String { path + "/postgres" }
    var masterKeys: String { path + "/master.keys" }
    var pepper: String { path + "/pepper.key" }
    var state: String { path + "/demo.json" }
    var announcement: String { path + "/dev.json" }

    /// Makes the folder and its keys if they are not there. Throws a line for a person.
    func prepare() throws(OptionError) {
        guard Files.makeFolder(path) else { throw OptionError("cannot make the folder \(path)") }
        for (file, id) in [(masterKeys, "dev-master"), (pepper, "dev-pepper")] where Files.read(file) == nil {
            let line = MasterKeys.makeLine(id: Array(id.utf8)) + [UInt8(ascii: "\n")]
            guard Files.writePrivate(line, to: file) else { throw OptionError("cannot write \(file)") }
        }
    }
}
