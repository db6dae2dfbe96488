/// Why a private cluster cannot be had: one line each, for an operator.
package enum ClusterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No PostgreSQL server programs on this machine.
    case noBinaries
    /// The data was written by another major version than any that is installed.
    case otherVersion(String)
    case noAccount
    case folder(String, code: Int32)
    /// A program failed; the words are the end of what it said.
    case failed(program: String, words: String)

    package var description: String {
        switch self {
        case .noBinaries:
            "PostgreSQL's initdb and pg_ctl are neither on PATH nor in /usr/lib/postgresql: install postgresql"
        case .otherVersion(let version):
            "the cluster was made by PostgreSQL \(version), which is not installed"
        case .noAccount:
            "PostgreSQL does not run as root, and there is neither an account postgres nor nobody to run it as"
        case .folder(let path, let code): "cannot use the folder \(path) (errno \(code))"
        case .failed(let program, let words): "\(program) failed: \(words)"
        }
    }
}
