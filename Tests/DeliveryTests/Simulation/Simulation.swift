import Domain

/// One dispatcher over days of virtual time, driven by the product's own decisions: `DeliveryMachine` for each delivery
/// and `EndpointHealth` for each endpoint. Receivers are functions, chance is seeded, and nothing waits.
///
/// What is checked while it runs goes to `complaints`; what it comes to is in `deliveries`.
struct Simulation {
    /// What a receiver does with one request, and how long it takes.
    typealias Receiver = @Sendable (_ at: Timestamp, _ random: inout SimulationRandom) -> (AttemptOutcome, Duration)

    enum Fate: Hashable { case open, delivered, held, failed }

    struct Delivery {
        let endpoint: Int
        let createdAt: Timestamp
        var due: Timestamp
        var fate = Fate.open
        var attempts = 0
        var failures = 0
        /// Nothing may be sent before: the schedule, or the receiver's own word.
        var notBefore: Timestamp
        var settledAt: Timestamp?
        /// Whether a request for it is out, or a lost node still holds it.
        var isOut = false
    }

    struct Lane {
        let receiver: Receiver
        var health: EndpointHealth
        /// What is in the database.
        var shared = EndpointHealth.Shared()
        var isEnabled = true
        var disabledFor: DisabledReason?
        var inFlight = 0
        var waiting: [Int] = []
        var notBefore: Timestamp
        var probesOut = 0
        var requests = 0
        var mostInFlight = 0
        var writes = 0
        var nextLook: Timestamp?
        var disablings = 0
    }

    enum Step {
        case arrive(endpoint: Int)
        case due(delivery: Int)
        case answer(delivery: Int, AttemptOutcome, began: Timestamp, isProbe: Bool, life: Int)
        case look(endpoint: Int)
        case crash
        case rescue(deliveries: [Int])
        case enable(endpoint: Int)
    }

    let schedule: RetrySchedule
    let policy: HealthPolicy
    private(set) var now: Timestamp
    private(set) var random: SimulationRandom
    private(set) var deliveries: [Delivery] = []
    private(set) var lanes: [Lane] = []
    private(set) var complaints: [String] = []
    /// Counts the lives of the node: what an earlier one sent is not heard of by a later one.
    private var life = 0
    private var agenda = Agenda<Step>()
    private let inFlightCap: Int

    init(
        seed: UInt64, schedule: RetrySchedule = .standard, policy: HealthPolicy = HealthPolicy(),
        inFlightCap: Int = 64, start: Timestamp = Timestamp(seconds: 1_775_044_800)
    ) {
        random = SimulationRandom(seed: seed)
        self.schedule = schedule
        self.policy = policy
        self.inFlightCap = inFlightCap
        now = start
    }

    // MARK: Setting the stage

    mutating func endpoint(_ receiver: @escaping Receiver) -> Int {
        lanes.append(Lane(receiver: receiver, health: EndpointHealth(policy: policy), notBefore: now))
        return lanes.count - 1
    }

    /// `count` events for an endpoint, spread evenly over `span` from `offset` on.
    mutating func events(_ count: Int, for endpoint: Int, from offset: Duration = .zero, over span: Duration) {
        for number in 0..<count { agenda.add(.arrive(endpoint: endpoint), at: now + offset + span * number / count) }
    }

    mutating func crash(after offset: Duration) { agenda.add(.crash, at: now + offset) }

    mutating func enable(_ endpoint: Int, after offset: Duration) {
        agenda.add(.enable(endpoint: endpoint), at: now + offset)
    }

    // MARK: Running

    /// Until nothing is left to happen, or `span` has passed.
    mutating func run(for span: Duration) {
        let end = now + span
        while let (moment, step) = agenda.next(before: end) {
            now = moment
            perform(step)
        }
        now = end
    }

