import Domain
import Testing

@Suite struct TransferStatusTests {
    @Test(arguments: [
        ("Pending", EventType.transferPending), ("pending", .transferPending), ("SUCCEEDED", .transferSucceeded),
        ("Failed", .transferFailed), ("RefundPending", .refundPending), ("RefundSucceeded", .refundSucceeded),
        ("refundfailed", .refundFailed), ("Held", .transferUpdated), ("", .transferUpdated),
        // The Kelvin sign is not a K.
        ("Pen\u{212A}ding", .transferUpdated),
    ])
    func upstreamWordsAreReadWithoutCase(_ word: String, _ type: EventType) {
        #expect(ReportedStatus(upstreamText: word.utf8).type == type)
    }

    @Test func theSchemaRanksAsTheDomainDoes() {
        #expect(TransferStatus.allCases.map(\.rank) == TransferStatus.allCases.map(\.rank).sorted())
        #expect(RefundStatus.allCases.map(\.rank) == RefundStatus.allCases.map(\.rank).sorted())
        #expect(TransferStatus.succeeded.rank > TransferStatus.failed.rank)
    }
}
