import CLibPQ
import Glibc

/// What a PGresult says, read without keeping it.
enum ResultError {
    private static let severity = Int32(UInt8(ascii: "V"))
    private static let sqlState = Int32(UInt8(ascii: "C"))
    private static let constraint = Int32(UInt8(ascii: "n"))
    private static let message = Int32(UInt8(ascii: "M"))

    /// The error a failed result carries, or nil if it means the end of the connection: libpq's own errors have no
    /// code, and after FATAL and PANIC the server hangs up.
    static func read(_ result: OpaquePointer) -> ServerError? {
        guard let code = unsafe field(result, sqlState) else { return nil }
        let weight = unsafe field(result, severity) ?? ""
        if weight == "FATAL" || weight == "PANIC" { return nil }
        return unsafe ServerError(
            sqlState: SQLState(bytes: Array(code.utf8)), constraint: field(result, constraint),
            message: field(result, message) ?? "")
    }

    private static func field(_ result: OpaquePointer, _ code: Int32) -> String? {
        guard let value = unsafe PQresultErrorField(result, code) else { return nil }
        let length = unsafe min(strlen(value), Limits.messageBytes)
        return unsafe String(decoding: UnsafeRawBufferPointer(start: value, count: length), as: UTF8.self)
    }
}

/// libpq's reason for a failed connection in one line.
func connectionFailure(_ connection: OpaquePointer?) -> PostgresError {
    let words = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
    let line = String(decoding: words.utf8.prefix(Limits.messageBytes).map { $0 == 10 ? 32 : $0 }, as: UTF8.self)
    return .unavailable(.cannotConnect(String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())))
}
