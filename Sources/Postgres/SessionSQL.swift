/// The statements the driver itself sends to make a session what a lane needs. They touch no table: SQL about tables
/// stands in `db/`.
enum SessionSQL {
    /// Sets `$1`, the name of a setting, to `$2` for the whole session.
    static let set = "select pg_catalog.set_config($1, $2, false)"

    /// The server process that runs it.
    static let process = "select pg_catalog.pg_backend_pid()"

    /// Subscribes the session to a channel. It takes no parameters, so the name is quoted.
    static func listen(_ channel: String) -> String { "listen \(quotedName(channel))" }

    private static func quotedName(_ name: String) -> String {
        "\"" + name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }
}
