import Domain
import Testing

@Suite struct IdentifierTests {
    @Test func textRoundTripsForExtremesAndRandomValues() {
        var generator = SeededGenerator(seed: 21)
        var uuids = [UUIDValue(high: 0, low: 0), UUIDValue(high: .max, low: .max), UUIDValue(high: 1, low: 1 << 63)]
        for _ in 0..<1_000 { uuids.append(UUIDValue(high: generator.next(), low: generator.next())) }
        for uuid in uuids {
            let id = DeliveryID(uuid)
            #expect(id.text.count == 30)
            #expect(DeliveryID(text: id.text) == id)
            #expect(UUIDValue(text: uuid.text) == uuid)
        }
    }

    @Test func textOrderIsTimeOrder() {
        let early = EventID(UUIDValue(version7At: Timestamp(milliseconds: 1_000), random: .max))
        let late = EventID(UUIDValue(version7At: Timestamp(milliseconds: 1_001), random: 0))
        #expect(early.text.lexicographicallyPrecedes(late.text))
    }

    @Test(arguments: [
        "", "dlv_", "evt_00000000000000000000000000", "dlv_0000000000000000000000000",
        "dlv_000000000000000000000000000",
        "dlv_80000000000000000000000000", "dlv_0000000000000000000000000I", "dlv_0000000000000000000000000u",
        "DLV_00000000000000000000000000", "dlv_0000000000000000000000000\u{212A}", "dlv_0000000000000000000000000A",
    ])
    func otherTextIsNoIdentifier(_ text: String) {
        #expect(DeliveryID(text: Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        "", "00000000-0000-0000-0000-00000000000", "{0000000-0000-0000-0000-000000000000}",
        "00000000000000000000000000000000", "00000000-0000-0000-0000-00000000000g",
        "0000000-00000-0000-0000-000000000000",
        "00000000-0000-0000-0000-000000000000\0",
    ])
    func otherTextIsNoUUID(_ text: String) {
        #expect(UUIDValue(text: Array(text.utf8)) == nil)
    }

    @Test func versionsAndVariantsAreSet() {
        let seven = UUIDValue(version7At: Timestamp(milliseconds: 0x0123_4567_89AB), random: .max)
        #expect(seven.description == "01234567-89ab-7000-bfff-ffffffffffff")
        let later = UUIDValue(version7At: Timestamp(milliseconds: 0x0123_4567_89AB) + .microseconds(999), random: 0)
        #expect(later.description == "01234567-89ab-7ffb-8000-000000000000")
        #expect(UUIDValue(version4: (.max, .max)).description == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }

    @Test func aTransactionReferenceNamesItsSubClientAndLinkSession() {
        let reference = TransactionReference(
            subClient: SubClientID(UUIDValue(high: 1, low: 2)), linkSession: LinkSessionID(UUIDValue(high: 3, low: 4)))
        #expect(reference.text.count == 56)
        #expect(TransactionReference(text: reference.text) == reference)
        #expect(TransactionReference(text: reference.text.dropLast()) == nil)
        #expect(TransactionReference(text: [UInt8]("order-1".utf8)) == nil)
    }
}
