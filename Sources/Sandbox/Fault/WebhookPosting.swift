import Domain

/// How the webhook of one event is posted.
struct WebhookPosting: Sendable, Equatable {
    /// How often; 0 if it is lost.
    var posts = 1
    var dueAt: Timestamp
    var nullFields: [WebhookField] = []
    var missingFields: [WebhookField] = []
    /// In place of the event's own.
    var status: [UInt8]?
    /// In place of the transfer's own.
    var amount: Amount?
    var wrongSignatures: Int32 = 0

    /// The postings of events that happen one after the other, by what `completion` says of their webhooks.
    static func plan(
        _ events: [(status: [UInt8], happensAt: Timestamp)], _ completion: Completion
    ) -> [WebhookPosting] {
        var postings = events.map { event in
            WebhookPosting(
                posts: completion.loses(event.status) ? 0 : 1 + Int(completion.duplicates), dueAt: event.happensAt)
        }
        for fault in completion.webhookFaults {
            let concerned = events.indices.filter { fault.concerns(events[$0].status) }
            for index in concerned { postings[index].suffer(fault) }
            guard fault.isReversed, let last = concerned.last else { continue }
            for (place, index) in concerned.reversed().enumerated() {
                let gap = Duration.milliseconds(SandboxLimits.reversedGapMilliseconds * Int64(place))
                postings[index].dueAt = postings[last].dueAt + gap
            }
        }
        return postings
    }

    private mutating func suffer(_ fault: WebhookFault) {
        posts = fault.isLost || posts == 0 ? 0 : posts + Int(fault.duplicates)
        dueAt = dueAt + .milliseconds(fault.delayMilliseconds)
        nullFields += fault.nullFields
        missingFields += fault.missingFields
        status = fault.status ?? status
        amount = fault.amount ?? amount
        wrongSignatures += Int32(fault.wrongSignatures)
    }
}

/// A post that a transfer owes.
struct OwedWebhook: Sendable {
    let eventId: UUIDValue
    /// What `WebhookBody.event` wrote.
    let event: [UInt8]
    let dueAt: Timestamp
    let wrongSignatures: Int32
}

extension PlayedTransfer {
    /// Every post of every event, for an account that has an address.
    var owedWebhooks: [OwedWebhook] {
        events.flatMap { event in
            let owed = OwedWebhook(
                eventId: event.id, event: WebhookBody.event(event, of: self), dueAt: event.posting.dueAt,
                wrongSignatures: event.posting.wrongSignatures)
            return [OwedWebhook](repeating: owed, count: event.posting.posts)
        }
    }
}
