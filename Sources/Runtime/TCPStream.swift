import CLibUV
import Glibc

/// Who uses a stream hears of it here, on the stream's loop.
package protocol TCPStreamDelegate: AnyObject {
    /// Bytes arrived; they are gone when this returns.
    func streamDidRead(_ bytes: Span<UInt8>)
    /// The peer sent its last byte. It may still read.
    func streamDidEnd()
    /// The connection is broken. Nothing more can be read or written; close it.
    func streamDidFail()
    /// All that waited to be written has been given to the kernel.
    func streamDidDrain()
}

/// One accepted TCP connection. Loop-bound; `close()` it before it is let go.
@safe
package final class TCPStream: @unchecked Sendable {
    package let loop: EventLoop
    package let peer: PeerAddress
    /// Held until `close()`, so a stream and its user keep each other alive.
    package var delegate: (any TCPStreamDelegate)?
    /// At most this many bytes are read at once.
    package var readSize = ReadBuffer.size
    /// Bytes given to `write` that the kernel has not taken yet.
    package var pendingBytes: Int { copiedBytes + sharedRest }
    /// Those of them that are held here and nowhere else.
    package private(set) var copiedBytes = 0
    package private(set) var isReading = false

    private let buffer: ReadBuffer
    /// What `write(sharing:)` was given, until all of it is sent.
    private var shared: [UInt8] = []
    private var sharedSent = 0
    private var sharedRest: Int { shared.count - sharedSent }
    private var handle: UnsafeMutablePointer<uv_tcp_t>?

    init?(_ loop: EventLoop, acceptingFrom listening: UnsafeMutablePointer<uv_tcp_t>, buffer: ReadBuffer) {
        self.loop = loop
        self.buffer = buffer
        let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
        unsafe require(uv_tcp_init(loop.handle, tcp), "uv_tcp_init")
        let server = unsafe UnsafeMutableRawPointer(listening).assumingMemoryBound(to: uv_stream_t.self)
        let client = unsafe UnsafeMutableRawPointer(tcp).assumingMemoryBound(to: uv_stream_t.self)
        let status = unsafe uv_accept(server, client)
        var storage = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        if status == 0 {
            unsafe withUnsafeMutableBytes(of: &storage) {
                let name = unsafe $0.baseAddress!.assumingMemoryBound(to: sockaddr.self)
                unsafe _ = uv_tcp_getpeername(tcp, name, &length)
            }
            // Answers are gathered here and sent whole: holding back a last short segment would only add latency.
            unsafe _ = uv_tcp_nodelay(tcp, 1)
        }
        let peer = PeerAddress(storage)
        self.peer = peer ?? PeerAddress(high: 0, low: 0, port: 0)
        unsafe tcp.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe handle = unsafe tcp
        // A client that is gone already has no name.
        if status != 0 || peer == nil {
            close()
            return nil
        }
    }

    deinit { unsafe precondition(handle == nil, "a stream must be closed") }

    package var isClosed: Bool { unsafe handle == nil }

    private var stream: UnsafeMutablePointer<uv_stream_t>? {
        guard let handle = unsafe handle else { return nil }
        return unsafe UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    }

    // MARK: Reading

    package func startReading() {
        loop.assertOnLoop()
        guard let stream = unsafe stream, !isReading else { return }
        isReading = true
        unsafe _ = uv_read_start(
            stream,
            { handle, _, target in
                let me = unsafe Unmanaged<TCPStream>.fromOpaque(handle!.pointee.data).takeUnretainedValue()
                unsafe target!.pointee = uv_buf_init(me.buffer.start, UInt32(min(me.readSize, ReadBuffer.size)))
            },
            { stream, count, source in
                if count == 0 { return }
                let me = unsafe Unmanaged<TCPStream>.fromOpaque(stream!.pointee.data).takeUnretainedValue()
                unsafe me.didRead(count, source!.pointee.base)
            })
    }

    /// Leaves what arrives from now on in the kernel, which in time slows the peer down. An end or a failure of the
    /// connection is not noticed until reading starts again.
    package func stopReading() {
        loop.assertOnLoop()
        guard let stream = unsafe stream, isReading else { return }
        isReading = false
        unsafe _ = uv_read_stop(stream)
    }

    private func didRead(_ count: Int, _ start: UnsafeMutablePointer<CChar>?) {
        guard let delegate else { return }
        if count > 0, let start = unsafe start {
            unsafe start.withMemoryRebound(to: UInt8.self, capacity: count) { bytes in
                unsafe delegate.streamDidRead(Span(_unsafeStart: bytes, count: count))
            }
        } else if count == Int(UV_EOF.rawValue) {
            stopReading()
            delegate.streamDidEnd()
        } else {
            stopReading()
            delegate.streamDidFail()
        }
    }

    // MARK: Writing

    /// Sends `bytes`, at once as far as the kernel takes them; the rest is copied and sent when it can be
    /// (`pendingBytes`, `streamDidDrain`). The caller bounds what it lets pend.
    package func write(_ bytes: Span<UInt8>) {
        loop.assertOnLoop()
        if sharedRest > 0 {
            // What is shared comes first, and cannot wait behind what follows it.
            send(shared.span.extracting(sharedSent..<shared.count))
            dropShared()
        }
        send(bytes)
    }

    /// Sends `bytes` as above, but copies no more of them at a time than one piece: however many streams send the same
    /// array to slow readers, it is in memory once.
    package func write(sharing bytes: [UInt8]) {
        loop.assertOnLoop()
        if sharedRest > 0 { return write(bytes.span) }
        if isClosed { return }
        shared = bytes
        sharedSent = 0
        sendShared()
    }

    private func sendShared() {
        while copiedBytes == 0, sharedRest > 0, !isClosed {
            let end = min(shared.count, sharedSent + TCPStream.sharedPiece)
            let piece = shared.span.extracting(sharedSent..<end)
            sharedSent = end
            send(piece)
        }
        if sharedRest == 0 { dropShared() }
    }

    private func dropShared() {
        shared = []
        sharedSent = 0
    }

    /// 64 KiB: about what the kernel takes at once.
    private static let sharedPiece = 64 * 1024

    private func send(_ bytes: Span<UInt8>) {
        guard let stream = unsafe stream, bytes.count > 0 else { return }
        unsafe bytes.withUnsafeBufferPointer { source in
            var sent = 0
            if copiedBytes == 0 {
                var buffer = unsafe TCPStream.buffer(source.baseAddress!, source.count)
                // An error here comes again from the write below, in its callback, where it is handled.
                sent = Int(max(0, unsafe uv_try_write(stream, &buffer, 1)))
            }
            if sent < source.count { unsafe queue(source.baseAddress! + sent, source.count - sent, on: stream) }
        }
    }

    private func queue(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, on stream: UnsafeMutablePointer<uv_stream_t>
    ) {
        let request = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        unsafe copy.initialize(from: bytes, count: count)
        unsafe request.pointee.data = UnsafeMutableRawPointer(copy)
        var buffer = unsafe TCPStream.buffer(copy, count)
        copiedBytes += count
        let status = unsafe uv_write(request, stream, &buffer, 1) { request, status in
            let me = unsafe Unmanaged<TCPStream>.fromOpaque(request!.pointee.handle.pointee.data).takeUnretainedValue()
            unsafe request!.pointee.data.deallocate()
            unsafe request!.deallocate()
            me.didWrite(status)
        }
        if status != 0 {
            unsafe copy.deallocate()
            unsafe request.deallocate()
            loop.execute { [self] in delegate?.streamDidFail() }
        }
    }

    private func didWrite(_ status: Int32) {
        guard let stream = unsafe stream, let delegate else { return }
        copiedBytes = unsafe stream.pointee.write_queue_size
        if status != 0 {
            delegate.streamDidFail()
            return
        }
        sendShared()
        if pendingBytes == 0 { delegate.streamDidDrain() }
    }

    private static func buffer(_ start: UnsafePointer<UInt8>, _ count: Int) -> uv_buf_t {
        let base = unsafe UnsafeMutableRawPointer(mutating: UnsafeRawPointer(start))
        return unsafe uv_buf_init(base.assumingMemoryBound(to: CChar.self), UInt32(count))
    }

    // MARK: End

    /// Tells the peer that nothing more will come, once nothing is pending; reading goes on.
    package func finishWriting() {
        loop.assertOnLoop()
        guard let handle = unsafe handle else { return }
        assert(pendingBytes == 0, "bytes would be lost")
        var descriptor: uv_os_fd_t = -1
        unsafe UnsafeMutableRawPointer(handle).withMemoryRebound(to: uv_handle_t.self, capacity: 1) {
            unsafe _ = uv_fileno($0, &descriptor)
        }
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Ends the connection at once; what is pending is dropped.
    package func close() {
        loop.assertOnLoop()
        guard let closing = unsafe handle else { return }
        unsafe handle = nil
        delegate = nil
        isReading = false
        dropShared()
        unsafe UnsafeMutableRawPointer(closing).withMemoryRebound(to: uv_handle_t.self, capacity: 1) { base in
            unsafe uv_close(base) { closed in
                unsafe Unmanaged<TCPStream>.fromOpaque(closed!.pointee.data).release()
                unsafe UnsafeMutableRawPointer(closed!).assumingMemoryBound(to: uv_tcp_t.self).deallocate()
            }
        }
    }
}

/// The memory that all streams of a listener read into, one after the other: an idle connection holds none.
@safe
final class ReadBuffer {
    /// 64 KiB: what one read of a busy socket brings; more only costs cache.
    static let size = 64 * 1024
    let start: UnsafeMutablePointer<CChar>

    init() { unsafe start = .allocate(capacity: ReadBuffer.size) }
    deinit { unsafe start.deallocate() }
}

extension EventLoop {
    /// Monotonic milliseconds as read at the start of this turn: free to read, and good enough for deadlines.
    package var turnMilliseconds: UInt64 { unsafe uv_now(handle) }
}
