import Delivery
import Domain
import Store
import TestSupport
import Testing

@Suite struct HandoverLogTests {
    private static func deliveries(_ handover: UUIDValue, _ count: Int) -> [DueDelivery] {
        (0..<count).map { position in
            let id = UUIDValue(high: handover.low, low: UInt64(position))
            return DueDelivery(
                subClient: SubClientID(id), id: DeliveryID(id), endpoint: EndpointID(id), environment: .sandbox,
                event: StoredEvent(
                    id: EventID(id), type: .transferPending, transfer: nil, linkSession: nil, transactionID: nil,
                    userID: nil, receivedAt: Timestamp(seconds: 0), payload: []),
                attempt: 1, failures: 0, leaseEnd: Timestamp(seconds: 60),
                handover: HandoverPlace(handover: handover, position: position))
        }
    }

    @Test func eachDeliveryIsWrittenOnceAndEachHandoverEndsOnce() {
        for seed in 0..<200 {
            var dice = SplitMix(seed: UInt64(seed))
            var log = HandoverLog()
            var waiting: [DueDelivery] = []
            var written: [DeliveryID: Int] = [:]
            var ends: [UUIDValue: Int] = [:]
            var taken = 0
            var now: Int64 = 0
            for step in 0..<300 {
                now += Int64.random(in: 0..<3, using: &dice)
                switch UInt8.random(in: 0..<8, using: &dice) {
                case 0, 1:
                    let handover = UUIDValue(high: 1, low: UInt64(step))
                    let owed = Self.deliveries(handover, Int.random(in: 1...5, using: &dice))
                    log.take(handover, owed, at: Timestamp(seconds: now))
                    waiting += owed
                    taken += owed.count
                case 2:
                    for (handover, left) in log.overdue(before: Timestamp(seconds: now - 20)) {
                        #expect(!left.isEmpty, "seed \(seed): an ended handover is not overdue")
                        for delivery in left { written[delivery.id, default: 0] += 1 }
                        ends[handover, default: 0] += 1
                    }
                default:
                    guard let index = waiting.indices.randomElement(using: &dice) else { break }
                    let delivery = waiting.remove(at: index)
                    // Nil for one that has a row by now.
                    guard let place = log.finish(delivery) else {
                        #expect(written[delivery.id] == 1, "seed \(seed)")
                        break
                    }
                    written[delivery.id, default: 0] += 1
                    if place.isLast { ends[place.handover, default: 0] += 1 }
                }
            }
            for delivery in waiting {
                guard let place = log.finish(delivery) else { continue }
                written[delivery.id, default: 0] += 1
                if place.isLast { ends[place.handover, default: 0] += 1 }
            }
            #expect(written.count == taken && written.values.allSatisfy { $0 == 1 }, "seed \(seed)")
            #expect(ends.values.allSatisfy { $0 == 1 }, "seed \(seed)")
            #expect(log.overdue(before: Timestamp(seconds: .max / 2_000_000)).isEmpty, "seed \(seed)")
        }
    }
}
