import CLibPQ
import Glibc

/// What libpq is told when it connects: the operator's connection string and what we add to it.
struct ConnectionKeywords {
    private var pairs: [(String, String)]

    /// libpq quotes a connection string it cannot read, password and all, so it is read here first.
    init(_ connectionString: String, applicationName: String) throws(PostgresError) {
        var complaint: UnsafeMutablePointer<CChar>?
        let options = unsafe PQconninfoParse(connectionString, &complaint)
        if let complaint = unsafe complaint { unsafe PQfreemem(complaint) }
        guard let options = unsafe options else { throw .misuse("the connection string cannot be read") }
        unsafe PQconninfoFree(options)
        // What comes before the connection string gives way to it; what comes after wins.
        pairs = [
            ("connect_timeout", "5"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"), ("application_name", applicationName), ("dbname", connectionString),
            ("client_encoding", "UTF8"),
        ]
    }

    /// Calls `PQconnectdbParams` or `PQconnectStartParams` with them.
    func connect(
        _ start: (
            UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>, Int32
        ) -> OpaquePointer?
    ) -> OpaquePointer? {
        let names = unsafe pairs.map { unsafe UnsafePointer(strdup($0.0)) } + [nil]
        let values = unsafe pairs.map { unsafe UnsafePointer(strdup($0.1)) } + [nil]
        defer { unsafe (names + values).forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
        return unsafe names.withUnsafeBufferPointer { names in
            unsafe values.withUnsafeBufferPointer { values in
                unsafe start(names.baseAddress!, values.baseAddress!, 1)
            }
        }
    }
}
