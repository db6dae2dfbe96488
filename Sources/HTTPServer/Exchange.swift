import Runtime

/// What a connection remembers of the request it is answering.
struct Exchange {
    enum Body {
        /// Read, or never there.
        case complete
        /// Nobody has asked for it.
        case unread
        case collecting
        /// It is being thrown away.
        case discarding
        /// Too large, or broken: it will not be read.
        case refused
    }

    /// Counts the connection's requests, so that a body kept too long is not another request's.
    var number: UInt64 = 0
    var requestId: [UInt8] = []
    var isHead = false
    var wantsClose = false
    var isLast = false
    /// The client waits for `100 Continue`, and has not been told.
    var awaitsContinue = false
    var body = Body.complete
    /// It was refused: the next must wait.
    var rests = false
}

/// A body on its way to the handler that asked for it.
struct BodyCollection {
    var bytes: [UInt8] = []
    /// Bytes the handler takes at most.
    let limit: Int
    /// When it was asked for, in the loop's milliseconds.
    let started: UInt64
    var waiter: CheckedContinuation<Result<[UInt8], BodyError>, Never>?
}

extension Connection {
    // MARK: Request

    /// A request has come: it is answered, unless it may wait for the end of its connection's rest, or for its turn on
    /// a new connection.
    func begin(_ head: ParsedHead) {
        let waits = phase == .resting || (isNewcomer && !server.mayBegin(self))
        if !waits || !server.holds(head) { return begin(head, since: now) }
        if phase != .resting {
            phase = .resting
            restPlace = server.wait(self, weight: weight)
        }
        held = (head, now)
    }

    /// Starts the task that answers the request.
    private func begin(_ head: ParsedHead, since came: UInt64) {
        phase = .handling
        isNewcomer = false
        deadline = .max
        server.statistics.requests += 1
        let number = exchange.number + 1
        let requestId = server.configuration.requestId()
        let hasBody = head.framing != .none
        exchange = Exchange(
            number: number, requestId: requestId, isHead: head.method == .head, wantsClose: head.wantsClose,
            isLast: head.isLast, awaitsContinue: head.expectsContinue && hasBody, body: hasBody ? .unread : .complete)
        let request = Request(
            head: RequestHead(
                parsed: head, requestId: requestId, peer: stream.peer, isCrowded: isReserve && server.isCrowded,
                waited: .milliseconds(now - came)),
            body: RequestBody(connection: hasBody ? self : nil, exchange: number))
        task = server.loop.spawn { [self] in
            let response = await server.handler(request)
            finish(number, response)
        }
        // All that refuses it for want of a place does so in this turn.
        if askedAt != nil { server.loop.atTurnEnd { [self] in endAsking() } }
    }

    // MARK: Body

