import Domain
import JSON
import Store
import TestSupport
import Testing

@testable import Upstream

/// Mesh's list of transfers, read.
@Suite struct ListedTransferTests {
    private static let upstream = UpstreamID(UUIDValue(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001))
    private static let reference = TransactionReference(
        subClient: SubClientID(UUIDValue(high: 1, low: 2)), linkSession: LinkSessionID(UUIDValue(high: 3, low: 4)))
    private static var referenceText: String { String(decoding: reference.text, as: UTF8.self) }

    private static let id = "dd4063e5-f317-441c-3f07-08dc7353b6f8"

    /// An item as Mesh documents it, but for what a test changes.
    private static func item(_ changes: String = "", status: String = "succeeded", executed: String = "1715175600")
        -> String
    {
        """
        {"id":"\(id)","clientTransactionId":"\(referenceText)","status":"\(status)","userId":"sg_user",
        "symbol":"USDC","networkName":"Base","hash":"0x7d4e","from":{"id":"x","type":"binance","name":"Binance"},
        "amount":1,"sourceAmount":0.0047860462265551880,"destinationAmount":4.7E-3,"destinationAddress":"0xto",
        "refundAddress":"0xback","createdTimestamp":1715175519,"executedTimestamp":\(executed)\(changes)}
        """
    }

    private static func read(_ text: String) throws -> ListedTransfer? {
        ListedTransfer(try JSONDocument.parse(Seed.bytes(text)).root)
    }