    private mutating func perform(_ step: Step) {
        switch step {
        case .arrive(let endpoint):
            deliveries.append(Delivery(endpoint: endpoint, createdAt: now, due: now, notBefore: now))
            becomeDue(deliveries.count - 1)
        case .due(let id): if deliveries[id].due == now { becomeDue(id) }
        case .answer(let id, let outcome, let began, let isProbe, let life):
            guard life == self.life else { return }
            finish(id, outcome, began, isProbe)
        case .look(let endpoint): pump(endpoint)
        case .crash: crash()
        case .rescue(let ids):
            for id in ids {
                deliveries[id].isOut = false
                becomeDue(id)
            }
        case .enable(let endpoint): enable(endpoint)
        }
    }

    private mutating func becomeDue(_ id: Int) {
        guard deliveries[id].fate == .open, !deliveries[id].isOut else { return }
        let endpoint = deliveries[id].endpoint
        guard lanes[endpoint].isEnabled else { return settle(id, .held) }
        lanes[endpoint].waiting.append(id)
        pump(endpoint)
    }

    /// What the dispatcher does whenever something changed: sends as much as health admits.
    private mutating func pump(_ endpoint: Int) {
        while lanes[endpoint].isEnabled, let id = lanes[endpoint].waiting.first {
            var isProbe = false
            switch lanes[endpoint].health.admission(at: now) {
            case .upTo(let allowance):
                guard lanes[endpoint].inFlight < min(allowance, inFlightCap) else { return }
            case .probe:
                lanes[endpoint].health.beginProbe(at: now)
                isProbe = true
            case .nothing(let end): return look(endpoint, at: end)
            }
            lanes[endpoint].waiting.removeFirst()
            send(id, isProbe: isProbe)
        }
    }

    private mutating func look(_ endpoint: Int, at moment: Timestamp) {
        if let next = lanes[endpoint].nextLook, next > now, next <= moment { return }
        lanes[endpoint].nextLook = moment
        agenda.add(.look(endpoint: endpoint), at: moment)
    }

    private mutating func send(_ id: Int, isProbe: Bool) {
        let endpoint = deliveries[id].endpoint
        if now < deliveries[id].notBefore { complain("delivery \(id) is sent before its time") }
        if now < lanes[endpoint].notBefore { complain("endpoint \(endpoint) is not left the rest it asked for") }
        if !lanes[endpoint].isEnabled { complain("endpoint \(endpoint) is disabled and sent to") }
        if deliveries[id].fate != .open || deliveries[id].isOut { complain("delivery \(id) is sent twice") }
        if lanes[endpoint].probesOut > 0 { complain("endpoint \(endpoint) is sent to beside a probe") }
        deliveries[id].attempts += 1
        deliveries[id].isOut = true
        lanes[endpoint].inFlight += 1
        lanes[endpoint].requests += 1
        lanes[endpoint].mostInFlight = max(lanes[endpoint].mostInFlight, lanes[endpoint].inFlight)
        if isProbe { lanes[endpoint].probesOut += 1 }
        let (outcome, took) = lanes[endpoint].receiver(now, &random)
        agenda.add(
            .answer(delivery: id, outcome, began: now, isProbe: isProbe, life: life),
            at: now + max(.microseconds(1), min(took, .seconds(15))))
    }

    private mutating func finish(_ id: Int, _ outcome: AttemptOutcome, _ began: Timestamp, _ isProbe: Bool) {
        let endpoint = deliveries[id].endpoint
        lanes[endpoint].inFlight -= 1
        if isProbe { lanes[endpoint].probesOut -= 1 }
        deliveries[id].isOut = false
        let decision = DeliveryMachine(schedule: schedule).decide(
            outcome, failuresBefore: deliveries[id].failures, random: random.next())
        let news = lanes[endpoint].health.note(outcome, startedAt: began, at: now, random: random.next())
        if let wait = outcome.retryAfter {
            deliveries[id].notBefore = now + min(wait, RetryAfter.longest)
            if outcome.slowsDown {
                lanes[endpoint].notBefore = max(lanes[endpoint].notBefore, deliveries[id].notBefore)
            }
        }
        if decision != .delivered && decision != .endpointGone { deliveries[id].failures += 1 }
        switch decision {
        case .delivered: settle(id, .delivered)
        case .failed: settle(id, .failed)
        case .endpointGone: settle(id, .held)
        case .retry(let delay):
            let earliest = schedule.delays[deliveries[id].failures - 1] * 9 / 10
            deliveries[id].notBefore = max(deliveries[id].notBefore, now + earliest)
            deliveries[id].due = now + delay
            agenda.add(.due(delivery: id), at: now + delay)
        }
        if news.isToTell {
            lanes[endpoint].writes += 1
            lanes[endpoint].shared = lanes[endpoint].health.shared
        }
        if let reason = news.disable { disable(endpoint, reason) }
        pump(endpoint)
    }

