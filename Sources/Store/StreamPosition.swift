import Crypto
package import Domain

/// What had been committed when events were looked at.
struct Look: Hashable, Sendable {
    /// No event that the look could see has an identifier of a later moment.
    var at: Timestamp
    /// Transactions from this one on had not ended.
    let next: Int64
    /// Nor had these before it; in order.
    let running: [Int64]

    /// Of more it keeps none, and takes all that had not ended for running: their events are told twice then.
    static let keptRunning = 64

    init(at: Timestamp, next: Int64, running: [Int64]) {
        self.at = at
        self.next = next
        self.running = running
    }

    /// `oldest` is the first transaction that had not ended.
    init(at: Timestamp, oldest: Int64, next: Int64, running: [Int64]) {
        let isShort = running.count <= Look.keptRunning
        self.init(at: at, next: isShort ? next : oldest, running: isShort ? running : [])
    }
}

/// How far a reader of a sub-client's events has come. Its text is opaque to callers.
package struct StreamPosition: Hashable, Sendable {
    /// A later look that is read in pages.
    struct Pages: Hashable, Sendable {
        var look: Look
        /// The last event given.
        let last: UUIDValue
    }

    /// All that it could see has been read.
    let seen: Look
    let pages: Pages?

    /// How long before its commit an event's identifier may have been made: waiting for its turn and the commit take
    /// seconds at most, and clocks of nodes differ by less than the rest. What is older is not looked at.
    static let settling: Duration = .seconds(60)
    /// Transactions are told apart for as long as fewer than 2^32 of them are made; at 10 000 a second, five days.
    package static let lifetime: Duration = .seconds(3 * 86_400)

    init(seen: Look, pages: Pages? = nil) {
        self.seen = seen
        self.pages = pages
    }

    /// Whether it is too old to go on from.
    package func isOver(at now: Timestamp) -> Bool { seen.at < now - StreamPosition.lifetime }

    /// Nothing up to this identifier can be new.
    var floor: UUIDValue {
        pages?.last ?? UUIDValue(version7At: seen.at - StreamPosition.settling, random: 0)
    }

    /// The greatest identifier of the look's microsecond.
    var ceiling: UUIDValue { UUIDValue(version7At: seen.at, random: .max) }

    // MARK: Text: numbers with dots between them, in url-safe base 64

    package static let textBytes = 1...4_096
    private static let dot = UInt8(ascii: ".")

    package var text: [UInt8] {
        var numbers = StreamPosition.numbers(of: seen)
        if let pages {
            let last = [Int64(bitPattern: pages.last.high), Int64(bitPattern: pages.last.low)]
            numbers += StreamPosition.numbers(of: pages.look) + last
        }
        return Base64.encodeURLSafe(Array(numbers.map { String($0) }.joined(separator: ".").utf8))
    }

    /// Parses what `text` gives.
    package init?(text: [UInt8]) {
        guard StreamPosition.textBytes.contains(text.count), let decoded = Base64.decodeURLSafe(text) else {
            return nil
        }
        var numbers: [Int64] = []
        for part in decoded.split(separator: StreamPosition.dot, omittingEmptySubsequences: false) {
            guard let number = StreamPosition.number(part) else { return nil }
            numbers.append(number)
        }
        var rest = numbers[...]
        guard let seen = StreamPosition.look(from: &rest) else { return nil }
        self.seen = seen
        if rest.isEmpty {
            pages = nil
            return
        }
        guard let look = StreamPosition.look(from: &rest), look.at >= seen.at, rest.count == 2, let high = rest.first,
            let low = rest.last
        else { return nil }
        let last = UUIDValue(high: UInt64(bitPattern: high), low: UInt64(bitPattern: low))
        pages = Pages(look: look, last: last)
    }

    private static func numbers(of look: Look) -> [Int64] {
        [look.at.microseconds, look.next, Int64(look.running.count)] + look.running
    }

    private static func look(from numbers: inout ArraySlice<Int64>) -> Look? {
        guard let at = numbers.popFirst(), let next = numbers.popFirst(), let count = numbers.popFirst(),
            latest.contains(at), next > 0, (0...Int64(Look.keptRunning)).contains(count), numbers.count >= count
        else { return nil }
        let running = Array(numbers.prefix(Int(count)))
        numbers = numbers.dropFirst(Int(count))
        guard running.allSatisfy({ $0 > 0 && $0 < next }) else { return nil }
        return Look(at: Timestamp(microseconds: at), next: next, running: running)
    }

    /// Microseconds of the years 1970 to 9999, less the time that is subtracted.
    private static let latest: ClosedRange<Int64> = 1_000_000_000...253_402_300_799_000_000

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard let first = digits.first, digits.count <= 20 else { return nil }
        let magnitude = first == UInt8(ascii: "-") ? digits.dropFirst() : digits
        guard !magnitude.isEmpty, magnitude.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }
}
