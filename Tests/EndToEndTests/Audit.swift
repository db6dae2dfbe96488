import JSON
import TestSupport

/// What came to the receivers against what was accepted: nothing lost, nothing invented, nothing at a stranger's.
struct Audit {
    /// One event owed to one endpoint, and each time it came.
    struct Debt: Hashable {
        let event: String
        let path: String
    }

    let copies: [Debt: [ReceiverFarm.Received]]
    let complaints: [String]

    /// `owed` are the events (the upstream's ids) of each merchant, all acknowledged, and its endpoints, which take the
    /// payload format `mesh`.
    init(_ received: [ReceiverFarm.Received], owed: [(events: [String], endpoints: [Merchant.Endpoint])]) throws {
        var copies: [Debt: [ReceiverFarm.Received]] = [:]
        var complaints: [String] = []
        var webhookIDs: [String: Set<String>] = [:]
        let secrets = Dictionary(uniqueKeysWithValues: owed.flatMap(\.endpoints).map { ($0.path, $0.secret) })
        for request in received {
            let event = try JSONDocument.parse(request.body).root.text(at: "EventId")
            copies[Debt(event: event, path: request.path), default: []].append(request)
            webhookIDs[event, default: []].insert(request.webhookID)
            for complaint in WebhookSignature.complaints(request, secret: secrets[request.path] ?? "") {
                complaints.append("\(request.path) got a wrong \(complaint)")
            }
        }
        let debts = Set(
            owed.flatMap { owed in
                owed.events.flatMap { event in owed.endpoints.map { Debt(event: event, path: $0.path) } }
            })
        let got = Set(copies.keys)
        complaints += debts.subtracting(got).map { "lost: \($0.event) for \($0.path)" }
        complaints += got.subtracting(debts).map { "not owed: \($0.event) at \($0.path)" }
        complaints += webhookIDs.filter { $0.value.count != 1 }.map { "\($0.key) has webhook ids \($0.value)" }
        self.copies = copies
        self.complaints = complaints
    }

    /// Copies that no fault explains: none lies between the copy and the one before it.
    func unexplained(by faults: [Fault]) -> [String] {
        copies.flatMap { debt, copies in
            zip(copies, copies.dropFirst()).compactMap { earlier, later in
                let isExplained = faults.contains { $0.begin <= later.at && earlier.at <= $0.end + Audit.receiverLag }
                return isExplained ? nil : "\(debt) came again after \(later.at - earlier.at) without a fault"
            }
        }
    }

    /// How late a receiver's thread may note what had been sent before a fault.
    private static let receiverLag = Duration.milliseconds(500)

    /// How many copies came beyond the first of each.
    var duplicates: Int { copies.values.reduce(0) { $0 + $1.count - 1 } }
}

/// Something a test did to the service while it worked.
struct Fault {
    var begin: ContinuousClock.Instant
    var end: ContinuousClock.Instant
    /// When the service was ready again, if somebody looked.
    var healed: ContinuousClock.Instant?
}
