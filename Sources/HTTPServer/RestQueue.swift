/// Those whose rest goes on, in the order it began; and, while much is refused, newcomers who wait for their turn.
///
/// Who was refused rests for a while at least. Beyond that only so many are refused anew in a time: however many ask,
/// on connections they keep or on new ones, that takes no more of the loop's time. The more rest, the longer each does;
/// those who come back and are served make room for others at once.
struct RestQueue<Element> {
    /// Somebody whose turn it is.
    struct Turn {
        let element: Element
        /// Whether nobody left a place for it: if there is one will be known when it is refused, or is not.
        let asks: Bool
    }

    /// How a newcomer may begin.
    enum Beginning: Equatable {
        case inAPlaceLeft
        /// See `Turn.asks`.
        case asking
    }

    private struct Item {
        let element: Element
        let due: UInt64
        let weight: Int
        let isNewcomer: Bool
    }

    private var items: [Item?] = []
    private var head = 0
    /// Places before the first item.
    private var base = 0
    private(set) var count = 0
    /// Those of them whom nobody has refused.
    private(set) var newcomers = 0
    private var latestDue: UInt64 = 0
    private var lookedAt: UInt64 = 0
    private var room = RefusalRoom()
    /// What of it was begun, since `tickStart`.
    private var begun = 0
    /// What was begun by newcomers of whom it is not known yet whether there is room for them: after a TLS handshake it
    /// is too late to begin fewer.
    private(set) var asking = 0
    private var refusedAt: UInt64 = 0
    /// As many more may begin as were served and left.
    private var spare = 0
    private var tickStart: UInt64 = 0
    /// How many have begun without waiting, since `lookedAt`.
    private var begunUnasked = 0

    /// Who was refused rests until `due`, in milliseconds, or until those before it have come back. Returns its place,
    /// for `remove`.
    mutating func add(_ element: Element, until due: UInt64) -> Int {
        append(element, until: due, weight: 1, isNewcomer: false)
    }

    /// A newcomer waits behind all who are there. `weight` is how many times as much as others it costs.
    mutating func add(newcomer element: Element, weight: Int, _ now: UInt64) -> Int {
        append(element, until: now, weight: weight, isNewcomer: true)
    }

    private mutating func append(_ element: Element, until due: UInt64, weight: Int, isNewcomer: Bool) -> Int {
        latestDue = max(latestDue, due)
        items.append(Item(element: element, due: latestDue, weight: weight, isNewcomer: isNewcomer))
        count += 1
        if isNewcomer { newcomers += 1 }
        return base + items.count - 1
    }

    mutating func remove(_ place: Int) {
        guard place >= base + head, items[place - base] != nil else { return }
        drop(place - base)
    }

    /// Somebody was refused.
    mutating func noteRefusal(weight: Int) {
        room.noteRefusal(weight: weight)
        refusedAt = lookedAt
    }

    /// A newcomer was served and leaves: another may have its place.
    mutating func noteServed(weight: Int) {
        if count == 0 { return }
        spare = min(Limits.spare, spare + weight)
        room.noteServed(weight: weight)
    }

    /// It is known now of a newcomer that asked; if it was refused, that has been noted.
    mutating func noteAnswer(weight: Int) { asking -= weight }

    /// How a newcomer may begin without waiting; nil if it may not. While few are refused all may, but for those of one
    /// turn that are very many: whether there is room for the first is known at the turn's end.
    mutating func begin(weight: Int, _ now: UInt64) -> Beginning? {
        advance(to: now)
        // They would be overtaken.
        if newcomers > 0 { return nil }
        let isUnasked = room.isWhole && begunUnasked + weight <= Limits.begunUnasked
        guard isUnasked || mayBegin(weight) else { return nil }
        begunUnasked += weight
        return begin(newcomer: weight)
    }

    private func mayBegin(_ weight: Int) -> Bool {
        if spare >= weight { return true }
        let isCalm = lookedAt >= refusedAt + Limits.calmMilliseconds
        return max(begun, isCalm ? 0 : asking) + weight <= room.left
    }

    private mutating func begin(newcomer weight: Int) -> Beginning {
        if begin(weight) == .inAPlaceLeft { return .inAPlaceLeft }
        asking += weight
        return .asking
    }

    private mutating func begin(_ weight: Int) -> Beginning {
        if spare >= weight {
            spare -= weight
            return .inAPlaceLeft
        }
        begun += weight
        return .asking
    }

    /// Takes out those whose time has come at `now`, as many as may begin, and no more `newcomers` than this.
    mutating func take(_ now: UInt64, newcomers most: Int = .max) -> [Turn] {
        advance(to: now)
        var taken: [Turn] = []
        let fewest = newcomers - max(0, most)
        while head < items.count, let next = items[head], next.due <= now, mayBegin(next.weight),
            !next.isNewcomer || newcomers > fewest
        {
            let beginning = next.isNewcomer ? begin(newcomer: next.weight) : begin(next.weight)
            taken.append(Turn(element: next.element, asks: next.isNewcomer && beginning == .asking))
            drop(head)
        }
        return taken
    }

    private mutating func advance(to now: UInt64) {
        // While some wait, somebody looks at every tick. If not, the loop has more to do than it gets to, or is kept
        // from it by others: then it is no time for refusals.
        let most = count > 0 ? Limits.restTickMilliseconds : UInt64(Limits.restedAtOnce)
        let passed = now > lookedAt ? min(now - lookedAt, most) : 0
        if now > lookedAt { begunUnasked = 0 }
        lookedAt = max(lookedAt, now)
        room.advance(Int(passed), to: now)
        if now < tickStart + Limits.restTickMilliseconds { return }
        tickStart = now
        begun = 0
    }

    private mutating func drop(_ index: Int) {
        if items[index]?.isNewcomer == true { newcomers -= 1 }
        items[index] = nil
        count -= 1
        skip()
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
