import CLibUV

/// A timer of one loop, with millisecond resolution. Loop-bound, and closed by `close()` before it is let go.
@safe
package final class LoopTimer: @unchecked Sendable {
    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_timer_t>?
    private var body: (() -> Void)?
    /// Called when `cancel()` stops a timer that had not fired.
    var onCancel: (() -> Void)?

    package init(_ loop: EventLoop) {
        self.loop = loop
        loop.assertOnLoop()
        let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        unsafe uv_timer_init(loop.handle, timer)
        unsafe timer.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe handle = unsafe timer
    }

    deinit { unsafe precondition(handle == nil, "a timer must be closed") }

    /// Runs `body` once after `delay`, rounded up to a millisecond, and again every `interval` if one is given.
    /// Replaces what was scheduled.
    package func schedule(after delay: Duration, every interval: Duration = .zero, _ body: @escaping () -> Void) {
        loop.assertOnLoop()
        guard let handle = unsafe handle else { return }
        self.body = body
        unsafe uv_update_time(loop.handle)
        unsafe uv_timer_start(
            handle,
            { timer in
                let me = unsafe Unmanaged<LoopTimer>.fromOpaque(timer!.pointee.data).takeUnretainedValue()
                me.body?()
            }, LoopTimer.milliseconds(delay), LoopTimer.milliseconds(interval))
    }

    /// Stops the timer; what was scheduled does not run.
    package func cancel() {
        loop.assertOnLoop()
        guard let handle = unsafe handle else { return }
        unsafe uv_timer_stop(handle)
        body = nil
        let cancelled = onCancel
        onCancel = nil
        cancelled?()
    }

    package func close() {
        loop.assertOnLoop()
        guard let closing = unsafe handle else { return }
        unsafe handle = nil
        body = nil
        onCancel = nil
        unsafe UnsafeMutableRawPointer(closing).withMemoryRebound(to: uv_handle_t.self, capacity: 1) { base in
            unsafe uv_close(base) { closed in
                unsafe Unmanaged<LoopTimer>.fromOpaque(closed!.pointee.data).release()
                unsafe UnsafeMutableRawPointer(closed!).assumingMemoryBound(to: uv_timer_t.self).deallocate()
            }
        }
    }

    private static func milliseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        if seconds < 0 || attoseconds < 0 { return 0 }
        return UInt64(seconds) * 1_000 + UInt64((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
