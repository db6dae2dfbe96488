/// The five characters by which PostgreSQL names a kind of error (appendix A of its manual).
package struct SQLState: Sendable, Hashable, CustomStringConvertible {
    private let packed: UInt64

    /// A code of exactly five ASCII bytes; anything else is `SQLState.unknown`.
    package init(bytes: some Collection<UInt8>) {
        packed = bytes.count == 5 ? bytes.reduce(0) { $0 << 8 | UInt64($1 & 0x7f) } : 0
    }

    package init(_ code: StaticString) { self.init(bytes: code.description.utf8) }

    package static let unknown = SQLState(bytes: [])
    package static let uniqueViolation = SQLState("23505")
    package static let foreignKeyViolation = SQLState("23503")
    package static let notNullViolation = SQLState("23502")
    package static let checkViolation = SQLState("23514")
    package static let serializationFailure = SQLState("40001")
    package static let deadlockDetected = SQLState("40P01")
    package static let lockNotAvailable = SQLState("55P03")
    package static let queryCanceled = SQLState("57014")
    package static let readOnlyTransaction = SQLState("25006")
    package static let featureNotSupported = SQLState("0A000")
    package static let invalidStatementName = SQLState("26000")
    package static let insufficientPrivilege = SQLState("42501")

    /// The first two characters: the class of the code.
    package var category: String { String(description.prefix(2)) }

    package var description: String {
        if packed == 0 { return "00000" }
        return String(
            decoding: (0..<5).map { UInt8(truncatingIfNeeded: packed >> (8 * (4 - UInt64($0)))) }, as: UTF8.self)
    }
}

/// An error the server reported for a statement.
package struct ServerError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let sqlState: SQLState
    /// The name of the violated constraint, if that was the matter.
    package let constraint: String?
    /// The server's words; they may quote values, so only `debugDescription` shows them.
    let message: String

    package init(sqlState: SQLState, constraint: String? = nil, message: String = "") {
        self.sqlState = sqlState
        self.constraint = constraint
        self.message = message
    }

    package var description: String {
        constraint.map { "the database refused a statement: \(sqlState), constraint \($0)" }
            ?? "the database refused a statement: \(sqlState)"
    }
    package var debugDescription: String { message.isEmpty ? description : "\(description): \(message)" }
}

/// Everything that can go wrong between a caller and PostgreSQL. `description` is safe to log and to show to operators:
/// it holds neither parameters nor passwords.
package enum PostgresError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The server refused a statement; nothing of its unit was stored.
    case server(ServerError)
    /// The connection ended.
    case connectionLost(Loss)
    /// The unit was not run: nothing of it was stored.
    case unavailable(Unavailability)
    /// The caller broke a rule of this module.
    case misuse(StaticString)

    package enum Loss: Sendable, Equatable {
        /// Before the unit was sent: nothing of it was stored.
        case beforeSend
        /// After the unit was sent: it may have been stored or not.
        case outcomeUnknown
    }

    package enum Unavailability: Sendable, Equatable {
        case queueFull
        /// The unit waited for a connection until its deadline.
        case deadline
        case closed
        /// No connection could be made; the words are libpq's, which names hosts and roles but no password.
        case cannotConnect(String)
    }

    package var sqlState: SQLState? {
        if case .server(let error) = self { error.sqlState } else { nil }
    }

    /// The violated constraint's name, if that is the error.
    package var constraint: String? {
        if case .server(let error) = self { error.constraint } else { nil }
    }

    package var description: String {
        switch self {
        case .server(let error): error.description
        case .connectionLost(.beforeSend): "the database connection ended before the statement was sent"
        case .connectionLost(.outcomeUnknown): "the database connection ended before the outcome was known"
        case .unavailable(.queueFull): "the database queue is full"
        case .unavailable(.deadline): "no database connection was free before the deadline"
        case .unavailable(.closed): "the database is closed"
        case .unavailable(.cannotConnect(let words)): "cannot connect to the database: \(words)"
        case .misuse(let rule): "misuse of the database module: \(rule)"
        }
    }

    package var debugDescription: String {
        if case .server(let error) = self { error.debugDescription } else { description }
    }
}
