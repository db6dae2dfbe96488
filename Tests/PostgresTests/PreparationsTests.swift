import Testing

@testable import Postgres

/// What a connection prepares before a batch, and what each answer makes of it.
@Suite struct PreparationsTests {
    private typealias Reply = BatchMachine<Int>.Reply

    private static let statements = (0..<4).map { Statement(index: $0 * 3, name: "s\($0)", text: "select \($0)") }
    private static let refused = ServerError(sqlState: .lockNotAvailable)

    private static func begin(_ preparations: inout Preparations, _ units: Unit...) -> [String] {
        preparations.begin(units) { index in statements.first { $0.index == index } }.map(\.name)
    }

    private static func query(_ number: Int) -> Query { Query(statements[number]) }

    @Test func eachStatementIsPreparedOnceBeforeWhatUsesIt() {
        var preparations = Preparations()
        let unit = Unit(prelude: Self.query(2), Self.query(1), Self.query(1))
        #expect(Self.begin(&preparations, unit, Unit(Self.query(0)), Unit(Self.query(2))) == ["s2", "s1", "s0"])
        for _ in 0..<3 {
            #expect(preparations.isAwaiting)
            let isSound = [preparations.receive(Reply.rows(0)), preparations.receive(Reply.synced)]
            #expect(isSound == [true, true])
        }
        #expect(!preparations.isAwaiting)
        #expect(Self.begin(&preparations, unit, Unit(Self.query(3))) == ["s3"])
    }

    @Test func whatIsRefusedIsToldOfItsUnitsAndPreparedAgain() {
        var preparations = Preparations()
        let (bad, good) = (Unit(prelude: Self.query(3), Self.query(1)), Unit(Self.query(0)))
        #expect(Self.begin(&preparations, bad, good) == ["s3", "s1", "s0"])
        let replies: [Reply] = [.rows(0), .synced, .failed(Self.refused), .synced, .rows(0), .synced]
        let isSound = replies.map { preparations.receive($0) }
        #expect(isSound == Array(repeating: true, count: 6))
        #expect(preparations.refusal(of: bad)?.sqlState == .lockNotAvailable)
        #expect(preparations.refusal(of: good)?.sqlState == nil)
        #expect(Self.begin(&preparations, bad, good) == ["s1"])
        #expect(preparations.refusal(of: bad)?.sqlState == nil)
    }

    @Test func whatAConnectionPreparedAtOnceIsNotPreparedAgain() {
        var preparations = Preparations()
        preparations.note([Self.statements[0], Self.statements[2]])
        #expect(Self.begin(&preparations, Unit(Self.query(0), Self.query(1), Self.query(2))) == ["s1"])
    }

    @Test func whatIsNotKnownIsNotPrepared() {
        var preparations = Preparations()
        let stranger = Statement(index: 100, name: "stranger", text: "select 1")
        #expect(Self.begin(&preparations, Unit(Query(stranger))) == [])
        #expect(!preparations.isAwaiting)
    }

    @Test func answersOutOfOrderMakeNoSense() {
        let wrong: [[Reply]] = [
            [.synced], [.skipped], [.rows(0), .rows(0)], [.rows(0), .skipped], [.failed(Self.refused), .rows(0)],
        ]
        for replies in wrong {
            var preparations = Preparations()
            _ = Self.begin(&preparations, Unit(Self.query(0)))
            let isSound = replies.map { preparations.receive($0) }
            #expect(isSound.last == false)
        }
    }
}