    /// Reads the body of exchange `number`; see `RequestBody.collect`.
    func collectBody(of number: UInt64, upTo limit: Int) async -> Result<[UInt8], BodyError> {
        if let result = startCollecting(number, limit) { return result }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { collection?.waiter = $0 }
        } onCancel: {
            server.loop.execute { [self] in
                if exchange.number == number { stopCollecting(.unavailable) }
            }
        }
    }

    /// The body if it is here already, or why it will not be had; nil if it has to be waited for.
    private func startCollecting(_ number: UInt64, _ limit: Int) -> Result<[UInt8], BodyError>? {
        server.loop.assertOnLoop()
        if phase == .closed { return .failure(.lost) }
        guard phase == .handling, exchange.number == number, exchange.body == .unread else {
            return .failure(.unavailable)
        }
        if let announced = parser.remainingBody, announced > limit {
            exchange.body = .refused
            return .failure(.tooLarge)
        }
        if exchange.awaitsContinue, !hasBacklog {
            out.append(StatusLine.interimContinue)
            flush()
        }
        exchange.awaitsContinue = false
        exchange.body = .collecting
        var collection = BodyCollection(limit: limit, started: now)
        collection.bytes.reserveCapacity(min(parser.remainingBody ?? 0, Limits.bodyReservationBytes))
        self.collection = collection
        stream.setReadSize(ReadSize.body)
        deadline = now + server.timing.allowance(0)
        advanceBacklog()
        guard phase == .handling else { return .failure(.lost) }
        switch exchange.body {
        case .complete:
            defer { self.collection = nil }
            return .success(self.collection?.bytes ?? [])
        case .refused: return .failure(.tooLarge)
        case .unread, .collecting, .discarding: return nil
        }
    }

    func receive(_ input: Span<UInt8>, _ range: Range<Int>) {
        guard exchange.body == .collecting, let held = collection?.bytes.count, let limit = collection?.limit else {
            return
        }
        if held + range.count > limit {
            stopCollecting(.tooLarge)
            return
        }
        collection?.bytes.append(input, range)
        if let started = collection?.started { deadline = started + server.timing.allowance(held + range.count) }
    }

    func endBody() {
        let wasCollecting = exchange.body == .collecting
        exchange.body = .complete
        if phase == .draining {
            settle()
            if server.isDraining { end(lingering: true) }
        }
        guard wasCollecting else { return }
        stream.setReadSize(Limits.readBytesBeforeBody)
        deadline = .max
        // Nobody waits yet if all of it was here when it was asked for.
        guard let collected = collection, let waiter = collected.waiter else { return }
        collection = nil
        waiter.resume(returning: .success(collected.bytes))
    }

    /// The parser refused the head, or the framing of the body.
    func receive(_ rejection: Rejection) {
        guard exchange.body == .discarding else { return fail(rejection) }
        // The request has its answer, or will have; only the connection is lost.
        exchange.body = .refused
        if phase == .draining { end(lingering: true) }
    }

    /// Ends the wait for the body, if somebody waits.
    func stopCollecting(_ error: BodyError) {
        guard let waiter = collection.map(\.waiter) else { return }
        collection = nil
        stream.setReadSize(Limits.readBytesBeforeBody)
        if phase == .handling { deadline = .max }
        if exchange.body == .collecting { exchange.body = .refused }
        waiter?.resume(returning: .failure(error))
    }

    // MARK: Response

    /// Writes the response of exchange `number`, unless the connection has ended it in another way.
    private func finish(_ number: UInt64, _ response: Response) {
        guard phase == .handling, exchange.number == number else { return }
        task = nil
        if exchange.body == .collecting { stopCollecting(.unavailable) }
        if response.rests { server.resting.noteRefusal(weight: weight) }
        if response.welcomes, stream.secure != nil { server.welcome.note(Peer(stream.peer)) }
        if let breaking = response.breaking { return breakOff(response, breaking) }
        let drains = !settleBody()
        let closes =
            exchange.isLast || response.closes || server.isDraining || exchange.body == .refused
            || (inputEnded && !hasBacklog)
        if out.capacity == 0 { swap(&out, &server.spareBuffer) }
        let isShared =
            response.body.count >= Limits.sharedBodyBytes && !exchange.isHead && ResponseWriter.hasContent(response)
        server.write(
            response, requestId: exchange.requestId, isHead: exchange.isHead || isShared, closes: closes, to: &out)
        if isShared { flush(sharing: response.body) }
        if closes {
            // Whoever asks for too much by himself takes no place, nor does what failed keep it.
            if number == 1, !response.rests || response.status == 429 { server.noteServed(weight: weight) }
            // A client that said it would send nothing more has nothing unread that could reset the connection.
            end(lingering: exchange.body != .complete || !exchange.wantsClose || hasBacklog)
            return
        }
        exchange.rests = response.rests
        if drains {
            phase = .draining
            deadline = now + server.timing.allowance(0)
        } else {
            settle()
        }
        if hasBacklog {
            if out.count >= Limits.outgoingBytes { flush() }
            advanceBacklog()
        }
        if phase == .handling { flushLater() } else { flush() }
    }

    /// The request is done with: the connection waits for the next, or rests before it.
    private func settle() {
        phase = exchange.rests ? .resting : .idle
        deadline = now + (exchange.rests ? server.timing.restTime : server.timing.idleTimeout)
        if exchange.rests { restPlace = server.rest(self) }
    }

    /// Takes up what came while the connection rested.
    func wake() {
        guard phase == .resting else { return }
        // Only TLS waits without anything having come.
        if let secure = stream.secure, isNewcomer {
            beginHandshake()
            return secure.begin()
        }
        let waiting = held
        phase = parser.isInsideHead ? .head : .idle
        deadline = now + (phase == .head ? server.timing.headDeadline : server.timing.idleTimeout)
        if let waiting { begin(waiting.head, since: waiting.since) }
        advanceBacklog()
    }

    /// However the rest ended.
    func endRest() {
        if let place = restPlace { server.endRest(place) }
        restPlace = nil
        held = nil
    }

    /// Ends the connection before or inside the answer.
    private func breakOff(_ response: Response, _ breaking: Response.Breaking) {
        if breaking == .beforeHead { return close() }
        server.write(response, requestId: exchange.requestId, isHead: exchange.isHead, closes: false, to: &out)
        if !exchange.isHead, ResponseWriter.hasContent(response) {
            out.removeLast(response.body.count - response.body.count / 2)
        }
        end(lingering: true)
    }

    /// Deals with what of the body nobody read. False if it is worth reading away after the answer; otherwise it is
    /// `complete` or `refused` now.
    private func settleBody() -> Bool {
        guard exchange.body == .unread else { return true }
        if exchange.awaitsContinue {
            // Whether the client will send it now nobody can say: what comes next could be a body or a request.
            exchange.body = .refused
            return true
        }
        exchange.body = .discarding
        advanceBacklog()
        if exchange.body != .discarding { return true }
        if let rest = parser.remainingBody, rest <= Limits.drainedBodyBytes, !inputEnded { return false }
        exchange.body = .refused
        return true
    }
}

/// How much is read at once.
enum ReadSize {
    static let body = 64 * 1024
}
