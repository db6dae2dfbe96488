@testable import Postgres
import Testing

@Suite struct OutageBookTests {
    private static func seconds(_ count: UInt64) -> UInt64 { count * 1_000_000_000 }

    @Test func oneOutageOfAllLoopsHasOneBeginningAndOneEnd() {
        var book = OutageBook()
        #expect(book.note(.whole, loop: 0, at: 0) == nil)
        #expect(book.note(.lost("refused"), loop: 0, at: Self.seconds(1)) == .lost("refused"))
        #expect(book.note(.lost("refused"), loop: 1, at: Self.seconds(1)) == nil)
        #expect(book.note(.whole, loop: 0, at: Self.seconds(3)) == nil, "the other loop has none")
        #expect(book.note(.whole, loop: 1, at: Self.seconds(4)) == .back(after: .seconds(3)))
        #expect(book.note(.whole, loop: 1, at: Self.seconds(5)) == nil)
        #expect(book.note(.lost("refused"), loop: 1, at: Self.seconds(6)) == .lost("refused"), "it is another outage")
    }

    @Test func eachReasonIsToldOnce() {
        var book = OutageBook()
        #expect(book.note(.short("slots"), loop: 0, at: 0) == .short("slots"))
        #expect(book.note(.lost("slots"), loop: 0, at: 1) == .lost("slots"), "it is worse now")
        #expect(book.note(.lost("refused"), loop: 0, at: 2) == .lost("refused"))
        #expect(book.note(.lost("slots"), loop: 0, at: 3) == nil)
        #expect(book.note(.short("refused"), loop: 0, at: 4) == nil)
        let told = (0..<100).compactMap { book.note(.lost("reason \($0)"), loop: 0, at: 5) }
        #expect(told.count == Limits.reasonsPerOutage - 2)
    }

    @Test func anOutageThatGoesOnIsRemindedOf() {
        var book = OutageBook()
        let told = (0...150).compactMap { book.note(.lost("refused"), loop: 0, at: Self.seconds($0)) }
        #expect(
            told == [.lost("refused"), .still("refused", after: .seconds(60)), .still("refused", after: .seconds(120))])
    }
}
