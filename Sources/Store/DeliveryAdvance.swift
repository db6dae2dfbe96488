package import Domain

/// An attempt that was made and what follows from it.
package struct FinishedAttempt: Sendable {
    package let delivery: DueDelivery
    package let id: AttemptID
    package let startedAt: Timestamp
    package let duration: Duration
    /// Nil without an answer.
    package let statusCode: Int32?
    /// A stable reason when the attempt failed without a status or because of one.
    package let errorCode: String?
    /// The first 1 KiB of the answer.
    package let responseBody: [UInt8]?
    /// JSON: what was sent and answered besides the bodies, and how long each part took.
    package let exchange: [UInt8]?
    package let decision: DeliveryMachine.Decision

    package init(
        delivery: DueDelivery, id: AttemptID, startedAt: Timestamp, duration: Duration, statusCode: Int32?,
        errorCode: String?, responseBody: [UInt8]?, exchange: [UInt8]? = nil, decision: DeliveryMachine.Decision
    ) {
        self.delivery = delivery
        self.id = id
        self.startedAt = startedAt
        self.duration = duration
        self.statusCode = statusCode
        self.errorCode = errorCode
        self.responseBody = responseBody
        self.exchange = exchange
        self.decision = decision
    }
}

/// What becomes of a delivery that this node holds.
package struct DeliveryAdvance: Sendable {
    package enum Next: Sendable, Hashable {
        case delivered
        /// Tried again at that time.
        case retry(at: Timestamp)
        case failed
        /// Its endpoint is disabled.
        case held
        /// Its endpoint is deleted.
        case cancelled
        /// Waits in its endpoint's lane.
        case waiting
        /// Given back: any node may take it at once.
        case due
        /// Still this node's, with a row of its own from now on.
        case delivering

        /// Whether the schedule moves on.
        var isFailure: Bool {
            switch self {
            case .retry, .failed: true
            default: false
            }
        }
    }

    package let delivery: DueDelivery
    /// The handover it still stands in; nil if it has a row.
    package let handover: UUIDValue?
    /// Whether nothing of the handover is left after this one.
    package let endsHandover: Bool
    package let next: Next
    package let attempt: FinishedAttempt?

    package init(
        _ delivery: DueDelivery, handover: UUIDValue?, endsHandover: Bool = false, next: Next,
        attempt: FinishedAttempt? = nil
    ) {
        self.delivery = delivery
        self.handover = handover
        self.endsHandover = endsHandover
        self.next = next
        self.attempt = attempt
    }
}

extension DeliveryAdvance.Next {
    package init(_ decision: DeliveryMachine.Decision, now: Timestamp) {
        switch decision {
        case .delivered: self = .delivered
        case .retry(let delay): self = .retry(at: now + delay)
        case .failed: self = .failed
        case .endpointGone: self = .held
        }
    }

    func status(failures: Int32) -> DeliveryStatus {
        switch self {
        case .delivered: .delivered
        case .retry: .retrying
        case .failed: .failed
        case .held: .held
        case .cancelled: .cancelled
        case .waiting, .due: failures > 0 ? .retrying : .pending
        case .delivering: .delivering
        }
    }

    func dueAt(now: Timestamp, leaseEnd: Timestamp) -> Timestamp? {
        switch self {
        case .retry(let moment): moment
        case .due: now
        case .delivering: leaseEnd
        default: nil
        }
    }
}
