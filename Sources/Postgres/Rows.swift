import CLibPQ
import Glibc

/// The rows a query gave, in binary, as libpq holds them. Immutable, so any thread may read it.
///
/// An accessor traps on a cell of another width than its type's: statements are fixed, so their columns' types are too,
/// and a test runs each of them. What a column holds is not fixed: those who must go on whatever it is read with
/// `…OrNil`, because the others trap on null as well.
@safe
package final class Rows: @unchecked Sendable {
    private let result: OpaquePointer
    package let count: Int
    package let columnCount: Int
    /// How many rows the statement changed (insert, update, delete) or gave (select).
    package let affected: Int

    /// Takes the result over.
    init(owning result: OpaquePointer) {
        unsafe self.result = unsafe result
        count = unsafe Int(PQntuples(result))
        columnCount = unsafe Int(PQnfields(result))
        affected = unsafe PQcmdTuples(result).map { unsafe strtol($0, nil, 10) } ?? 0
    }

    deinit { unsafe PQclear(result) }

    package var isEmpty: Bool { count == 0 }
    package var indices: Range<Int> { 0..<count }

    package func isNull(_ row: Int, _ column: Int) -> Bool {
        check(row, column)
        return unsafe PQgetisnull(result, Int32(row), Int32(column)) != 0
    }

    /// The name of a column, for tests and tools.
    package func name(ofColumn column: Int) -> String {
        unsafe PQfname(result, Int32(column)).map { unsafe String(cString: $0) } ?? ""
    }

    /// The raw bytes of a cell for the length of `body`; empty for null.
    func withCell<Result>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        check(row, column)
        let start = unsafe PQgetvalue(result, Int32(row), Int32(column))
        let length = unsafe PQgetlength(result, Int32(row), Int32(column))
        return unsafe body(UnsafeRawBufferPointer(start: start, count: Int(length)))
    }

    private func check(_ row: Int, _ column: Int) {
        precondition(row >= 0 && row < count && column >= 0 && column < columnCount, "no such cell")
    }
}

// MARK: Values

extension Rows {
    package func bool(_ row: Int, _ column: Int) -> Bool { fixed(row, column, UInt8.self) != 0 }
    package func int32(_ row: Int, _ column: Int) -> Int32 { fixed(row, column, Int32.self) }

    /// int8, int4 and int2 alike.
    package func int64(_ row: Int, _ column: Int) -> Int64 {
        unsafe withCell(row, column) { cell in
            switch cell.count {
            case 8: unsafe cell.bigEndian(at: 0, Int64.self)
            case 4: unsafe Int64(cell.bigEndian(at: 0, Int32.self))
            case 2: unsafe Int64(cell.bigEndian(at: 0, Int16.self))
            default: preconditionFailure("not an integer")
            }
        }
    }

    /// The UTF-8 of text.
    package func text(_ row: Int, _ column: Int) -> [UInt8] { bytes(row, column) }

    /// Text as a String: for showing, never for protocol decisions.
    package func string(_ row: Int, _ column: Int) -> String {
        unsafe withCell(row, column) { unsafe String(decoding: $0, as: UTF8.self) }
    }

    package func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        precondition(!isNull(row, column), "an unexpected null")
        return unsafe withCell(row, column) { unsafe [UInt8]($0) }
    }

    package func uuid(_ row: Int, _ column: Int) -> (high: UInt64, low: UInt64) {
        unsafe withCell(row, column) { cell in
            precondition(cell.count == 16, "not a uuid")
            return unsafe (cell.bigEndian(at: 0, UInt64.self), cell.bigEndian(at: 8, UInt64.self))
        }
    }

    /// timestamptz in microseconds since 1970; `Int64.max` is infinity.
    package func timestamp(_ row: Int, _ column: Int) -> Int64 { PostgresEpoch.decode(fixed(row, column, Int64.self)) }

    /// The JSON text of a jsonb.
    package func jsonb(_ row: Int, _ column: Int) -> [UInt8] {
        unsafe withCell(row, column) { cell in
            unsafe precondition(cell.first == 1, "not a jsonb")
            return unsafe [UInt8](cell.dropFirst())
        }
    }

    private func fixed<Value: FixedWidthInteger>(_ row: Int, _ column: Int, _ type: Value.Type) -> Value {
        unsafe withCell(row, column) { cell in
            precondition(cell.count == MemoryLayout<Value>.size, "a cell of another width")
            return unsafe cell.bigEndian(at: 0, type)
        }
    }
}

// MARK: Values that may be null

extension Rows {
    package func boolOrNil(_ row: Int, _ column: Int) -> Bool? { fixedOrNil(row, column, UInt8.self).map { $0 != 0 } }
    package func int32OrNil(_ row: Int, _ column: Int) -> Int32? { fixedOrNil(row, column, Int32.self) }
    package func int64OrNil(_ row: Int, _ column: Int) -> Int64? { isNull(row, column) ? nil : int64(row, column) }
    package func textOrNil(_ row: Int, _ column: Int) -> [UInt8]? { bytesOrNil(row, column) }
    package func stringOrNil(_ row: Int, _ column: Int) -> String? { isNull(row, column) ? nil : string(row, column) }
    package func jsonbOrNil(_ row: Int, _ column: Int) -> [UInt8]? { isNull(row, column) ? nil : jsonb(row, column) }
    package func timestampOrNil(_ row: Int, _ column: Int) -> Int64? {
        fixedOrNil(row, column, Int64.self).map { PostgresEpoch.decode($0) }
    }

    /// Only what has no bytes can be null, so of most cells that need not be asked.
    package func bytesOrNil(_ row: Int, _ column: Int) -> [UInt8]? {
        unsafe withCell(row, column) { cell in
            if cell.count == 0, isNull(row, column) { return nil }
            return unsafe [UInt8](cell)
        }
    }

    package func uuidOrNil(_ row: Int, _ column: Int) -> (high: UInt64, low: UInt64)? {
        unsafe withCell(row, column) { cell in
            if cell.count == 16 {
                return unsafe (cell.bigEndian(at: 0, UInt64.self), cell.bigEndian(at: 8, UInt64.self))
            }
            precondition(isNull(row, column), "not a uuid")
            return nil
        }
    }

    private func fixedOrNil<Value: FixedWidthInteger>(_ row: Int, _ column: Int, _ type: Value.Type) -> Value? {
        unsafe withCell(row, column) { cell in
            if cell.count == MemoryLayout<Value>.size { return unsafe cell.bigEndian(at: 0, type) }
            precondition(isNull(row, column), "a cell of another width")
            return nil
        }
    }
}

extension UnsafeRawBufferPointer {
    func bigEndian<Value: FixedWidthInteger>(at offset: Int, _ type: Value.Type) -> Value {
        unsafe Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
