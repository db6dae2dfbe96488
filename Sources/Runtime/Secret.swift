import Glibc

/// Bytes that must not be seen: they print as `***` everywhere and are overwritten when the last copy of the value
/// goes.
///
/// The wipe reaches this storage alone, not arrays that `exposed` handed out.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let storage: SecretStorage

    package init(_ bytes: [UInt8]) { storage = SecretStorage(bytes) }

    /// A copy of the bytes. Loud on purpose: search for it to find every place where a secret comes out.
    package var exposed: [UInt8] { storage.withBytes { [UInt8](copying: $0) } }

    /// Lends the bytes without copying them.
    package func withExposedBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result { try storage.withBytes(body) }

    package var count: Int { storage.count }

    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

/// Owns the bytes of a `Secret`. Immutable until it is wiped, when nobody else can see it.
@safe
private final class SecretStorage: @unchecked Sendable {
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    var count: Int { unsafe bytes.count }

    init(_ source: [UInt8]) {
        unsafe bytes = .allocate(capacity: source.count)
        unsafe _ = bytes.initialize(from: source)
    }

    deinit {
        if let start = unsafe bytes.baseAddress { unsafe explicit_bzero(start, bytes.count) }
        unsafe bytes.deallocate()
    }

    func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe Span(_unsafeElements: UnsafeBufferPointer(bytes)))
    }
}

extension [UInt8] {
    fileprivate init(copying span: Span<UInt8>) {
        self = unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
    }
}
