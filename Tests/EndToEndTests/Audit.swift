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

    /// `owed` are the events (the upstream's ids) of each merchant, all acknowledged, and its endpoints, of format mesh.
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

    /// How many copies came beyond the first of each.
    var duplicates: Int { copies.values.reduce(0) { $0 + $1.count - 1 } }
}
