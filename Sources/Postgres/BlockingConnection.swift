import CLibPQ

/// A connection whose calls block, for migrations, checks, tools and tests. Never use it on a loop. One thread at a
/// time.
@safe
package final class BlockingConnection: @unchecked Sendable {
    private let handle: OpaquePointer
    private let buffer = ParameterBuffer()

    /// Connects. Throws `.unavailable(.cannotConnect)` or, for an unreadable string, `.misuse`.
    package init(_ connectionString: String, applicationName: String = "subgate") throws(PostgresError) {
        let keywords = try ConnectionKeywords(connectionString, applicationName: applicationName)
        let connection = unsafe keywords.connect { unsafe PQconnectdbParams($0, $1, $2) }
        guard let connection = unsafe connection, unsafe PQstatus(connection) == CONNECTION_OK else {
            let failure = unsafe connectionFailure(connection)
            unsafe PQfinish(connection)
            throw failure
        }
        unsafe handle = unsafe connection
        // Notices would go to standard error.
        unsafe _ = PQsetNoticeReceiver(handle, { _, _ in }, nil)
    }

    deinit { unsafe PQfinish(handle) }

    /// The version number of the server, such as 150020.
    package var serverVersion: Int { unsafe Int(PQserverVersion(handle)) }

    /// The process id of the connection's backend.
    package var backendProcess: Int32 { unsafe PQbackendPID(handle) }

    /// Runs SQL text of any number of statements; without `begin` in it they are one transaction.
    package func execute(_ sql: String) throws(PostgresError) {
        let result = unsafe PQexec(handle, sql)
        defer { unsafe PQclear(result) }
        try unsafe check(result)
    }

    /// Runs one statement with parameters `$1…`.
    package func query(_ sql: String, parameters: [Parameter] = []) throws(PostgresError) -> Rows {
        guard parameters.count <= Limits.parametersPerQuery else { throw .misuse("too many parameters") }
        let result = unsafe buffer.withArguments(parameters) { arguments in
            unsafe PQexecParams(
                handle, sql, arguments.count, arguments.types, arguments.values, arguments.lengths, arguments.formats, 1
            )
        }
        do throws(PostgresError) {
            try unsafe check(result)
        } catch {
            unsafe PQclear(result)
            throw error
        }
        return unsafe Rows(owning: result!)
    }

    private func check(_ result: OpaquePointer?) throws(PostgresError) {
        guard let result = unsafe result else { throw .connectionLost(.outcomeUnknown) }
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return
        default:
            guard let error = unsafe ResultError.read(result) else { throw .connectionLost(.outcomeUnknown) }
            throw .server(error)
        }
    }
}
