import Domain

/// One order of the demo shop: what is owed, and what the shop was told. A value: it decides, and does nothing.
struct ShopOrder: Sendable {
    /// In the order in which it may change: never backwards, whatever order webhooks arrive in.
    enum Status: String, Sendable {
        /// The link token was asked for, or the customer has it.
        case waiting
        /// A transfer has begun.
        case processing
        case failed
        /// Money is said to have arrived, and it is not what the order asks for: a person has to look.
        case review
        case paid

        var rank: Int {
            switch self {
            case .waiting: 0
            case .processing: 1
            case .failed: 2
            case .review: 3
            case .paid: 4
            }
        }
    }

    /// What a verified webhook meant for the order.
    enum Verdict: Sendable, Equatable {
        case moved(Status)
        /// It came before: nothing is done twice.
        case repeated
        /// It is true, and the order is further already, or its status is one the shop does nothing about.
        case noted
        /// What arrived is not what was asked for, in the order's own words.
        case differs(String)
    }

    /// One HTTP exchange for a person to read. Secrets are not in it.
    struct Exchange: Sendable {
        var method = "POST"
        let url: String
        let headers: [(name: String, value: String)]
        let body: [UInt8]
        /// Nil when there was no answer.
        let status: Int?
        let milliseconds: UInt64
        let answer: [UInt8]
    }

    /// One webhook that was verified.
    struct Arrival: Sendable {
        let id: String
        let at: Timestamp
        let headers: [(name: String, value: String)]
        let body: [UInt8]
        let status: String
        let verdict: Verdict
        /// The event as Subgate received it, once it was read from its API.
        var origin: Origin?
    }

    /// What Subgate's API says of the event behind a webhook.
    struct Origin: Sendable {
        /// When the upstream's webhook was accepted, RFC 3339.
        let receivedAt: String
        /// Mesh's own id of the event.
        let upstreamEventID: String
        let transferID: String
    }

    /// Webhooks of an order that are kept: a transfer has two, and a few more when it is refunded.
    static let arrivals = 8
    /// Webhook ids of an order that are known again.
    static let knownIDs = 64

    let id: String
    let product: ShopProduct
    let madeAt: Timestamp
    private(set) var status = Status.waiting
    /// Refunds follow a payment and do not undo it: they stand beside the status.
    private(set) var refund: String?
    private(set) var arrivals: [Arrival] = []
    private(set) var repeats = 0
    private var known: [String] = []
    var exchange: Exchange?
    /// Counts changes: what a browser has seen already.
    var version = 1

    init(id: String, product: ShopProduct, madeAt: Timestamp) {
        self.id = id
        self.product = product
        self.madeAt = madeAt
    }

    /// Takes a webhook that was verified and names this order.
    mutating func take(_ webhook: ShopWebhook, from received: ReceivedWebhook) -> Verdict {
        version += 1
        if known.contains(received.id) {
            repeats += 1
            return .repeated
        }
        known.append(received.id)
        if known.count > ShopOrder.knownIDs { known.removeFirst() }
        let verdict = judge(webhook)
        switch verdict {
        case .moved(let next): status = next
        case .differs: status = .review
        case .repeated, .noted: break
        }
        if webhook.status.lowercased().hasPrefix("refund") { refund = webhook.status }
        arrivals.append(
            Arrival(
                id: received.id, at: received.at, headers: received.headers, body: received.body,
                status: webhook.status, verdict: verdict))
        if arrivals.count > ShopOrder.arrivals { arrivals.removeFirst() }
        return verdict
    }

    private func judge(_ webhook: ShopWebhook) -> Verdict {
        let next: Status
        switch webhook.status.lowercased() {
        case "pending": next = .processing
        case "failed": next = .failed
        case "succeeded":
            if let difference = difference(webhook) { return status == .paid ? .noted : .differs(difference) }
            next = .paid
        default: return .noted
        }
        return next.rank > status.rank ? .moved(next) : .noted
    }

    /// What of the money is not as ordered. Amounts compare exactly; tickers, names and addresses of Ethereum's kind
    /// without case.
    private func difference(_ webhook: ShopWebhook) -> String? {
        if webhook.amount != product.price {
            return "the amount is \(webhook.amount ?? "not told") and not \(product.price)"
        }
        if webhook.token.lowercased() != ShopTill.symbol.lowercased() {
            return "the token is not \(ShopTill.symbol)"
        }
        if webhook.network.lowercased() != ShopTill.network.lowercased() {
            return "the network is not \(ShopTill.network)"
        }
        if webhook.address.lowercased() != ShopTill.address.lowercased() { return "the address is not the shop's" }
        return nil
    }

    /// Adds what Subgate's API told of the event behind a webhook.
    mutating func explain(_ webhookID: String, _ origin: Origin) {
        guard let index = arrivals.firstIndex(where: { $0.id == webhookID }) else { return }
        arrivals[index].origin = origin
        version += 1
    }
}

/// A webhook whose signatures are right, as it came.
struct ReceivedWebhook: Sendable {
    /// `webhook-id`: the event's, the same on every attempt.
    let id: String
    let at: Timestamp
    /// Those a person wants to see.
    let headers: [(name: String, value: String)]
    let body: [UInt8]
}