    private mutating func settle(_ id: Int, _ fate: Fate) {
        deliveries[id].fate = fate
        deliveries[id].settledAt = now
    }

    // MARK: What befalls it

    private mutating func disable(_ endpoint: Int, _ reason: DisabledReason) {
        guard lanes[endpoint].isEnabled else { return }
        lanes[endpoint].isEnabled = false
        lanes[endpoint].disabledFor = reason
        lanes[endpoint].disablings += 1
        for id in lanes[endpoint].waiting { settle(id, .held) }
        lanes[endpoint].waiting = []
    }

    private mutating func enable(_ endpoint: Int) {
        guard !lanes[endpoint].isEnabled else { return }
        lanes[endpoint].isEnabled = true
        lanes[endpoint].disabledFor = nil
        lanes[endpoint].shared = .enabled(at: now)
        lanes[endpoint].health.adopt(lanes[endpoint].shared, at: now)
        // The owner says that it is well: a rest asked for before is over.
        lanes[endpoint].notBefore = now
        for id in deliveries.indices where deliveries[id].endpoint == endpoint && deliveries[id].fate == .held {
            deliveries[id].fate = .open
            deliveries[id].notBefore = now
            deliveries[id].due = now
            becomeDue(id)
        }
    }

    /// The node dies: what it had sent is not heard of, its leases are taken over a second later, and of health only
    /// what it had told is known. The receiver's word may be forgotten then, as far as it was short.
    private mutating func crash() {
        life += 1
        var lost: [Int] = []
        for id in deliveries.indices where deliveries[id].isOut { lost.append(id) }
        for endpoint in lanes.indices {
            lost += lanes[endpoint].waiting
            lanes[endpoint].waiting = []
            lanes[endpoint].inFlight = 0
            lanes[endpoint].probesOut = 0
            lanes[endpoint].health = EndpointHealth(policy: policy)
            lanes[endpoint].health.adopt(lanes[endpoint].shared, at: now)
            lanes[endpoint].notBefore = lanes[endpoint].shared.pausedUntil ?? now
        }
        agenda.add(.rescue(deliveries: lost), at: now + .seconds(1))
    }

    private mutating func complain(_ text: String) {
        if complaints.count < 20 { complaints.append("\((now.seconds)): \(text)") }
    }

    // MARK: What it came to

    /// Deliveries that are neither delivered, nor held at a disabled endpoint, nor failed after the whole schedule.
    var lost: [Int] {
        deliveries.indices.filter { id in
            switch deliveries[id].fate {
            case .delivered: false
            case .held: lanes[deliveries[id].endpoint].isEnabled
            case .failed: deliveries[id].failures <= schedule.delays.count
            case .open: true
            }
        }
    }

    func count(_ fate: Fate, of endpoint: Int) -> Int {
        deliveries.count { $0.endpoint == endpoint && $0.fate == fate }
    }

    /// The time from an event to its delivery, at a share (0...1) of them.
    func latency(_ share: Double, of endpoint: Int) -> Duration {
        let all = deliveries.filter { $0.endpoint == endpoint }.compactMap { delivery in
            delivery.settledAt.map { $0 - delivery.createdAt }
        }.sorted()
        return all.isEmpty ? .zero : all[min(all.count - 1, Int(Double(all.count) * share))]
    }
}
