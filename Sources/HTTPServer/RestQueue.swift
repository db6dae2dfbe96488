import Runtime

/// Those whose rest goes on, in the order it began.
///
/// Each rests for a while at least. Beyond that only so many are refused anew in a time: however many there are, that
/// takes no more of the loop's time. The more rest, the longer each does; those who come back and are served make room
/// for others at once.
struct RestQueue<Element> {
    private var items: [(element: Element, due: UInt64)?] = []
    private var head = 0
    /// Places before the first item.
    private var base = 0
    private(set) var count = 0
    private var lookedAt: UInt64 = 0
    /// How many may come back now, to be refused at worst.
    private var room = 0

    /// `due` is in milliseconds, and no less than that of who came before. Returns its place, for `remove`.
    mutating func add(_ element: Element, until due: UInt64) -> Int {
        items.append((element, due))
        count += 1
        room = max(0, room - 1)
        return base + items.count - 1
    }

    mutating func remove(_ place: Int) {
        guard place >= base + head, items[place - base] != nil else { return }
        items[place - base] = nil
        count -= 1
        skip()
    }

    /// Takes out those whose rest is over at `now`, as many as may come back.
    mutating func take(_ now: UInt64) -> [Element] {
        let passed = now > lookedAt ? min(now - lookedAt, UInt64(Limits.restedAtOnce)) : 0
        lookedAt = max(lookedAt, now)
        room = min(Limits.restedAtOnce, room + Int(passed) * Limits.restedPerMillisecond)
        var taken: [Element] = []
        while taken.count < room, head < items.count, let next = items[head], next.due <= now {
            taken.append(next.element)
            items[head] = nil
            count -= 1
            skip()
        }
        return taken
    }

    /// Goes past places that are empty, and gives them back.
    private mutating func skip() {
        while head < items.count, items[head] == nil { head += 1 }
        if head == items.count {
            base += head
            head = 0
            items.removeAll(keepingCapacity: items.count <= Limits.restingKept)
        } else if head > Limits.restingKept, head * 2 > items.count {
            items.removeFirst(head)
            base += head
            head = 0
        }
    }
}

extension HTTPServer {
    /// The connection's request was refused, and its next waits.
    func rest(_ connection: Connection) -> Int {
        let place = resting.add(connection, until: loop.turnMilliseconds + timing.restTime)
        if restTimer == nil {
            let timer = LoopTimer(loop)
            restTimer = timer
            timer.schedule(after: Limits.restTick, every: Limits.restTick) { [weak self] in
                guard let self else { return }
                wakeRested(loop.turnMilliseconds)
            }
        }
        return place
    }

    /// Whether a request waits for the end of its connection's rest. Those that may not are begun at a pace as well:
    /// how many of them there is room for is only known when they are.
    func holds(_ head: ParsedHead) -> Bool {
        if urgentLeft == 0 || configuration.mayWait(head.pathBytes) { return true }
        urgentLeft -= 1
        return false
    }

    /// Takes up what came on connections whose rest is over.
    func wakeRested(_ now: UInt64) {
        urgentLeft = Limits.restedAtOnce
        for connection in resting.take(now) { connection.wake() }
        endResting()
    }

    func endRest(_ place: Int) {
        resting.remove(place)
        endResting()
    }

    private func endResting() {
        if resting.count > 0 { return }
        restTimer?.close()
        restTimer = nil
    }
}
