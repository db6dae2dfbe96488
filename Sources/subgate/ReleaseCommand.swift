import Domain
import Runtime
import Store

/// `subgate release`: lets deliveries go out of a restored database, once a person has seen what they are.
enum ReleaseCommand {
    private static let usage = """
        usage: subgate release --database-url URL [--plan] [--discard-before TIME]

        Shows what a database owes whose deliveries are on hold, and lets them go out. What was delivered after the
        backup is owed again: receivers that know webhook-id, the same as then, take it once.
        """

    private static let options = [
        ServeOptions.database,
        Option("plan", nil, "Only show what is owed."),
        Option(
            "discard-before", "TIME",
            "Cancel what is owed of events received before this time, such as 2026-03-01T12:00:00Z, because it was "
                + "sent; each can still be retried or replayed."),
    ]

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help(usage, options))
            return 0
        }
        let options = try Options(options, arguments: arguments, environment: environment)
        let isPlan = try options.isOn("plan")
        let cutoff = options["discard-before"].flatMap { Timestamp(rfc3339: Array($0.utf8)) }
        if options["discard-before"] != nil, cutoff == nil {
            throw OptionError("--discard-before is a time, such as 2026-03-01T12:00:00Z")
        }
        return try HeldDatabase.with(options, command: "release") { (store) throws(StoreError) in
            let look = try await store.lookAtGate()
            guard let record = look.record, let hold = record.hold else {
                print("deliveries are not on hold")
                return 0
            }
            let owed = try await store.owedDeliveries(served: record.pulse.at, heldSince: hold.since)
            for line in ReleasePlan(hold, look, owed).lines { print(line) }
            return isPlan ? 0 : try await release(store, cutoff)
        }
    }

    private static func release(_ store: Store, _ cutoff: Timestamp?) async throws(StoreError) -> Int32 {
        if let cutoff { _ = try await store.discardOwed(before: cutoff) }
        guard let discarded = try await store.releaseDeliveries() else {
            print("somebody else released them")
            return 0
        }
        print("released" + (discarded > 0 ? "; discarded \(discarded)" : ""))
        return 0
    }
}

/// What an operator sees before a release.
struct ReleasePlan {
    let lines: [String]

    init(_ hold: DeliveryGate.Hold, _ look: GateLook, _ owed: [OwedDeliveries]) {
        func text(_ time: Timestamp) -> String { String(decoding: time.rfc3339(), as: UTF8.self) }
        var lines = ["on hold since \(text(hold.since)): \(hold.reason.explanation)"]
        if let served = look.record?.pulse.at {
            lines.append("served until about \(text(served)); what happened after that is not in it")
        }
        if look.discarded > 0 { lines.append("discarded so far: \(look.discarded)") }
        let total = owed.reduce(0) { $0 + $1.count }
        lines.append("owed: \(total)" + (total == 0 ? "" : ", by when the event was received"))
        for age in OwedDeliveries.Age.allCases {
            guard let found = owed.first(where: { $0.age == age }) else { continue }
            lines.append("  \(ReleasePlan.name(age)): \(found.count), of which \(found.tried) failed before")
        }
        self.lines = lines
    }

    private static func name(_ age: OwedDeliveries.Age) -> String {
        switch age {
        case .held: "since it is on hold"
        case .minute: "in its last minute"
        case .hour: "in its last hour"
        case .day: "in its last day"
        case .earlier: "earlier"
        }
    }
}
