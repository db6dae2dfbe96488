/// Why the store could not do what was asked.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no such row, or it is another sub-client's: nobody can tell which.
    case notFound
    /// A rule of the schema refused it; the constraint's name says which.
    case conflict(constraint: String)
    /// The row has changed since the caller read it.
    case stale
    /// Nothing was written: the database is away, too slow or full of work. Trying again later is right.
    case unavailable
    /// The connection broke while the answer was awaited: it may have been written.
    case outcomeUnknown
    /// The database refused a statement that should not fail; the SQLSTATE is for the log.
    case unexpected(sqlState: String)
    /// A sealed column does not open with the keys we have.
    case undecipherable
}
