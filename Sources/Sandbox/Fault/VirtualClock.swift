import Domain
import Runtime

/// The stand-in's time: the machine's and an offset, or a moment at which it stands still. Any thread may read it.
///
/// Everything that the stand-in tells or waits for in wall time goes by it: expiries, events, webhooks. Leases of posts
/// and time limits of calls do not.
final class VirtualClock: Sendable {
    struct Setting: Sendable, Equatable {
        var offset: Duration = .zero
        /// While it stands still; the offset is then as it was.
        var frozenAt: Timestamp?
    }

    private let base: Clock
    private let state = Locked(Setting())

    init(_ base: Clock) { self.base = base }

    /// What is handed to all who ask for the time.
    var clock: Clock { Clock(now: { self.now() }, monotonic: { self.base.monotonic() }) }

    func now() -> Timestamp { now(of: setting) }

    var setting: Setting {
        get { state.withValue { $0 } }
        set { state.withValue { $0 = newValue } }
    }

    private func now(of setting: Setting) -> Timestamp { setting.frozenAt ?? base.now() + setting.offset }

    // MARK: Decisions

    /// How far what it shows is from the machine's time.
    func distance(of setting: Setting) -> Duration { now(of: setting) - base.now() }

    /// Shows `moment` from now on, and stands still there or goes on.
    func setting(showing moment: Timestamp, isFrozen: Bool) -> Setting {
        Setting(offset: moment - base.now(), frozenAt: isFrozen ? moment : nil)
    }

    func setting(advancedBy span: Duration) -> Setting {
        setting(showing: now() + span, isFrozen: setting.frozenAt != nil)
    }

    /// What a control call asks for; nil where it says nothing of one.
    struct Change: Sendable, Equatable {
        var now: Timestamp?
        var offset: Duration?
        var isFrozen: Bool?

        /// Reads `{"now"? | "offsetSeconds"?, "frozen"?}`.
        static func parse(_ body: [UInt8]) throws(Completion.Fault) -> Change {
            let object = try StrictObject.parse(body, names: ["now", "offsetSeconds", "frozen"])
            let change = Change(
                now: try object.moment("now"),
                offset: try object.integer("offsetSeconds", SandboxLimits.clockOffsetSeconds).map { .seconds($0) },
                isFrozen: try object.bool("frozen"))
            if change.now != nil, change.offset != nil {
                throw object.fault("offsetSeconds", "excludes now")
            }
            if change == Change() { throw object.fault("One of now, offsetSeconds and frozen is required.") }
            return change
        }
    }

    /// What a change makes of the setting as it is.
    func setting(changedBy change: Change) -> Setting {
        let moment = change.now ?? change.offset.map { base.now() + $0 } ?? now()
        return setting(showing: moment, isFrozen: change.isFrozen ?? (setting.frozenAt != nil))
    }
}
