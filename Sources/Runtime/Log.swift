import Domain
import Synchronization

/// Writes one line per event to standard error: what happened is a constant, its circumstances are fields.
///
/// A value of any content gives one line of valid JSON: control bytes, bad UTF-8 and direction marks are escaped or
/// replaced, and a line that would exceed `RuntimeLimits.logLineBytes` is cut and says so (`"cut":true`).
package struct Log: Sendable {
    package typealias Field = (LogKey, LogValue)

    private let core: Core
    private let bound: [Field]

    private final class Core: Sendable {
        let level: Atomic<UInt8>
        let format: LogFormat
        let clock: Clock
        let output: @Sendable ([UInt8]) -> Void
        let reminders = Mutex<[String: Reminder]>([:])

        init(_ level: LogLevel, _ format: LogFormat, _ clock: Clock, _ output: @escaping @Sendable ([UInt8]) -> Void) {
            self.level = Atomic(level.rawValue)
            self.format = format
            self.clock = clock
            self.output = output
        }
    }

    /// When a cause was last told of, and how often it was not since.
    private struct Reminder {
        /// In monotonic nanoseconds.
        var toldAt: UInt64
        var dropped = 0
    }

    /// `output` receives each line with its line feed, from any thread.
    package init(
        level: LogLevel = .info, format: LogFormat = .json, clock: Clock = .system,
        output: @escaping @Sendable ([UInt8]) -> Void = { StandardError.shared.write($0) }
    ) {
        core = Core(level, format, clock, output)
        bound = []
    }

    private init(core: Core, bound: [Field]) {
        self.core = core
        self.bound = bound
    }

    /// A log that writes nothing, for tests.
    package static let silent = Log(level: .error, output: { _ in })

    /// The same log with fields that every line of it carries first.
    package func with(_ fields: [Field]) -> Log { Log(core: core, bound: bound + fields) }

    /// The lowest level that is written; shared by all copies of this log, changeable at any time.
    package var level: LogLevel {
        get { LogLevel(rawValue: core.level.load(ordering: .relaxed)) ?? .info }
        nonmutating set { core.level.store(newValue.rawValue, ordering: .relaxed) }
    }

    package func debug(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) {
        write(.debug, message, fields)
    }

    package func info(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) {
        write(.info, message, fields)
    }

    package func warn(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) {
        write(.warn, message, fields)
    }

    package func error(_ message: StaticString, _ fields: @autoclosure () -> [Field] = []) {
        write(.error, message, fields)
    }

    /// A warning of what may happen again and again, in many places, for one cause: the first is written, and then one
    /// each `RuntimeLimits.reminderPause`, which says how many were not since (`dropped`).
    package func remind(of cause: StaticString, _ message: StaticString, _ fields: @autoclosure () -> [Field] = []) {
        let now = core.clock.monotonic()
        let dropped = core.reminders.withLock { reminders -> Int? in
            let key = "\(cause)"
            if let last = reminders[key], .nanoseconds(now - last.toldAt) < RuntimeLimits.reminderPause {
                reminders[key]?.dropped += 1
                return nil
            }
            defer { reminders[key] = Reminder(toldAt: now) }
            return reminders[key]?.dropped ?? 0
        }
        guard let dropped else { return }
        write(.warn, message) { fields() + (dropped > 0 ? [(.dropped, .integer(dropped))] : []) }
    }

    /// Fields are made only if the line is written.
    private func write(_ level: LogLevel, _ message: StaticString, _ fields: () -> [Field]) {
        guard level.rawValue >= core.level.load(ordering: .relaxed) else { return }
        let moment = core.clock.now()
        switch core.format {
        case .json:
            var line = JSONLogLine(moment, level, message)
            for (key, value) in bound { line.append(key, value) }
            for (key, value) in fields() { line.append(key, value) }
            core.output(line.finish())
        case .pretty:
            var line = PrettyLogLine(moment, level, message)
            for (key, value) in bound { line.append(key, value) }
            for (key, value) in fields() { line.append(key, value) }
            core.output(line.finish())
        }
    }
}
