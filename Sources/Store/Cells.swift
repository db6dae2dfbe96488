import Domain
import Postgres

// How Domain's values go into parameters; how they come out of cells is in Rows.swift.

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
