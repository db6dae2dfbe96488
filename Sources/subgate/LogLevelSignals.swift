import Runtime

/// SIGUSR1 logs everything, SIGUSR2 what was configured: signals, because they reach a node whose listeners do not
/// answer, and because who may send them is who may stop the node.
enum LogLevelSignals {
    /// Watches for as long as the process lives. Run it on the loop.
    static func watch(_ loop: EventLoop, _ log: Log) {
        let configured = log.level
        _ = SignalWatcher(loop, .tellMore) { set(log, .debug) }
        _ = SignalWatcher(loop, .tellLess) { set(log, configured) }
    }

    private static func set(_ log: Log, _ level: LogLevel) {
        // Told whatever the level: the line says why there are more lines, or fewer, from here on.
        log.level = .debug
        log.warn("state changed", [(.kind, .text("logLevel")), (.state, .text("\(level.name)"))])
        log.level = level
    }
}
