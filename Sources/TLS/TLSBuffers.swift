/// Memory that all sessions of a loop use one after the other, so that idle ones hold none. Loop-bound.
@safe
package final class TLSBuffers {
    /// Records to be sent. Whoever calls a session sends them before anybody calls another.
    package internal(set) var outgoing: [UInt8] = []
    /// What the last `.bytes` step decrypted.
    let plain: UnsafeMutablePointer<UInt8>

    package init() { unsafe plain = .allocate(capacity: TLSLimits.recordBytes) }
    deinit { unsafe plain.deallocate() }

    /// Lends the `count` bytes of the last step.
    package func withPlain(_ count: Int, _ body: (Span<UInt8>) -> Void) {
        precondition(count <= TLSLimits.recordBytes)
        unsafe body(Span(_unsafeStart: plain, count: count))
    }

    /// Lends what is to be sent, and forgets it; a large burst's memory is given back.
    package func takeOutgoing(_ body: (Span<UInt8>) -> Void) {
        var taken: [UInt8] = []
        swap(&taken, &outgoing)
        body(taken.span)
        taken.removeAll(keepingCapacity: taken.capacity <= 8 * TLSLimits.recordBytes)
        swap(&taken, &outgoing)
    }
}
