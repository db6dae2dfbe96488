import Domain
import Postgres
import SQL

/// The rows that a statement gave. A cell that holds null where its reader does not expect it, or no value of its
/// reader's kind, fails what reads it with `.unexpected`, which names the statement and the column, and nothing else.
struct Rows: Sendable {
    private let cells: Postgres.Rows
    private let statement: Statement

    init(_ cells: Postgres.Rows, of statement: Statement) {
        self.cells = cells
        self.statement = statement
    }

    var count: Int { cells.count }
    var isEmpty: Bool { cells.isEmpty }
    var indices: Range<Int> { cells.indices }
    /// How many rows the statement changed.
    var affected: Int { cells.affected }

    func isNull(_ row: Int, _ column: Int) -> Bool { cells.isNull(row, column) }

    func bool(_ row: Int, _ column: Int) throws(StoreError) -> Bool { try some(cells.boolOrNil(row, column), column) }
    func int32(_ row: Int, _ column: Int) throws(StoreError) -> Int32 {
        try some(cells.int32OrNil(row, column), column)
    }
    func int64(_ row: Int, _ column: Int) throws(StoreError) -> Int64 {
        try some(cells.int64OrNil(row, column), column)
    }
    func text(_ row: Int, _ column: Int) throws(StoreError) -> [UInt8] {
        try some(cells.bytesOrNil(row, column), column)
    }
    func string(_ row: Int, _ column: Int) throws(StoreError) -> String {
        try some(cells.stringOrNil(row, column), column)
    }
    func bytes(_ row: Int, _ column: Int) throws(StoreError) -> [UInt8] {
        try some(cells.bytesOrNil(row, column), column)
    }
    func uuidValue(_ row: Int, _ column: Int) throws(StoreError) -> UUIDValue {
        let (high, low) = try some(cells.uuidOrNil(row, column), column)
        return UUIDValue(high: high, low: low)
    }
    func time(_ row: Int, _ column: Int) throws(StoreError) -> Timestamp {
        Timestamp(microseconds: try some(cells.timestampOrNil(row, column), column))
    }
    func id<Kind>(_ row: Int, _ column: Int) throws(StoreError) -> Identifier<Kind> {
        Identifier(try uuidValue(row, column))
    }

    /// The JSON text of a jsonb.
    func json(_ row: Int, _ column: Int) throws(StoreError) -> [UInt8] {
        try some(cells.jsonbOrNil(row, column), column)
    }

    /// A word of one of Domain's vocabularies.
    func word<Word: RawRepresentable<String>>(
        _ row: Int, _ column: Int, as: Word.Type = Word.self
    ) throws(StoreError) -> Word {
        try some(Word(rawValue: try string(row, column)), column)
    }

    // MARK: What may be null

    func optionalUUID(_ row: Int, _ column: Int) -> UUIDValue? {
        cells.uuidOrNil(row, column).map { UUIDValue(high: $0.high, low: $0.low) }
    }
    func optionalID<Kind>(_ row: Int, _ column: Int) -> Identifier<Kind>? {
        optionalUUID(row, column).map { Identifier($0) }
    }
    func optionalTime(_ row: Int, _ column: Int) -> Timestamp? {
        cells.timestampOrNil(row, column).map { Timestamp(microseconds: $0) }
    }
    func optionalText(_ row: Int, _ column: Int) -> [UInt8]? { cells.bytesOrNil(row, column) }
    func optionalBytes(_ row: Int, _ column: Int) -> [UInt8]? { cells.bytesOrNil(row, column) }
    func optionalJSON(_ row: Int, _ column: Int) -> [UInt8]? { cells.jsonbOrNil(row, column) }
    func optionalInt32(_ row: Int, _ column: Int) -> Int32? { cells.int32OrNil(row, column) }
    func optionalWord<Word: RawRepresentable<String>>(
        _ row: Int, _ column: Int, as: Word.Type = Word.self
    ) throws(StoreError) -> Word? {
        isNull(row, column) ? nil : try word(row, column)
    }

    // MARK: Arrays, whose elements may be null

    func int32Array(_ row: Int, _ column: Int) throws(StoreError) -> [Int32?] {
        cells.int32Array(try whole(row, column), column)
    }
    func int64Array(_ row: Int, _ column: Int) throws(StoreError) -> [Int64?] {
        cells.int64Array(try whole(row, column), column)
    }
    func textArray(_ row: Int, _ column: Int) throws(StoreError) -> [[UInt8]?] {
        cells.textArray(try whole(row, column), column)
    }
    func stringArray(_ row: Int, _ column: Int) throws(StoreError) -> [String?] {
        cells.stringArray(try whole(row, column), column)
    }
    func bytesArray(_ row: Int, _ column: Int) throws(StoreError) -> [[UInt8]?] {
        cells.bytesArray(try whole(row, column), column)
    }
    func uuidArray(_ row: Int, _ column: Int) throws(StoreError) -> [UUIDBits?] {
        cells.uuidArray(try whole(row, column), column)
    }
    func timestampArray(_ row: Int, _ column: Int) throws(StoreError) -> [Int64?] {
        cells.timestampArray(try whole(row, column), column)
    }

    // MARK: Failing

    /// The row, if its cell holds something.
    private func whole(_ row: Int, _ column: Int) throws(StoreError) -> Int {
        if cells.isNull(row, column) { throw unreadable(column) }
        return row
    }

    private func some<Value>(_ value: Value?, _ column: Int) throws(StoreError) -> Value {
        guard let value else { throw unreadable(column) }
        return value
    }

    /// What a cell holds is nothing that may stand there.
    func unreadable(_ column: Int) -> StoreError {
        .unexpected(sqlState: "\(statement.name), column \(column)")
    }
}
