package import Domain

/// The names a log line's fields may have: one list, so that the same thing has the same name in every line.
package enum LogKey: String, Sendable, CaseIterable {
    // A request.
    case requestId, traceId, callerTraceId, method, path, route, status, durationMs, bytes, peer, listener, code
    // Who and what.
    case subClient, credential, member, principal, upstream, environment, linkSession, transfer, event, eventType
    case endpoint, delivery, attempt, attemptId, policyRevision, erasure, recovery
    // Work.
    case service, worker, loop, node, leader, count, pending, claimed, recorded, dropped, retryAt, delayMs, deadlineMs
    case reason, stage, error, field, limit, rule, outcome, state
    // PostgreSQL.
    case statement, lane, sqlState, constraint, connection, database, migration, table
    // The process.
    case signal, version, address, port, file, line, option, process, exitCode, url, keyId, kind
}

/// A log field's value.
package enum LogValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    case text(String)
    /// Text as bytes; what is not UTF-8 is replaced.
    case bytes([UInt8])
    case integer(Int)
    case bool(Bool)
    /// Milliseconds with a fraction.
    case duration(Duration)
    case time(Timestamp)
    /// Prints as `***`.
    case secret(Secret)

    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// How much a log line matters.
package enum LogLevel: UInt8, Comparable, Sendable, CaseIterable {
    case debug
    case info
    case warn
    case error

    package var name: StaticString {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warn: "warn"
        case .error: "error"
        }
    }

    /// The level of a configured name, or nil.
    package init?(name: [UInt8]) {
        guard let level = LogLevel.allCases.first(where: { Array("\($0.name)".utf8) == name }) else { return nil }
        self = level
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// How a log line is written.
package enum LogFormat: Sendable {
    /// One JSON object per line.
    case json
    /// For a person at a terminal.
    case pretty
}