    private static func event(_ transfer: ListedTransfer, _ status: ReportedStatus) throws -> ReceivedEvent {
        try #require(
            transfer.event(
                status, of: upstream, id: EventID(UUIDValue(high: 5, low: 6)),
                transferID: TransferID(UUIDValue(high: 7, low: 8)), now: Timestamp(seconds: 1_715_180_000)))
    }

    @Test func isWrittenAsItsWebhookWouldHaveBeen() throws {
        let transfer = try #require(try Self.read(Self.item()))
        #expect(transfer.statuses.map(\.type) == [.transferSucceeded])
        let event = try Self.event(transfer, transfer.statuses[0])
        #expect(event.reference == Self.reference && event.unroutableReason == nil)
        #expect(event.occurredAt == Timestamp(seconds: 1_715_175_600))
        #expect(event.details.sourceAmount == Seed.bytes("0.004786046226555188"))
        #expect(event.details.sourceAccountProvider == Seed.bytes("Binance"))
        #expect(event.details.sourceAddress == nil)
        let key = String(decoding: event.upstreamEventID.text, as: UTF8.self)
        // The list's numbers are there to the last zero.
        #expect(
            String(decoding: event.payload, as: UTF8.self)
                == #"{"EventId":"\#(key)","Id":"\#(key)","UserId":"sg_user","TransactionId":"\#(Self.referenceText)","#
                + #""TransferId":"\#(Self.id)","TransferStatus":"Succeeded","TxHash":"0x7d4e","Chain":"Base","#
                + #""Token":"USDC","SourceAccountProvider":"Binance","DestinationAddress":"0xto","#
                + #""RefundAddress":"0xback","SourceAmount":0.0047860462265551880,"DestinationAmount":4.7E-3,"#
                + #""SentTimestamp":1715180000,"Timestamp":1715175600000}"#)
    }

    @Test func whatTheListDoesNotTellIsNull() throws {
        let text = """
            {"id":"\(Self.id)","clientTransactionId":"\(Self.referenceText)","status":"Failed","hash":"",
            "sourceAmount":"1","createdTimestamp":1715175519}
            """
        let transfer = try #require(try Self.read(text))
        let event = try Self.event(transfer, transfer.statuses[0])
        #expect(event.occurredAt == nil && event.details.sourceAmount == nil)
        let root = try JSONDocument.parse(event.payload).root
        #expect(root["TransferStatus"]?.text == "Failed")
        for name in ["TxHash", "Chain", "Token", "SourceAccountProvider", "SourceAmount", "Timestamp", "UserId"] {
            #expect(root[name]?.isNull == true, "\(name)")
        }
    }

    /// The key stands for what is told, not for when.
    @Test func aKeyIsTheSameForTheSameFactAndForNoOther() throws {
        let status = ReportedStatus(upstreamText: Seed.bytes("succeeded"))
        let id = UUIDValue(high: 1, low: 2)
        let key = ListedTransfer.key(Self.upstream, id, status)
        #expect(key == ListedTransfer.key(Self.upstream, id, ReportedStatus(upstreamText: Seed.bytes("SUCCEEDED"))))
        let others = [
            ListedTransfer.key(Self.upstream, id, ReportedStatus(upstreamText: Seed.bytes("failed"))),
            ListedTransfer.key(Self.upstream, UUIDValue(high: 1, low: 3), status),
            ListedTransfer.key(UpstreamID(UUIDValue(high: 9, low: 9)), id, status),
        ]
        #expect(Set(others + [key]).count == 4)
        for key in others + [key] { #expect(key.high >> 12 & 0xF == 8 && key.low >> 62 == 0b10) }
    }

    @Test func aRefundIsToldBesideTheStatus() throws {
        let transfer = try #require(
            try Self.read(Self.item(#","refundInformation":{"status":"refundPending","amount":1}"#)))
        #expect(transfer.statuses.map(\.type) == [.transferSucceeded, .refundPending])
        let event = try Self.event(transfer, transfer.statuses[1])
        #expect(try JSONDocument.parse(event.payload).root["TransferStatus"]?.text == "RefundPending")
        for other in ["null", "{}", "[]", #"{"status":"succeeded"}"#, #"{"status":7}"#] {
            let transfer = try #require(try Self.read(Self.item(#","refundInformation":\#(other)"#)))
            #expect(transfer.statuses.count == 1, "\(other)")
        }
    }

    @Test func aStatusThatNobodyRanksSaysNothing() throws {
        for status in ["", "odd", "refundPending"] {
            #expect(try #require(try Self.read(Self.item(status: status))).statuses.isEmpty, "\(status)")
        }
    }

    @Test(arguments: [
        "1", "null", "{}", #"{"id":"x","createdTimestamp":1}"#, #"{"id":"\#(id)"}"#,
        #"{"id":"\#(id)","createdTimestamp":"1"}"#, #"{"id":"\#(id)","createdTimestamp":-1}"#,
    ])
    func whatHasNoIdOrTimeIsNotRead(_ text: String) throws { #expect(try Self.read(text) == nil) }

    @Test func anothersTransactionIsNoReference() throws {
        let text = #"{"id":"\#(Self.id)","clientTransactionId":"order-7","createdTimestamp":1,"status":"failed"}"#
        let transfer = try #require(try Self.read(text))
        #expect(transfer.reference == nil)
        #expect(try #require(try Self.read(text.replacing(#""order-7""#, with: "null"))).reference == nil)
    }

    // MARK: Pages

    private static func page(_ times: [Int64], offset: Int32 = 0, _ end: String = "") throws -> TransferListPage {
        let items = times.map { #"{"id":"\#(id)","createdTimestamp":\#($0)}"# }.joined(separator: ",")
        return try #require(
            TransferListPage(content: Seed.bytes(#"{"items":[\#(items)]\#(end)}"#), offset: offset, wanted: 3))
    }

    private static let place = ReconciliationPlace(until: Timestamp(seconds: 1_000), from: Timestamp(seconds: 100))

    @Test func aPassGoesOnByTimeWhereItCan() throws {
        let more = #","hasMorePages":true"#
        #expect(
            Self.place.next(after: try Self.page([100, 150, 160], more))
                == ReconciliationPlace(until: Timestamp(seconds: 1_000), from: Timestamp(seconds: 160)))
        // All of one second, or in another order: by number.
        for times in [[100, 100, 100], [100, 160, 150]] as [[Int64]] {
            var next = Self.place
            next.offset = 3
            #expect(Self.place.next(after: try Self.page(times, more)) == next)
        }
        #expect(Self.place.next(after: try Self.page([100, 150, 160], #","hasMorePages":false"#)) == nil)
        #expect(Self.place.next(after: try Self.page([], more)) == nil)
    }

    @Test func theEndIsToldInOneOfThreeWays() throws {
        #expect(try Self.page([1, 2, 3]).hasMore)
        #expect(try !Self.page([1, 2]).hasMore)
        #expect(try Self.page([1, 2], #","total":3"#).hasMore)
        #expect(try !Self.page([1, 2], offset: 1, #","total":3"#).hasMore)
        #expect(try !Self.page([1, 2, 3], #","total":9,"hasMorePages":false"#).hasMore)
        for content in ["", "null", "[]", "{}", #"{"items":{}}"#] {
            #expect(TransferListPage(content: Seed.bytes(content), offset: 0, wanted: 3) == nil)
        }
    }

    @Test func aPassBeginsBeforeTheLastOneEnded() {
        let pace = ReconcilerPace(interval: .seconds(300))
        let claimed = ClaimedReconciliation(
            upstream: Self.upstream, sweep: .recent, sweptUntil: Timestamp(seconds: 100_000), place: nil, failures: 0,
            lease: UUIDValue(high: 0, low: 0))
        let pass = pace.pass(claimed, now: Timestamp(seconds: 200_000))
        #expect(pass.until == Timestamp(seconds: 199_700) && pass.from == Timestamp(seconds: 92_800))
        #expect(pass.offset == 0)
    }

    @Test func pausesDoubleAndHonourTheUpstream() {
        let pace = ReconcilerPace(interval: .seconds(300))
        let failed = UpstreamFailure.failed(reason: "status500")
        #expect([1, 2, 3].map { pace.pause(after: $0, failed) } == [.seconds(10), .seconds(20), .seconds(40)])
        #expect(pace.pause(after: 1_000, failed) == .seconds(900))
        #expect(pace.pause(after: 1, .tooManyRequests(retryAfter: 1_800)) == .seconds(1_800))
        #expect(pace.pause(after: 3, .tooManyRequests(retryAfter: 1)) == .seconds(40))
        #expect(pace.pause(after: 3, .tooManyRequests(retryAfter: nil)) == .seconds(40))
    }
}
