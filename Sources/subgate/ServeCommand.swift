import Runtime

/// `subgate serve`: one node of the service, until SIGTERM or SIGINT.
enum ServeCommand {
    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help("usage: subgate serve [OPTIONS]", ServeOptions.serve))
            return 0
        }
        let configuration = try ServiceConfiguration(
            try Options(ServeOptions.serve, arguments: arguments, environment: environment))
        let log = Log(level: configuration.logLevel, format: configuration.logFormat)
        let loops = Loops.start(configuration.loops)
        return loops[0].wait {
            let stop = StopSignal(loops[0])
            LogLevelSignals.watch(loops[0], log)
            let hangup = HangupSignal(loops[0])
            do {
                let node = try await Node.start(configuration, loops: loops, log: log)
                log.info(
                    "serving",
                    [
                        (.version, .text(Commands.version)), (.port, .integer(Int(node.ports.public))),
                        (.count, .integer(loops.count)),
                    ])
                loops[0].spawn { for await _ in hangup.received { await node.rereadKeys() } }
                await stop.wait()
                log.info("stopping")
                await node.stop()
                log.info("stopped")
                return 0
            } catch {
                StandardStreams.complain("subgate serve: \(error)")
                return 1
            }
        }
    }
}

enum Loops {
    static func start(_ count: Int) -> [EventLoop] {
        (0..<count).map { _ in
            let loop = EventLoop()
            loop.start()
            return loop
        }
    }
}

/// Waits for SIGTERM or SIGINT. Loop-bound.
struct StopSignal: Sendable {
    private let received: AsyncStream<Void>

    init(_ loop: EventLoop) {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        received = stream
        // They live as long as the process.
        _ = SignalWatcher(loop, .terminate) { continuation.yield() }
        _ = SignalWatcher(loop, .interrupt) { continuation.yield() }
    }

    func wait() async { for await _ in received { return } }
}

/// SIGHUP, which asks to read again what may change at run time. Loop-bound.
struct HangupSignal: Sendable {
    let received: AsyncStream<Void>

    init(_ loop: EventLoop) {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        received = stream
        // It lives as long as the process.
        _ = SignalWatcher(loop, .hangup) { continuation.yield() }
    }
}
