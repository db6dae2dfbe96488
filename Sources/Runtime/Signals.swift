import CLibUV
import Glibc

/// The signals the service answers.
package enum Signal: Int32, Sendable, CaseIterable {
    /// SIGTERM: drain and end.
    case terminate = 15
    /// SIGINT: the same, from a terminal.
    case interrupt = 2
    /// SIGHUP: read again what may change at run time.
    case hangup = 1
    /// SIGUSR1: log everything.
    case tellMore = 10
    /// SIGUSR2: log as configured.
    case tellLess = 12

    package var name: StaticString {
        switch self {
        case .terminate: "SIGTERM"
        case .interrupt: "SIGINT"
        case .hangup: "SIGHUP"
        case .tellMore: "SIGUSR1"
        case .tellLess: "SIGUSR2"
        }
    }
}

/// How the process as a whole treats signals and crashes; called once, first thing in main.
package enum Signals {
    /// A peer that closes its socket must be an error of that write, not the end of the process.
    package static func ignoreBrokenPipe() { _ = signal(SIGPIPE, SIG_IGN) }

    /// Every client, receiver and database connection is a descriptor: allow as many as the system lets us.
    package static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Descriptors that the process may have open.
    package static var descriptorLimit: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// A core dump would hold every secret in memory.
    package static func forbidCoreDumps() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        unsafe _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }
}

/// Calls a body on its loop for each signal of one kind. Loop-bound; `close()` gives the signal back its usual effect.
@safe
package final class SignalWatcher: @unchecked Sendable {
    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_signal_t>?
    private var body: (() -> Void)?

    package init(_ loop: EventLoop, _ signal: Signal, _ body: @escaping () -> Void) {
        self.loop = loop
        self.body = body
        loop.assertOnLoop()
        let watched = UnsafeMutablePointer<uv_signal_t>.allocate(capacity: 1)
        unsafe require(uv_signal_init(loop.handle, watched), "uv_signal_init")
        unsafe watched.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe handle = unsafe watched
        let status = unsafe uv_signal_start(
            watched,
            { watched, _ in
                unsafe Unmanaged<SignalWatcher>.fromOpaque(watched!.pointee.data).takeUnretainedValue().body?()
            }, signal.rawValue)
        require(status, "uv_signal_start")
    }

    deinit { unsafe precondition(handle == nil, "a signal watcher must be closed") }

    package func close() {
        loop.assertOnLoop()
        guard let closing = unsafe handle else { return }
        unsafe handle = nil
        body = nil
        unsafe UnsafeMutableRawPointer(closing).withMemoryRebound(to: uv_handle_t.self, capacity: 1) { base in
            unsafe uv_close(base) { closed in
                unsafe Unmanaged<SignalWatcher>.fromOpaque(closed!.pointee.data).release()
                unsafe UnsafeMutableRawPointer(closed!).assumingMemoryBound(to: uv_signal_t.self).deallocate()
            }
        }
    }
}
