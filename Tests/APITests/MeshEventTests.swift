import Domain
import Store
import Testing

@testable import API

@Suite struct MeshEventTests {
    private let upstream = UpstreamID(UUIDValue(high: 9, low: 9))
    private let reference = TransactionReference(
        subClient: SubClientID(UUIDValue(high: 1, low: 2)), linkSession: LinkSessionID(UUIDValue(high: 3, low: 4)))

    private func read(_ json: String) throws -> ReceivedEvent {
        try MeshEvent.read(
            Array(json.utf8), upstream: upstream, id: EventID(UUIDValue(high: 5, low: 5)),
            transferID: TransferID(UUIDValue(high: 6, low: 6)))
    }

    private func event(_ members: String) throws -> ReceivedEvent {
        try read(#"{"EventId":"56713e70-be74-4a37-0036-08da97f5941a"\#(members.isEmpty ? "" : ","+members)}"#)
    }

    @Test func meshsExampleIsRead() throws {
        let text = String(decoding: reference.text, as: UTF8.self)
        let json = """
            {"Id":"358c6ab7-4518-416b-9266-c680fda3a8dd","EventId":"56713e70-be74-4a37-0036-08da97f5941a",
             "SentTimestamp":1720532648,
             "UserId":"u","TransactionId":"\(text)","TransferId":"dd4063e5-f317-441c-3f07-08dc7353b6f8",
             "TransferStatus":"Pending","TxHash":"0x7d4e","Chain":"Ethereum","Token":"ETH",
             "DestinationAddress":"0x0Ff0",
             "SourceAccountProvider":"Binance","SourceAmount":0.004786046226555188,
             "DestinationAmount":4.786046226555188E-3,
             "RefundAddress":null,"Timestamp":1715175519038}
            """
        let event = try read(json)
        #expect(event.reference == reference && event.unroutableReason == nil)
        #expect(event.upstreamEventID.description == "56713e70-be74-4a37-0036-08da97f5941a")
        #expect(event.upstreamTransferID.description == "dd4063e5-f317-441c-3f07-08dc7353b6f8")
        #expect(event.status.type == .transferPending)
        #expect(event.details.symbol == Array("ETH".utf8) && event.details.chain == Array("Ethereum".utf8))
        #expect(event.details.sourceAmount == Array("0.004786046226555188".utf8))
        #expect(event.details.destinationAmount == Array("0.004786046226555188".utf8))
        #expect(event.details.refundAddress == nil)
        #expect(event.occurredAt == Timestamp(milliseconds: 1_715_175_519_038))
        #expect(event.payload == Array(json.utf8))
    }

    @Test func onlyTheEventsIdIsNeeded() throws {
        let event = try event("")
        #expect(event.unroutableReason == "noTransactionId")
        #expect(event.upstreamTransferID == UUIDValue(high: 0, low: 0))
        #expect(event.status.type == .transferUpdated)
        #expect(event.occurredAt == nil)
    }

    @Test func anothersTransactionHasNoSubClient() throws {
        #expect(try event(#""TransactionId":"order-1""#).unroutableReason == "unknownTransactionId")
        #expect(try event(#""TransactionId":null"#).unroutableReason == "noTransactionId")
        #expect(try event(#""TransactionId":"""#).unroutableReason == "noTransactionId")
    }

    @Test func secondsAndMillisecondsAreToldApart() throws {
        #expect(try event(#""Timestamp":1720532648"#).occurredAt == Timestamp(seconds: 1_720_532_648))
        #expect(try event(#""Timestamp":1720532648123"#).occurredAt == Timestamp(milliseconds: 1_720_532_648_123))
        for value in ["0", "-5", "1.5", "9223372036854775807", "\"1720532648\"", "1e400", "null"] {
            #expect(try event(#""Timestamp":\#(value)"#).occurredAt == nil)
        }
    }

    @Test func absurdAmountsCountAsAbsent() throws {
        #expect(try event(#""SourceAmount":1e999999999"#).details.sourceAmount == nil)
        #expect(try event(#""SourceAmount":"5""#).details.sourceAmount == nil)
        #expect(
            try event(#""SourceAmount":123456789012345678901234567890.5"#).details.sourceAmount
                == Array("123456789012345678901234567890.5".utf8))
    }

    @Test(arguments: [
        "", "[]", "null", "{", "{}", #"{"EventId":null}"#, #"{"EventId":"x"}"#,
        #"{"eventid":"56713e70-be74-4a37-0036-08da97f5941a"}"#,
        #"{"EventId":"56713e70-be74-4a37-0036-08da97f5941a","EventId":"56713e70-be74-4a37-0036-08da97f5941a"}"#,
        "\u{FEFF}{}", #"{"EventId":"{56713e70-be74-4a37-0036-08da97f5941a}"}"#,
    ])
    func whatIsNoEventIsRefused(json: String) {
        #expect(throws: Problem.self) { try read(json) }
    }
}
