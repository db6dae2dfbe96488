import Domain
import Postgres

// How Domain's values go into parameters and come out of cells.

extension Parameter {
    static func id<Kind>(_ id: Identifier<Kind>) -> Parameter { .uuid(high: id.uuid.high, low: id.uuid.low) }
    static func id<Kind>(_ id: Identifier<Kind>?) -> Parameter { id.map { .id($0) } ?? .null }
    static func uuid(_ uuid: UUIDValue) -> Parameter { .uuid(high: uuid.high, low: uuid.low) }
    static func uuid(_ uuid: UUIDValue?) -> Parameter { uuid.map { .uuid($0) } ?? .null }
    static func time(_ moment: Timestamp) -> Parameter { .timestamp(microsecondsSince1970: moment.microseconds) }
    static func time(_ moment: Timestamp?) -> Parameter { moment.map { .time($0) } ?? .null }
    static func text(_ bytes: [UInt8]?) -> Parameter { bytes.map { .text($0) } ?? .null }
    static func int32(_ number: Int32?) -> Parameter { number.map { .int32($0) } ?? .null }
    static func string(_ string: String?) -> Parameter { string.map { .string($0) } ?? .null }
    static func word<Word: RawRepresentable<String>>(_ word: Word?) -> Parameter { .string(word?.rawValue) }
    static func uuids(_ uuids: [UUIDValue?]) -> Parameter {
        .uuidArray(uuids.map { $0.map { UUIDBits(high: $0.high, low: $0.low) } })
    }
    static func bool(ifSet value: Bool?) -> Parameter { value.map { .bool($0) } ?? .null }
    static func data(_ bytes: [UInt8]?) -> Parameter { bytes.map { .bytes($0) } ?? .null }
}

extension Rows {
    func uuidValue(_ row: Int, _ column: Int) -> UUIDValue {
        let (high, low) = uuid(row, column)
        return UUIDValue(high: high, low: low)
    }
    func id<Kind>(_ row: Int, _ column: Int) -> Identifier<Kind> { Identifier(uuidValue(row, column)) }
    func optionalID<Kind>(_ row: Int, _ column: Int) -> Identifier<Kind>? {
        isNull(row, column) ? nil : id(row, column)
    }
    func time(_ row: Int, _ column: Int) -> Timestamp { Timestamp(microseconds: timestamp(row, column)) }
    func optionalTime(_ row: Int, _ column: Int) -> Timestamp? { isNull(row, column) ? nil : time(row, column) }
    func optionalText(_ row: Int, _ column: Int) -> [UInt8]? { isNull(row, column) ? nil : text(row, column) }
    func optionalBytes(_ row: Int, _ column: Int) -> [UInt8]? { isNull(row, column) ? nil : bytes(row, column) }
    func optionalInt32(_ row: Int, _ column: Int) -> Int32? { isNull(row, column) ? nil : int32(row, column) }

    /// A word of one of Domain's vocabularies. The schema's enums hold the same words, so another is a bug.
    func word<Word: RawRepresentable<String>>(_ row: Int, _ column: Int, as: Word.Type = Word.self) -> Word {
        guard let word = Word(rawValue: string(row, column)) else {
            preconditionFailure("a word in the database that Domain does not know, as \(Word.self)")
        }
        return word
    }
    func optionalWord<Word: RawRepresentable<String>>(_ row: Int, _ column: Int, as: Word.Type = Word.self) -> Word? {
        isNull(row, column) ? nil : word(row, column)
    }
}
