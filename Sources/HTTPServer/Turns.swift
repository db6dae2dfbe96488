import Runtime

/// Who may begin when more is asked than can be done: rests after refusals, newcomers' turns, and the pace of accepts.
extension HTTPServer {
    // MARK: Rests

    /// The connection's request was refused, and its next waits.
    func rest(_ connection: Connection) -> Int {
        keepTicking()
        return resting.add(connection, until: loop.turnMilliseconds + timing.restTime)
    }

    /// Whether a request waits for the end of its connection's rest. Those that may not are begun at a pace as well:
    /// how many of them there is room for is only known when they are.
    func holds(_ head: ParsedHead) -> Bool {
        if urgentLeft == 0 || configuration.mayWait(head.pathBytes) { return true }
        urgentLeft -= 1
        return false
    }

    /// A tick: takes up what came on connections whose rest, or wait, is over.
    func wakeRested(_ now: UInt64) {
        urgentLeft = Limits.restedAtOnce
        giveTurns(now)
    }

    private func giveTurns(_ now: UInt64) {
        let room = configuration.tls == nil ? Int.max : Limits.handshakesAtOnce - handshaking
        for turn in resting.take(now, newcomers: room) {
            if turn.asks { turn.element.askedAt = now }
            turn.element.wake()
        }
        endResting()
    }

    func endRest(_ place: Int) {
        resting.remove(place)
        endResting()
    }

    private func keepTicking() {
        if restTimer != nil { return }
        let timer = LoopTimer(loop)
        restTimer = timer
        let tick = Duration.milliseconds(Limits.restTickMilliseconds)
        timer.schedule(after: tick, every: tick) { [weak self] in
            guard let self else { return }
            wakeRested(loop.turnMilliseconds)
        }
    }

    private func endResting() {
        if resting.newcomers < pace.waitingLimit { resumeAccepting() }
        if resting.count > 0 { return }
        restTimer?.close()
        restTimer = nil
    }

    // MARK: Newcomers

    /// Whether a new connection's first request, or its handshake, may begin at once.
    func mayBegin(_ connection: Connection) -> Bool {
        guard let beginning = resting.begin(weight: connection.weight, loop.turnMilliseconds) else { return false }
        if beginning == .asking { connection.askedAt = loop.turnMilliseconds }
        return true
    }

    /// Only so many handshakes are under way: those begun are done before others begin.
    func mayBeginHandshake(_ connection: Connection) -> Bool {
        handshaking < Limits.handshakesAtOnce && mayBegin(connection)
    }

    /// Whether a handshake may begin though others wait: from an address that is welcome, at a pace, as one may stand
    /// for many.
    func mayOvertake(_ peer: PeerAddress, weight: Int) -> Bool {
        guard urgentLeft >= weight, welcome.contains(Peer(peer)) else { return false }
        urgentLeft -= weight
        return true
    }

    /// The connection's first request, or handshake, waits for its turn.
    func wait(_ connection: Connection, weight: Int) -> Int {
        keepTicking()
        return resting.add(newcomer: connection, weight: weight, loop.turnMilliseconds)
    }

    /// A newcomer was served and leaves: another has its place at the end of the turn, so that the database has more to
    /// do before the next tick.
    func noteServed(weight: Int) {
        resting.noteServed(weight: weight)
        if turnsAreDue || resting.newcomers == 0 { return }
        turnsAreDue = true
        loop.atTurnEnd { [weak self] in
            guard let self else { return }
            turnsAreDue = false
            giveTurns(loop.turnMilliseconds)
        }
    }

    // MARK: Accepts

    /// Whether a connection is taken from the kernel now. If not, the listener is told when to go on: at the end of the
    /// turn, or when fewer wait.
    func mayAccept() -> Bool {
        guard pace.judge(waiting: resting.newcomers) == .now else { return false }
        if pace.takenInTurn == 1 { loop.atTurnEnd { [weak self] in self?.endAcceptTurn() } }
        return true
    }

    private func endAcceptTurn() {
        pace.endTurn()
        // Of those who wait this takes one; the next comes when sockets are looked at, and what was taken is read too.
        resumeAccepting()
    }

    private func resumeAccepting() { for listener in listeners { listener.resume() } }
}
