/// All addresses of one name: both families asked for at once, each question put again when it has no answer in time.
/// Loop-bound. It ends by itself within the sum of `RuntimeLimits.dnsPatience`.
final class DNSLookup {
    typealias Outcome = Result<[IPAddress], ResolverError>

    private let loop: EventLoop
    private let servers: [NameServer]
    private let timer: LoopTimer
    private let done: (DNSLookup, Outcome) -> Void
    private var questions: [Question] = []
    private var hasEnded = false
    /// How many of the waits are over.
    private var waits = 0

    private final class Question {
        let question: DNSQuestion
        var answer: DNSAnswer?
        var exchanges: [DNSExchange] = []
        var tries = 0
        init(_ question: DNSQuestion) { self.question = question }
    }

    /// - Parameter servers: at least one.
    /// - Parameter done: called once, never before `start()` returns.
    init(_ loop: EventLoop, servers: [NameServer], done: @escaping (DNSLookup, Outcome) -> Void) {
        self.loop = loop
        self.servers = servers
        self.done = done
        timer = LoopTimer(loop)
    }

    /// - Parameter ids: a random number for each question.
    func start(_ host: [UInt8], ids: (UInt16, UInt16)) {
        for (kind, id) in [(DNSQuestion.Kind.a, ids.0), (.aaaa, ids.1)] {
            // What is no name in the DNS has no addresses in it.
            guard let question = DNSQuestion(id: id, host: host, kind: kind) else {
                return endSoon(.failure(.notFound))
            }
            questions.append(Question(question))
        }
        for question in questions { ask(question) }
        waitOnce()
    }

    private func waitOnce() {
        timer.schedule(after: RuntimeLimits.dnsPatience[waits]) { [weak self] in self?.waitIsOver() }
    }

    private func waitIsOver() {
        waits += 1
        // One family is enough once the other has had time for a second answer.
        if waits == RuntimeLimits.dnsPatience.count || waits > 1 && !addresses.isEmpty { return end(verdict) }
        if questions.allSatisfy({ $0.answer != nil }) { return end(verdict) }
        for question in questions where question.answer == nil { ask(question) }
        if !hasEnded { waitOnce() }
    }

    /// Puts a question to the next server. Earlier exchanges go on: an answer that comes late is as good.
    private func ask(_ question: Question) {
        while question.tries < RuntimeLimits.dnsPatience.count {
            let server = servers[question.tries % servers.count]
            question.tries += 1
            let exchange = DNSExchange(loop, question.question, server) { [weak self, unowned question] answer in
                self?.hear(answer, to: question)
            }
            if exchange.start() {
                question.exchanges.append(exchange)
                return
            }
        }
        // Nobody can be asked any more. What was asked before may still be answered.
        if question.exchanges.isEmpty { question.answer = .failed }
    }

    private func hear(_ answer: DNSAnswer, to question: Question) {
        guard !hasEnded, question.answer == nil else { return }
        if answer == .failed, question.tries < RuntimeLimits.dnsPatience.count { return ask(question) }
        question.answer = answer
        for exchange in question.exchanges { exchange.close() }
        // A name that does not exist has no address of any family.
        if answer == .noSuchName || questions.allSatisfy({ $0.answer != nil }) { end(verdict) }
    }

    private var addresses: [IPAddress] {
        questions.flatMap { question -> [IPAddress] in
            if case .addresses(let found)? = question.answer { return found }
            return []
        }
    }

    private var verdict: Outcome {
        let found = addresses
        if !found.isEmpty { return .success(found) }
        if questions.contains(where: { $0.answer == .noSuchName }) { return .failure(.notFound) }
        let isComplete = questions.allSatisfy { if case .addresses? = $0.answer { true } else { false } }
        return .failure(isComplete ? .notFound : .temporary)
    }

    private func endSoon(_ outcome: Outcome) {
        timer.schedule(after: .zero) { [weak self] in self?.end(outcome) }
    }

    private func end(_ outcome: Outcome) {
        if hasEnded { return }
        close()
        done(self, outcome)
    }

    /// Ends it without a word.
    func close() {
        if hasEnded { return }
        hasEnded = true
        timer.close()
        for question in questions { for exchange in question.exchanges { exchange.close() } }
        questions = []
    }
}
