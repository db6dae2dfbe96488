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
    /// The client waits for `100 Continue`, and has not been told.
    var awaitsContinue = false
    var task: Task<Void, Never>?

    var body = Body.complete
    var collected: [UInt8] = []
    var limit = 0
    var bodyStarted: UInt64 = 0
    /// Whether the peer is given time to read the last answer.
    var lingers = false
    var waiter: CheckedContinuation<Result<[UInt8], BodyError>, Never>?
}

extension Connection {
    // MARK: Request

    /// Starts the task that answers the request.
    func begin(_ head: ParsedHead) {
        phase = .handling
        deadline = .max
        server.statistics.requests += 1
        let number = exchange.number + 1
        exchange.number = number
        exchange.requestId = server.configuration.requestId()
        exchange.isHead = head.method == .head
        exchange.wantsClose = head.wantsClose
        let hasBody = head.framing != .none
        exchange.awaitsContinue = head.expectsContinue && hasBody
        exchange.body = hasBody ? .unread : .complete
        let request = Request(
            head: RequestHead(parsed: head, requestId: exchange.requestId, peer: stream.peer),
            body: RequestBody(connection: hasBody ? self : nil, exchange: number))
        exchange.task = server.loop.spawn { [self] in
            let response = await server.handler(request)
            finish(number, response)
        }
    }

    // MARK: Body

    /// Reads the body of exchange `number`; see `RequestBody.collect`.
    func collectBody(of number: UInt64, upTo limit: Int) async -> Result<[UInt8], BodyError> {
        if let result = startCollecting(number, limit) { return result }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { exchange.waiter = $0 }
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
        exchange.limit = limit
        exchange.bodyStarted = now
        exchange.collected.reserveCapacity(min(parser.remainingBody ?? 0, Limits.bodyReservationBytes))
        stream.readSize = ReadSize.body
        deadline = now + server.timing.allowance(0)
        advanceBacklog()
        guard phase == .handling else { return .failure(.lost) }
        switch exchange.body {
        case .complete: return .success(takeCollected())
        case .refused: return .failure(.tooLarge)
        case .unread, .collecting, .discarding: return nil
        }
    }

    func receive(_ input: Span<UInt8>, _ range: Range<Int>) {
        guard exchange.body == .collecting else { return }
        if exchange.collected.count + range.count > exchange.limit {
            exchange.body = .refused
            stopCollecting(.tooLarge)
            return
        }
        exchange.collected.append(input, range)
        deadline = exchange.bodyStarted + server.timing.allowance(exchange.collected.count)
    }

    func endBody() {
        let wasCollecting = exchange.body == .collecting
        exchange.body = .complete
        if phase == .draining {
            phase = .idle
            deadline = now + server.timing.idleTimeout
            if server.isDraining { end(lingering: true) }
        }
        guard wasCollecting else { return }
        stream.readSize = Limits.readBytesBeforeBody
        deadline = .max
        guard let waiter = exchange.waiter else { return }
        exchange.waiter = nil
        waiter.resume(returning: .success(takeCollected()))
    }

    /// The parser refused the head, or the framing of the body.
    func receive(_ rejection: Rejection) {
        guard exchange.body == .discarding else { return fail(rejection) }
        // The request has its answer, or will have; only the connection is lost.
        exchange.body = .refused
        if phase == .draining { end(lingering: true) }
    }

    private func takeCollected() -> [UInt8] {
        let body = exchange.collected
        exchange.collected = []
        return body
    }

    /// Ends the wait for the body, if somebody waits.
    func stopCollecting(_ error: BodyError) {
        exchange.collected = []
        stream.readSize = Limits.readBytesBeforeBody
        if phase == .handling { deadline = .max }
        if exchange.body == .collecting { exchange.body = .refused }
        guard let waiter = exchange.waiter else { return }
        exchange.waiter = nil
        waiter.resume(returning: .failure(error))
    }

    // MARK: Response

    /// Writes the response of exchange `number`, unless the connection has ended it in another way.
    private func finish(_ number: UInt64, _ response: Response) {
        guard phase == .handling, exchange.number == number else { return }
        exchange.task = nil
        if exchange.body == .collecting { stopCollecting(.unavailable) }
        let drains = !settleBody()
        let closes =
            exchange.wantsClose || server.isDraining || exchange.body == .refused || (inputEnded && !hasBacklog)
        if out.capacity == 0 { swap(&out, &server.spareBuffer) }
        server.write(response, requestId: exchange.requestId, isHead: exchange.isHead, closes: closes, to: &out)
        if closes {
            // A client that said it would send nothing more has nothing unread that could reset the connection.
            end(lingering: exchange.body != .complete || !exchange.wantsClose || hasBacklog)
            return
        }
        phase = drains ? .draining : .idle
        deadline = now + (drains ? server.timing.allowance(0) : server.timing.idleTimeout)
        if hasBacklog {
            if out.count >= Limits.outgoingBytes { flush() }
            advanceBacklog()
        }
        if phase == .handling { flushLater() } else { flush() }
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
