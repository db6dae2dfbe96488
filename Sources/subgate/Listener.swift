import Domain
import HTTPClient
import Runtime

/// The run of `subgate listen`: asks for events, posts them one after the other, and says a line for each. Loop-bound.
struct Listener: Sendable {
    private static let firstPause: Duration = .milliseconds(250)
    private static let longestPause: Duration = .seconds(10)
    /// Events that are remembered, so that one told twice is posted once.
    private static let remembered = 1_000

    let loop: EventLoop
    let source: ListenSource
    let forwarder: ListenForwarder
    let secret: [UInt8]

    /// Ends only when there is no use in going on; then it has said why.
    func run() async -> Int32 {
        let begin: String
        do throws(ListenSource.Failure) {
            let (name, isSandbox) = try await source.whoAmI()
            guard isSandbox else { throw ListenSource.Failure.refused("the key is for production") }
            begin = try await source.events(after: nil).cursor
            StandardStreams.say(
                """
                Listening to the sandbox events of \(ListenWords.shown(name)), for \(forwarder.target.asciiText)
                Signing secret: \(String(decoding: secret, as: UTF8.self))
                """)
        } catch {
            switch error {
            case .refused(let reason), .lost(let reason, _): return fail(reason)
            case .cursorIsOver: return fail("\(source.base) does not answer as Subgate does")
            }
        }
        return fail(await follow(from: begin))
    }

    private func fail(_ reason: String) -> Int32 {
        StandardStreams.complain("subgate listen: \(ListenWords.shown(reason))")
        return 1
    }

    /// Returns why it cannot go on.
    private func follow(from begin: String) async -> String {
        var cursor: String? = begin
        var seen = RecentIDs(limit: Listener.remembered)
        var pause = Listener.firstPause
        var isLost = false
        while true {
            do throws(ListenSource.Failure) {
                let page = try await source.events(after: cursor)
                if isLost { say("connected to Subgate again") }
                isLost = false
                pause = Listener.firstPause
                for event in page.events where seen.insert(event.id) { await forward(event) }
                cursor = page.cursor
            } catch {
                switch error {
                case .refused(let reason): return reason
                case .cursorIsOver:
                    say("what happened meanwhile is too long ago to be read here; going on from now")
                    cursor = nil
                case .lost(let reason, let named):
                    if !isLost { say("\(reason); trying again") }
                    isLost = true
                    // Half of it by chance, so that many listeners do not come back together.
                    let random = Int(RandomSource.system.next() % 1_000)
                    await loop.sleep(for: max(named ?? .zero, pause / 2 + pause * random / 2_000))
                    pause = min(pause * 2, Listener.longestPause)
                }
            }
        }
    }

    private func forward(_ event: ListenSource.Event) async {
        let started = EventLoop.monotonicNanoseconds
        let outcome = await forwarder.post(event, at: Clock.system.now().seconds)
        let milliseconds = (EventLoop.monotonicNanoseconds - started) / 1_000_000
        say("\(event.type) \(String(decoding: event.id, as: UTF8.self)) -> \(outcome) (\(milliseconds) ms)")
    }

    /// One line, behind the time of day in UTC.
    private func say(_ text: String) {
        let moment = String(decoding: Clock.system.now().rfc3339(.seconds), as: UTF8.self)
        StandardStreams.say("\(moment.dropFirst(11)) \(ListenWords.shown(text))")
    }
}

extension ListenWords {
    /// Without what would move a terminal's cursor or change its colours.
    static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }))
    }
}

/// The last identifiers that came.
struct RecentIDs {
    let limit: Int
    private var known: Set<[UInt8]> = []
    private var order: [[UInt8]] = []

    init(limit: Int) { self.limit = limit }

    /// False if it is known.
    mutating func insert(_ id: [UInt8]) -> Bool {
        guard known.insert(id).inserted else { return false }
        order.append(id)
        if order.count > limit { known.remove(order.removeFirst()) }
        return true
    }
}
